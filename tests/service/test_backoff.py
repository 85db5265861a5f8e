"""Waits after failures: how long, for whom, until when; and the alert over all keys."""

import gc
import threading

import pytest

from visavis.errors import ConfigError
from visavis.service.backoff import Alert, BackedOff, Backoff

ADA = ("key", "staff", "ada")


class Clock:
    now = 5000.0

    def __call__(self) -> float:
        return self.now


def wait(backoff: Backoff, *whose: str) -> float:
    """Seconds to wait; 0 when let in."""
    try:
        backoff.check(*(whose or ADA))
    except BackedOff as error:
        return error.retry_after
    return 0.0


def fail(backoff: Backoff, times: int, *whose: str) -> None:
    for _ in range(times):
        backoff.failed(*(whose or ADA))


def reachable(thing: object, seen: set[int]) -> list[object]:
    """All that an object holds in memory."""
    if id(thing) in seen or isinstance(thing, type) or callable(thing):
        return []
    seen.add(id(thing))
    return [thing, *(x for held in gc.get_referents(thing) for x in reachable(held, seen))]


def test_five_are_free_and_then_each_wait_is_twice_as_long() -> None:
    backoff = Backoff(clock=Clock())
    waits = []
    for _ in range(14):
        backoff.failed(*ADA)
        waits.append(wait(backoff))
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    fail(backoff, 2000)
    assert wait(backoff) == 60


def test_waiting_lets_in_again_and_is_not_forgotten() -> None:
    clock = Clock()
    backoff = Backoff(clock=clock)
    fail(backoff, 6)
    clock.now += 1.5
    with pytest.raises(BackedOff, match=r"2 s after 6 failed .* in a row, got one 0\.5 s"):
        backoff.check(*ADA)
    clock.now += 0.5
    assert wait(backoff) == 0
    fail(backoff, 1)
    assert wait(backoff) == 4


def test_the_error_names_nobody() -> None:
    backoff = Backoff(clock=Clock())
    fail(backoff, 5)
    with pytest.raises(BackedOff) as raised:
        backoff.check(*ADA)
    assert raised.value.code == "backed_off"
    assert "ada" not in str(raised.value)


def test_success_ends_the_row() -> None:
    backoff = Backoff(clock=Clock())
    fail(backoff, 9)
    backoff.succeeded(*ADA)
    assert wait(backoff) == 0
    fail(backoff, 4)
    assert wait(backoff) == 0
    backoff.succeeded("key", "staff", "nobody")


def test_silence_ends_the_row() -> None:
    clock = Clock()
    backoff = Backoff(clock=clock, forget=900)
    fail(backoff, 9)
    clock.now += 899
    fail(backoff, 1)
    assert wait(backoff) == 32
    clock.now += 900
    fail(backoff, 1)
    assert wait(backoff) == 0
    assert len(backoff) == 1


@pytest.mark.parametrize(
    "other", [("k2", "staff", "ada"), ("key", "guests", "ada"), ("key", "staff", "bob")]
)
def test_nobody_else_waits(other: tuple[str, str, str]) -> None:
    backoff = Backoff(clock=Clock())
    fail(backoff, 50)
    assert wait(backoff, *other) == 0
    backoff.succeeded(*other)
    assert wait(backoff) == 60


def test_the_alert_counts_all_keys_once_a_window() -> None:
    clock = Clock()
    backoff = Backoff(clock=clock, window=600, alert_after=20)

    def alerts(times: int) -> list[Alert]:
        found = [backoff.failed(f"k{i % 3}", "staff", "ada") for i in range(times)]
        return [alert for alert in found if alert is not None]

    assert alerts(19) == []
    assert backoff.failed("k9", "staff", "bob") is None
    assert backoff.failed("k9", "guests", "ada") is None
    assert alerts(1) == [Alert("staff", "ada", 20, ("k0", "k1", "k2"))]
    clock.now += 599
    assert alerts(30) == []
    clock.now += 1
    assert alerts(1) == [Alert("staff", "ada", 31, ("k0", "k1", "k2"))]


def test_the_window_slides() -> None:
    clock = Clock()
    backoff = Backoff(clock=clock, window=600, alert_after=4)
    found = []
    for later in (0, 300, 299, 2, 298):  # at 0, 300, 599, 601, 899
        clock.now += later
        found.append(backoff.failed(f"k{later}", "staff", "ada"))
    assert found[:4] == [None] * 4
    assert found[4] == Alert("staff", "ada", 4, ("k2", "k298", "k299", "k300"))


def test_success_does_not_hide_what_others_tried() -> None:
    backoff = Backoff(clock=Clock(), alert_after=3)
    fail(backoff, 2)
    backoff.succeeded(*ADA)
    assert backoff.failed(*ADA) == Alert("staff", "ada", 3, ("key",))


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    backoff = Backoff(clock=Clock(), room=3, free=1, alert_after=3)
    for subject in ("a", "b", "a", "c", "d"):
        fail(backoff, 1, "key", "staff", subject)
    assert len(backoff) == 3
    assert [wait(backoff, "key", "staff", subject) for subject in "abcd"] == [2, 0, 1, 1]
    fail(backoff, 1, "key", "staff", "d")
    assert backoff.failed("key", "staff", "d") == Alert("staff", "d", 3, ("key",))
    fail(backoff, 2, "key", "staff", "e")
    fail(backoff, 3, "key", "staff", "f")
    assert backoff.failed("key", "staff", "e") is None


def test_nothing_is_left_of_those_that_were_forgotten() -> None:
    backoff = Backoff(clock=Clock(), room=3)
    for number in range(300):
        backoff.failed(f"k{number}", "staff", f"s{number}")
    assert len(reachable(backoff, set())) < 100


def test_no_subject_is_held_in_plain() -> None:
    backoff = Backoff(clock=Clock())
    backoff.failed("key", "staff", "".join(["ada", ".", "lovelace"]))

    held = reachable(backoff, set())
    assert "key" in held
    assert not [thing for thing in held if "lovelace" in str(thing)]


def test_names_do_not_run_into_each_other() -> None:
    backoff = Backoff(clock=Clock(), free=1)
    fail(backoff, 1, "k", "ab", "c")
    assert wait(backoff, "k", "a", "bc") == 0
    assert wait(backoff, "k", "ab", "c") == 1


@pytest.mark.parametrize(
    "wrong",
    [{"free": 0}, {"most": 0.5}, {"forget": 59}, {"window": 0}, {"alert_after": 0}, {"room": 0}],
)
def test_settings_are_checked(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="expected numbers of 1 or more"):
        Backoff(**wrong)  # type: ignore[arg-type]


def test_threads() -> None:
    backoff, alerts = Backoff(clock=Clock(), alert_after=400), list[Alert]()
    gate = threading.Barrier(4)

    def guess(key: str) -> None:
        gate.wait()
        for _ in range(100):
            alert = backoff.failed(key, "staff", "ada")
            alerts.extend([alert] if alert else [])

    threads = [threading.Thread(target=guess, args=(f"k{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert alerts == [Alert("staff", "ada", 400, ("k0", "k1", "k2", "k3"))]
