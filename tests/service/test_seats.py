"""As many sessions at a time as there are seats."""

from contextlib import ExitStack

import pytest

from visavis.service.admission import Overloaded
from visavis.service.metrics import Metrics
from visavis.service.seats import Seats


def test_no_more_than_there_are_until_one_is_free_again() -> None:
    seats = Seats(2, Metrics())
    with seats.take():
        with seats.take():
            assert seats.taken == 2
            with pytest.raises(Overloaded, match="at most 2"), seats.take():
                raise AssertionError
            assert seats.taken == 2
        with seats.take():
            assert seats.taken == 2
    assert seats.taken == 0


def test_none_where_sessions_are_off() -> None:
    with pytest.raises(Overloaded), Seats(0, Metrics()).take():
        raise AssertionError


def test_a_session_that_fails_gives_its_seat_back() -> None:
    seats = Seats(1, Metrics())
    with pytest.raises(ValueError, match="broken"), seats.take():
        raise ValueError("broken")
    assert seats.taken == 0


def test_the_metrics_say_how_many_are_open() -> None:
    metrics = Metrics()
    seats = Seats(3, metrics)

    def shown() -> float | None:
        return metrics.registry.get_sample_value("visavis_live_sessions")

    with ExitStack() as stack:
        stack.enter_context(seats.take())
        stack.enter_context(seats.take())
        assert shown() == 2
    assert shown() == 0
