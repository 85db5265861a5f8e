"""Whether the photos of one enrolment belong together and to nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.errors import DuplicateSubject, PhotosDisagree, TooClose, VisavisError
from visavis.types import Embedding, Match


@dataclass(frozen=True, slots=True)
class Bars:
    """The scores that decide a review.

    `same`: two photos show one person. `taken`: a photo shows somebody already enrolled.
    `lead`: what strict mode demands over the best other subject; None otherwise.
    """

    same: float
    taken: float
    lead: float | None = None


def review(
    photos: Sequence[Embedding],
    known: Sequence[Embedding],
    rivals: Sequence[Match | None],
    bars: Bars,
) -> list[VisavisError | None]:
    """What is wrong with each photo; None where it is accepted.

    `known` are the subject's stored templates; `rivals` is the best other subject of each photo.
    Photos agree when a chain of pairs at or above `same` links them to a known template or,
    without any, to the largest linked group; in a tie no group can be believed.
    """
    vectors = np.array([e.vector for e in (*photos, *known)])
    scores = vectors @ vectors.T
    agreeing = _agreeing(scores >= bars.same, len(photos))
    np.fill_diagonal(scores, -1.0)
    own = scores.max(axis=1)
    return [
        _fault(bool(agreeing[i]), float(own[i]), rival.score if rival else -1.0, bars)
        for i, rival in enumerate(rivals)
    ]


def _fault(agrees: bool, own: float, rival: float, bars: Bars) -> VisavisError | None:
    if not agrees:
        return PhotosDisagree("the photo shows another person than this subject's other photos")
    if rival >= bars.taken:
        return DuplicateSubject("the photo shows somebody who is enrolled under another id")
    if bars.lead is not None and max(own, bars.same) - rival < bars.lead:
        return TooClose("the photo is too like another subject for a strict review")
    return None


def _agreeing(linked: NDArray[np.bool_], photos: int) -> NDArray[np.bool_]:
    """Which photos belong to the group that can be believed."""
    groups = _groups(linked)
    if photos < len(linked):
        return np.isin(groups[:photos], groups[photos:])
    labels, sizes = np.unique(groups, return_counts=True)
    largest = labels[sizes == sizes.max()]
    return groups == largest[0] if len(largest) == 1 else np.zeros(photos, dtype=bool)


def _groups(linked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A label for each node: the lowest index of its connected component."""
    labels = np.arange(len(linked))
    while True:
        lowest = np.where(linked, labels, len(linked)).min(axis=1)
        if (lowest == labels).all():
            return labels
        labels = lowest
