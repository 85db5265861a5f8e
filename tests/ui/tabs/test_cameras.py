"""Cameras: how they go, started and stopped and forgotten, added where the settings allow it."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")
pytest.importorskip("scipy", reason="the video extra is not installed")

import gradio as gr

from service.cameras.conftest import Showing
from service.conftest import LIMITS
from streams import Camera, camera
from visavis.service.apikeys import Scope
from visavis.service.app import create_app
from visavis.service.state import Services
from visavis.settings import Settings
from visavis.ui.desk import Desk
from visavis.ui.session import Sessions
from visavis.ui.tabs.cameras import answered, cameras_tab, created, place_note

Run = Callable[..., Any]
HERE = ("127.0.0.1",)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Cameras may be on this machine."""
    service = {"ui": False, "camera_hosts": list(HERE)}
    return Settings.load(gallery=tmp_path / "gallery", limits=LIMITS, service=service)


@pytest.fixture
def run(run: Run, services: Services) -> Iterator[Run]:
    """As everywhere; cameras that a test left at work are stopped after it."""
    yield run
    services.cameras.stop_all()


@pytest.fixture
def film() -> Iterator[Camera]:
    with camera(Showing("ada")) as found:
        yield found


@pytest.fixture
def door(run: Run, film: Camera) -> str:
    """The id of a camera at work."""
    said, added = run(created, "default", " door ", f" http://{film.place}/1 ", "require", True)
    assert added, said
    [one] = run(answered, "default", {"number": 1})["cameras"]
    return str(one["id"])


@pytest.mark.usefixtures("door")
def test_cameras_are_told(run: Run) -> None:
    found = run(answered, "default", {"number": 7, "do": "look"})
    assert (found["number"], found["said"], found["admin"], found["why"]) == (7, "", True, "")
    [one] = found["cameras"]
    assert (one["name"], one["resting"]) == ("door", False)
    assert one["notes"] == ["keeps best shots", "liveness required"]


def test_a_camera_is_stopped_started_and_forgotten(run: Run, door: str) -> None:
    for what, said, resting in (("stop", "is stopped", True), ("start", "is started", False)):
        found = run(answered, "default", {"number": 2, "do": what, "id": door})
        assert (found["said"], found["look"]) == (f"“door” {said}.", "good")
        assert found["cameras"][0]["resting"] is resting
    found = run(answered, "default", {"number": 3, "do": "forget", "id": door})
    assert (found["said"], found["cameras"]) == ("“door” is forgotten.", [])


def test_what_cannot_be_done_is_said(run: Run) -> None:
    found = run(answered, "default", {"number": 1, "do": "stop", "id": "00"})
    assert (found["look"], found["cameras"]) == ("bad", [])
    assert found["said"]


@pytest.mark.parametrize("value", [None, "", [], {"do": "burn"}])
def test_a_page_that_asks_for_nothing_is_told_how_they_go(run: Run, value: Any) -> None:
    found = run(answered, "default", value)
    assert (found["number"], found["said"], found["cameras"]) == (None, "", [])


def test_a_key_that_may_only_look_is_told_so(services: Services) -> None:
    token = services.keys.create("desk", [Scope.IDENTIFY])[1]

    async def work() -> dict[str, Any]:
        sessions = Sessions(create_app(services), "127.0.0.1:8600")
        ask = sessions.ask(await sessions.begin(token))
        return await answered(ask, "default", {"number": 1, "do": "start", "id": "00"})

    found = asyncio.run(work())
    assert (found["admin"], found["look"]) == (False, "bad")
    assert "scope admin" in found["why"]


@pytest.mark.parametrize(("name", "source"), [("", "rtsp://127.0.0.1/1"), ("door", " ")])
def test_a_camera_has_a_name_and_an_address(run: Run, name: str, source: str) -> None:
    said, added = run(created, "default", name, source, "", False)
    assert ("first" in said, added) == (True, False)


def test_an_address_that_is_not_allowed_is_refused(run: Run) -> None:
    source = "rtsp://user:secret@10.1.2.3/1"
    said, added = run(created, "default", "door", source, "", False)
    assert not added
    assert all(word in said for word in ("10.1.2.3", "camera_hosts"))
    assert "secret" not in said


def test_what_is_no_address_is_refused(run: Run) -> None:
    assert run(created, "default", "door", "gopher://127.0.0.1/1", "", False)[1] is False


def test_where_cameras_may_be_is_said() -> None:
    assert "camera_hosts" in place_note((), False)
    assert "cameras at 127.0.0.1, &lt;lab&gt;." in place_note((*HERE, "<lab>"), False)
    assert "allow the webcams" in place_note((), True)
    assert "at 127.0.0.1 and the webcams" in place_note(HERE, True)


def test_the_page_has_what_its_script_needs(services: Services) -> None:
    desk = Desk(Sessions(create_app(services), "127.0.0.1:8600"), 'sta"ff', None, HERE)
    with gr.Blocks() as page, gr.Tab("Cameras") as tab:
        cameras_tab(desk, tab)
    made = {one.elem_id: one for one in page.blocks.values() if isinstance(one, gr.HTML)}
    template = made["cameras"].html_template
    assert {"new", "large", "start", "stop", "forget"} == set(
        re.findall('data-do="(.*?)"', template)
    )
    figures = set(re.findall('data-figure="(.*?)"', template))
    assert figures == {"fps", "lag", "dropped", "reconnects"}
    assert 'data-collection="sta&quot;ff"' in made["sightings"].html_template
