"""Compare: the verdict with its evidence, or what is missing."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("gradio")

from visavis.ui.tabs.compare import compared

Photo = Callable[..., list[str]]
Run = Callable[..., Any]


def test_one_person(run: Run, photo: Photo) -> None:
    made = run(compared, photo("ada"), photo("ada", noise=3, seed=1), "")
    assert "Same person" in made
    assert "1 in 10,000 pairs of strangers would pass as one person" in made
    assert made.count("data:image/jpeg;base64,") == 2
    assert made.count(">live<") == 2


def test_two_people_at_a_rate_of_their_own(run: Run, photo: Photo) -> None:
    made = run(compared, photo("ada"), photo("ben"), "0.001")
    assert "Not a match" in made
    assert "1 in 1,000 pairs" in made


def test_what_is_missing(run: Run, photo: Photo) -> None:
    assert "Add two photos first." in run(compared, photo("ada"), [], "")
    assert "Add two photos first." in run(compared, None, photo("ada"), "")
    made = run(compared, photo("ada"), ["data:;base64,YWRh"], "")
    assert "no picture that can be read" in made


def test_no_face(run: Run, photo: Photo) -> None:
    assert "No face was found" in run(compared, photo("ada"), photo(), "")


def test_a_looser_rate_than_the_service_allows(run: Run, photo: Photo) -> None:
    assert (
        "expected fmr of 0.01 or less" in run(compared, photo("ada"), photo("ada"), "0.5").lower()
    )
