"""The pictures a liveness network learns from: crops of simulated shots, made once, kept on disk.

A pool is a folder of shards, each made whole or not at all, so that an interrupted run goes on
where it stopped. Which shots there are depends on the recipe's seed and the photos alone.
"""

import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.batching import Progress
from visavis.datasets.attacks import MECHANISMS, Shot, attack, live
from visavis.datasets.records import BONA_FIDE, PadSet, Picture
from visavis.errors import InputError, VisavisError
from visavis.image import decode
from visavis.liveness.passive import CLASSES, TIGHT, WIDE, tight, wide
from visavis.protocols import Detector
from visavis.train.recipe import Shots
from visavis.types import Face, Floats, Image

MARGIN: Final = 144
"""Side of a kept crop; training cuts 128 out of it at random."""
_GROWN = MARGIN / 128
_SHARD = 500  # photos
_VERSION = 1  # raise it when simulation or crops change: older shards are then not read
_JITTER = 0.04  # how far a detector's box strays from one frame to the next, share of its side


@dataclass(frozen=True, eq=False)
class Pool:
    """Crops (N, 2, 144, 144, 3) uint8, tight and wide; `classes` (N,) index passive.CLASSES.

    `species` is BONA_FIDE or `family/mechanism`; `photos` (N,) number the photo, or the subject,
    that a shot was made from.
    """

    crops: Sequence[Image]
    classes: NDArray[np.int64]
    species: tuple[str, ...]
    photos: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.classes)

    def where(self, keep: NDArray[np.bool_]) -> "Pool":
        """The shots marked in (N,)."""
        kept = np.flatnonzero(keep).tolist()
        species = tuple(self.species[i] for i in kept)
        return Pool([self.crops[i] for i in kept], self.classes[kept], species, self.photos[kept])

    @staticmethod
    def joined(pools: Sequence["Pool"]) -> "Pool":
        """All of them, one after another."""
        return Pool(
            [crop for pool in pools for crop in pool.crops],
            np.concatenate([pool.classes for pool in pools]),
            tuple(s for pool in pools for s in pool.species),
            np.concatenate([pool.photos for pool in pools]),
        )


def simulated(
    pictures: Sequence[Picture],
    faces: Sequence[Face],
    shots: Shots,
    seed: int,
    folder: Path,
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> Pool:
    """Live shots and attacks by all mechanisms of photos whose face is known, made or taken up.

    `shots.without` is not left out here: held-out mechanisms are needed for measuring.
    """
    folder = folder / _key(pictures, shots, seed)
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, len(pictures), _SHARD):
        own = slice(start, start + _SHARD)
        photos = [(p.path, face) for p, face in zip(pictures[own], faces[own], strict=True)]
        parts.append(_Part(folder / f"{start:07d}.npy", start, photos, shots, seed))
    if workers == 1:
        return _gather(map(_shard, parts), len(parts), progress)
    with ProcessPoolExecutor(workers, get_context("spawn")) as executor:
        return _gather(executor.map(_shard, parts), len(parts), progress)


def real(pad: PadSet, detector: Detector, *, copies: int = 3, seed: int = 0) -> Pool:
    """The crops of real presentations; `photos` number the subjects, in sorted order.

    Attacks of a species that is no family of ours (`print`, `screen`, `mask`) raise InputError.
    Pictures without a face are left out.
    """
    subjects = sorted({p.subject for p in pad.presentations})
    rows = []
    for shown in pad.presentations:
        image = decode(shown.picture.path)
        faces = detector.detect(image)
        if not faces:
            continue
        face = max(faces, key=lambda f: f.area)
        rng = np.random.default_rng([seed, zlib.crc32(shown.picture.name.encode())])
        for _ in range(copies):
            species = shown.species
            place = subjects.index(shown.subject)
            rows.append((_crops(image, _strayed(face.box, rng)), species, place))
    return _pool(rows)


def class_of(species: str) -> int:
    """The class of a species: `print/laser` is a print. Raises InputError for another."""
    family = "live" if species == BONA_FIDE else species.partition("/")[0]
    if family not in CLASSES:
        raise InputError(f"expected a species of {', '.join(CLASSES[1:])}, got {species!r}")
    return CLASSES.index(family)


_Row = tuple[NDArray[np.uint8], str, int]


@dataclass(frozen=True, slots=True)
class _Part:
    """What a process needs to make one shard; `start` numbers its first photo."""

    path: Path
    start: int
    photos: Sequence[tuple[Path, Face]]
    shots: Shots
    seed: int


def _gather(parts: Iterator[Path], count: int, progress: Progress | None) -> Pool:
    pools = []
    for done, path in enumerate(parts, 1):
        pools.append(_read(path))
        if progress is not None:
            progress(done, count)
    return Pool.joined(pools)


def _shard(part: _Part) -> Path:
    """The crops file of one shard, made unless it is there."""
    if part.path.with_suffix(".json").exists():
        return part.path
    cv2.setNumThreads(1)  # the shards share the cores
    rows = []
    for place, (path, face) in enumerate(part.photos, part.start):
        try:
            made = _shots(decode(path), face, part.shots, part.seed, place)
            rows += [(crops, species, place) for crops, species in made]
        except VisavisError:  # a photo that cannot be read teaches nothing
            continue
    _write(part.path, rows)
    return part.path


def _shots(
    photo: Image, face: Face, shots: Shots, seed: int, place: int
) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """One live shot and the photo's share of attacks; mechanisms take turns over the photos."""
    rng = np.random.default_rng([seed, place])
    if rng.random() < shots.raw:
        yield _crops(photo, _strayed(face.box, rng)), BONA_FIDE
    else:
        yield _shot_crops(live(photo, face, rng), face, rng), BONA_FIDE
    count = int(shots.attacks) + int(rng.random() < shots.attacks % 1)
    for turn in rng.permutation(len(MECHANISMS))[:count]:
        shot = attack(photo, face, MECHANISMS[turn].name, rng)
        yield _shot_crops(shot, face, rng), shot.species


def _shot_crops(shot: Shot, face: Face, rng: np.random.Generator) -> NDArray[np.uint8]:
    x1, y1, x2, y2 = face.box
    corners = np.array([(x1, y1), (x2, y1), (x1, y2), (x2, y2)])
    at = shot.carry(corners)
    centre = at.mean(axis=0)
    half = np.array([np.ptp(at[:, 0]), np.ptp(at[:, 1])]) / 2
    return _crops(shot.image, _strayed(np.concatenate([centre - half, centre + half]), rng))


def _crops(image: Image, box: Floats) -> NDArray[np.uint8]:
    near = tight(image, box, TIGHT * _GROWN, MARGIN)
    return np.stack([near, wide(image, box, WIDE * _GROWN, MARGIN)])


def _strayed(box: NDArray[np.floating], rng: np.random.Generator) -> Floats:
    side = float(max(box[2] - box[0], box[3] - box[1]))
    return np.asarray(box + rng.normal(0, _JITTER * side, 4), np.float32)


def _pool(rows: Sequence[_Row]) -> Pool:
    species = tuple(s for _, s, _ in rows)
    return Pool(
        [c for c, _, _ in rows],
        np.array([class_of(s) for s in species], np.int64),
        species,
        np.array([p for _, _, p in rows], np.int64),
    )


def _write(path: Path, rows: Sequence[_Row]) -> None:
    """The crops, then the labels: a shard without labels is made again."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.save(file, np.stack([c for c, _, _ in rows]))
    os.replace(part, path)
    part.write_text(json.dumps([(s, p) for _, s, p in rows]))
    os.replace(part, path.with_suffix(".json"))


def _read(path: Path) -> Pool:
    """A shard, its crops mapped from the file."""
    labels = json.loads(path.with_suffix(".json").read_text())
    crops = np.load(path, mmap_mode="r")
    return _pool([(c, s, p) for c, (s, p) in zip(crops, labels, strict=True)])


def _key(pictures: Sequence[Picture], shots: Shots, seed: int) -> str:
    """A folder name that changes with whatever changes the shots."""
    names = hashlib.sha256("\n".join(p.name for p in pictures).encode()).hexdigest()
    mechanisms = [m.name for m in MECHANISMS]
    facts = [_VERSION, MARGIN, TIGHT, WIDE, mechanisms, seed, shots.raw, shots.attacks, names]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
