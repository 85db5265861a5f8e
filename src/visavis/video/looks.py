"""The looks at one face of a stream: which frames earn one, and what they say together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median_low

import numpy as np

from visavis.errors import ConfigError, InputError
from visavis.types import Embedding, Face, Liveness, Quality, Sample


@dataclass(frozen=True, slots=True)
class LookRules:
    """How often a face is looked at closely, which costs more than all else.

    `most` looks are kept. While there are fewer, one is due every `spacing` seconds; from then on
    where the quality is better than the worst kept by `gain`, and every `again` seconds, so that a
    track that changed hands is found out. `same`: the cosine below which a look shows somebody
    else than the others do. Raises ConfigError for no looks or negative times.
    """

    most: int = 4
    spacing: float = 0.4
    gain: float = 0.08
    again: float = 3.0
    same: float = 0.2

    def __post_init__(self) -> None:
        if self.most < 1 or min(self.spacing, self.gain, self.again) < 0:
            raise ConfigError(f"expected 1 look or more and times of 0 or more, got {self}")


@dataclass(frozen=True, slots=True)
class Look:
    """A face at one moment, `at` on the stream's clock, with all that was found out about it."""

    at: float
    sample: Sample


class Looks:
    """The best looks at one face. Not thread-safe."""

    def __init__(self, rules: LookRules | None = None) -> None:
        self._rules = rules or LookRules()
        self._kept: list[Look] = []
        self._last = 0.0
        self._strange: Look | None = None

    def __len__(self) -> int:
        return len(self._kept)

    def due(self, quality: Quality, at: float) -> bool:
        """Whether a frame of this quality earns a look."""
        rules = self._rules
        if not self._kept or at - self._last >= rules.again:
            return True
        if at - self._last < rules.spacing:
            return False
        if self._strange is not None or len(self._kept) < rules.most:
            return True
        return quality.score > min(_worth(look) for look in self._kept) + rules.gain

    def add(self, look: Look) -> bool:
        """Keeps a look, unless better ones fill the place; whether it is still the same person.

        Where two looks in a row show somebody else, the earlier ones are dropped for them: the
        track has changed hands. Raises ModelMismatch for another model's vector.
        """
        self._last = look.at
        if self._kept and not self._alike(look):
            return self._doubt(look)
        self._strange = None
        self._keep(look)
        return True

    def sample(self, face: Face | None = None) -> Sample:
        """What the looks say together: the mean of their vectors by quality, the best quality, the
        median liveness; `face` says where it is now, else it is where it was seen best.

        Raises InputError where there was no look.
        """
        if not self._kept:
            raise InputError("expected one look or more at the face, got none")
        best = max(self._kept, key=_worth).sample
        return replace(
            best,
            face=face or best.face,
            embedding=self.embedding,
            liveness=_median([look.sample.liveness for look in self._kept]),
        )

    @property
    def embedding(self) -> Embedding:
        """The mean of the looks' vectors, each by its quality."""
        vectors = np.stack([look.sample.embedding.vector for look in self._kept])
        weights = np.array([max(_worth(look), 0.05) for look in self._kept], np.float32)
        return Embedding.of(weights @ vectors, self._kept[0].sample.embedding.model)

    @property
    def best(self) -> Look:
        """The look of the best quality."""
        return max(self._kept, key=_worth)

    def _alike(self, look: Look) -> bool:
        return self.embedding.similarity(look.sample.embedding) >= self._rules.same

    def _doubt(self, look: Look) -> bool:
        """A look at somebody else: the first is an accident, two that agree are another person."""
        before, self._strange = self._strange, look
        if before is None:
            return True
        alike = before.sample.embedding.similarity(look.sample.embedding)
        if alike < self._rules.same:
            return True
        self._kept, self._strange = [before, look], None
        return False

    def _keep(self, look: Look) -> None:
        self._kept.append(look)
        if len(self._kept) > self._rules.most:
            self._kept.remove(min(self._kept, key=_worth))


def _worth(look: Look) -> float:
    return look.sample.quality.score


def _median(found: Sequence[Liveness | None]) -> Liveness | None:
    """The judgement in the middle; where no look could tell, the last that was asked."""
    asked = [one for one in found if one is not None]
    told = {one.score: one for one in asked if one.score is not None}
    if told:
        return told[median_low(one.score for one in asked if one.score is not None)]
    return asked[-1] if asked else None
