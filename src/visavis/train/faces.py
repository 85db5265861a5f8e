"""The largest face of every photo of a set, found once and kept in a file."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from visavis.batching import Progress, batch
from visavis.datasets.records import Dataset, Picture
from visavis.image import decode
from visavis.protocols import Detector
from visavis.types import Face, Floats


def faces_of(
    dataset: Dataset, detector: Detector, file: Path, progress: Progress | None = None
) -> tuple[list[Picture], list[Face]]:
    """The photos that show a face, and the largest face of each; read from `file` if it is there.

    `file` (.npz) holds boxes and landmarks: biometric data of nobody named, still to be kept with
    care. It is made again when it is of other photos.
    """
    names = np.array([p.name for p in dataset.pictures])
    if file.exists():
        with np.load(file) as kept:
            if np.array_equal(kept["names"], names):
                return _chosen(dataset.pictures, kept["faces"])
    found = np.full((len(names), 15), np.nan, np.float32)

    def look(picture: Picture) -> Floats:
        faces = detector.detect(decode(picture.path))
        return _row(max(faces, key=lambda f: f.area)) if faces else found[0] * np.nan

    for outcome in batch(look, dataset.pictures):
        if outcome.error is None:
            found[outcome.index] = outcome.unwrap()
        if progress is not None:
            progress(outcome.index + 1, len(names))
    part = file.with_name(f".{file.name}.{os.getpid()}.npz")
    np.savez(part, names=names, faces=found)
    os.replace(part, file)
    return _chosen(dataset.pictures, found)


def _chosen(pictures: Sequence[Picture], rows: Floats) -> tuple[list[Picture], list[Face]]:
    seen = np.flatnonzero(np.isfinite(rows[:, 0]))
    faces = [Face(r[:4], r[4:14].reshape(5, 2), float(r[14])) for r in rows[seen]]
    return [pictures[i] for i in seen.tolist()], faces


def _row(face: Face) -> Floats:
    return np.concatenate([face.box, face.landmarks.ravel(), [face.score]]).astype(np.float32)
