"""The faces of a folder as arrays in one file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from visavis.batching import batch
from visavis.cli.console import Advance
from visavis.errors import InputError, NoFace, VisavisError
from visavis.policy import Policy
from visavis.types import Sample

if TYPE_CHECKING:
    from visavis.pipeline import Pipeline


@dataclass(slots=True)
class Vectors:
    """What photos gave: a file name and a sample for each row, and the photos that gave none."""

    model: str
    dim: int
    photos: int
    rows: list[tuple[str, Sample]] = field(default_factory=list)
    refused: list[tuple[str, VisavisError]] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Writes the npz file: whole or not at all, with mode 0600."""
        from visavis.gallery.vault import private_file

        samples = [sample for _, sample in self.rows]
        faces = [sample.face for sample in samples]
        vectors = np.array([s.embedding.vector for s in samples], np.float32)
        with private_file(path, replace=True) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                vectors=vectors.reshape(-1, self.dim),
                files=np.array([name for name, _ in self.rows], np.str_),
                boxes=np.array([f.box for f in faces], np.float32).reshape(-1, 4),
                landmarks=np.array([f.landmarks for f in faces], np.float32).reshape(-1, 5, 2),
                scores=np.array([f.score for f in faces], np.float32),
                quality=np.array([s.quality.score for s in samples], np.float32),
                model=np.array(self.model),
            )


def collect(
    pipeline: "Pipeline",
    policy: Policy,
    folder: Path,
    photos: Sequence[Path],
    *,
    every_face: bool,
    advance: Advance,
) -> Vectors:
    """The samples of all photos, on all cores; every face, or the one that `policy.face` means."""
    made = Vectors(pipeline.embedder.model, pipeline.embedder.dim, len(photos))

    def look(path: Path) -> list[Sample]:
        if not every_face:
            return [pipeline.sample(path, policy)[1]]
        found = pipeline.samples(path, policy)
        if not found:
            raise NoFace("expected a face, found none")
        return found

    for outcome in batch(look, photos):
        name = photos[outcome.index].relative_to(folder).as_posix()
        if isinstance(outcome.error, InputError):
            made.refused.append((name, outcome.error))
        else:
            made.rows += [(name, sample) for sample in outcome.unwrap()]
        advance(outcome.index + 1, len(photos))
    return made
