"""Every seam of Visavis on one page. Core code sees these; only `build.py` names backends."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from visavis.policy import Calibration
from visavis.targets import LiveTarget
from visavis.types import Embedding, Face, Floats, Image, Liveness


class ModelSession(Protocol):
    """A loaded network. Thread-safe."""

    def run(self, batch: Floats) -> tuple[Floats, ...]:
        """All outputs, in the file's order, for an (N, C, H, W) float32 batch."""
        ...


class Detector(Protocol):
    """Finds faces. Thread-safe."""

    def detect(self, image: Image) -> list[Face]:
        """All faces, best score first; empty when there is none."""
        ...


class Embedder(Protocol):
    """Turns faces into unit vectors; aligns them itself, as its model needs. Thread-safe."""

    @property
    def model(self) -> str:
        """The ModelCard id that goes with every vector."""
        ...

    @property
    def dim(self) -> int: ...

    @property
    def calibration(self) -> Calibration: ...

    def embed(self, image: Image, faces: Sequence[Face]) -> list[Embedding]:
        """One embedding a face, in order."""
        ...


class LivenessCheck(Protocol):
    """Judges whether a face is a live person. Thread-safe."""

    def check(self, image: Image, face: Face, target: LiveTarget = ...) -> Liveness:
        """The judgement, with the threshold that stands for `target` where the check has a table
        of error rates, else with the check's own.
        """
        ...


class VectorIndex(Protocol):
    """Nearest neighbours by cosine over unit vectors under integer keys. Thread-safe."""

    def __len__(self) -> int: ...

    def add(self, keys: NDArray[np.int64], vectors: Floats) -> None:
        """Adds (N, dim) vectors under N new keys."""
        ...

    def remove(self, keys: NDArray[np.int64]) -> None:
        """Removes what is there of `keys`; the next search does not see them."""
        ...

    def search(self, probe: Floats, k: int) -> tuple[NDArray[np.int64], Floats]:
        """The keys and exact float32 cosines of the k best for one (dim,) probe, best first."""
        ...
