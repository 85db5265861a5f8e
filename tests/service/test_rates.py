"""Token buckets: what they let through over time, by key, in bounded memory."""

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import ConfigError, InputError
from visavis.service.rates import RateLimited, Rates


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(rates: Rates, key: str, cost: float = 1.0) -> float:
    """Seconds to wait; 0 when let in."""
    try:
        rates.take(key, cost)
    except RateLimited as error:
        return error.retry_after
    return 0.0


def test_a_burst_and_then_the_rate() -> None:
    clock = Clock()
    rates = Rates(2.0, 3, clock)
    assert [refused(rates, "a") for _ in range(5)] == [0, 0, 0, 0.5, 0.5]
    clock.now += 0.25
    assert refused(rates, "a") == 0.25
    clock.now += 0.25
    assert [refused(rates, "a") for _ in range(2)] == [0, 0.5]
    clock.now += 3600
    assert [refused(rates, "a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_keys_do_not_share() -> None:
    rates = Rates(1.0, 1, Clock())
    assert [refused(rates, key) for key in "aab"] == [0, 1, 0]


def test_the_refusal_says_what_was_expected() -> None:
    rates = Rates(0.5, 1, Clock())
    rates.take("a")
    with pytest.raises(RateLimited, match=r"0\.5 requests a second after a burst of 1") as raised:
        rates.take("a")
    assert raised.value.code == "rate_limited"


def test_costs() -> None:
    clock = Clock()
    rates = Rates(1.0, 10, clock)
    assert refused(rates, "a", 8) == 0
    assert refused(rates, "a", 5) == 3
    assert refused(rates, "a", 2) == 0
    assert refused(rates, "a", 0) == 0


def test_a_cost_above_the_burst_leaves_a_debt() -> None:
    clock = Clock()
    rates = Rates(1.0, 10, clock)
    rates.take("a", 30)
    assert refused(rates, "a") == 21
    assert refused(rates, "a", 30) == 30
    clock.now += 30
    assert refused(rates, "a", 30) == 0


def test_no_rate_is_no_limit() -> None:
    rates = Rates(0.0, 1, Clock())
    assert [refused(rates, "a", 1000) for _ in range(100)] == [0] * 100
    assert len(rates) == 0


@pytest.mark.parametrize(
    ("per_second", "burst", "room"),
    [(-1, 1, 1), (math.inf, 1, 1), (math.nan, 1, 1), (1, 0, 1), (1, 1, 0)],
)
def test_settings_are_checked(per_second: float, burst: int, room: int) -> None:
    with pytest.raises(ConfigError, match="expected a rate of 0 or more"):
        Rates(per_second, burst, Clock(), room)


@pytest.mark.parametrize("cost", [-1, math.inf, math.nan])
def test_costs_are_checked(cost: float) -> None:
    with pytest.raises(InputError, match="expected a cost of 0 or more"):
        Rates(1, 1, Clock()).take("a", cost)


@given(
    st.sampled_from([0.1, 1 / 3, 1.0, 7.0, 1000.0]),
    st.integers(1, 20),
    st.lists(st.tuples(st.floats(0, 10), st.floats(0, 40)), max_size=60),
)
def test_never_more_than_burst_and_rate_allow(
    per_second: float, burst: int, asked: list[tuple[float, float]]
) -> None:
    clock = Clock()
    rates, start = Rates(per_second, burst, clock), clock.now
    taken = largest = 0.0
    for later, cost in asked:
        clock.now += later
        wait = refused(rates, "a", cost)
        if wait:
            clock.now += wait
            assert refused(rates, "a", cost) == 0  # who waits as told is let in
        taken, largest = taken + cost, max(largest, cost)
        assert taken <= (clock.now - start) * per_second + max(burst, largest) + 0.01


def test_memory_is_bounded_and_full_buckets_go_first() -> None:
    clock = Clock()
    rates = Rates(1.0, 10, clock, room=10)
    rates.take("empty", 10)
    for number in range(9):
        rates.take(f"old {number}")
    clock.now += 1
    rates.take("new")
    assert len(rates) == 2
    assert refused(rates, "empty", 10) == 9


def test_the_fullest_goes_where_none_is_full() -> None:
    rates = Rates(1.0, 100, Clock(), room=10)
    for number in range(1, 101):
        rates.take(f"{number}", number)
        assert len(rates) <= 10
    held = len(rates)
    for number in range(held, 10):
        rates.take(f"more {number}")
    rates.take("100", 0)
    assert len(rates) == 10
    assert refused(rates, "100", 100) == 100
    assert refused(rates, "1", 100) == 0


def test_threads() -> None:
    rates, let_in = Rates(1e-9, 100, Clock()), list[int]()
    gate = threading.Barrier(4)

    def ask() -> None:
        gate.wait()
        let_in.append(sum(not refused(rates, "a") for _ in range(200)))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(let_in) == 100
