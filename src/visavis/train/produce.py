"""From folders to what a training run needs, and from a network to model files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visavis.batching import Progress
from visavis.datasets.listing import tree
from visavis.datasets.pad import read_pad
from visavis.datasets.records import BONA_FIDE, Dataset, PadSet, Picture, Presentation
from visavis.errors import ConfigError
from visavis.protocols import Detector
from visavis.train.export import to_int8, to_onnx
from visavis.train.faces import faces_of
from visavis.train.pool import Pool, real, simulated
from visavis.train.recipe import LivenessRecipe
from visavis.train.vary import plain
from visavis.types import Face

MODEL, INT8 = "model.onnx", "model.int8.onnx"
_RANGE_SHOTS = 512  # typical inputs from which the ranges of int8 are taken


@dataclass(frozen=True, slots=True)
class Inputs:
    """The folders of a run: photos, real presentations if any, and where shots are kept."""

    photos: Path
    real: Path | None
    pool: Path
    workers: int = 1

    def dataset(self, recipe: LivenessRecipe) -> Dataset:
        """The photos that the recipe uses: all, or evenly spaced ones."""
        files = tree(self.photos)
        named = (Picture(f, f.relative_to(self.photos).as_posix()) for f in files)
        found = Dataset(self.photos.name, self.photos, tuple(named))
        wanted = recipe.shots.photos
        if not wanted or wanted >= len(found):
            return found
        places = np.linspace(0, len(found) - 1, wanted).round().astype(int)
        return found.only([found.pictures[i].name for i in places])

    def faces(
        self, dataset: Dataset, detector: Detector, progress: Progress | None = None
    ) -> tuple[list[Picture], list[Face]]:
        """The photos with a face, and the faces; kept beside the shots."""
        self.pool.mkdir(parents=True, exist_ok=True)
        return faces_of(dataset, detector, self.pool / "faces.npz", progress)

    def shots(
        self,
        recipe: LivenessRecipe,
        pictures: Sequence[Picture],
        faces: Sequence[Face],
        progress: Progress | None = None,
    ) -> Pool:
        """The simulated shots of these photos."""
        return simulated(
            pictures,
            faces,
            recipe.shots,
            recipe.seed,
            self.pool,
            workers=self.workers,
            progress=progress,
        )

    def presentations(self, recipe: LivenessRecipe, detector: Detector) -> Pool | None:
        """The real presentations without the subjects held out. Raises ConfigError without any."""
        if not recipe.real.share:
            return None
        if self.real is None:
            raise ConfigError("the recipe asks for real presentations: give their folder")
        found = read_pad(self.real)
        out = set(recipe.real.without)
        if out - {p.subject for p in found.presentations}:
            raise ConfigError(f"expected subjects of {self.real.name}, got {sorted(out)}")
        return real(only(found, [p for p in found.presentations if p.subject not in out]), detector)


def only(pad: PadSet, shown: Sequence[Presentation]) -> PadSet:
    """The part of a set with these presentations."""
    names = [p.picture.name for p in shown]
    return PadSet(pad.dataset.only(names), tuple(shown))


def write_models(net: Any, pool: Pool, out: Path, seed: int) -> list[Path]:
    """The ONNX files of a network, full precision and int8."""
    to_onnx(net, (6, 128, 128), out / MODEL)
    rng = np.random.default_rng(seed)
    live = np.array([s == BONA_FIDE for s in pool.species])
    places = np.concatenate(
        [
            rng.choice(np.flatnonzero(part), min(_RANGE_SHOTS // 2, int(part.sum())), replace=False)
            for part in (live, ~live)
        ]
    )
    samples = plain([pool.crops[i] for i in places.tolist()])
    to_int8(out / MODEL, out / INT8, samples)
    return [out / MODEL, out / INT8]
