"""Everything measured about liveness checks, gathered by long runs and kept as one JSON file.

Scores are kept, rates are not: a page derives every rate from the scores, so that two checks on
one set are rated on the same presentations and by the same code.
"""

import base64
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from visavis.datasets.records import BONA_FIDE
from visavis.errors import InputError
from visavis.evaluate.clues import Clue
from visavis.report.document import Photograph, plain
from visavis.report.write import replace_file
from visavis.types import Floats

Kind: TypeAlias = Literal["recorded", "simulated", "bona_fide"]
"""Attacks before a camera, attacks made by `datasets.attacks`, or no attacks at all."""
Role: TypeAlias = Literal["ours", "public", "fused"]
Training: TypeAlias = Literal["shipped", "subject_out", "mechanism_out", "cross_set"]
"""As shipped, or trained anew without what it is tested on: its subjects, species or set."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A set that checks were shown: `species`, and where known `subjects`, a presentation each.

    `groups` are labels of the people by attribute, in the same order; `note` says where the set
    comes from. Raises InputError for lengths that differ, or attacks in a bona fide set.
    """

    name: str
    kind: Kind
    species: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    digest: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        _one_of(self.kind, Kind)
        count = len(self.species)
        lengths = {len(v) for v in self.groups.values()} | {len(self.subjects) or count}
        if lengths != {count}:
            raise InputError(f"{self.name}: expected {count} of everything, got {sorted(lengths)}")
        if (set(self.species) <= {BONA_FIDE}) != (self.kind == "bona_fide"):
            raise InputError(f"{self.name}: expected attacks unless it is bona fide, got neither")


@dataclass(frozen=True, slots=True)
class Check:
    """A check that was measured. Figures are None where nobody measured them.

    `milliseconds`: median of one face on one core; `size`: bytes of its files; `trained_on` and
    `licence` in words.
    """

    name: str
    title: str
    role: Role
    trained_on: str = ""
    licence: str = ""
    milliseconds: float | None = None
    size: int | None = None
    parameters: int | None = None

    def __post_init__(self) -> None:
        _one_of(self.role, Role)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What `check` said of every presentation of the set `shown`: (N,), NaN for no response.

    `threshold` is the check's default; `thresholds` (N,) are those of each presentation, where a
    check draws its line by which of its networks can tell. With `held_out` the check was trained
    without that species and only it counts, beside the bona fide; `trained_on` names the set of a
    cross-set training.
    """

    check: str
    shown: str
    threshold: float
    scores: Floats
    training: Training = "shipped"
    held_out: str = ""
    trained_on: str = ""
    thresholds: Floats | None = None

    def __post_init__(self) -> None:
        _one_of(self.training, Training)
        object.__setattr__(self, "scores", _scores(self.scores))
        if self.thresholds is not None:
            object.__setattr__(self, "thresholds", _scores(self.thresholds))
            if len(self.thresholds) != len(self.scores):
                raise InputError(f"{self.check}: expected as many thresholds as scores")
            if np.isnan(self.thresholds[~np.isnan(self.scores)]).any():
                raise InputError(f"{self.check}: expected a threshold for every score")
        if (self.training == "mechanism_out") != bool(self.held_out):
            raise InputError(f"expected a held-out species with mechanism_out, got {self.held_out}")


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Similarity of every presentation to the person it claims to be: (N,), NaN for no response."""

    embedder: str
    shown: str
    threshold: float
    scores: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", _scores(self.scores))


@dataclass(frozen=True, slots=True)
class FromFile:
    """How well the files alone give the attacks of a set away, by the better `classifier`."""

    shown: str
    classifier: str
    pictures: int
    clue: Clue


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """The mean drop of a check's score when a patch is covered, (rows, columns) over the face.

    Over `faces` presentations of one species.
    """

    check: str
    shown: str
    species: str
    faces: int
    drop: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "drop", np.array(self.drop, np.float64))


Named = TypeVar("Named", Check, Shown)


@dataclass(frozen=True)
class LivenessResults:
    """Several runs together. Raises InputError for answers to unknown sets or by unknown checks,
    for another number of scores than presentations, and for names given twice.
    """

    checks: tuple[Check, ...] = ()
    sets: tuple[Shown, ...] = ()
    answers: tuple[Answers, ...] = ()
    matched: tuple[Matched, ...] = ()
    files: tuple[FromFile, ...] = ()
    maps: tuple[Map, ...] = ()
    photographs: tuple[Photograph, ...] = ()
    remarks: tuple[str, ...] = ()
    """Limits measured elsewhere, in Markdown, each with the command that shows it."""

    def __post_init__(self) -> None:
        for kind, names in (
            ("check", [c.name for c in self.checks]),
            ("set", [s.name for s in self.sets]),
            ("answer", [f"{a.check} {a.shown} {a.training} {a.held_out}" for a in self.answers]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise InputError(f"expected each {kind} once, got twice: {', '.join(twice)}")
        scored: tuple[Answers | Matched, ...] = (*self.answers, *self.matched)
        for given in scored:
            count = len(self.shown(given.shown).species)
            if given.scores.shape != (count,):
                raise InputError(f"{given.shown}: expected {count} scores, got {given.scores.size}")
        judged: tuple[Answers | Map, ...] = (*self.answers, *self.maps)
        for said in judged:
            self.check(said.check)

    def shown(self, name: str) -> Shown:
        """The set of a name."""
        return _named(self.sets, name)

    def check(self, name: str) -> Check:
        """The check of a name."""
        return _named(self.checks, name)

    def of(self, training: Training, kind: Kind) -> tuple[Answers, ...]:
        """The answers of one way of training to sets of one kind, by sets in their order."""
        found = [
            (a, s) for s in self.sets for a in self.answers
            if a.shown == s.name and a.training == training and s.kind == kind
        ]  # fmt: skip
        return tuple(a for a, _ in found)

    def save(self, path: Path) -> None:
        """Writes all as JSON, whole or not at all; the same results give the same bytes."""
        replace_file(path, (json.dumps(_plain(self), indent=1, allow_nan=False) + "\n").encode())


def load(paths: Sequence[Path]) -> LivenessResults:
    """One or several files, together; a set or a check may stand in several, if it is the same.

    Raises InputError for JSON of another form, and as LivenessResults does.
    """
    parts = [_read(path) for path in paths]
    return LivenessResults(
        checks=_once(c for part in parts for c in part.checks),
        sets=_once(s for part in parts for s in part.sets),
        answers=tuple(a for part in parts for a in part.answers),
        matched=tuple(m for part in parts for m in part.matched),
        files=tuple(f for part in parts for f in part.files),
        maps=tuple(m for part in parts for m in part.maps),
        photographs=tuple(p for part in parts for p in part.photographs),
        remarks=tuple(dict.fromkeys(r for part in parts for r in part.remarks)),
    )


def _read(path: Path) -> LivenessResults:
    try:
        document = json.loads(path.read_text("utf-8"))
        if odd := sorted(set(document) - {f.name for f in fields(LivenessResults)}):
            raise ValueError(f"the unknown {', '.join(odd)}")
        return LivenessResults(
            checks=tuple(Check(**c) for c in document.get("checks", ())),
            sets=tuple(_shown(**s) for s in document.get("sets", ())),
            answers=tuple(Answers(**a) for a in document.get("answers", ())),
            matched=tuple(Matched(**m) for m in document.get("matched", ())),
            files=tuple(_from_file(**f) for f in document.get("files", ())),
            maps=tuple(Map(**m) for m in document.get("maps", ())),
            photographs=tuple(_photograph(**p) for p in document.get("photographs", ())),
            remarks=tuple(document.get("remarks", ())),
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"expected liveness results in {path.name}, got {error}") from None


def _shown(species: Sequence[str], **rest: Any) -> Shown:
    groups = {name: tuple(values) for name, values in rest.pop("groups", {}).items()}
    subjects = tuple(rest.pop("subjects", ()))
    return Shown(species=tuple(species), subjects=subjects, groups=groups, **rest)


def _from_file(clue: Mapping[str, Any], **rest: Any) -> FromFile:
    known: dict[str, Any] = {k: math.nan if v is None else v for k, v in clue.items()}
    return FromFile(clue=Clue(**known), **rest)


def _photograph(data: str, **rest: Any) -> Photograph:
    return Photograph(data=base64.b64decode(data, validate=True), **rest)


def _plain(results: LivenessResults) -> dict[str, Any]:
    """Every field as JSON; pictures in Base64, scores in nine digits, which is exact."""
    photographs = [
        {f.name: getattr(p, f.name) for f in fields(p) if f.name != "data"}
        | {"data": base64.b64encode(p.data).decode()}
        for p in results.photographs
    ]
    others = {
        f.name: plain(getattr(results, f.name)) for f in fields(results) if f.name != "photographs"
    }
    for given in (*others["answers"], *others["matched"]):
        for name in {"scores", "thresholds"} & {n for n, v in given.items() if v is not None}:
            given[name] = [v if v is None else float(f"{v:.9g}") for v in given[name]]
    return others | {"photographs": photographs}


def _once(found: Iterable[Named]) -> tuple[Named, ...]:
    """Each once; two of one name that differ stay, for LivenessResults to refuse."""
    kept: list[Named] = []
    for one in found:
        if one not in kept:
            kept.append(one)
    return tuple(kept)


def _named(among: Sequence[Named], name: str) -> Named:
    for one in among:
        if one.name == name:
            return one
    raise InputError(f"expected one of {', '.join(o.name for o in among)}, got {name!r}")


def _one_of(value: str, choice: Any) -> None:
    if value not in get_args(choice):
        raise InputError(f"expected {', '.join(get_args(choice))}, got {value!r}")


def _scores(values: Any) -> Floats:
    """(N,) float32; None is NaN."""
    array = np.array(values, np.float32)
    array.setflags(write=False)
    return array
