"""Simulated attacks on the pictures of any set: how often a check takes them for live people.

Each picture is shown to a simulated camera as a live person and once for every mechanism; shots
are made, judged and dropped. Simulated attacks are no attacks: the rates compare checks and
settings, and say nothing of a camera that nobody has tried.
"""

import csv
import hashlib
import io
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from visavis.batching import Progress, batch
from visavis.datasets import attacks
from visavis.datasets.records import BONA_FIDE, Dataset, Picture
from visavis.errors import InputError
from visavis.evaluate.iapar import JointResult, joint
from visavis.evaluate.liveness_rates import rates_of
from visavis.evaluate.pad import PadResult, Presented
from visavis.image import ImageLimits, decode, save
from visavis.pipeline import choose
from visavis.policy import Policy
from visavis.protocols import Detector, Embedder, LivenessCheck
from visavis.report.write import replace_file
from visavis.targets import DEFAULT_TARGET, LiveTarget
from visavis.types import Embedding, Face, Floats, Image

Shoot: TypeAlias = Callable[[Image, Face, str, np.random.Generator], Image]
"""Makes the shot of a photo with a face: by a mechanism's name, or BONA_FIDE for the live twin."""
_LARGEST: Final = Policy(face="largest")
_COLUMNS: Final = ("file", "label", "species", "subject", "device", "source")


@dataclass(frozen=True, slots=True)
class Matcher:
    """An embedder and the score from which a shot is taken for the person of its photo."""

    embedder: Embedder
    threshold: float


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a check said of simulated attacks on `pictures` pictures of a set.

    `presented`: every shot, picture by picture, BONA_FIDE first; `thresholds` (N,): the check's for
    each, NaN without a response; `pad.threshold` is the most common of them. `pad` leaves out
    species in `silent`, to which there was no response at all. `joint` with a matcher alone: a
    shot is compared with its own photo, which is an attacker's best case. `unusable` are codes
    of pictures without a face to attack, by name.
    """

    dataset: str
    pictures: int
    seed: int
    mechanisms: tuple[str, ...]
    unusable: Mapping[str, str]
    presented: Presented
    thresholds: Floats
    silent: tuple[str, ...]
    pad: PadResult
    joint: JointResult | None


@dataclass(frozen=True, slots=True)
class _Seen:
    species: str
    subject: str
    live: float
    match: float
    threshold: float


@dataclass(frozen=True, slots=True)
class _Booth:
    """All that a picture meets; thread-safe, as its parts are."""

    detector: Detector
    check: LivenessCheck
    target: LiveTarget
    matcher: Matcher | None
    kinds: Mapping[str, str]
    seed: int
    out: Path | None
    make: Shoot
    limits: ImageLimits

    def judge(self, picture: Picture) -> list[_Seen]:
        """What is said of each shot of a picture. Raises NoFace, BadImage."""
        image = decode(picture.path, self.limits)
        face = choose(self.detector.detect(image), _LARGEST, image)
        own = None if self.matcher is None else self.matcher.embedder.embed(image, [face])[0]
        found = []
        for name, species in self.kinds.items():
            shot = self.make(image, face, name, generator(self.seed, picture.name))
            if self.out is not None:
                _keep(shot, self.out / _file(picture, species))
            found.append(self._look(shot, species, picture, own))
        return found

    def _look(self, shot: Image, species: str, picture: Picture, own: Embedding | None) -> _Seen:
        subject, match = _subject(picture), math.nan
        try:
            face = choose(self.detector.detect(shot), _LARGEST, shot)
            if self.matcher is not None and own is not None:
                match = own.similarity(self.matcher.embedder.embed(shot, [face])[0])
            said = self.check.check(shot, face, self.target)
        except InputError:  # no face found in the shot, or none that can be judged
            return _Seen(species, subject, math.nan, match, math.nan)
        score = math.nan if said.score is None else said.score
        return _Seen(species, subject, score, match, said.threshold)


def shoot(photo: Image, face: Face, mechanism: str, rng: np.random.Generator) -> Image:
    """The shot by `datasets.attacks`: an attack, or for BONA_FIDE its live twin."""
    if mechanism == BONA_FIDE:
        return attacks.live(photo, face, rng).image
    return attacks.attack(photo, face, mechanism, rng).image


def simulate(
    dataset: Dataset,
    detector: Detector,
    check: LivenessCheck,
    *,
    mechanisms: Sequence[str] = (),
    count: int | None = None,
    seed: int = 0,
    target: LiveTarget = DEFAULT_TARGET,
    matcher: Matcher | None = None,
    out: Path | None = None,
    make: Shoot = shoot,
    limits: ImageLimits | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Attacks the largest face of `count` pictures (all by default) by `mechanisms` (all).

    The same seed gives the same shots of a picture, whatever else is asked for. With `out` the
    shots are kept there as PNG files with an index.csv that `datasets.pad.read_pad` reads. Raises
    InputError for unknown mechanisms, a folder in use, no picture with a face, or live twins to
    which the check gives no response at all.
    """
    kinds = species_of(mechanisms)
    if out is not None and out.exists() and any(out.iterdir()):
        raise InputError(f"expected a new or empty folder for the shots, got {out}")
    pictures = _drawn(dataset, count, seed)
    booth = _Booth(
        detector, check, target, matcher, kinds, seed, out, make, limits or ImageLimits()
    )
    seen: list[_Seen] = []
    unusable, used = {}, []
    for outcome in batch(booth.judge, pictures):
        picture = pictures[outcome.index]
        if outcome.error is not None and not isinstance(outcome.error, InputError):
            raise outcome.error  # the check or its settings, not the picture
        if outcome.error is not None:
            unusable[picture.name] = outcome.error.code
        else:
            seen += outcome.unwrap()
            used.append(picture)
        if progress is not None:
            progress(outcome.index + 1, len(pictures))
    if out is not None and used:
        _index(out, used, tuple(kinds.values()))
    names = tuple(name for name in kinds if name != BONA_FIDE)
    rated = _rated(seen, matcher)
    return Simulation(dataset.name, len(used), seed, names, unusable, *rated)


def species_of(mechanisms: Sequence[str]) -> dict[str, str]:
    """BONA_FIDE and the species of each mechanism by its name; of all where none is given."""
    known = {m.name: m.species for m in attacks.MECHANISMS}
    odd = sorted(set(mechanisms) - set(known))
    if odd:
        raise InputError(f"expected mechanisms of {', '.join(known)}, got {', '.join(odd)}")
    wanted = {name: kind for name, kind in known.items() if not mechanisms or name in mechanisms}
    return {BONA_FIDE: BONA_FIDE} | wanted


def generator(seed: int, picture: str) -> np.random.Generator:
    """A fresh generator of one picture's shots, for each the same: so the live twin and all the
    attacks have one camera, size and place of the face, and no shot depends on another.
    """
    digest = hashlib.sha256(f"{seed}\0{picture}".encode("utf-8", "surrogateescape")).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def _drawn(dataset: Dataset, count: int | None, seed: int) -> list[Picture]:
    """`count` pictures at random, in the set's order."""
    every = dataset.pictures
    if count is None or count >= len(every):
        return list(every)
    rows = np.random.default_rng(seed).choice(len(every), count, replace=False)
    return [every[row] for row in sorted(rows.tolist())]


def _rated(
    seen: Sequence[_Seen], matcher: Matcher | None
) -> tuple[Presented, Floats, tuple[str, ...], PadResult, JointResult | None]:
    if not seen:
        raise InputError("expected pictures with a face to attack, found none")
    rows = np.array([(s.live, s.match, s.threshold) for s in seen], np.float32)
    live, match, own = (np.ascontiguousarray(column) for column in rows.T)
    species = tuple(s.species for s in seen)
    presented = Presented(live, species, tuple(s.subject for s in seen))
    stated = Counter(s.threshold for s in seen if not math.isnan(s.threshold))
    threshold = stated.most_common(1)[0][0] if stated else math.nan
    pad, silent = rates_of(presented, threshold, own)
    both = None
    if matcher is not None:
        limits = {"match_threshold": matcher.threshold, "live_threshold": 0.0}
        both = replace(joint(match, live - own, species, **limits), live_threshold=threshold)
    return presented, own, silent, pad, both


def _subject(picture: Picture) -> str:
    """Who is shown; where nobody knows, each picture is somebody."""
    return picture.identity or picture.name


def _file(picture: Picture, species: str) -> Path:
    """Where a shot stands below the folder; other kinds of one name stay apart."""
    return Path(species, f"{picture.name}.png")


def _keep(shot: Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save(shot, path)


def _index(out: Path, pictures: Sequence[Picture], species: Sequence[str]) -> None:
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for picture in pictures:
        for kind in species:
            label = "live" if kind == BONA_FIDE else "attack"
            file = _file(picture, kind).as_posix()
            rows.writerow((file, label, kind, _subject(picture), "simulated", picture.name))
    replace_file(out / "index.csv", text.getvalue().encode("utf-8", "surrogateescape"))
