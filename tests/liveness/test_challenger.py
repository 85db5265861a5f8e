import itertools
import threading
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acting import Actor
from visavis.errors import ChallengeRefused, ConfigError
from visavis.liveness.challenge import Action
from visavis.liveness.challenger import Challenger
from visavis.liveness.nonce import MemoryNonces

KEY = bytes(range(32))
ADA = Actor()


class Clock:
    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def challenger(clock: Clock) -> Challenger:
    return Challenger(KEY, clock)


def test_a_token_carries_its_challenge(challenger: Challenger) -> None:
    token, challenge = challenger.issue()
    assert challenger.start(token).challenge == challenge
    assert len(bytes.fromhex(challenge.nonce)) == 16
    assert token.isascii()


def test_an_answer_passes_once(challenger: Challenger) -> None:
    token, challenge = challenger.issue()
    frames = ADA.perform(challenge.steps)
    first = challenger.judge(token, frames, template=ADA.vector(), match_threshold=0.4)
    assert first.passed
    assert challenger.judge(token, frames).reasons == ("already_answered",)


def test_a_failed_answer_spends_the_token_too(challenger: Challenger) -> None:
    token, challenge = challenger.issue()
    assert challenger.judge(token, []).reasons == ("no_frames",)
    again = challenger.judge(token, ADA.perform(challenge.steps))
    assert again.reasons == ("already_answered",)
    assert not again.liveness.live


def test_a_late_answer_is_refused(challenger: Challenger, clock: Clock) -> None:
    token, challenge = challenger.issue()
    clock.now = 160.1
    assert challenger.judge(token, ADA.perform(challenge.steps)).reasons == ("expired",)


def test_another_key_and_another_purpose_do_not_open_it(clock: Clock) -> None:
    token, _ = Challenger(bytes(32), clock).issue()
    with pytest.raises(ChallengeRefused) as refused:
        Challenger(KEY, clock).start(token)
    assert refused.value.reason == "token_altered"


@given(
    st.floats(0, 1, exclude_max=True),
    st.characters(),
    st.sampled_from(["change", "insert", "cut"]),
)
def test_an_altered_token_never_verifies(where: float, new: str, kind: str) -> None:
    challenger = Challenger(KEY, Clock())
    token, _ = challenger.issue()
    place = int(where * len(token))
    rest = token[place:] if kind == "insert" else token[place + 1 :]
    altered = token[:place] + ("" if kind == "cut" else new) + rest
    if altered != token:
        assert challenger.judge(altered, []).reasons == ("token_altered",)
    assert challenger.judge(token, []).reasons == ("no_frames",), "the true one is unspent"


@given(st.text())
def test_no_text_is_a_token(text: str) -> None:
    assert Challenger(KEY, Clock()).judge(text, []).reasons == ("token_altered",)


def test_threads_get_one_attempt(challenger: Challenger) -> None:
    tokens = [challenger.issue()[0] for _ in range(40)]
    started: list[str] = []
    refusals: set[str] = set()
    gate = threading.Barrier(8)

    def answer() -> None:
        gate.wait()
        for token in tokens:
            try:
                challenger.start(token)
            except ChallengeRefused as error:
                refusals.add(error.reason)
            else:
                started.append(token)

    threads = [threading.Thread(target=answer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(started) == Counter(tokens)
    assert refusals == {"already_answered"}


def test_a_full_store_refuses(clock: Clock) -> None:
    challenger = Challenger(KEY, clock, nonces=MemoryNonces(room=1))
    challenger.start(challenger.issue()[0])
    assert challenger.judge(challenger.issue()[0], []).reasons == ("store_full",)
    clock.now += 61
    assert challenger.judge(challenger.issue()[0], []).reasons == ("no_frames",)


def test_a_restart_with_a_new_key_voids_open_tokens(clock: Clock) -> None:
    token, _ = Challenger(KEY, clock).issue()
    assert Challenger(bytes(32), clock).judge(token, []).reasons == ("token_altered",)


def test_all_orders_come_and_none_too_often(challenger: Challenger) -> None:
    orders = Counter(
        tuple(step.action for step in challenger.issue()[1].steps) for _ in range(7820)
    )
    assert all({Action.LEFT, Action.RIGHT} <= set(order) for order in orders)
    # 10 of each are expected; 36 or more of one of 782 has a chance of about 1e-7.
    assert max(orders.values()) < 36
    assert len(orders) > 778  # each is missing with 4.5e-5
    assert {len(order) for order in orders} == {5, 6}


def test_the_stated_odds_hold_for_every_recording(challenger: Challenger) -> None:
    """Every recording of 5 or 6 steps, started at any step: which orders do its pieces answer?"""
    orders = [o for n in (5, 6) for o in itertools.product("LRC", repeat=n) if {*"LR"} <= {*o}]
    assert challenger.sequences == len(orders) == 782
    worst = 0
    for recorded in orders:
        pieces = {
            recorded[a:b] for a, b in itertools.combinations(range(7), 2) if b <= len(recorded)
        }
        worst = max(worst, sum(order in pieces for order in orders))
    assert worst / 782 == pytest.approx(challenger.odds)
    assert challenger.odds <= 0.01


def test_holds_are_drawn_too(challenger: Challenger) -> None:
    holds = {step.hold for _ in range(60) for step in challenger.issue()[1].steps}
    assert holds == {0.3, 0.6, 0.9, 1.2}


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": b"short"},
        {"lengths": (1, 3)},
        {"lengths": (5, 4)},
        {"actions": ()},
        {"actions": (Action.LEFT, Action.CLOSER)},
        {"actions": (Action.LEFT, Action.LEFT)},
        {"holds": ()},
        {"step_seconds": 1.0},
        {"total_seconds": 90.0},
    ],
)
def test_what_makes_no_challenge(wrong: dict[str, object], clock: Clock) -> None:
    with pytest.raises(ConfigError):
        Challenger(**{"key": KEY, "clock": clock, **wrong})  # type: ignore[arg-type]
