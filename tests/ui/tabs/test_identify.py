"""Identify: names in the photo, candidates, and words for each decision."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("gradio")

from visavis.client.decisions import Identification, identify
from visavis.client.subjects import enrol
from visavis.ui.photos import one_photo
from visavis.ui.session import Ask
from visavis.ui.tabs.identify import _from_left, identified

Photo = Callable[..., list[str]]
Run = Callable[..., Any]


@pytest.fixture
def ada(run: Run, photo: Photo) -> None:
    async def work(ask: Ask) -> None:
        await ask(enrol("ada", one_photo(photo("ada")), name="Ada <Lovelace>"))

    run(work)


@pytest.mark.usefixtures("ada")
def test_one_known_and_one_unknown(run: Run, photo: Photo) -> None:
    made = run(identified, "default", photo("ada", "zoe"), "")
    assert "2 faces, 1 named" in made
    assert "1. Ada &lt;Lovelace&gt;" in made
    assert "2. Unknown" in made
    assert '<td data-label="Threshold"><span class="vv-badge good">reached</span>' in made
    assert "1 in 100 strangers would be given a name" in made
    assert made.count("data:image/jpeg;base64,") == 1


def test_nobody_enrolled_and_nobody_seen(run: Run, photo: Photo) -> None:
    assert "1 face, 0 named" in run(identified, "default", photo("ada"), "0.001")
    assert "No face was found" in run(identified, "default", photo(), "")


def test_what_is_missing(run: Run, photo: Photo) -> None:
    assert "Add a photo first." in run(identified, "default", [], "")
    assert "no collection" in run(identified, "elsewhere", photo("ada"), "").lower()


def test_faces_are_counted_from_the_left(run: Run, photo: Photo) -> None:
    async def work(ask: Ask) -> tuple[Identification, ...]:
        return (await ask(identify(one_photo(photo("ada", "zoe")), collection="default"))).faces

    ordered = _from_left(run(work)[::-1])
    left, right = (face.sample.face.box[0] for face in ordered)
    assert left < right
    assert ordered == _from_left(ordered)
