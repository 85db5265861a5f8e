"""Embedded sets: failures as NaN rows with codes, and the cache, on fakes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visavis.datasets.records import Dataset, Picture
from visavis.evaluate.embedded import MEASURES, Embedded, embed
from visavis.image import save
from visavis.pipeline import Pipeline
from visavis.policy import QualityLimits
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Face, Image

Make = Callable[..., Embedded]
ARRAYS = ("vectors", "boxes", "landmarks", "scores", "quality")


class Counting(FakeDetector):
    """A detector that knows how many pictures it has seen."""

    def __init__(self) -> None:
        self.seen = 0

    def detect(self, image: Image) -> list[Face]:
        self.seen += 1
        return super().detect(image)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Ada twice, nobody, a broken file, and Ben beside Ada."""
    root = tmp_path / "set"
    root.mkdir()
    for name, people in (("a", ["ada"]), ("b", ["ada"]), ("c", []), ("e", ["ben", "ada", "cy"])):
        save(fake_photo(*people, noise=3, seed=ord(name)), root / f"{name}.png")
    (root / "d.png").write_bytes(b"no picture")
    owners = {"a": "ada", "b": "ada", "c": None, "d": None, "e": "ada"}
    pictures = (Picture(root / f"{n}.png", f"{n}.png", who) for n, who in owners.items())
    return Dataset("set", root, tuple(pictures))


@pytest.fixture
def detector() -> Counting:
    return Counting()


@pytest.fixture
def pipeline(detector: Counting) -> Pipeline:
    return Pipeline(detector, FakeEmbedder())


def test_failures_are_rows_of_nan_with_a_code(pipeline: Pipeline, dataset: Dataset) -> None:
    made = embed(pipeline, dataset, system="fakes")
    assert made.usable.tolist() == [True, True, False, False, True]
    assert dict(made.errors) == {"c.png": "no_face", "d.png": "bad_image"}
    for name in ARRAYS:
        rows = np.isnan(getattr(made, name)).reshape(5, -1)
        np.testing.assert_array_equal(rows.all(axis=1), ~made.usable)
        np.testing.assert_array_equal(rows.any(axis=1), ~made.usable)
    assert (made.system, made.model) == ("fakes", "fake-1")


def test_rows_are_what_the_pipeline_gives(pipeline: Pipeline, dataset: Dataset) -> None:
    made = embed(pipeline, dataset)
    image = pipeline.decode(dataset.pictures[0].path)
    [face] = pipeline.detector.detect(image)
    [expected] = pipeline.embedder.embed(image, [face])
    np.testing.assert_array_equal(made.vectors[0], expected.vector)
    np.testing.assert_array_equal(made.face(0).box, face.box)
    np.testing.assert_array_equal(made.face(0).landmarks, face.landmarks)
    np.testing.assert_allclose(np.linalg.norm(made.vectors[made.usable], axis=1), 1, atol=1e-5)
    assert made.vectors[0] @ made.vectors[1] > 0.9  # ada and ada
    assert made.measure("size")[0] == made.quality[0, MEASURES.index("size")] > 0


def test_the_face_in_the_middle_is_meant(pipeline: Pipeline, dataset: Dataset) -> None:
    made = embed(pipeline, dataset)
    assert made.vectors[4] @ made.vectors[0] > 0.9  # ada stands between ben and cy
    only = embed(pipeline, dataset, face="only")
    assert only.errors["e.png"] == "many_faces"


def test_limits_make_failures(pipeline: Pipeline, dataset: Dataset) -> None:
    made = embed(pipeline, dataset, limits=QualityLimits(min_size=1000))
    assert not made.usable.any()
    assert made.errors["a.png"] == "low_quality"


def test_progress_counts_pictures(pipeline: Pipeline, dataset: Dataset) -> None:
    seen: list[tuple[int, int]] = []
    embed(pipeline, dataset, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(k, 5) for k in range(1, 6)]


def test_the_cache_gives_the_same_without_looking(
    pipeline: Pipeline, detector: Counting, dataset: Dataset, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    made = embed(pipeline, dataset, system="fakes", cache=cache)
    looked = detector.seen
    found = embed(pipeline, dataset, system="fakes", cache=cache)
    assert detector.seen == looked == 4  # the broken file never reaches it
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(made, name))
    assert (found.errors, found.system, found.model) == (made.errors, made.system, made.model)
    [kept] = cache.iterdir()
    assert kept.stat().st_mode & 0o077 == 0


def test_the_cache_knows_what_it_holds(
    pipeline: Pipeline, dataset: Dataset, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"

    def entries() -> int:
        return len(list(cache.iterdir()))

    embed(pipeline, dataset, system="one", cache=cache)
    embed(pipeline, dataset, system="two", cache=cache)
    embed(pipeline, dataset, system="one", face="largest", cache=cache)
    embed(pipeline, dataset, system="one", limits=QualityLimits(), cache=cache)
    other = Pipeline(FakeDetector(), FakeEmbedder(model="fake-2"))
    embed(other, dataset, system="one", cache=cache)
    assert entries() == 5
    save(fake_photo("ben"), dataset.pictures[0].path)  # the same name, another picture
    changed = replace(dataset)
    assert embed(pipeline, changed, system="one", cache=cache).usable[0]
    assert entries() == 6
