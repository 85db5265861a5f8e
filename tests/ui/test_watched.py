"""Cameras in words: how one goes, what is wrong with it, what is known of it."""

from dataclasses import replace
from typing import get_args

import pytest

from visavis.client.cameras import Camera, CameraStatus
from visavis.service.schemas.cameras import StatusOut
from visavis.ui.watched import STATES, camera_told

STATUS = CameraStatus(
    state="running",
    fps=24.84,
    source_fps=25.0,
    lag_ms=1038.4,
    lag_p95_ms=61.0,
    frames=90412,
    dropped=1203,
    corrupt=0,
    reconnects=2,
    every=2,
    people=1,
    error=None,
)
DOOR = Camera(
    id="0a1b",
    name="<door>",
    collection="default",
    source="rtsp://camera.example/1",
    policy={},
    options={"keep_shots": False},
    enabled=True,
    fixed=False,
    created_at=None,
    status=STATUS,
)


def told(**status: object) -> dict[str, object]:
    return camera_told(replace(DOOR, status=replace(STATUS, **status)), "default")  # type: ignore[arg-type]


def test_a_camera_at_work() -> None:
    found = camera_told(DOOR, "default")
    assert (found["name"], found["state"], found["look"]) == ("<door>", "watching", "good")
    assert (found["running"], found["resting"], found["trouble"]) == (True, False, "")
    assert found["people"] == "1 person in view"
    assert found["figures"] == {
        "fps": "24.8",
        "lag": "1,038",
        "dropped": "1,203",
        "reconnects": "2",
    }
    assert found["notes"] == []


def test_every_state_has_words() -> None:
    assert set(STATES) == set(get_args(StatusOut.model_fields["state"].annotation))


def test_a_camera_that_is_sought_again_says_so() -> None:
    found = told(state="waiting")
    assert (found["state"], found["look"], found["resting"]) == ("trying again", "warn", False)


def test_nobody_and_several_in_view() -> None:
    assert told(people=0)["people"] == "nobody in view"
    assert told(people=3)["people"] == "3 people in view"
    assert told(state="waiting", people=3)["people"] == ""


@pytest.mark.parametrize("state", ["stopped", "ended", "failed", "closed"])
def test_a_camera_that_rests_has_no_figures(state: str) -> None:
    found = told(state=state)
    assert (found["running"], found["resting"], found["figures"]) == (False, True, {})


def test_what_is_wrong_is_said_until_it_is_over() -> None:
    assert "broke off" in str(told(state="waiting", error="stream_failed")["trouble"])
    assert told(state="failed", error="odd_thing")["trouble"] == "Odd thing."
    assert told(state="running", error="stream_failed")["trouble"] == ""


def test_what_is_known_besides() -> None:
    other = replace(
        DOOR,
        collection="staff",
        policy={"liveness": "require"},
        options={"keep_shots": True},
        fixed=True,
    )
    notes = camera_told(other, "default")["notes"]
    assert notes == [
        "in “staff”",
        "keeps best shots",
        "liveness required",
        "of the configuration file",
    ]
