"""Matching and liveness together: how often an attack on an enrolled person gets all the way."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.datasets.records import BONA_FIDE
from visavis.errors import InputError
from visavis.evaluate.rates import Rate
from visavis.types import Floats


@dataclass(frozen=True, slots=True)
class Attacked:
    """Impostor attacks of one species, each on the enrolled person that it imitates.

    `iapar`: accepted by matching AND liveness, over attacks that both responded to (impostor
    attack presentation accept rate). `iapmr`: matched, over attacks that matching responded to:
    what would be accepted without a liveness check. `non_response` of either, over all.
    """

    species: str
    iapar: Rate
    iapmr: Rate
    non_response: Rate


@dataclass(frozen=True, slots=True)
class Admitted:
    """Bona fide presentations of enrolled people, counted by what came of each."""

    accepted: int
    no_match: int
    not_live: int
    neither: int
    no_response: int

    @property
    def rejected(self) -> Rate:
        """Turned away for any reason but a non-response, over presentations with a response."""
        turned = self.no_match + self.not_live + self.neither
        return Rate.of(turned, turned + self.accepted)


@dataclass(frozen=True, slots=True)
class JointResult:
    """A whole system at its two thresholds."""

    match_threshold: float
    live_threshold: float
    attacks: tuple[Attacked, ...]
    bona_fide: Admitted

    @property
    def worst(self) -> Attacked:
        """The species that is accepted most often: its IAPAR is the one to report."""
        return max(self.attacks, key=lambda a: np.nan_to_num(a.iapar.value, nan=-1.0))


def joint(
    match: Floats,
    live: Floats,
    species: Sequence[str],
    *,
    match_threshold: float,
    live_threshold: float,
) -> JointResult:
    """Rates after the full-system metrics of ISO/IEC 30107-3.

    `match` (N,): score of each presentation against the person it claims to be; `live` (N,): of
    the liveness check; NaN where there was no response. `species` as in a PadSet. A score at the
    threshold or above passes. Raises InputError for unequal lengths or no attack.
    """
    if not match.shape == live.shape == (len(species),):
        raise InputError(
            f"expected as many scores as species, got {match.shape}, {live.shape}, {len(species)}"
        )
    kinds = np.array(species, np.str_)
    attacks = sorted(set(species) - {BONA_FIDE})
    if not attacks:
        raise InputError("expected attack presentations, got none")
    matched, lively = match >= float(match_threshold), live >= float(live_threshold)
    known, both = ~np.isnan(match), ~(np.isnan(match) | np.isnan(live))
    found = tuple(
        Attacked(
            name,
            _share(matched & lively, both & (kinds == name)),
            _share(matched, known & (kinds == name)),
            _share(~both, kinds == name),
        )
        for name in attacks
    )
    bona_fide = _admitted(matched, lively, both, kinds == BONA_FIDE)
    return JointResult(match_threshold, live_threshold, found, bona_fide)


def _share(events: NDArray[np.bool_], among: NDArray[np.bool_]) -> Rate:
    return Rate.of(int((events & among).sum()), int(among.sum()))


def _admitted(
    matched: NDArray[np.bool_],
    lively: NDArray[np.bool_],
    both: NDArray[np.bool_],
    members: NDArray[np.bool_],
) -> Admitted:
    seen = both & members
    outcomes = (matched & lively, ~matched & lively, matched & ~lively, ~matched & ~lively)
    accepted, no_match, not_live, neither = (int((o & seen).sum()) for o in outcomes)
    return Admitted(accepted, no_match, not_live, neither, int((members & ~both).sum()))
