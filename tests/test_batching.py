import threading
from collections.abc import Iterator

import pytest

from visavis.batching import batch
from visavis.errors import BadImage


def halve(number: int) -> float:
    if number % 5 == 0:
        raise BadImage(f"cannot halve {number}")
    return number / 2


def test_outcomes_come_in_order_with_errors_in_their_place() -> None:
    outcomes = list(batch(halve, range(1, 12), workers=3))
    assert [o.index for o in outcomes] == list(range(11))
    assert [o.value for o in outcomes if not o.error] == [n / 2 for n in range(1, 12) if n % 5]
    assert [o.error.code for o in outcomes if o.error] == ["bad_image", "bad_image"]
    with pytest.raises(BadImage, match="cannot halve 5"):
        outcomes[4].unwrap()


def test_an_endless_input_is_read_only_a_little_ahead() -> None:
    read = 0

    def numbers() -> Iterator[int]:
        nonlocal read
        while True:
            read += 1
            yield read

    outcomes = batch(halve, numbers(), workers=2)
    for _ in range(10):
        next(outcomes)
    outcomes.close()
    assert read <= 10 + 2 * 4


def test_defects_are_not_taken_for_bad_input() -> None:
    with pytest.raises(ZeroDivisionError):
        list(batch(lambda n: 1 / n, [1, 0], workers=1))


def test_workers_work_at_once() -> None:
    meeting = threading.Barrier(2, timeout=20)
    assert all(o.error is None for o in batch(lambda _: meeting.wait(), range(4), workers=2))


def test_nothing_in_nothing_out() -> None:
    assert list(batch(halve, [])) == []
