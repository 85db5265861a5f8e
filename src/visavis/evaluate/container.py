"""The control that sees no face: how well the files alone tell attacks from live people.

A set whose files give the label away teaches networks to look at the coding and not at the face,
and a good figure on it says nothing. No pixel is decoded here.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final, get_args

import numpy as np
import PIL.Image

from visavis.batching import Progress, batch
from visavis.datasets.records import PadSet
from visavis.errors import BadImage, InputError
from visavis.evaluate.clues import Classifier, Clue, Column, joint_clue
from visavis.evaluate.files import header
from visavis.evaluate.pad_data import subjects_of
from visavis.image import ImageLimits

COLUMNS: Final = (
    *("bytes", "bits a pixel", "width", "height"),
    *("JPEG quality", "chroma subsampling", "progressive", "EXIF"),
)
"""The numbers a file is known by, beside its format, tables and order of markers."""
_START_OF_SCAN: Final = 0xDA


@dataclass(frozen=True, slots=True)
class Container:
    """One file before any pixel: `numbers` by COLUMNS, NaN where it has no such thing.

    `coding`: format, mode and a digest of the quantisation tables; `markers`: the JPEG segments
    in their order, or the chunks of a PNG.
    """

    numbers: tuple[float, ...]
    coding: str
    markers: str


@dataclass(frozen=True, slots=True)
class Told:
    """What one classifier makes of the containers of unseen people; see `Clue.auc`."""

    classifier: Classifier
    clue: Clue


@dataclass(frozen=True, slots=True)
class Control:
    """How well containers alone tell attacks: by each classifier, on `pictures` readable files."""

    dataset: str
    pictures: int
    unreadable: int
    told: tuple[Told, ...]

    @property
    def best(self) -> Told:
        """The classifier that tells more: the figure to state beside a model's."""
        return max(self.told, key=lambda t: np.nan_to_num(t.clue.auc, nan=-1.0))


def control(pad: PadSet, progress: Progress | None = None) -> Control:
    """Both classifiers, cross-validated with no subject on both sides.

    Pictures whose subject is not told are subjects of their own. Raises InputError unless attacks
    and bona fide pictures are of two subjects or more each.
    """
    pictures = pad.dataset.pictures
    found: list[Container | None] = []
    for outcome in batch(read_container, [p.path for p in pictures]):
        found.append(None if outcome.error is not None else outcome.unwrap())
        if progress is not None:
            progress(outcome.index + 1, len(pictures))
    rows = [i for i, one in enumerate(found) if one is not None]
    known = [one for one in found if one is not None]
    attack = np.array([pad.presentations[i].attack for i in rows], np.bool_)
    subjects = subjects_of(pad)[rows]
    columns = _columns(known)
    labels = {"coding": [k.coding for k in known], "markers": [k.markers for k in known]}
    told = tuple(
        Told(name, joint_clue("files", columns, labels, attack, subjects, name))
        for name in get_args(Classifier)
    )
    if all(np.isnan(t.clue.auc) for t in told):
        raise InputError("expected attacks and bona fide pictures of two subjects or more each")
    return Control(pad.dataset.name, len(rows), len(found) - len(rows), told)


def read_container(path: Path) -> Container:
    """What a file says of itself. Raises BadImage for no picture or one beyond the usual limits."""
    try:
        data = path.read_bytes()
        kind, tables, coding = header(data)
        with PIL.Image.open(BytesIO(data)) as opened:
            width, height = opened.size
    except (OSError, ValueError, PIL.Image.DecompressionBombError) as error:
        raise BadImage(f"expected a picture, got {type(error).__name__}: {path.name}") from error
    ImageLimits().check(width, height)
    bits = 8 * len(data) / (width * height)
    numbers = (float(len(data)), bits, float(width), float(height), *coding)
    return Container(numbers, f"{kind} {tables}".strip(), " ".join(_segments(data)))


def _columns(known: list[Container]) -> dict[str, Column]:
    table = np.array([k.numbers for k in known], np.float64).reshape(-1, len(COLUMNS))
    return dict(zip(COLUMNS, table.T, strict=True))


def _segments(data: bytes) -> Iterator[str]:
    """The markers of a JPEG up to its first scan, or the chunks of a PNG without repeats."""
    if data[:2] == b"\xff\xd8":
        at = 2
        while at + 4 <= len(data) and data[at] == 0xFF:
            marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
            yield f"{marker:02x}"
            if marker == _START_OF_SCAN:
                return
            at += 2 + length
    elif data[:4] == b"\x89PNG":
        at, last = 8, ""
        while at + 8 <= len(data):
            length, name = struct.unpack_from(">I", data, at)[0], data[at + 4 : at + 8]
            if (word := name.decode("latin-1")) != last:
                yield word
            at, last = at + 12 + length, word
