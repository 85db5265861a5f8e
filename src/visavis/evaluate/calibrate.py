"""From all comparisons of a set to the table of thresholds that decisions are made by."""

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from visavis.batching import Progress
from visavis.errors import BadDataset
from visavis.evaluate.allpairs import AllPairs, compare_all
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.impostors import Impostors
from visavis.evaluate.rates import RULE_OF_30
from visavis.evaluate.tail import Choice, choose
from visavis.policy import Calibration, Point, Tail

if TYPE_CHECKING:
    from visavis.datasets.lfw import Errata

LEAST_PEOPLE: Final = 20
BEYOND: Final = 100
"""How far below the lowest measured rate the fitted tail is believed: a hundredth."""
RATES: Final = tuple(times * 10.0**-power for power in range(1, 13) for times in (3, 1))
_CLOSER: Final = 10 ** -np.linspace(0.05, 0.45, 9)  # between two of the rates


def calibrate(
    source: Embedded | AllPairs,
    *,
    errata: "Errata | None" = None,
    name: str | None = None,
    progress: Progress | None = None,
    seed: int = 0,
) -> Calibration:
    """Thresholds by false-match rate, each with its interval, and how low a rate they may claim.

    Two people count once, however many pictures there are of them (`impostors.Weighing`). A rate
    is measured while its false matches amount to 30 equally weighty pairs of people. Below, down
    to a hundredth of the lowest, the fitted tail of the highest scores says the threshold. Raises
    BadDataset for fewer than 20 people, or too few to measure two rates. `AllPairs` is taken as
    it was weighed. `name` is what the table says it was measured on.
    """
    if isinstance(source, Embedded):
        found = compare_all(source, errata=errata, weigh="people", progress=progress)
    else:
        found = source
    if len(found.identities) < LEAST_PEOPLE:
        raise BadDataset(
            f"expected {LEAST_PEOPLE} people or more to calibrate on, got {len(found.identities)}"
        )
    points = _measured(found.impostors)
    if len(points) < 2:
        raise BadDataset(
            f"expected enough people to measure two rates, got {len(found.identities)}: add people "
            "rather than pictures"
        )
    lowest = points[-1][0]
    choice = choose(found.impostors, lowest, seed)
    beyond = _beyond(choice, points[-1]) if choice else ()
    return Calibration(
        points=(*points, *beyond),
        dataset=name or _described(found.dataset, errata),
        pairs=found.impostor_pairs,
        identities=len(found.identities),
        measured=lowest,
        tail=choice.tail if choice else None,
    )


def _described(dataset: str, errata: "Errata | None") -> str:
    return f"{dataset}, without known label errors" if errata else dataset


def _measured(impostors: Impostors) -> tuple[Point, ...]:
    """The rates that can be read, falling, as far as the rule of 30 holds."""
    points: list[Point] = []
    for rate in RATES:
        if rate >= impostors.lowest and impostors.cut > -1:
            continue
        point = _point(impostors, rate)
        if point is None:
            last = points[-1][0] if points else rate
            closer = (_point(impostors, last * float(part)) for part in _CLOSER)
            points += [p for p in closer if p is not None and points][-1:]
            break
        points.append(point)
    return tuple(points)


def _point(impostors: Impostors, rate: float) -> Point | None:
    """The threshold of a rate, and the interval of the rate that another set of as many people
    would show there; None by the rule of 30.
    """
    threshold = impostors.threshold(rate)
    found = impostors.estimate(threshold)
    if found.effective < RULE_OF_30:
        return None
    low, high = found.interval(another=True)
    return float(f"{rate:.4g}"), _up(threshold), low, high


def _beyond(choice: Choice, last: Point) -> tuple[Point, ...]:
    """The rates that the fitted tail reaches below the `last` measured point, with intervals.

    A higher threshold lets in no more, so thresholds and upper ends start from those of `last`.
    """
    measured, least, *ends = last
    most, lowest = ends[-1], measured / BEYOND
    rates = [rate for rate in RATES if lowest * 1.1 < rate < measured * 0.9] + [lowest]
    points: list[Point] = []
    for rate in rates:
        score = _score(choice.tail, rate)
        if score is None:
            break
        score = max(score, least)
        low, high = choice.interval(score)
        most = max(min(high, most), rate)
        low = min(max(low, rate / BEYOND), rate)
        points.append((float(f"{rate:.4g}"), _up(score), low, most))
    return tuple(points)


def _score(tail: Tail, rate: float) -> float | None:
    """The lowest score, to 1e-5, whose fitted rate is at most `rate`; None if there is none."""
    scores = np.arange(tail.start, 1.0, 1e-5)
    below = tail.fmr(scores) <= rate
    return float(scores[np.argmax(below)]) if below.any() else None


def _up(score: float) -> float:
    """To five places, never below."""
    return math.ceil(score * 1e5) / 1e5
