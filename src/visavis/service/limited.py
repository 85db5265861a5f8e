"""A detector that refuses crowds: what follows costs as much again for each face."""

from visavis.protocols import Detector
from visavis.service.errors import TooManyFaces
from visavis.types import Face, Image


class LimitedDetector:
    """Passes on what another finds. Thread-safe."""

    def __init__(self, inner: Detector, most: int) -> None:
        self._inner = inner
        self._most = most

    def detect(self, image: Image) -> list[Face]:
        """All faces, best score first. Raises TooManyFaces."""
        found = self._inner.detect(image)
        if len(found) > self._most:
            raise TooManyFaces(f"expected at most {self._most} faces, found {len(found)}")
        return found


class BestFaces:
    """Passes on the best of what another finds: a camera is not to fail of a crowd. Thread-safe."""

    def __init__(self, inner: Detector, most: int) -> None:
        self._inner = inner
        self._most = most

    def detect(self, image: Image) -> list[Face]:
        """The faces of the best scores, best first, `most` of them."""
        return self._inner.detect(image)[: self._most]
