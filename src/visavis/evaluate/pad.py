"""Presentation attack detection: error rates by attack species.

Follows the metrics of ISO/IEC 30107-3: APCER for each species and the worst of them, BPCER, and
the rates of non-response. A presentation without a response (no face found, no score) is neither
accepted nor rejected: it is left out of APCER and BPCER and counted in APNRR and BPNRR.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.batching import Progress, batch
from visavis.datasets.records import BONA_FIDE, PadSet
from visavis.errors import InputError
from visavis.evaluate import bootstrap
from visavis.evaluate.metrics import Curve, Scores
from visavis.evaluate.rates import Rate
from visavis.image import ImageLimits, decode
from visavis.pipeline import choose
from visavis.policy import Policy
from visavis.protocols import Detector, LivenessCheck
from visavis.targets import DEFAULT_TARGET, LiveTarget
from visavis.types import Floats, Liveness

OPERATING_POINTS: Final = (0.1, 0.05, 0.01)
"""APCERs at which BPCER is stated: BPCER10, BPCER20 and BPCER100."""


@dataclass(frozen=True, eq=False)
class Presented:
    """What a check said of each presentation, in order.

    `scores` (N,), higher is more live, NaN for a non-response; `species` BONA_FIDE or the attack
    instrument; `subjects` empty texts where unknown; `errors`: why there was no response, by
    picture name. Raises InputError for lengths that differ or an infinite score.
    """

    scores: Floats
    species: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.species)
        if self.scores.shape != (count,) or len(self.subjects) not in (0, count):
            raise InputError(f"expected {count} scores and subjects, got {self.scores.shape}")
        if np.isinf(self.scores).any():
            raise InputError("expected finite scores, or NaN for no response, got infinite ones")

    @cached_property
    def attacks(self) -> tuple[str, ...]:
        """The attack species, sorted."""
        return tuple(sorted(set(self.species) - {BONA_FIDE}))

    def of(self, species: str) -> NDArray[np.bool_]:
        """(N,) which presentations are of a species."""
        return np.array([s == species for s in self.species], np.bool_)

    def responses(self, species: str) -> Floats:
        """The scores of a species, non-responses left out."""
        return self.scores[self.of(species) & ~np.isnan(self.scores)]


@dataclass(frozen=True, slots=True)
class ClassRates:
    """One class of presentations, an attack species or bona fide.

    `error`: taken for the other class, over those with a response (APCER or BPCER);
    `non_response`, over all (APNRR or BPNRR). Both intervals are exact for independent trials.
    Frames of one recording are not independent: `by_subject` is the error with an interval from
    drawing subjects again, None where subjects are not known or only one is.
    """

    species: str
    error: Rate
    non_response: Rate
    by_subject: Rate | None


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """BPCER at the lowest threshold at which no species' APCER is above `limit`.

    `apcer` is the highest there, with its interval: few attacks cannot show a low rate.
    """

    limit: float
    threshold: float
    bpcer: Rate
    apcer: Rate

    @property
    def name(self) -> str:
        """In the notation of ISO/IEC 30107-3: BPCER20 at an APCER of 5 %."""
        return f"BPCER{round(1 / self.limit)}"


@dataclass(frozen=True, slots=True, eq=False)
class Det:
    """Error trade-off of one species: in `curve`, FMR is APCER and FNMR is BPCER.

    `eer` is the detection equal-error rate (D-EER).
    """

    species: str
    curve: Curve
    eer: float


@dataclass(frozen=True)
class PadResult:
    """All rates at `threshold` (a score at or above it is taken for live), and over thresholds."""

    threshold: float
    attacks: tuple[ClassRates, ...]
    bona_fide: ClassRates
    points: tuple[OperatingPoint, ...]
    dets: tuple[Det, ...]

    @property
    def worst(self) -> ClassRates:
        """The species that is accepted most often: its APCER is the one to report."""
        return max(self.attacks, key=lambda a: a.error.value)

    @property
    def apcer(self) -> Rate:
        return self.worst.error

    @property
    def bpcer(self) -> Rate:
        return self.bona_fide.error


def rates(presented: Presented, threshold: float) -> PadResult:
    """The rates at a threshold and at the operating points.

    Raises InputError unless bona fide presentations and every attack species had a response.
    """
    species = presented.attacks
    genuine = presented.responses(BONA_FIDE)
    silent = [s for s in (BONA_FIDE, *species) if not presented.responses(s).size]
    if silent or not species:
        raise InputError(
            f"expected responses to bona fide and attack presentations, got none to "
            f"{', '.join(silent) or 'any attack'}"
        )
    scores = {s: Scores(genuine, presented.responses(s)) for s in species}
    return PadResult(
        threshold,
        tuple(_class(presented, s, threshold) for s in species),
        _class(presented, BONA_FIDE, threshold),
        tuple(_point(scores, limit) for limit in OPERATING_POINTS),
        tuple(Det(s, pair.curve(), pair.eer()) for s, pair in scores.items()),
    )


def acer(result: PadResult) -> float:
    """The mean of the worst species' APCER and BPCER.

    Only for comparison with papers that report it: ISO/IEC 30107-3 has dropped it, since the
    mean hides which of the two errors is made.
    """
    return (result.apcer.value + result.bpcer.value) / 2


def evaluate_pad(
    detector: Detector,
    check: LivenessCheck,
    pad: PadSet,
    *,
    threshold: float | None = None,
    target: LiveTarget = DEFAULT_TARGET,
    limits: ImageLimits | None = None,
    progress: Progress | None = None,
) -> PadResult:
    """Shows every presentation to detector and check; at its threshold for `target` by default.

    Raises InputError where the check states no one threshold and none is given.
    """
    presented, own = present(detector, check, pad, target=target, limits=limits, progress=progress)
    if threshold is None and len(own) != 1:
        raise InputError(f"expected one threshold of the check, got {sorted(own)}: give one")
    return rates(presented, own.pop() if threshold is None else threshold)


def present(
    detector: Detector,
    check: LivenessCheck,
    pad: PadSet,
    *,
    target: LiveTarget = DEFAULT_TARGET,
    limits: ImageLimits | None = None,
    progress: Progress | None = None,
) -> tuple[Presented, set[float]]:
    """What the check says of the largest face in every picture, and the thresholds it states.

    A picture that cannot be read or shows no face is a non-response.
    """

    def look(path: Path) -> Liveness:
        image = decode(path, limits or ImageLimits())
        face = choose(detector.detect(image), Policy(face="largest"), image)
        return check.check(image, face, target)

    pictures = pad.dataset.pictures
    scores = np.full(len(pictures), np.nan, np.float32)
    errors, thresholds = {}, set()
    for outcome in batch(look, [p.path for p in pictures]):
        if outcome.error is not None:
            errors[pictures[outcome.index].name] = outcome.error.code
        else:
            said = outcome.unwrap()
            scores[outcome.index] = np.nan if said.score is None else said.score
            thresholds.add(said.threshold)
        if progress is not None:
            progress(outcome.index + 1, len(pictures))
    return _presented(pad, scores, errors), thresholds


def read_scores(file: Path, pad: PadSet) -> Presented:
    """Scores from a CSV with columns file,score, one row for each picture of the set.

    `file` is the picture's name in the set; an empty score is a non-response. Raises InputError
    for other columns, a score that is no number, and pictures missing, unknown or given twice.
    """
    with file.open(newline="", encoding="utf-8-sig") as text:
        rows = csv.DictReader(text)
        if not {"file", "score"} <= set(rows.fieldnames or ()):
            raise InputError(f"expected columns file,score in {file.name}, got {rows.fieldnames}")
        listed = [(row["file"] or "", row["score"] or "") for row in rows]
    given = dict(listed)
    names = [p.name for p in pad.dataset.pictures]
    odd = sorted(set(names) ^ set(given))
    if odd or len(listed) != len(given):
        raise InputError(
            f"expected one score for each of {len(names)} pictures, got {len(listed)} rows"
            + (f"; missing or unknown: {', '.join(odd[:3])}" if odd else "; some twice")
        )
    scores = np.array([_number(given[name], name) for name in names], np.float32)
    return _presented(pad, scores, {})


def _number(text: str, name: str) -> float:
    try:
        return float(text) if text.strip() else float("nan")
    except ValueError:
        raise InputError(f"expected a number or nothing as the score of {name}") from None


def _presented(pad: PadSet, scores: Floats, errors: Mapping[str, str]) -> Presented:
    shown = pad.presentations
    subjects = tuple(p.subject for p in shown)
    known = subjects if all(subjects) else ()
    return Presented(scores, tuple(p.species for p in shown), known, errors)


def _class(presented: Presented, species: str, threshold: float) -> ClassRates:
    members = presented.of(species)
    answered = members & ~np.isnan(presented.scores)
    live = presented.scores[answered] >= float(threshold)
    wrong = ~live if species == BONA_FIDE else live
    return ClassRates(
        species,
        Rate.of(int(wrong.sum()), len(wrong)),
        Rate.of(int(members.sum() - answered.sum()), int(members.sum())),
        _by_subject(presented, answered, wrong),
    )


def _by_subject(
    presented: Presented, answered: NDArray[np.bool_], wrong: NDArray[np.bool_]
) -> Rate | None:
    if not presented.subjects:
        return None
    _, people = np.unique(np.array(presented.subjects)[answered], return_inverse=True)
    if len(set(people.tolist())) < 2:
        return None
    return bootstrap.rate(wrong, np.stack([people, people], axis=1))


def _point(scores: Mapping[str, Scores], limit: float) -> OperatingPoint:
    threshold = max(pair.threshold(limit) for pair in scores.values())
    tried = [pair.fmr(threshold) for pair in scores.values()]
    worst = list(scores.values())[int(np.argmax(tried))]
    return OperatingPoint(
        limit,
        threshold,
        _rate(worst.fnmr(threshold), worst.genuine),
        _rate(max(tried), worst.impostor),
    )


def _rate(share: float, trials: Sequence[float] | Floats) -> Rate:
    return Rate.of(round(share * len(trials)), len(trials))
