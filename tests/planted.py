"""Small sets with planted faults: synthetic vectors and pictures that need no model."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visavis.datasets.records import Dataset, Picture
from visavis.evaluate.embedded import MEASURES, Embedded
from visavis.evaluate.files import NUMBERS, Files
from visavis.policy import Calibration

CALIBRATION = Calibration(((1e-1, 0.2), (1e-2, 0.3), (1e-6, 0.6)), "synthetic", 10_000_000)
DIM = 64


def dataset_of(
    identities: Sequence[str | None],
    name: str = "planted",
    attributes: Sequence[Mapping[str, str]] | None = None,
) -> Dataset:
    """A picture an identity, in order, named by identity and place."""
    labels = attributes or [{} for _ in identities]
    pictures = tuple(
        Picture(Path(f"{who}/{i}.jpg"), f"{who}/{i}.jpg", who, labels[i])
        for i, who in enumerate(identities)
    )
    return Dataset(name, Path("."), pictures)


def vectors_of(owners: Sequence[str], seed: int = 0, spread: float = 0.06) -> NDArray[np.float32]:
    """(N, 64) unit vectors about a random direction an owner: cosine about 0.8 within."""
    rng = np.random.default_rng(seed)
    centres = {who: rng.standard_normal(DIM) / np.sqrt(DIM) for who in sorted(set(owners))}
    made = np.array([centres[who] + spread * rng.standard_normal(DIM) for who in owners])
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def embedded_of(dataset: Dataset, vectors: NDArray[np.float32]) -> Embedded:
    """The set with these vectors; rows of NaN are failures to find a face."""
    count, lost = len(dataset), np.isnan(vectors[:, 0])
    boxes = np.tile(np.array([20, 20, 80, 90], np.float32), (count, 1))
    places = np.array([(35, 40), (65, 40), (50, 55), (38, 75), (62, 75)], np.float32)
    quality = np.tile(np.linspace(0.1, 0.9, len(MEASURES), dtype=np.float32), (count, 1))
    quality += np.arange(count, dtype=np.float32)[:, None] / 1000
    for array in (boxes, quality):
        array[lost] = np.nan
    landmarks = np.tile(places, (count, 1, 1))
    scores = np.where(lost, np.nan, 0.9).astype(np.float32)
    errors = {dataset.pictures[i].name: "no_face" for i in np.flatnonzero(lost)}
    return Embedded(dataset, "fake", "fake-1", vectors, boxes, landmarks, scores, quality, errors)


def files_of(dataset: Dataset, hashes: Sequence[int] | None = None) -> Files:
    """Files of distinct bytes; hashes far apart unless given."""
    count = len(dataset)
    rng = np.random.default_rng(7)
    given = rng.integers(0, 2**63, count, dtype=np.uint64) if hashes is None else hashes
    numbers = np.tile(np.linspace(0.1, 0.9, len(NUMBERS)), (count, 1))
    numbers[:, :3] = 5000, 100, 120
    kinds, tables = ("JPEG RGB",) * count, ("aaaa",) * count
    digests = tuple(f"{dataset.name}{i}".encode() for i in range(count))
    return Files(dataset, numbers, kinds, tables, digests, np.array(given, np.uint64), {})
