"""Values of options: what they mean, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from visavis.cli.options import examples, expiry, open_rate, pairs


def test_expiry_in_days_counts_from_now() -> None:
    left = expiry("365d") - datetime.now(UTC)
    assert timedelta(days=364, hours=23) < left <= timedelta(days=365)


def test_a_date_is_utc_unless_it_says_otherwise() -> None:
    assert expiry("2999-01-31") == datetime(2999, 1, 31, tzinfo=UTC)
    assert expiry("2999-01-31T12:00+02:00") == datetime(2999, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["soon", "12", "2020-01-01", "999999999d", "0d", "-3d", "2027-13-01"]
)
def test_other_expiries_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        expiry(text)


@pytest.mark.parametrize("value", [0, 1, -1e-9, 1.5, float("nan")])
def test_a_rate_lies_between_0_and_1(value: float) -> None:
    with pytest.raises(typer.BadParameter):
        open_rate(value)


def test_a_rate_may_be_left_out() -> None:
    assert open_rate(None) is None
    assert open_rate(1e-9) == 1e-9


def test_pairs_split_at_the_first_equals_sign() -> None:
    assert pairs(["a=1", "b=x=y", "c="]) == {"a": "1", "b": "x=y", "c": ""}


@pytest.mark.parametrize("text", ["a", "=1", ""])
def test_other_pairs_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        pairs([text])


def test_examples_stand_one_a_line() -> None:
    assert examples("a [b]", "c").count("$") == 2
    assert "\\[b]" in examples("a [b]")
