import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import ChallengeRefused
from visavis.liveness.nonce import MemoryNonces


def test_once() -> None:
    nonces = MemoryNonces()
    assert [nonces.spend("a", 10, now) for now in (0, 5, 10)] == [True, False, False]
    assert nonces.spend("b", 10, 0)


def test_expired_ones_make_room() -> None:
    nonces = MemoryNonces(room=2)
    assert nonces.spend("a", 10, 0)
    assert nonces.spend("b", 20, 0)
    with pytest.raises(ChallengeRefused):
        nonces.spend("c", 30, 10)
    assert nonces.spend("c", 30, 11)
    assert len(nonces) == 2


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3)), max_size=60))
def test_like_a_plain_set_while_nothing_expires(asked: list[tuple[str, int]]) -> None:
    nonces, seen, now = MemoryNonces(), set[str](), 0
    for nonce, later in asked:
        now += later
        assert nonces.spend(nonce, 1000, now) == (nonce not in seen)
        seen.add(nonce)


def test_threads() -> None:
    nonces, won = MemoryNonces(), []
    gate = threading.Barrier(8)

    def spend() -> None:
        gate.wait()
        won.extend(i for i in range(500) if nonces.spend(str(i), 10, 0))

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == list(range(500))
