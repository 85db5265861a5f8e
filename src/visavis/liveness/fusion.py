"""Several networks looking at one face, and one calibrated answer."""

import math
from collections.abc import Sequence
from typing import Final

from visavis.errors import ConfigError, ModelError
from visavis.liveness.look import Look, Looker
from visavis.targets import DEFAULT_TARGET, Combination, FusionTable, LiveTarget, by_face, subsets
from visavis.types import Face, Image, Liveness

LOOKS_LIKE: Final = "looks_like_"
"""Before a species in the reasons of a face that is not live."""


class Fused:
    """Asks every looker, and joins the logits of those that can tell. Thread-safe.

    The score is P(live), by logistic regression fitted for just the lookers that answered, and so
    is the threshold: a face of which one network cannot tell is judged by the others' own error
    rates. Where none can tell there is no score, and the face is not live.
    """

    def __init__(self, lookers: Sequence[Looker], table: FusionTable) -> None:
        """Raises ConfigError where the table lacks a set of lookers that may answer together."""
        if not lookers or len({looker.name for looker in lookers}) != len(lookers):
            names = [looker.name for looker in lookers]
            raise ConfigError(f"expected one or more liveness checks, each once, got {names}")
        self.lookers = tuple(lookers)
        names = [looker.name for looker in lookers]
        names += [by_face(looker.name) for looker in lookers if looker.face_alone]
        self.table = FusionTable(tuple(table.of(found) for found in subsets(names)))

    def check(self, image: Image, face: Face, target: LiveTarget = DEFAULT_TARGET) -> Liveness:
        """The judgement on one face of an RGB image.

        `reasons`: what a network could not tell by, as `model:code`, and `looks_like_…` of a face
        that is refused. `checks`: what each alone would score. Raises NotMeasured for a target
        below the rates of the table, ModelError for a network that gives no number.
        """
        looks = {looker.name: _asked(looker, image, face) for looker in self.lookers}
        every = {_key(name, look): look.logit for name, look in looks.items()}
        told = {name: logit for name, logit in every.items() if logit is not None}
        alone = {
            name: _score(self.table.of([_key(name, look)]), told)
            for name, look in looks.items()
            if look.logit is not None
        }
        logits = {name: told[name] for name in looks if name in told} or told
        chosen = self.table.of(logits or looks)
        score = _score(chosen, logits) if logits else None
        threshold = chosen.table.threshold(target)
        species = None
        if score is not None and score < threshold:
            species = _species(looks, alone)
        return Liveness(
            score,
            threshold,
            species,
            (*_missing(looks), *((f"{LOOKS_LIKE}{species}",) if species else ())),
            tuple((name, alone.get(name)) for name in looks),
        )


def _key(name: str, look: Look) -> str:
    return by_face(name) if look.face_alone else name


def _asked(looker: Looker, image: Image, face: Face) -> Look:
    look = looker.look(image, face)
    if look.logit is not None and not math.isfinite(look.logit):
        raise ModelError(f"expected a finite logit of {looker.name}, got {look.logit}")
    return look


def _score(combination: Combination, logits: dict[str, float]) -> float:
    return float(combination.scores([logits[name] for name in combination.checks]))


def _species(looks: dict[str, Look], alone: dict[str, float]) -> str | None:
    """What the looker that is surest of an attack takes it for, among those that name one."""
    named = [name for name in alone if looks[name].species]
    return looks[min(named, key=lambda name: alone[name])].species if named else None


def _missing(looks: dict[str, Look]) -> tuple[str, ...]:
    return tuple(f"{name}:{code}" for name, look in looks.items() for code in look.reasons)
