"""How recognition holds out when a picture gets worse: detection and matching by condition.

For each person one picture stays as it is (the reference) and another is distorted (the probe);
one pair a person keeps the trials independent.
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from visavis.batching import Progress, batch
from visavis.datasets.lfw import Errata
from visavis.errors import BadDataset, NoFace
from visavis.evaluate.conditions import CONDITIONS, Condition, Family, Kind, Scene, distort
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.jackknife import of_people
from visavis.evaluate.poses import Bucket, by_expression, by_yaw
from visavis.evaluate.rates import Rate
from visavis.pipeline import Pipeline, nearest
from visavis.types import Floats


@dataclass(frozen=True, slots=True)
class Cell:
    """One condition at one step.

    `detected`: a face was found where it had to be (boxes overlap by 0.3 or more). `tmr`: of
    those, how many matched. `end_to_end`: of all, how many matched. `fmr`: comparisons of found
    probes with strangers' references that matched, with an interval that knows that each probe
    is in many. `impostor_mean` is the mean score of those.
    """

    kind: Kind | None
    family: Family | None
    level: int
    step: str
    detected: Rate
    tmr: Rate
    end_to_end: Rate
    fmr: Rate
    impostor_mean: float


@dataclass(frozen=True)
class Robustness:
    """What `measure` found. `cells` are in the order of the conditions, mild to severe.

    `baseline` is the same pairs undistorted. `yaw` and `expression` are real pairs, not
    distorted ones. `references` counts the strangers' pictures that probes were compared with.
    """

    dataset: str
    system: str
    model: str
    people: int
    references: int
    seed: int
    fmr: float
    threshold: float
    baseline: Cell
    cells: tuple[Cell, ...]
    yaw: tuple[Bucket, ...]
    expression: tuple[Bucket, ...]
    notes: tuple[str, ...] = ()

    def of(self, kind: Kind) -> tuple[Cell, ...]:
        """The steps of a condition, mild to severe."""
        return tuple(c for c in self.cells if c.kind == kind)

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The conditions measured."""
        return tuple(dict.fromkeys(c.kind for c in self.cells if c.kind is not None))


@dataclass(frozen=True)
class Sample:
    """Who is measured: rows of `embedded`, one pair a person, and one reference a stranger.

    `references` and `probes` are (N,); `strangers` (M,) has a row for every identity of the set;
    `allowed` (N, M) says which strangers are impostors of which person.
    """

    embedded: Embedded
    references: NDArray[np.int64]
    probes: NDArray[np.int64]
    strangers: NDArray[np.int64]
    allowed: NDArray[np.bool_]


def measure(
    pipeline: Pipeline,
    embedded: Embedded,
    *,
    people: int = 300,
    fmr: float = 1e-4,
    seed: int = 0,
    conditions: Sequence[Condition] = CONDITIONS,
    errata: Errata | None = None,
    progress: Progress | None = None,
) -> Robustness:
    """Distorts the probes of `people` people in every way, on all cores; the same each time.

    The threshold is what the embedder's calibration gives for `fmr`. Only pictures with a face
    found when undistorted take part, and none that `errata` leaves out. Raises BadDataset where
    nobody has two pictures.
    """
    sample = choose_pairs(embedded, people, seed, errata)
    threshold = pipeline.embedder.calibration.threshold(fmr).score
    steps = [(c, level) for c in conditions for level in range(len(c.values))]
    vectors = _distorted(pipeline, sample, steps, seed, progress)
    plain = embedded.vectors[sample.probes]
    return Robustness(
        dataset=embedded.dataset.name,
        system=embedded.system,
        model=embedded.model,
        people=len(sample.probes),
        references=len(sample.strangers),
        seed=seed,
        fmr=fmr,
        threshold=threshold,
        baseline=_cell(sample, plain, threshold, None, 0),
        cells=tuple(
            _cell(sample, vectors[at], threshold, condition, level)
            for at, (condition, level) in enumerate(steps)
        ),
        yaw=by_yaw(embedded, threshold, seed=seed, errata=errata),
        expression=by_expression(embedded, threshold, seed=seed, errata=errata),
        notes=() if len(sample.probes) == people else (_fewer(people, len(sample.probes)),),
    )


def choose_pairs(embedded: Embedded, people: int, seed: int, errata: Errata | None) -> Sample:
    """A seeded choice of people with two usable pictures or more, and of two pictures each."""
    dataset = embedded.dataset
    usable = embedded.usable.copy()
    if errata is not None:
        usable &= np.array([p.name not in errata.left_out for p in dataset.pictures])
    rng = np.random.default_rng(seed)
    rows = [np.flatnonzero(usable & (dataset.owners == i)) for i in range(len(dataset.identities))]
    several = [i for i, own in enumerate(rows) if len(own) > 1]
    if not several:
        raise BadDataset(f"{dataset.name}: expected people with two usable pictures, found none")
    chosen = np.sort(rng.permutation(several)[:people])
    pairs = np.array([rng.permutation(rows[i])[:2] for i in chosen])
    first = {int(i): int(pair[0]) for i, pair in zip(chosen, pairs, strict=True)}
    known = [i for i, own in enumerate(rows) if len(own)]
    strangers = np.array([first.get(i, rows[i][0]) for i in known])
    allowed = chosen[:, None] != np.array(known)[None]
    if errata is not None:
        _merge(allowed, chosen, known, dataset.identities, errata)
    return Sample(embedded, pairs[:, 0], pairs[:, 1], strangers, allowed)


def _merge(
    allowed: NDArray[np.bool_],
    chosen: NDArray[np.int64],
    known: Sequence[int],
    names: Sequence[str],
    errata: Errata,
) -> None:
    """Two names of one person are no impostors."""
    column = {names[i]: at for at, i in enumerate(known)}
    row = {names[i]: at for at, i in enumerate(chosen)}
    for pair in errata.same_people:
        for person, other in (pair, pair[::-1]):
            if person in row and other in column:
                allowed[row[person], column[other]] = False


def _distorted(
    pipeline: Pipeline,
    sample: Sample,
    steps: Sequence[tuple[Condition, int]],
    seed: int,
    progress: Progress | None,
) -> Floats:
    """(steps, N, dim) vectors of the distorted probes, NaN where the face was not found."""
    embedded, probes = sample.embedded, sample.probes
    found = np.full((len(steps), len(probes), pipeline.embedder.dim), np.nan, np.float32)

    def look(row: int) -> Floats:
        picture = embedded.dataset.pictures[row]
        scene = Scene(pipeline.decode(picture.path), embedded.face(row))
        vectors = [
            _vector(pipeline, distort(scene, c.kind, c.values[level], _rng(seed, picture.name, c)))
            for c, level in steps
        ]
        return np.array(vectors, np.float32)

    for outcome in batch(look, probes.tolist()):
        found[:, outcome.index] = outcome.unwrap()
        if progress is not None:
            progress(outcome.index + 1, len(probes))
    return found


def _vector(pipeline: Pipeline, scene: Scene) -> Floats:
    try:
        face = nearest(pipeline.detector.detect(scene.image), scene.face.box)
    except NoFace:
        return np.full(pipeline.embedder.dim, np.nan, np.float32)
    return pipeline.embedder.embed(scene.image, [face])[0].vector


def _rng(seed: int, name: str, condition: Condition) -> np.random.Generator:
    """One choice of side, place and colour for all steps, so that only the severity differs."""
    return np.random.default_rng(
        [seed, zlib.crc32(name.encode()), zlib.crc32(condition.kind.encode())]
    )


def _cell(
    sample: Sample, vectors: Floats, threshold: float, condition: Condition | None, level: int
) -> Cell:
    seen = np.isfinite(vectors[:, 0])
    clean = np.nan_to_num(vectors)
    known = sample.embedded.vectors
    genuine = np.einsum("nd,nd->n", clean, known[sample.references])
    matched = int((seen & (genuine >= threshold)).sum())
    impostors = (clean @ known[sample.strangers].T)[seen]
    allowed = sample.allowed[seen]
    false = (impostors >= threshold) & allowed
    total, detected = len(vectors), int(seen.sum())
    return Cell(
        kind=None if condition is None else condition.kind,
        family=None if condition is None else condition.family,
        level=level,
        step="as photographed" if condition is None else condition.step(level),
        detected=Rate.of(detected, total),
        tmr=Rate.of(matched, detected),
        end_to_end=Rate.of(matched, total),
        fmr=_fmr(false, allowed),
        impostor_mean=float(impostors[allowed].mean()) if detected else math.nan,
    )


def _fmr(false: NDArray[np.bool_], allowed: NDArray[np.bool_]) -> Rate:
    events, trials = int(false.sum()), int(allowed.sum())
    if not trials:
        return Rate.of(0, 0)
    weights = false.sum(axis=1).astype(np.float64), allowed.sum(axis=1).astype(np.float64)
    return Rate(events, trials, *of_people(*weights, events).interval())


def _fewer(wanted: int, got: int) -> str:
    return f"{wanted} people were asked for, {got} have two usable pictures or more"
