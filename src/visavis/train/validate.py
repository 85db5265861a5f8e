"""How well a network in training tells the shots that were kept from it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from visavis.datasets.records import BONA_FIDE
from visavis.evaluate.metrics import Scores
from visavis.train.liveness import live_logit, scores
from visavis.train.pool import Pool


@dataclass(frozen=True, slots=True)
class Told:
    """Simulated attacks of one species against live shots: the equal error rates of detection
    with the surroundings shown, and with the face alone.
    """

    species: str
    shots: int
    eer: float
    eer_face_alone: float


def validate(net: Any, pool: Pool) -> tuple[Told, ...]:
    """The rates of each species in the pool, sorted by name. All shots are simulated."""
    whole = live_logit(scores(net, pool))
    alone = live_logit(scores(net, pool, surroundings=False))
    names = np.array(pool.species)
    live = names == BONA_FIDE
    return tuple(
        Told(
            species,
            int((names == species).sum()),
            Scores(whole[live], whole[names == species]).eer(),
            Scores(alone[live], alone[names == species]).eer(),
        )
        for species in sorted(set(pool.species) - {BONA_FIDE})
    )
