"""A set of presentations: what it holds, and what in it would let a detector cheat."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.datasets.records import PadSet
from visavis.evaluate.balance import CrossTable, cross_table
from visavis.evaluate.clues import Clue, Column, clue, joint_clue
from visavis.evaluate.duplicates import Duplicates
from visavis.evaluate.embedded import Embedded
from visavis.evaluate.files import Files

FACTORS: Final = ("subject", "session", "device")
_CONTAINER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "file size": "bytes",
        "width": "width",
        "height": "height",
        "JPEG quality": "jpeg_quality",
        "chroma subsampling": "chroma",
        "progressive coding": "progressive",
        "EXIF data": "exif",
        "lack of colour": "grey",
    }
)
_PICTURE: Final = ("red", "green", "blue", "brightness")
_FACE: Final = ("size", "sharpness", "brightness", "contrast", "yaw", "pitch", "roll")


@dataclass(frozen=True, slots=True)
class Recordings:
    """Pictures by recording: one species, subject, session and device.

    `repeated` counts pictures that are a near-duplicate of another in their own recording;
    `groups` how many pictures would be left if each group of near-duplicates were one.
    """

    count: int
    pictures: int
    repeated: int
    groups: int

    @property
    def share(self) -> float:
        return self.repeated / self.pictures


@dataclass(frozen=True, slots=True)
class PadFindings:
    """What was found about a set for attack detection.

    `species` counts pictures; `tables` cross species with what the set says of FACTORS, and
    `one_sided` lists, by factor, the values seen with attacks alone or bona fide alone. `coding`
    crosses the files' kind and quantisation tables with the species. `container` and `scene` are
    single clues, strongest first; `joint` are both together, tested on unseen subjects. `people`
    counts subjects, 0 where the set does not name them: then intervals are too narrow.
    """

    people: int
    species: Mapping[str, int]
    tables: tuple[CrossTable, ...]
    one_sided: Mapping[str, tuple[str, ...]]
    coding: CrossTable
    container: tuple[Clue, ...]
    scene: tuple[Clue, ...]
    joint: tuple[Clue, ...]
    recordings: Recordings


def examine(pad: PadSet, embedded: Embedded, files: Files, duplicates: Duplicates) -> PadFindings:
    """What a set for attack detection holds, and its shortcuts."""
    attack = np.array([p.attack for p in pad.presentations])
    species = np.array([p.species for p in pad.presentations], np.str_)
    subjects = subjects_of(pad)
    factors = {name: _labels(pad, name) for name in FACTORS}
    told = {name: values for name, values in factors.items() if (values != "").any()}
    container = {what: files.measure(name) for what, name in _CONTAINER.items()}
    scene = _scene(embedded, files)
    coding = [f"{k} {t}".strip() for k, t in zip(files.kinds, files.tables, strict=True)]
    return PadFindings(
        people=len(np.unique(factors["subject"])) if "subject" in told else 0,
        species={str(name): int((species == name).sum()) for name in np.unique(species)},
        tables=tuple(cross_table(f, "species", v, species) for f, v in told.items()),
        one_sided={name: _one_sided(values, attack) for name, values in told.items()},
        coding=cross_table("coding", "species", np.array(coding, np.str_), species),
        container=_single(container, attack, subjects),
        scene=_single(scene, attack, subjects),
        joint=(
            joint_clue("container", container, {"coding": coding}, attack, subjects),
            joint_clue("scene", scene, {}, attack, subjects),
        ),
        recordings=_recordings(pad, duplicates),
    )


def subjects_of(pad: PadSet) -> NDArray[np.int64]:
    """(N,) a number a subject; pictures whose subject is not told are subjects of their own."""
    names = [p.subject or f"\0{i}" for i, p in enumerate(pad.presentations)]
    return np.unique(np.array(names, np.str_), return_inverse=True)[1].astype(np.int64)


def _labels(pad: PadSet, factor: str) -> NDArray[np.str_]:
    return np.array([getattr(p, factor) for p in pad.presentations], np.str_)


def _one_sided(values: NDArray[np.str_], attack: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(str(v) for v in np.unique(values) if len(set(attack[values == v].tolist())) == 1)


def _scene(embedded: Embedded, files: Files) -> dict[str, Column]:
    """Facts of the picture and of where the face is in it; NaN without a face."""
    width, height = files.measure("width"), files.measure("height")
    boxes = embedded.boxes.astype(np.float64)
    facts = {f"picture {name}": files.measure(name) for name in _PICTURE}
    facts |= {f"face {name}": embedded.measure(name).astype(np.float64) for name in _FACE}
    facts["face detector score"] = embedded.scores.astype(np.float64)
    facts["face across"] = (boxes[:, 0] + boxes[:, 2]) / 2 / width
    facts["face down"] = (boxes[:, 1] + boxes[:, 3]) / 2 / height
    facts["face share of width"] = (boxes[:, 2] - boxes[:, 0]) / width
    return facts


def _single(
    columns: Mapping[str, Column], attack: NDArray[np.bool_], subjects: NDArray[np.int64]
) -> tuple[Clue, ...]:
    found = [clue(name, values, attack, subjects) for name, values in columns.items()]
    return tuple(sorted(found, key=lambda c: -c.strength if np.isfinite(c.auc) else 1))


def _recordings(pad: PadSet, duplicates: Duplicates) -> Recordings:
    recording = {
        p.picture.name: (p.species, p.subject, p.session, p.device) for p in pad.presentations
    }
    repeated = joined = 0
    for group in duplicates.groups:
        sizes: dict[tuple[str, ...], int] = defaultdict(int)
        for name in group.names:
            sizes[recording[name]] += 1
        repeated += sum(n for n in sizes.values() if n > 1)
        joined += sum(n - 1 for n in sizes.values())
    pictures = len(recording)
    return Recordings(len(set(recording.values())), pictures, repeated, pictures - joined)
