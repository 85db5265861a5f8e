"""Enrol: what is stored, what is refused, and what a camera is told."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

pytest.importorskip("gradio")

from visavis.client.subjects import subject
from visavis.errors import InputError
from visavis.ui.session import Ask
from visavis.ui.tabs.enrol import enrolled, expiry_of, looked_at, metadata_of

Photo = Callable[..., list[str]]
Run = Callable[..., Any]


def test_somebody_is_enrolled_with_what_is_said_of_them(run: Run, photo: Photo) -> None:
    said = ("Ada", "form-1", "2199-12-31", "department: archive\nroom: 7")

    async def work(ask: Ask) -> Any:
        made = await enrolled(ask, "default", photo("ada"), " ada ", *said)
        return made, await ask(subject("ada"))

    made, found = run(work)
    assert "ada is enrolled" in made
    assert "1 template stored" in made
    assert (found.name, found.consent_ref) == ("Ada", "form-1")
    assert found.metadata == {"department": "archive", "room": "7"}
    assert found.expires_at == datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_refused_photos_are_shown_with_the_reason(run: Run, photo: Photo) -> None:
    made = run(enrolled, "default", photo("ada") + photo(), "ada", "", "", "", "")
    assert "ada is enrolled" in made
    assert "1 photo refused" in made
    assert all(word in made for word in ("Photo 2", "No face was found", "data:image/jpeg"))


def test_nobody_is_enrolled_by_bad_photos_alone(run: Run, photo: Photo) -> None:
    made = run(enrolled, "default", photo() + photo(), "ada", "", "", "", "")
    assert "Nobody was enrolled" in made
    assert made.count("No face was found") == 2


@pytest.mark.parametrize(
    ("ident", "expiry", "notes", "told"),
    [
        ("", "", "", "Type an id first."),
        ("ada", "soon", "", "Write the day as 2027-12-31"),
        ("ada", "2001-01-01", "", "time in the future"),
        ("ada", "", "archive", "lines of name: value"),
        ("a/b", "", "", "without &#x27;/&#x27;"),
    ],
)
def test_what_is_wrong_is_said(
    run: Run, photo: Photo, ident: str, expiry: str, notes: str, told: str
) -> None:
    assert told in run(enrolled, "default", photo("ada"), ident, "", "", expiry, notes)


def test_fields_left_empty_are_nothing() -> None:
    assert expiry_of("  ") is None
    assert metadata_of(" \n ") is None
    with pytest.raises(InputError):
        metadata_of(": value")


def test_a_camera_is_told_what_to_do(run: Run, photo: Photo) -> None:
    found = run(looked_at, {"number": 7, "frame": photo()[0]})
    assert found["answer"] == {
        "number": 7,
        "words": "No face is seen",
        "look": "warn",
        "quality": 0.0,
    }
    small = run(looked_at, {"number": 8, "frame": photo("ada")[0]})
    assert (small["answer"]["number"], small["answer"]["words"]) == (8, "Come closer")
    broken = run(looked_at, {"number": 9, "frame": "data:;base64,YWRh"})
    assert broken["answer"]["look"] == "bad"


def test_nothing_is_told_without_a_frame(run: Run) -> None:
    assert "answer" not in run(looked_at, None)
