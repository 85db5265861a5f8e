"""Readers of JSON."""

from datetime import UTC, datetime, timedelta

import pytest

from visavis.client.reading import maybe, moment, nothing, texts


def test_times_have_a_zone() -> None:
    assert moment("2026-03-01T12:00:00Z") == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert moment("2026-03-01T12:00:00+01:00").utcoffset() == timedelta(hours=1)
    with pytest.raises(ValueError, match="zone"):
        moment("2026-03-01T12:00:00")


def test_null_stays_none() -> None:
    assert maybe(int, None) is None
    assert maybe(int, "3") == 3


def test_a_text_is_no_list_of_texts() -> None:
    assert texts(["a", "b"]) == ("a", "b")
    with pytest.raises(TypeError, match="expected a list"):
        texts("ab")


def test_nothing() -> None:
    nothing({"whatever": 1})
