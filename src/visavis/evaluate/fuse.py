"""Fits how the logits of liveness checks become one probability, and measures its thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.batching import Progress, batch
from visavis.datasets.records import BONA_FIDE, Picture
from visavis.errors import BadDataset, InputError
from visavis.evaluate.rates import Rate
from visavis.extras import needs
from visavis.image import ImageLimits, decode
from visavis.liveness.look import Looker
from visavis.pipeline import choose
from visavis.policy import Policy
from visavis.protocols import Detector
from visavis.targets import Combination, FusionTable, LivenessPoint, LivenessTable, by_face, subsets
from visavis.types import Floats

RATES: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)
"""BPCERs and APCERs at which a table has a threshold, where the data reach them."""
LEAST: Final = 20
"""Bona fide presentations with a response, below which nothing is said of a set of checks: one in
them is the BPCER of 5 % that is the default."""
_PENALTY: Final = 1e-3  # of the squared weights of logits scaled to unit variance
_STEP: Final = 1e-6  # of thresholds: they are stored as decimals
_ROUNDING: Final = 1e-9  # so that 0.07 of 100 are 7 whatever binary fractions make of it
_UNMEASURED: Final = LivenessTable(((0.25, 0.0, 1.0), (0.75, 1.0, 0.0)), "", "")
_Array: TypeAlias = NDArray[np.float64]


def looks(
    detector: Detector,
    lookers: Sequence[Looker],
    pictures: Sequence[Picture],
    *,
    limits: ImageLimits | None = None,
    progress: Progress | None = None,
) -> dict[str, Floats]:
    """(N,) logits by looker of the largest face in every picture; those by the face alone under a
    name of their own (`targets.by_face`).

    NaN where it cannot tell, no face is found or the picture cannot be read.
    """
    names = [looker.name for looker in lookers]
    names += [by_face(looker.name) for looker in lookers if looker.face_alone]
    found = {name: np.full(len(pictures), np.nan, np.float32) for name in names}

    def ask(picture: Picture) -> dict[str, float | None]:
        image = decode(picture.path, limits or ImageLimits())
        face = choose(detector.detect(image), Policy(face="largest"), image)
        seen = {looker.name: looker.look(image, face) for looker in lookers}
        return {by_face(n) if s.face_alone else n: s.logit for n, s in seen.items()}

    for outcome in batch(ask, pictures):
        for name, logit in ({} if outcome.error else outcome.unwrap()).items():
            found[name][outcome.index] = np.nan if logit is None else logit
        if progress is not None:
            progress(outcome.index + 1, len(pictures))
    return found


def fit(
    logits: Mapping[str, Floats],
    species: Sequence[str],
    *,
    bona_fide: str,
    attacks: str,
    sets: Sequence[str] = (),
    even: bool = False,
) -> FusionTable:
    """Weights and thresholds for every set of checks, from presentations all were shown.

    `logits[check]` is (N,), NaN where it could not tell; `species` BONA_FIDE or the attack;
    `sets` which set each is of, so that none counts more than another in the weights and the BPCER
    of a threshold holds for the worst. `bona_fide` and `attacks`
    say in the table what was shown. With `even` no check is weighed by how well it tells these
    attacks (one that has learnt from their like would count too much): each counts as much, in
    deviations of its logits over live people, and only scale and bias are fitted. A set of checks
    is fitted on what all of them answered.
    Raises InputError where lengths differ, a class is missing or a check counts backwards, and
    BadDataset for fewer than 20 live people.
    """
    columns = _columns(logits, species)
    weights = balance(species, sets)
    live = np.array([s == BONA_FIDE for s in species])
    made = []
    for checks in subsets(columns):
        x = np.stack([columns[name] for name in checks], axis=1)
        told = ~np.isnan(x).any(axis=1)
        if len(set(live[told].tolist())) < 2:
            raise InputError(f"expected answers of {'+'.join(checks)} to live people and attacks")
        slopes, bias = (_even if even else logistic)(x[told], live[told], weights[told])
        if not slopes.any():
            raise InputError(f"expected live people to score higher than attacks by {checks}")
        rounded = tuple(_short(w) for w in slopes)
        blank = Combination(checks, rounded, _short(bias), _UNMEASURED)
        found = _measured(blank, x, species, bona_fide, attacks, sets)
        if found is blank:
            raise BadDataset(f"expected {LEAST} or more live faces judged by {checks}, got fewer")
        made.append(found)
    return FusionTable(tuple(made))


def measure(
    table: FusionTable,
    logits: Mapping[str, Floats],
    species: Sequence[str],
    *,
    bona_fide: str,
    attacks: str,
    sets: Sequence[str] = (),
    bound: bool = False,
) -> FusionTable:
    """The same weights with thresholds measured on other presentations: of another camera.

    A set of checks that fewer than 20 live people had an answer of keeps the thresholds it has.
    Raises BadDataset where that is so for all. Arguments as for `fit`; attacks may be missing,
    and then every APCER is stated as 1. `sets` and `bound` as for `points`.
    """
    columns = _columns(logits, species)
    made = []
    for checks in subsets(columns):
        x = np.stack([columns[name] for name in checks], axis=1)
        made.append(_measured(table.of(checks), x, species, bona_fide, attacks, sets, bound))
    if all(one is table.of(one.checks) for one in made):
        raise BadDataset(f"expected {LEAST} or more live faces that a check can judge, got fewer")
    return FusionTable(tuple(made))


def _measured(
    old: Combination,
    x: _Array,
    species: Sequence[str],
    bona_fide: str,
    attacks: str,
    sets: Sequence[str],
    bound: bool = False,
) -> Combination:
    """With the thresholds that these logits show; as it is where they are too few."""
    kinds = np.array(species, np.str_)
    scores = old.scores(x)
    told = ~np.isnan(scores)
    people = int((told & (kinds == BONA_FIDE)).sum())
    if people < LEAST:
        return old
    against = int(told.sum()) - people
    where = [name for name, heard in zip(sets, told, strict=False) if heard]
    table = LivenessTable(
        points(scores[told], kinds[told].tolist(), where, bound=bound),
        f"{bona_fide}, {people:,}",
        f"{attacks}, {against:,}" if against else "none",
    )
    return replace(old, table=table)


def points(
    scores: _Array, species: Sequence[str], sets: Sequence[str] = (), *, bound: bool = False
) -> tuple[LivenessPoint, ...]:
    """Thresholds with the BPCER of the worst set and the APCER of the worst species.

    `scores` (N,) in 0..1; `sets` which set each is of: a threshold then holds for each that has 20
    people or more, not for their mixture. With `bound` a BPCER is the upper end of its 95 %
    interval. A rate without an event is stated as one in as many as there were, as fewer could not
    have shown; without attacks the APCER is 1. A lower rate than the first BPCER or the last APCER
    is thereby NotMeasured.
    """
    kinds = np.array(species, np.str_)
    people = [_of(scores, kinds == BONA_FIDE, sets, name) for name in sorted(set(sets)) or [""]]
    if not any(group.size for group in people):
        raise InputError("expected bona fide presentations, got none")
    large = [group for group in people if group.size >= LEAST]
    live = large or [np.sort(np.concatenate(people))]
    others = sorted(set(kinds.tolist()) - {BONA_FIDE})
    attacks = [np.sort(scores[kinds == kind]) for kind in others]
    limits = {_STEP, 1 - _STEP}
    for rate in RATES:
        lowest = min(float(group[_allowed(rate, len(group), bound)]) for group in live)
        limits.add(_held(np.floor(lowest / _STEP) * _STEP))
        limits |= {_held(_above(kind, rate)) for kind in attacks}
    found = []
    for limit in sorted(limits):
        refused = [_stated(int(np.searchsorted(g, limit)), len(g), bound) for g in live]
        passed = [max(len(a) - int(np.searchsorted(a, limit)), 1) / len(a) for a in attacks]
        found.append((limit, max(refused), max(passed, default=1.0)))
    return tuple(found)


def _stated(events: int, trials: int, bound: bool) -> float:
    """The rate that is stated of so many events."""
    return Rate.of(events, trials).high if bound else max(events, 1) / trials


def _allowed(rate: float, trials: int, bound: bool) -> int:
    """The most events at which the stated rate is not above `rate`; 0 where there is none."""
    most = int(rate * trials + _ROUNDING)
    while bound and most > 0 and _stated(most, trials, bound) > rate:
        most -= 1
    return most


def _of(scores: _Array, among: NDArray[np.bool_], sets: Sequence[str], name: str) -> _Array:
    """The sorted scores of one set's presentations among those marked."""
    mine = among & (np.array(sets, np.str_) == name) if sets else among
    return np.sort(scores[mine])


def balance(species: Sequence[str], sets: Sequence[str] = ()) -> _Array:
    """(N,) weights that sum to 1: half to bona fide, half to attacks; within these as much to
    every species, and within a species as much to every set.
    """
    places = sets or [""] * len(species)
    if len(places) != len(species):
        raise InputError(f"expected a set for each of {len(species)}, got {len(places)}")
    keys = list(zip(species, places, strict=True))
    kinds = sorted(set(species))
    if BONA_FIDE not in kinds or len(kinds) < 2:
        raise InputError(f"expected bona fide presentations and attacks, got {kinds}")
    cells = {key: keys.count(key) for key in set(keys)}
    homes = {kind: len({place for k, place in cells if k == kind}) for kind in kinds}
    share = {kind: 0.5 if kind == BONA_FIDE else 0.5 / (len(kinds) - 1) for kind in kinds}
    return np.array([share[kind] / homes[kind] / cells[kind, place] for kind, place in keys])


def logistic(x: _Array, live: NDArray[np.bool_], weights: _Array) -> tuple[_Array, float]:
    """(C,) slopes of 0 or more and the bias that maximise the penalised weighted likelihood.

    `x` is (N, C). The penalty is on slopes of columns scaled to unit variance, so that a
    network's own scale does not matter. By L-BFGS-B (Byrd et al., 1995), under its bounds.
    """
    with needs("evaluate", "fitting liveness checks"):
        from scipy.optimize import minimize
    shares = weights / weights.sum()
    spread = np.sqrt(shares @ (x - shares @ x) ** 2)
    scale = np.where(spread > 0, spread, 1.0)
    scaled = x / scale
    sign = np.where(live, 1.0, -1.0)

    def loss(at: _Array) -> tuple[float, _Array]:
        odds = sign * (scaled @ at[:-1] + at[-1])
        value = float(shares @ np.logaddexp(0, -odds)) + _PENALTY / 2 * float(at[:-1] @ at[:-1])
        pull = -shares * sign * 0.5 * (1 - np.tanh(odds / 2))
        return value, np.append(scaled.T @ pull + _PENALTY * at[:-1], pull.sum())

    bounds = [(0.0, None)] * x.shape[1] + [(None, None)]
    tight = {"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000}
    found = minimize(
        loss, np.zeros(x.shape[1] + 1), jac=True, bounds=bounds, method="L-BFGS-B", options=tight
    )
    slopes: _Array = found.x[:-1] / scale
    return slopes, float(found.x[-1])


def _even(x: _Array, live: NDArray[np.bool_], weights: _Array) -> tuple[_Array, float]:
    """Slopes in one proportion, that of 1 to the deviation over live people, scaled together."""
    shares = weights * live / (weights * live).sum()
    unit = 1 / np.sqrt(shares @ (x - shares @ x) ** 2)
    slope, bias = logistic((x @ unit)[:, None], live, weights)
    return unit * slope[0], bias


def _columns(logits: Mapping[str, Floats], species: Sequence[str]) -> dict[str, _Array]:
    columns = {name: np.asarray(values, np.float64) for name, values in logits.items()}
    if not columns or any(c.shape != (len(species),) for c in columns.values()):
        shapes = {name: column.shape for name, column in columns.items()}
        raise InputError(f"expected {len(species)} logits of one or more checks, got {shapes}")
    return columns


def _above(attacks: _Array, rate: float) -> float:
    """The lowest stored threshold that at most this share of the attacks reaches."""
    allowed = int(rate * len(attacks) + _ROUNDING)
    return float((np.floor(attacks[len(attacks) - 1 - allowed] / _STEP) + 1) * _STEP)


def _held(threshold: float) -> float:
    return round(min(max(float(threshold), _STEP), 1 - _STEP), 6)


def _short(value: float) -> float:
    return float(f"{value:.6g}")
