"""Prepared crops as arrays a network takes: one npz file a part, written piece by piece."""

import os
import secrets
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from visavis.datasets.attributes import read_attributes
from visavis.datasets.records import Picture
from visavis.datasets.split import PARTS
from visavis.evaluate.prepare import Preparation
from visavis.image import decode, tensor
from visavis.types import Floats

_BATCH: Final = 256  # crops in memory


def write_arrays(folder: Path, preparation: Preparation) -> tuple[Path, ...]:
    """`train.npz`, `val.npz` and `test.npz` beside the crops, of the parts that are not empty.

    Each holds `images` (N, 3, size, size) float32, RGB, (x - mean) / std; `names` (N,);
    `identities`, the part's people, sorted; `owners` (N,) index into them, -1 where unknown.
    """
    pictures = read_attributes(folder).pictures
    made = []
    for part in PARTS:
        kept = [p for p in pictures if p.attributes["split"] == part]
        if kept:
            _write(folder / f"{part}.npz", kept, preparation)
            made.append(folder / f"{part}.npz")
    return tuple(made)


def _write(path: Path, pictures: Sequence[Picture], how: Preparation) -> None:
    people = sorted({p.identity for p in pictures if p.identity is not None})
    place = {name: at for at, name in enumerate(people)}
    small = {
        "names": np.array([p.attributes["name"] for p in pictures], np.str_),
        "identities": np.array(people, np.str_),
        "owners": np.array([place.get(p.identity or "", -1) for p in pictures], np.int64),
    }
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with zipfile.ZipFile(part, "x") as archive:
            shape = (len(pictures), 3, how.size, how.size)
            _stream(archive, shape, _batches(pictures, how))
            for name, array in small.items():
                with archive.open(f"{name}.npy", "w") as file:
                    npy.write_array(file, array, allow_pickle=False)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _stream(archive: zipfile.ZipFile, shape: tuple[int, ...], batches: Iterator[Floats]) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    with archive.open("images.npy", "w", force_zip64=True) as file:
        npy.write_array_header_2_0(file, header)
        for images in batches:
            file.write(np.ascontiguousarray(images, "<f4").tobytes())


def _batches(pictures: Sequence[Picture], how: Preparation) -> Iterator[NDArray[np.float32]]:
    for at in range(0, len(pictures), _BATCH):
        crops = [decode(picture.path) for picture in pictures[at : at + _BATCH]]
        yield tensor(crops, mean=(how.mean,) * 3, std=(how.std,) * 3)
