"""Latency: what is counted and in which stage, with a clock that ticks once a look."""

from itertools import count
from pathlib import Path

import numpy as np
import pytest

from visavis.errors import InputError
from visavis.evaluate.latency import STAGES, measure
from visavis.image import save
from visavis.pipeline import Pipeline
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Face, Image


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Three pictures of a face and one of nobody."""
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for path, people in zip(paths, (("ada",), ("ben",), (), ("cleo",)), strict=True):
        save(fake_photo(*people), path)
    return paths


class Counting(FakeDetector):
    """Counts the pictures it sees."""

    def __init__(self) -> None:
        self.seen = 0

    def detect(self, image: Image) -> list[Face]:
        self.seen += 1
        return super().detect(image)


def ticks(step: float = 0.001) -> "object":
    moments = count()
    return lambda: next(moments) * step


def test_a_tick_a_stage(photos: list[Path]) -> None:
    found = measure(
        Pipeline(FakeDetector(), FakeEmbedder()),
        photos,
        warm_up=0,
        cores=2,
        clock=ticks(),  # type: ignore[arg-type]
    )
    assert tuple(s.name for s in found.stages) == STAGES
    for stage in found.stages:
        assert (stage.p50, stage.p95, stage.mean) == pytest.approx((1, 1, 1))
    assert found.whole.mean == pytest.approx(len(STAGES))
    assert found.one_core == pytest.approx(1000 / len(STAGES))
    assert found.all_cores == pytest.approx(3 / 0.001)  # three pictures in one tick
    assert found.per_core == pytest.approx(found.all_cores / 2)
    assert (found.pictures, found.skipped) == (3, 1)
    assert found.megapixels == pytest.approx(96 * 96 / 1e6)


def test_percentiles_are_of_the_pictures() -> None:
    from visavis.evaluate.latency import _stage

    spans = np.arange(1, 102, dtype=np.float64)  # 1..101: median 51, 95th percentile 96
    stage = _stage("x", spans)
    assert (stage.p50, stage.p95, stage.mean) == (51, 96, 51)


def test_warm_up_is_not_timed(photos: list[Path]) -> None:
    detector = Counting()
    found = measure(Pipeline(detector, FakeEmbedder()), photos, warm_up=2, cores=1)
    assert found.pictures == 3
    assert detector.seen == 2 + 4 + 3  # warm-up, one by one, together


def test_progress_and_pictures_that_are_none(photos: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    steps: list[tuple[int, int]] = []
    found = measure(
        Pipeline(FakeDetector(), FakeEmbedder()),
        [*photos, broken],
        warm_up=0,
        cores=1,
        progress=lambda done, of: steps.append((done, of)),
    )
    assert found.skipped == 2
    assert steps == [(i, 5) for i in range(1, 6)]


def test_nobody_anywhere(photos: list[Path]) -> None:
    with pytest.raises(InputError, match="none in 1"):
        measure(Pipeline(FakeDetector(), FakeEmbedder()), photos[2:3], cores=1)
