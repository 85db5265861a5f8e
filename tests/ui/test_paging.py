"""Paging: on and back, as far as there are pages."""

import pytest

pytest.importorskip("gradio")

from visavis.ui.paging import Place


def test_on_and_back() -> None:
    first = Place(next="b")
    second = first.turned(1)
    assert (second.cursors, second.cursor) == ((None, "b"), "b")
    assert second.turned(-1) == Place()
    assert second.turned(0) == Place()


def test_there_is_nothing_beyond_the_ends() -> None:
    assert Place().turned(1).cursors == Place().turned(-1).cursors == (None,)


def test_buttons_are_there_where_they_lead_somewhere() -> None:
    shown = [update["visible"] for update in Place((None, "b"), None).buttons]
    assert shown == [True, False]
    assert [update["visible"] for update in Place(next="b").buttons] == [False, True]
