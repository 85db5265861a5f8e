"""How often faces are sought: by cost, by movement, and within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import ConfigError, InputError
from visavis.video.pace import Pace, PaceRules

RATE = 25


def run(
    pace: Pace, search: float, plain: float, fastest: float, *, frames: int = 200, rate: int = RATE
) -> list[int]:
    """The numbers of the frames that were searched."""
    searched = []
    for number in range(frames):
        sought = pace.due(number, number / rate)
        if sought:
            searched.append(number)
            pace.moved(fastest)
        pace.spent(search if sought else plain, sought=sought)
    return searched


def steps(searched: list[int]) -> set[int]:
    """The distances between searches once it has settled."""
    return {b - a for a, b in zip(searched[-10:], searched[-9:], strict=False)}


def test_a_quick_machine_searches_every_frame() -> None:
    assert run(Pace(), 0.01, 0.001, 0.1, frames=50) == list(range(50))


@pytest.mark.parametrize(
    ("search", "plain", "every"), [(0.05, 0.002, 2), (0.1, 0.002, 4), (0.1, 0.016, 6), (1, 0, 8)]
)
def test_a_slow_machine_searches_as_often_as_it_keeps_up(
    search: float, plain: float, every: int
) -> None:
    assert steps(run(Pace(), search, plain, 0.1)) == {every}
    if every < 8:
        assert plain * (every - 1) + search <= PaceRules().budget * every / RATE


def test_a_smaller_budget_searches_less() -> None:
    assert steps(run(Pace(PaceRules(budget=0.4)), 0.05, 0.002, 0.1)) == {4}


@pytest.mark.parametrize(("fastest", "every"), [(0.0, 8), (2.0, 6), (5.0, 2), (50.0, 1)])
def test_no_face_moves_more_than_its_share_between_searches(fastest: float, every: int) -> None:
    assert steps(run(Pace(), 1.0, 0.002, fastest)) == {every}


def test_a_face_that_starts_to_run_is_sought_at_once() -> None:
    pace = Pace()
    run(pace, 1.0, 0.002, 0.0)
    assert pace.every == 8
    pace.moved(10.0)
    assert pace.every == 1


@pytest.mark.parametrize(("rate", "every"), [(1, 1), (4, 2), (10, 5), (100, 8)])
def test_the_longest_wait_is_kept_at_any_rate(rate: int, every: int) -> None:
    assert steps(run(Pace(), 5.0, 0.0, 0.0, rate=rate)) == {every}


def test_frames_that_were_dropped_count() -> None:
    pace = Pace()
    for number in range(0, 300, 3):
        pace.due(number, number / RATE)
        pace.spent(1.0, sought=True)
    assert pace.every == 8
    start = 300
    found = [pace.due(number, number / RATE) for number in range(start, start + 18, 3)]
    assert found.count(True) == 2


def test_a_pause_says_nothing_about_the_rate() -> None:
    pace = Pace()
    run(pace, 0.1, 0.002, 0.1, frames=100)
    before = pace.every
    pace.due(100, 100 / RATE + 60)
    pace.spent(0.1, sought=True)
    assert pace.every == before > 1


@pytest.mark.parametrize(("number", "at"), [(3, 1.0), (2, 2.0), (4, 0.5)])
def test_frames_come_in_order(number: int, at: float) -> None:
    pace = Pace()
    pace.due(3, 1.0)
    with pytest.raises(InputError, match="expected a frame after"):
        pace.due(number, at)


@pytest.mark.parametrize("bad", [{"most": 0}, {"longest": 0.0}, {"share": -1.0}, {"budget": 0.0}])
def test_rules_are_checked(bad: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="expected most"):
        PaceRules(**bad)  # type: ignore[arg-type]


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.floats(0, 1), st.floats(0, 1), st.floats(0, 100)),
        max_size=60,
    )
)
def test_it_stays_within_its_bounds(
    frames: list[tuple[int, float, float, float]],
) -> None:
    pace, number, at, last = Pace(), -1, 0.0, -1
    for step, passed, cost, speed in frames:
        number, at = number + step, at + passed
        if pace.due(number, at):
            last = number
        assert number - last < 8
        pace.spent(cost, sought=last == number)
        pace.moved(speed)
        assert 1 <= pace.every <= 8
