"""What follows from kept liveness scores: rates by species, by subject and by group of people."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from visavis.datasets.records import BONA_FIDE
from visavis.errors import InputError
from visavis.evaluate.iapar import JointResult, joint
from visavis.evaluate.liveness import Answers, LivenessResults, Matched
from visavis.evaluate.pad import PadResult, Presented, rates
from visavis.evaluate.rates import Rate
from visavis.types import Floats


@dataclass(frozen=True, slots=True)
class Rated:
    """One check on one set. `silent` species had no response at all and are in no other rate."""

    answers: Answers
    pad: PadResult
    silent: tuple[str, ...] = ()

    @property
    def eer(self) -> float:
        """The D-EER of the species that is hardest to tell from live people."""
        return max(det.eer for det in self.pad.dets)

    @property
    def hardest(self) -> str:
        """The species with that D-EER."""
        return max(self.pad.dets, key=lambda det: det.eer).species

    def eer_of(self, species: str) -> float:
        """The D-EER of a species; NaN where it was not rated."""
        return next((det.eer for det in self.pad.dets if det.species == species), float("nan"))


@dataclass(frozen=True, slots=True)
class BySubject:
    """One check on each subject alone; `missing` are subjects without both classes."""

    subjects: tuple[tuple[str, Rated], ...]
    missing: tuple[str, ...]

    @property
    def mean_eer(self) -> float:
        return float(np.mean([rated.eer for _, rated in self.subjects]))

    @property
    def worst(self) -> tuple[str, Rated]:
        """The subject with the highest D-EER."""
        return max(self.subjects, key=lambda pair: pair[1].eer)


@dataclass(frozen=True, slots=True)
class ByGroup:
    """BPCER of each group of people at the check's threshold, highest first."""

    attribute: str
    groups: tuple[tuple[str, Rate], ...]

    @property
    def spread(self) -> float:
        """The highest less the lowest."""
        return self.groups[0][1].value - self.groups[-1][1].value

    @property
    def apart(self) -> bool:
        """Whether the 95 % intervals of the highest and the lowest do not meet."""
        return self.groups[0][1].low > self.groups[-1][1].high


def rated(
    results: LivenessResults, answers: Answers, among: NDArray[np.bool_] | None = None
) -> Rated:
    """Rates at the check's own threshold and over thresholds, of (N,) presentations `among` all.

    With `held_out` of that species and bona fide alone. Raises InputError as `rates_of`.
    """
    every = presented(results, answers)
    kept = np.ones(len(every.scores), np.bool_) if among is None else among
    if answers.held_out:
        if answers.held_out not in every.attacks:
            raise InputError(f"{answers.shown}: expected {answers.held_out}, got {every.attacks}")
        kept = kept & (every.of(BONA_FIDE) | every.of(answers.held_out))
    own = None if answers.thresholds is None else answers.thresholds[kept]
    return Rated(answers, *rates_of(_rows(every, kept), answers.threshold, own))


def rates_of(
    given: Presented, threshold: float, own: Floats | None = None
) -> tuple[PadResult, tuple[str, ...]]:
    """The rates, and the attack species without any response, which are left out of them.

    With `own` (N,) thresholds each presentation is held against its own, and `threshold` only
    stands for them; operating points and curves are by score. Raises InputError as
    `evaluate.pad.rates`.
    """
    silent = tuple(s for s in given.attacks if not given.responses(s).size)
    kept = ~np.isin(np.array(given.species), silent)
    heard = _rows(given, kept)
    found = rates(heard, threshold)
    if own is not None:
        each = rates(replace(heard, scores=heard.scores - own[kept]), 0.0)
        found = replace(found, attacks=each.attacks, bona_fide=each.bona_fide)
    return found, silent


def presented(results: LivenessResults, answers: Answers) -> Presented:
    """The scores with species and, where all are known, subjects."""
    shown = results.shown(answers.shown)
    return Presented(answers.scores, shown.species, shown.subjects if all(shown.subjects) else ())


def by_subject(results: LivenessResults, answers: Answers) -> BySubject:
    """Rates of each subject alone. Raises InputError where no subject has both classes."""
    every = presented(results, answers)
    people = np.array(every.subjects, np.str_)
    found, missing = [], []
    for name in sorted(set(every.subjects)):
        theirs = people == name
        part = _rows(every, theirs)
        if part.responses(BONA_FIDE).size and any(part.responses(s).size for s in part.attacks):
            found.append((name, rated(results, answers, theirs)))
        else:
            missing.append(name)
    if not found:
        raise InputError(f"{answers.shown}: expected subjects with both classes, found none")
    return BySubject(tuple(found), tuple(missing))


def bona_fide(results: LivenessResults, answers: Answers) -> tuple[Rate, Rate]:
    """BPCER at the check's threshold and BPNRR, over the bona fide presentations."""
    mine = presented(results, answers).of(BONA_FIDE)
    silent = np.isnan(answers.scores) & mine
    return _refused(answers, mine), Rate.of(int(silent.sum()), int(mine.sum()))


def by_group(results: LivenessResults, answers: Answers, attribute: str) -> ByGroup:
    """BPCER by the values of a label of the set, over its bona fide presentations."""
    labels = np.array(results.shown(answers.shown).groups[attribute], np.str_)
    mine = presented(results, answers).of(BONA_FIDE)
    found = [(str(v), _refused(answers, mine & (labels == v))) for v in np.unique(labels[mine])]
    told = [(name, rate) for name, rate in found if rate.trials]
    return ByGroup(attribute, tuple(sorted(told, key=lambda pair: -pair[1].value)))


def together(results: LivenessResults, answers: Answers, matched: Matched) -> JointResult:
    """Matching and liveness at their thresholds, on the set that both were shown."""
    species = results.shown(answers.shown).species
    both = joint(
        matched.scores,
        _margins(answers),
        species,
        match_threshold=matched.threshold,
        live_threshold=0.0,
    )
    return replace(both, live_threshold=answers.threshold)


def _margins(answers: Answers) -> Floats:
    """(N,) how far each score lies above its threshold; 0 passes."""
    limit = np.float32(answers.threshold) if answers.thresholds is None else answers.thresholds
    return answers.scores - limit


def _refused(answers: Answers, among: NDArray[np.bool_]) -> Rate:
    margins = _margins(answers)[among]
    said = margins[~np.isnan(margins)]
    return Rate.of(int((said < 0).sum()), len(said))


def _rows(given: Presented, kept: NDArray[np.bool_]) -> Presented:
    rows = np.flatnonzero(kept).tolist()
    subjects = tuple(given.subjects[i] for i in rows) if given.subjects else ()
    return Presented(given.scores[kept], tuple(given.species[i] for i in rows), subjects)
