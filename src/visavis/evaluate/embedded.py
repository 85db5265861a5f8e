"""The faces of a data set, embedded once: what every protocol compares."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from visavis.batching import Progress, batch
from visavis.datasets.records import Dataset
from visavis.errors import InputError, LowQuality
from visavis.gallery.vault import private_file
from visavis.pipeline import Pipeline, choose
from visavis.policy import Policy, QualityLimits
from visavis.quality import assess
from visavis.types import Face, Floats, Quality, Sample

MEASURES: Final = tuple(f.name for f in fields(Quality))
"""The columns of `Embedded.quality`."""
_FORMAT = 1


@dataclass(frozen=True)
class Embedded:
    """One face a picture of `dataset`, row by row; NaN where a picture gave none.

    `vectors` (N, dim) of length 1; `boxes` (N, 4); `landmarks` (N, 5, 2); `scores` (N,), the
    detector's; `quality` (N, 9) by MEASURES; `errors`: the code of what failed, by picture name.
    `system` says what made them: detector, embedder and how they ran.
    """

    dataset: Dataset
    system: str
    model: str
    vectors: Floats
    boxes: Floats
    landmarks: Floats
    scores: Floats
    quality: Floats
    errors: Mapping[str, str]

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """(N,) whether a picture gave a face; the others are failures to enrol."""
        return np.isfinite(self.vectors[:, 0])

    def of(self, dataset: Dataset) -> "Embedded":
        """The rows of the pictures of `dataset`, in its order and with its labels.

        Raises InputError where one of them was not embedded.
        """
        place = {picture.name: row for row, picture in enumerate(self.dataset.pictures)}
        missing = [p.name for p in dataset.pictures if p.name not in place]
        if missing:
            raise InputError(f"expected embedded pictures, {len(missing)} are not: {missing[0]}")
        rows = [place[p.name] for p in dataset.pictures]
        return replace(
            self,
            dataset=dataset,
            vectors=self.vectors[rows],
            boxes=self.boxes[rows],
            landmarks=self.landmarks[rows],
            scores=self.scores[rows],
            quality=self.quality[rows],
            errors={p.name: self.errors[p.name] for p in dataset.pictures if p.name in self.errors},
        )

    def measure(self, name: str) -> Floats:
        """(N,) one column of `quality`, such as "sharpness"."""
        return self.quality[:, MEASURES.index(name)]

    def face(self, row: int) -> Face:
        """The face of a usable row."""
        return Face(self.boxes[row], self.landmarks[row], float(self.scores[row]))


def embed(
    pipeline: Pipeline,
    dataset: Dataset,
    *,
    system: str = "",
    face: Literal["only", "dominant", "largest", "central"] = "central",
    limits: QualityLimits | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Embedded:
    """Embeds the face meant in every picture, on all cores.

    A picture that cannot be read, has no face, or breaks `limits` is a failure to enrol. With a
    `cache` folder the result is kept there, readable by its owner alone (embeddings are biometric
    data), and found again for the same pictures, `system` and choice of face.
    """
    key = repr((_FORMAT, dataset.digest, system, pipeline.embedder.model, face, limits))
    kept = cache and cache / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npz"
    if kept and kept.exists():
        return _load(kept, dataset, system, pipeline.embedder.model)
    made = _embed(pipeline, dataset, system, Policy(face=face), limits, progress)
    if kept:
        _save(kept, made)
    return made


def _embed(
    pipeline: Pipeline,
    dataset: Dataset,
    system: str,
    policy: Policy,
    limits: QualityLimits | None,
    progress: Progress | None,
) -> Embedded:
    def look(path: Path) -> Sample:
        image = pipeline.decode(path)
        face = choose(pipeline.detector.detect(image), policy, image)
        quality = assess(image, face)
        if limits is not None and (reasons := limits.reasons(quality)):
            raise LowQuality(f"the face is unfit: {', '.join(reasons)}", reasons)
        return Sample(face, pipeline.embedder.embed(image, [face])[0], quality)

    count = len(dataset)
    shapes = ((pipeline.embedder.dim,), (4,), (5, 2), (), (len(MEASURES),))
    arrays = [np.full((count, *shape), np.nan, np.float32) for shape in shapes]
    errors = {}
    for outcome in batch(look, [p.path for p in dataset.pictures]):
        row = outcome.index
        if outcome.error is not None:
            errors[dataset.pictures[row].name] = outcome.error.code
        else:
            for array, value in zip(arrays, _values(outcome.unwrap()), strict=True):
                array[row] = value
        if progress is not None:
            progress(row + 1, count)
    vectors, boxes, landmarks, scores, quality = arrays
    model = pipeline.embedder.model
    return Embedded(dataset, system, model, vectors, boxes, landmarks, scores, quality, errors)


def _values(sample: Sample) -> tuple[object, ...]:
    face, quality = sample.face, [getattr(sample.quality, name) for name in MEASURES]
    return sample.embedding.vector, face.box, face.landmarks, face.score, quality


def _save(path: Path, made: Embedded) -> None:
    with private_file(path, replace=True) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            vectors=made.vectors,
            boxes=made.boxes,
            landmarks=made.landmarks,
            scores=made.scores,
            quality=made.quality,
            failed=np.array(list(made.errors), np.str_),
            codes=np.array(list(made.errors.values()), np.str_),
        )


def _load(path: Path, dataset: Dataset, system: str, model: str) -> Embedded:
    with np.load(path, allow_pickle=False) as kept:
        return Embedded(
            dataset,
            system,
            model,
            vectors=kept["vectors"],
            boxes=kept["boxes"],
            landmarks=kept["landmarks"],
            scores=kept["scores"],
            quality=kept["quality"],
            errors=dict(zip(kept["failed"].tolist(), kept["codes"].tolist(), strict=True)),
        )
