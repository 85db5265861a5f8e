"""Liveness over time: what a face does between the frames of a track that a sheet cannot do."""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from visavis.liveness.plane import Step, View, step, view
from visavis.liveness.repeats import repeats
from visavis.liveness.track import Observation, Track
from visavis.types import Liveness

_VIEWS: Final = 8
"""Frames that are compared, each with each: evenly spread over the track."""
_LEAST: Final = 3  # steps between them that could be followed
_SIZE: Final = 12.0  # pixels between eyes and mouth
_NOISE: Final = 0.12  # of the contrast
_SECONDS: Final = 5.0
"""People hold still for some seconds: in less, none is called a plane. Of pieces of real clips of 1
to 3 seconds, every second one would be."""
_TURN: Final = 12.0  # degrees of foreshortening, much of it the tracking's noise

_RELIEF: Final = 6.6e-4, 4.4
_CHANGE: Final = 0.038, 3.5
"""Where the odds are even, and what e-fold of it adds to their logarithm: logistic regression, with
all species of attack alike, on subjects and clips that `benchmarks/liveness/temporal.py` leaves
out."""
_SURE: Final = 4.0  # the log-odds that one check may claim at most


@dataclass(frozen=True, slots=True)
class Motion:
    """What moved in a track, and what each check makes of it.

    `relief` and `turn` are the 90th percentiles over the steps, `change` the 75th, as in `Step`;
    NaN without steps. `parallax` and `micro` are log-odds of a live face, None for cannot tell,
    and then `reasons` say what was missing: `too_few_frames`, `too_small`, `too_noisy`,
    `not_followed`, `too_still`.
    """

    steps: int
    relief: float
    turn: float
    change: float
    parallax: float | None
    micro: float | None
    reasons: tuple[str, ...] = ()


def judge(track: Track, threshold: float = 0.5) -> Liveness:
    """The judgement on a track: a score 0..1, None where nothing can be told.

    Frames that repeat make it 0. Else it is the logistic of the mean log-odds of two checks:
    `parallax`, the depth that shows as the head turns, over how far it turned, and `micro`, the
    change of eyes and mouth that no movement of a plane explains. A track under 5 seconds can
    pass, but is not called a plane (`too_short`). A moving picture of a person on a flat screen has
    both: this refuses sheets and stills, not videos.
    """
    found = repeats(track)
    if found.reasons:
        return Liveness(0.0, threshold, reasons=found.reasons, checks=(("repeats", 0.0),))
    seen = motion(track)
    checks = (("parallax", _maybe(seen.parallax)), ("micro", _maybe(seen.micro)))
    answers = [odds for odds in (seen.parallax, seen.micro) if odds is not None]
    if not answers:
        return Liveness(None, threshold, None, seen.reasons, checks)
    score = _chance(float(np.mean(answers)))
    if score >= threshold:
        return Liveness(score, threshold, None, seen.reasons, checks)
    if track.seconds < _SECONDS:
        return Liveness(None, threshold, None, (*seen.reasons, "too_short"), checks)
    return Liveness(score, threshold, "print", (*seen.reasons, "moves_as_a_plane"), checks)


def motion(track: Track) -> Motion:
    """What the frames of a track show beyond the motion of a plane."""
    chosen = _spread(track)
    views = [v for v in map(view, chosen) if v is not None]
    missing = _missing(chosen, views)
    if missing:
        return Motion(0, math.nan, math.nan, math.nan, None, None, missing)
    steps = [s for s in (step(a, b) for a, b in combinations(views, 2)) if s is not None]
    if len(steps) < _LEAST:
        return Motion(len(steps), math.nan, math.nan, math.nan, None, None, ("not_followed",))
    return _weigh(steps)


def _weigh(steps: list[Step]) -> Motion:
    relief, turn = (
        float(np.percentile(values, 90))
        for values in ([s.relief for s in steps], [s.turn for s in steps])
    )
    change = float(np.percentile([s.change for s in steps], 75))
    parallax = _odds((relief + 0.002) / (turn + 10), *_RELIEF)
    micro = _odds(change + 0.005, *_CHANGE)
    still = parallax < 0 and turn < _TURN
    reasons = ("too_still",) if still else ()
    return Motion(len(steps), relief, turn, change, None if still else parallax, micro, reasons)


def _spread(track: Track) -> list[Observation]:
    """At most _VIEWS observations with pixels, the first and the last among them."""
    with_pixels = [o for o in track.observations if o.image is not None]
    if not with_pixels:
        return []
    places = np.linspace(0, len(with_pixels) - 1, min(_VIEWS, len(with_pixels)))
    return [with_pixels[i] for i in places.round().astype(int)]


def _missing(chosen: list[Observation], views: list[View]) -> tuple[str, ...]:
    """What keeps everything from being told."""
    if len(views) < _LEAST:
        return ("too_few_frames",)
    if float(np.median([_size(o) for o in chosen])) < _SIZE:
        return ("too_small",)
    if float(np.median([v.noise for v in views])) > _NOISE:
        return ("too_noisy",)
    return ()


def _size(observation: Observation) -> float:
    """Pixels from the middle of the eyes to that of the mouth."""
    left, right, _, *mouth = observation.face.landmarks.astype(np.float64)
    return float(np.hypot(*(mouth[0] + mouth[1] - left - right)) / 2)


def _odds(value: float, even: float, slope: float) -> float:
    return min(max(slope * math.log(value / even), -_SURE), _SURE)


def _maybe(odds: float | None) -> float | None:
    return None if odds is None else _chance(odds)


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
