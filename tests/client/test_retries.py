"""When a request is sent again."""

import pytest

from visavis.client.errors import ServiceError, Unreachable
from visavis.client.operation import Operation
from visavis.client.retries import Retries
from visavis.errors import InputError

SAFE = Operation("GET", "/v1/x", dict)
UNSAFE = Operation("POST", "/v1/x", dict, again=False)
STEADY = Retries(draw=lambda: 1.0)
LAZY = Retries(draw=lambda: 0.0)


def refused(status: int, code: str = "refused", after: float | None = None) -> ServiceError:
    return ServiceError("no", code, status=status, retry_after=after)


@pytest.mark.parametrize(
    "error",
    [Unreachable("gone"), refused(429), refused(503), refused(409, "idempotency_in_progress")],
)
def test_what_passes_is_tried_again(error: ServiceError) -> None:
    assert STEADY.pause(SAFE, 0, error) == 0.25
    with pytest.raises(ServiceError) as caught:
        STEADY.pause(UNSAFE, 0, error)
    assert caught.value is error


@pytest.mark.parametrize(
    "error", [refused(400), refused(409), refused(500), refused(200, "bad_answer")]
)
def test_what_stays_is_not(error: ServiceError) -> None:
    with pytest.raises(ServiceError) as caught:
        STEADY.pause(SAFE, 0, error)
    assert caught.value is error


def test_pauses_double_up_to_the_longest_and_are_drawn_from_the_upper_half() -> None:
    many = Retries(most=10**6, draw=lambda: 1.0)
    assert [many.pause(SAFE, n, refused(503)) for n in range(7)] == [0.25, 0.5, 1, 2, 4, 8, 8]
    assert many.pause(SAFE, 5000, refused(503)) == 8
    assert [LAZY.pause(SAFE, n, refused(503)) for n in range(3)] == [0.125, 0.25, 0.5]


def test_the_service_says_how_long_at_least() -> None:
    assert LAZY.pause(SAFE, 0, refused(429, after=7)) == 7.125


def test_nobody_waits_too_long() -> None:
    assert LAZY.pause(SAFE, 0, refused(429, after=30)) > 30
    with pytest.raises(ServiceError):
        LAZY.pause(SAFE, 0, refused(429, after=31))


def test_it_ends() -> None:
    twice = Retries.of(2)
    assert twice.most == 2
    assert twice.pause(SAFE, 1, refused(503)) > 0
    with pytest.raises(ServiceError):
        twice.pause(SAFE, 2, refused(503))


def test_of_takes_either() -> None:
    assert Retries.of(STEADY) is STEADY
    with pytest.raises(InputError, match="0 retries or more"):
        Retries.of(-1)
