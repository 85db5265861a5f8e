"""One person's answer to one challenge, judged frame by frame."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from visavis.liveness.challenge import Action, Challenge, Step
from visavis.liveness.movement import Ahead, Rules, alike, follows, mean
from visavis.liveness.track import Observation
from visavis.liveness.verdict import Refusal, Verdict
from visavis.types import Embedding, Liveness

Phase: TypeAlias = Literal["settle", "do", "hold", "back", "done", "refused"]
_BASIC: Final = frozenset({Action.LEFT, Action.RIGHT, Action.CLOSER})


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an answer stands, for a prompt: the `step` awaited and what is to be done now.

    `settle`: look ahead and keep still; `do`: make the movement; `hold`: keep it; `back`: look
    ahead again, from the first place. `done` steps of `of` are over.
    """

    phase: Phase
    step: Step | None
    done: int
    of: int
    reason: Refusal | None = None


class Attempt:
    """Takes one frame after the other and says what is awaited. Not thread-safe.

    Times of the observations are of the challenger's clock: take them when a frame arrives, not
    from the client. Where no face was found there is no observation; one without an embedding
    does not count. `mirrored`: the pictures are mirror images, as a selfie preview is.
    """

    def __init__(
        self, challenge: Challenge, rules: Rules | None = None, *, mirrored: bool = False
    ) -> None:
        self.challenge = challenge
        self._rules = rules or Rules()
        self._mirrored = mirrored
        self._actions = _BASIC | {step.action for step in challenge.steps}
        self._phase: Phase = "settle"
        self._reason: Refusal | None = None
        self._done = 0
        self._run = self._wrong = self._odd = 0  # frames in a row
        self._started = self._prompted = 0.0
        self._last: Observation | None = None
        self._window: list[Observation] = []
        self._ahead: Ahead | None = None
        self._looks: list[list[Observation]] = []
        self._shown: list[Observation] = []
        self._same: list[float] = []
        self._mark = b""
        self._seen: set[bytes] = set()

    @property
    def progress(self) -> Progress:
        steps = self.challenge.steps
        step = steps[self._done] if self._done < len(steps) else None
        return Progress(self._phase, step, self._done, len(steps), self._reason)

    @property
    def ends(self) -> float:
        """When time is over for what is awaited now."""
        c = self.challenge
        if self._last is None:
            return c.expires
        return min(c.expires, self._started + c.total_seconds, self._prompted + c.step_seconds)

    def see(self, o: Observation) -> Progress:
        """Takes the next frame; after the end it changes nothing."""
        if self._phase not in ("done", "refused"):
            self._reason = self._untimely(o) or self._look(o)
            if self._reason is not None:
                self._phase = "refused"
        return self.progress

    def see_all(self, observations: Iterable[Observation]) -> Progress:
        """Takes many frames, in order."""
        for o in observations:
            self.see(o)
        return self.progress

    def verdict(
        self,
        template: Embedding | None = None,
        match_threshold: float = 1.0,
        others: Sequence[Liveness] = (),
    ) -> Verdict:
        """The judgement on what was seen so far.

        Each look ahead, the first and one after each step, must match `template`, if given.
        `others` are what other checks say of the same frames, such as the parallax of a flat
        picture: one that says attack refuses. Raises ModelMismatch for another model's template.
        """
        reasons: list[str] = []
        if self._phase != "done":
            unfinished = Refusal.UNFINISHED if self._last else Refusal.NO_FRAMES
            reasons.append(self._reason or unfinished)
        match = None
        if template is not None and self._looks:
            match = min(mean(look).similarity(template) for look in self._looks if look)
            reasons += [Refusal.NO_MATCH] if match < match_threshold else []
        for other in others:
            if other.score is not None and not other.live:
                reasons += [Refusal.NOT_LIVE, *other.reasons]
        seconds = self._last.at - self._started if self._last else 0.0
        same = min(self._same, default=None)
        return Verdict(tuple(dict.fromkeys(reasons)), self._done, match, same, seconds)

    def _untimely(self, o: Observation) -> Refusal | None:
        """What is wrong with the time of a frame, whatever it shows."""
        if o.at < self.challenge.issued:
            return Refusal.BEFORE_ISSUE
        if o.at > self.challenge.expires:
            return Refusal.EXPIRED
        if self._last is None:
            return None
        if o.at <= self._last.at:
            return Refusal.TIME_NOT_RISING
        if o.at - self._last.at > self._rules.gap:
            if self._phase != "settle":
                return Refusal.FACE_LOST
            self._window = []
        if o.at - self._started > self.challenge.total_seconds:
            return Refusal.TOTAL_TIME
        if o.at - self._prompted > self.challenge.step_seconds:
            settling = self._phase == "settle"
            return Refusal.NO_FRONTAL_START if settling else Refusal.STEP_TIME
        return None

    def _look(self, o: Observation) -> Refusal | None:
        """Takes a frame that came in time, unless it is unfit, the last one again, or odd."""
        unfit = o.quality is not None and self._rules.limits.reasons(o.quality)
        if o.embedding is None or unfit:
            return None
        mark, self._mark = self._mark, _mark(o)
        if mark == self._mark:
            return None
        if self._mark in self._seen:
            return Refusal.REPEATED_FRAME
        self._seen.add(self._mark)
        odd = self._oddity(o)
        self._odd = self._odd + 1 if odd else 0
        if odd:
            return odd if self._odd >= self._rules.frames else None
        if self._last is None:
            self._started = self._prompted = o.at
        self._last = o
        return self._advance(o)

    def _oddity(self, o: Observation) -> Refusal | None:
        """Another face than at first, or a frame that cannot follow the last."""
        if self._ahead is not None and not self._ahead.same(o, self._rules):
            return Refusal.ANOTHER_PERSON
        if self._last is not None and not follows(o, self._last, self._rules):
            return Refusal.CUT
        return None

    def _advance(self, o: Observation) -> Refusal | None:
        if self._ahead is None:
            self._settle(o)
            return None
        self._same.append(alike(o, self._ahead.embedding))
        step = self.challenge.steps[self._done]
        if self._phase == "hold":
            return self._hold(self._ahead, o, step)
        resting = self._resting(self._ahead, o)
        if resting:
            self._looks[-1].append(o)
        if self._phase == "do":
            self._do(self._ahead, o, step)
        else:
            self._back(resting, o)
        return self._strayed(self._ahead, o, step)

    def _settle(self, o: Observation) -> None:
        """The shortest run of last frames that can show a look ahead."""
        rules, window = self._rules, [*self._window, o]
        while len(window) > rules.settle_frames and o.at - window[1].at >= rules.settle_seconds:
            window.pop(0)
        self._window = window
        if rules.ahead(window):
            self._ahead = Ahead.of(window)
            self._looks = [window]
            self._begin("do", o)

    def _begin(self, phase: Phase, o: Observation) -> None:
        self._phase = phase
        self._run = self._wrong = 0
        if phase == "do":
            self._prompted = o.at

    def _strayed(self, ahead: Ahead, o: Observation, step: Step) -> Refusal | None:
        """Another movement than the one asked for: a recording of another order shows here."""
        strays = any(
            ahead.moved(action, o, self._mirrored) >= self._rules.reach(action).do
            for action in self._actions - {step.action}
        )
        self._wrong = self._wrong + 1 if strays else 0
        return Refusal.WRONG_STEP if self._wrong >= self._rules.frames else None

    def _do(self, ahead: Ahead, o: Observation, step: Step) -> None:
        if ahead.moved(step.action, o, self._mirrored) < self._rules.reach(step.action).do:
            self._shown = []
            return
        self._shown.append(o)
        if len(self._shown) >= self._rules.frames:
            self._begin("hold", o)

    def _hold(self, ahead: Ahead, o: Observation, step: Step) -> Refusal | None:
        if ahead.moved(step.action, o, self._mirrored) < self._rules.reach(step.action).hold:
            self._run += 1
            return Refusal.HOLD_TOO_SHORT if self._run >= self._rules.frames else None
        self._run = 0
        self._shown.append(o)
        if o.at - self._shown[0].at < step.hold:
            return None
        flat = step.action in (Action.LEFT, Action.RIGHT) and ahead.flat(self._shown, self._rules)
        self._shown = []
        self._looks.append([])
        self._begin("back", o)
        return Refusal.FLAT_TURN if flat else None

    def _resting(self, ahead: Ahead, o: Observation) -> bool:
        return all(
            ahead.moved(action, o, self._mirrored) <= self._rules.reach(action).rest
            for action in self._actions
        )

    def _back(self, resting: bool, o: Observation) -> None:
        self._run = self._run + 1 if resting else 0
        if self._run >= self._rules.frames:
            self._done += 1
            self._begin("done" if self._done == len(self.challenge.steps) else "do", o)


def _mark(o: Observation) -> bytes:
    """The same for the same pixels: what detector and embedder make of them is exact."""
    assert o.embedding is not None
    parts = o.face.landmarks.tobytes() + o.embedding.vector.tobytes()
    return hashlib.blake2b(parts, digest_size=16).digest()
