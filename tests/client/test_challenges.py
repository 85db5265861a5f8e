"""Challenges: what is read of them, and one asked of the real service."""

from collections.abc import Callable

import pytest

from visavis.client import Client, ServiceError
from visavis.client.challenges import Progress, Verdict

Png = Callable[..., bytes]


def test_progress_and_verdict() -> None:
    step = {"phase": "hold", "action": "left", "hold_seconds": 0.5, "done": 1, "of": 5}
    rest = {"type": "progress", "reason": None, "seconds_left": 7.2, "face": True}
    assert Progress.of({**step, **rest}) == Progress("hold", "left", 0.5, 1, 5, None, 7.2, True)
    said = {"live": True, "reasons": [], "match": 0.7, "steps_done": 5, "steps": 5, "seconds": 9.0}
    assert Verdict.of(said) == Verdict(True, (), 0.7, 5, 5, 9.0)


def test_frame_by_frame(client: Client, png: Png) -> None:
    client.enrol("ada", png("ada"))
    made = client.start_challenge(subject="ada", mirrored=True)
    assert made.steps > 1
    assert 0 < made.step_seconds < made.total_seconds <= made.expires_in
    assert (made.progress.phase, made.progress.done) == ("settle", 0)
    assert client.challenge(made.id).id == made.id

    progress = client.answer_challenge(made.id, png("ada"))
    assert (progress.phase, progress.face, progress.steps) == ("settle", True, made.steps)
    assert client.answer_challenge(made.id, png()).face is False

    verdict = client.judge_challenge(made.id)
    assert not verdict.live
    assert verdict.reasons
    assert (verdict.steps_done, verdict.steps) == (0, made.steps)
    with pytest.raises(ServiceError) as caught:
        client.judge_challenge(made.id)
    assert (caught.value.code, caught.value.status) == ("challenge_refused", 409)


def test_of_somebody_unknown(client: Client) -> None:
    with pytest.raises(ServiceError) as caught:
        client.start_challenge(subject="nobody")
    assert caught.value.code == "unknown_subject"
