"""1:1 verification of a pair list by its protocol: LFW View 1 and 2, CFP, or a list of one's own.

Failures to enrol: a pair with a picture that gave no face is a wrong answer in the accuracy and a
rejection elsewhere (a miss if genuine, never a false match); AUC, EER, the curves and the choice
of thresholds see only the pairs that could be compared. Intervals resample identities (see
`bootstrap`): thresholds of accuracy, FAR and FRR are held, those of EER and TMR found anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from visavis.datasets.records import PairList
from visavis.evaluate.bootstrap import (
    DRAWS,
    Bools,
    Estimate,
    Ints,
    estimate,
    rate,
    resample,
    score_figures,
)
from visavis.evaluate.compared import Compared, compare
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.metrics import Rates
from visavis.evaluate.rates import Rate
from visavis.report.document import plain

FMRS: Final = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
Source: TypeAlias = Literal["other folds", "development", "same pairs"]


@dataclass(frozen=True, slots=True)
class Fold:
    """The pairs of one fold, and the share decided rightly at the threshold chosen for it."""

    pairs: int
    threshold: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """TMR at the lowest threshold whose FMR is at most `fmr`.

    `supported` is false where fewer than 30 false matches are expected of so many pairs: then the
    figure says little; below one pair in all, the threshold is just above the highest impostor.
    """

    fmr: float
    threshold: float
    tmr: Estimate
    supported: bool


@dataclass(frozen=True, slots=True)
class Confusion:
    """Decisions at the thresholds of the protocol, a match being the positive answer."""

    true_match: int
    false_non_match: int
    true_non_match: int
    false_match: int
    failed_genuine: int
    failed_impostor: int

    @property
    def precision(self) -> float:
        """The share of genuine pairs among those that matched; NaN where none did."""
        return _ratio(self.true_match, self.true_match + self.false_match)

    @property
    def recall(self) -> float:
        """The share of genuine pairs that matched: 1 - FRR."""
        missed = self.false_non_match + self.failed_genuine
        return _ratio(self.true_match, self.true_match + missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        wrong = self.false_match + self.false_non_match + self.failed_genuine
        return _ratio(2 * self.true_match, 2 * self.true_match + wrong)


@dataclass(frozen=True, slots=True, eq=False)
class VerificationResult:
    """A system on a pair list.

    `chosen_on` says where the thresholds come from. Chosen on the same pairs there is no fair
    `accuracy` (None); `best_accuracy` is that of the best threshold for the pairs at hand,
    optimistic and always given. `standard_error` is over folds (ddof 1), None for one fold.
    `correct` (P,) is the outcome of each pair of `compared`: two systems on the same pairs compare
    by `report.significance.outcomes` (McNemar).
    """

    name: str
    system: str
    model: str
    people: int
    failed_pictures: int
    chosen_on: Source
    folds: tuple[Fold, ...]
    accuracy: Estimate | None
    standard_error: float | None
    best_accuracy: float
    best_threshold: float
    auc: Estimate
    eer: Estimate
    points: tuple[OperatingPoint, ...]
    far: Rate
    frr: Rate
    confusion: Confusion
    compared: Compared
    correct: Bools
    notes: tuple[str, ...] = ()

    def summary(self) -> Mapping[str, Any]:
        """The result as JSON knows it, without what is said of each pair."""
        left_out = ("compared", "correct")
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}
        rates = {name: getattr(self.confusion, name) for name in ("precision", "recall", "f1")}
        genuine = int(self.compared.genuine.sum())
        sizes = {"genuine": genuine, "impostor": len(self.correct) - genuine}
        summary: Mapping[str, Any] = plain(kept | rates | sizes)
        return summary


def verify_pairs(
    embedded: Embedded,
    pairs: PairList,
    *,
    development: PairList | None = None,
    fmrs: Sequence[float] = FMRS,
    draws: int = DRAWS,
    seed: int = 0,
) -> VerificationResult:
    """Accuracy by the protocol, and the error rates of all pairs.

    The threshold for a fold is the best of the `development` list, else of the other folds, else
    (a single fold) of the same pairs. `embedded` may hold more pictures than the pairs name, in
    any order. Raises InputError where it holds fewer, or where no pair of a kind has a score.
    """
    compared = compare(embedded, pairs)
    genuine, people = compared.genuine, compared.people
    tuning = None if development is None else compare(embedded, development)
    chosen_on, thresholds = _thresholds(compared, tuning)
    matched = compared.scores >= thresholds[compared.fold]  # never for NaN
    correct = compared.seen & (matched == genuine)
    folds = _folds(compared, thresholds, correct)
    accuracy = _accuracy(folds, correct, people, draws, seed)
    best = compared.best_threshold()
    auc, eer, points = _curve_figures(compared, fmrs, draws, seed)
    return VerificationResult(
        name=pairs.name,
        system=embedded.system,
        model=embedded.model,
        people=len(np.unique(people)),
        failed_pictures=compared.failed_pictures,
        chosen_on=chosen_on,
        folds=folds,
        accuracy=accuracy if chosen_on != "same pairs" else None,
        standard_error=_standard_error(folds),
        best_accuracy=float((compared.seen & ((compared.scores >= best) == genuine)).mean()),
        best_threshold=best,
        auc=auc,
        eer=eer,
        points=points,
        far=rate(matched[~genuine], people[~genuine], draws=draws, seed=seed),
        frr=rate(~matched[genuine], people[genuine], draws=draws, seed=seed),
        confusion=_confusion(matched, genuine, compared.seen),
        compared=compared,
        correct=correct,
        notes=pairs.notes,
    )


def _thresholds(compared: Compared, tuning: Compared | None) -> tuple[Source, Rates]:
    """Where thresholds come from, and one for each fold."""
    count = int(compared.fold[-1]) + 1
    if tuning is not None:
        return "development", np.full(count, tuning.best_threshold())
    if count == 1:
        return "same pairs", np.array([compared.best_threshold()])
    return "other folds", np.array(
        [compared.best_threshold(compared.fold != k) for k in range(count)]
    )


def _folds(compared: Compared, thresholds: Rates, correct: Bools) -> tuple[Fold, ...]:
    members = [compared.fold == k for k in range(len(thresholds))]
    return tuple(
        Fold(int(m.sum()), float(t), float(correct[m].mean()))
        for m, t in zip(members, thresholds, strict=True)
    )


def _accuracy(
    folds: Sequence[Fold], correct: Bools, people: Ints, draws: int, seed: int
) -> Estimate:
    """The mean over folds, with the interval of all pairs."""
    pooled = rate(correct, people, draws=draws, seed=seed)
    return Estimate(float(np.mean([f.accuracy for f in folds])), pooled.low, pooled.high)


def _standard_error(folds: Sequence[Fold]) -> float | None:
    if len(folds) == 1:
        return None
    return float(np.std([f.accuracy for f in folds], ddof=1) / np.sqrt(len(folds)))


def _curve_figures(
    compared: Compared, fmrs: Sequence[float], draws: int, seed: int
) -> tuple[Estimate, Estimate, tuple[OperatingPoint, ...]]:
    """AUC, EER and TMRs; the share of failures is held in the intervals of the TMRs."""
    seen, curves = compared.seen, compared.curves
    statistic = score_figures(compared.scores[seen], compared.genuine[seen], fmrs)
    figures = resample(statistic, compared.people[seen], draws=draws, seed=seed)
    tmrs = [
        _tmr(compared, curves.threshold(fmr), column, seed)
        for fmr, column in zip(fmrs, figures[:, 2:].T, strict=True)
    ]
    points = tuple(
        OperatingPoint(fmr, curves.threshold(fmr), tmr, curves.supported(fmr))
        for fmr, tmr in zip(fmrs, tmrs, strict=True)
    )
    return estimate(curves.auc(), figures[:, 0]), estimate(curves.eer(), figures[:, 1]), points


def _tmr(compared: Compared, threshold: float, figures: Rates, seed: int) -> Estimate:
    """TMR with failures as misses; where all or none match, with the interval of `rate`."""
    genuine = compared.genuine
    matched = compared.scores[genuine] >= np.float32(threshold)
    if matched.all() or not matched.any():
        sure = rate(matched, compared.people[genuine], seed=seed)
        return Estimate(sure.value, sure.low, sure.high)
    return estimate(float(matched.mean()), figures * compared.seen[genuine].mean())


def _confusion(matched: Bools, genuine: Bools, seen: Bools) -> Confusion:
    def count(rows: Bools) -> int:
        return int(rows.sum())

    return Confusion(
        true_match=count(genuine & matched),
        false_non_match=count(genuine & seen & ~matched),
        true_non_match=count(~genuine & seen & ~matched),
        false_match=count(~genuine & matched),
        failed_genuine=count(genuine & ~seen),
        failed_impostor=count(~genuine & ~seen),
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
