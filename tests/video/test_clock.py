"""The clock of a stream: what it makes of times that are missing, go back or leap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.video.clock import Lateness, StreamClock


def test_stated_times_count_from_the_first() -> None:
    clock = StreamClock(live=False)
    assert [clock.at(t, 0.0) for t in (7.0, 7.5, 9.0)] == [0.0, 0.5, 2.0]


def test_a_file_goes_on_by_its_last_step_where_a_time_is_missing_or_goes_back() -> None:
    clock = StreamClock(live=False)
    assert [clock.at(t, 0.0) for t in (1.0, 1.5, None, 0.0, 0.25)] == [0.0, 0.5, 1.0, 1.5, 1.75]


def test_a_file_may_leap() -> None:
    clock = StreamClock(live=False)
    assert [clock.at(t, 0.0) for t in (0.0, 3600.0)] == [0.0, 3600.0]


def test_a_file_without_times_runs_at_the_usual_rate() -> None:
    clock = StreamClock(live=False)
    assert [clock.at(None, 0.0) for _ in range(3)] == [0.0, 0.04, 0.08]


def test_a_live_stream_goes_on_by_our_time_where_its_own_goes_back_or_leaps() -> None:
    clock = StreamClock(live=True)
    times = [(10.0, 100.0), (10.5, 100.4), (0.0, 101.0), (0.25, 101.25), (9000.0, 102.25)]
    assert [clock.at(*t) for t in times] == pytest.approx([0.0, 0.5, 1.1, 1.35, 2.35])
    assert clock.at(9000.5, 102.75) == pytest.approx(2.85)


def test_what_is_late_keeps_its_stated_time() -> None:
    clock = StreamClock(live=True)
    assert [clock.at(0.0, 50.0), clock.at(1.0, 50.0), clock.at(1.5, 58.0)] == [0.0, 1.0, 1.5]


def test_a_new_connection_goes_on_by_the_time_that_passed() -> None:
    clock = StreamClock(live=True)
    assert [clock.at(5.0, 10.0), clock.at(6.0, 11.0)] == [0.0, 1.0]
    clock.broken()
    assert [clock.at(0.0, 15.0), clock.at(0.5, 15.5)] == [5.0, 5.5]


@given(
    st.booleans(),
    st.lists(
        st.tuples(
            st.none() | st.floats(-1e6, 1e6), st.floats(0, 1e6), st.sampled_from([False, True])
        )
    ),
)
def test_it_never_goes_back(live: bool, frames: list[tuple[float | None, float, bool]]) -> None:
    clock, last = StreamClock(live=live), 0.0
    for stated, arrived, broken in frames:
        if broken:
            clock.broken()
        at = clock.at(stated, arrived)
        assert at >= last
        last = at


def test_frames_are_late_against_the_most_punctual() -> None:
    late = Lateness()
    times = [(0.0, 100.0), (1.0, 101.5), (2.0, 101.9), (3.0, 105.9), (4.0, 105.9)]
    found = [late.of(*t) for t in times]
    assert found == pytest.approx([0.0, 0.5, 0.0, 3.0, 2.0], abs=0.01)


@pytest.mark.parametrize("drift", [-5e-4, 5e-4])
def test_clocks_that_run_apart_make_nothing_late(drift: float) -> None:
    late = Lateness()
    week = range(0, 7 * 24 * 3600, 10)
    assert max(late.of(at, at * (1 + drift)) for at in week) < 0.01


def test_a_queue_that_grows_is_seen() -> None:
    late = Lateness()
    found = [late.of(i / 25, i / 20) for i in range(100)]
    assert found == sorted(found)
    assert found[-1] == pytest.approx(99 / 20 - 99 / 25, rel=0.01)
