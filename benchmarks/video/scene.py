"""The scripted scene of `datasets.plays` as the benchmarks stage it, and who acts in it.

People walk, cross, pass behind pillars and one another, turn away, leave, come back, and take each
other's places.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from visavis.datasets.plays import (
    CLEAR,
    FAINT,
    RATE,
    Actor,
    Place,
    Play,
    Portrait,
    Truth,
    portraits,
)
from visavis.protocols import Detector

__all__ = [
    "CLEAR",
    "FAINT",
    "HEIGHT",
    "RATE",
    "WIDTH",
    "Actor",
    "Portrait",
    "Scene",
    "Truth",
    "cast",
]
WIDTH, HEIGHT = 960, 540
_PLACE = Place(HEIGHT, WIDTH, pillars=((310, 375), (640, 690)))


class Scene(Play):
    """Actors before a wall, behind two pillars."""

    def __init__(self, actors: Sequence[Actor], seed: int = 0) -> None:
        super().__init__(actors, _PLACE, seed)


def cast(
    lfw: Path, fairface: Path, detector: Detector, seed: int
) -> Iterator[tuple[str, list[Portrait]]]:
    """Ever other people: of LFW with up to six photographs each, each fourth of FairFace."""
    rng = np.random.default_rng(seed)
    folders = [p for p in sorted((lfw / "images").iterdir()) if len(list(p.glob("*.jpg"))) >= 8]
    singles = sorted(fairface.glob("*.jpg")) if fairface.is_dir() else []
    known, unknown = iter(rng.permutation(len(folders))), iter(rng.permutation(len(singles)))
    count = 0
    while True:
        count += 1
        if count % 4 or not singles:
            folder = folders[next(known)]
            name, found = folder.name, portraits(sorted(folder.glob("*.jpg")), detector, 6)
            enough = len(found) >= 4
        else:
            path = singles[next(unknown)]
            name, found = f"fairface-{path.stem}", portraits([path], detector, 1)
            enough = len(found) == 1
        if enough:
            yield name, found
