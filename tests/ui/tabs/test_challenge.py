"""Challenge: one is made for the page, or it is said why not."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("gradio")

from visavis.ui.tabs.challenge import given

Run = Callable[..., Any]


def test_a_challenge_is_made(run: Run) -> None:
    found = run(given, "default", " ", 12)
    assert found["asked"] == 12
    assert len(found["id"]) == 32


def test_a_challenge_for_somebody_unknown_is_refused(run: Run) -> None:
    found = run(given, "default", "zoe", 12)
    assert "id" not in found
    assert "zoe" in found["trouble"]
