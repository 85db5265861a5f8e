import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from visavis.embed.deepface import DeepFaceEmbedder, level
from visavis.errors import ConfigError, ModelError
from visavis.image import align
from visavis.testing import CALIBRATION
from visavis.types import Face

MARKS = np.array([(40.0, 50.0), (70.0, 50.0), (55.0, 66.0), (44.0, 82.0), (66.0, 82.0)])
FACE = Face([25, 30, 85, 110], MARKS, 0.9)


class FakeDeepFace:
    """What the adapter uses of `deepface.DeepFace`; it keeps what it is given."""

    def __init__(self, size: int, dim: int) -> None:
        self.client = SimpleNamespace(input_shape=(size, size), output_shape=dim)
        self.answer = [0.0] * (dim - 1) + [5.0]
        self.seen = []

    def build_model(self, model_name, task):
        if model_name == "Nonsense":
            raise ValueError("Invalid model_name")
        assert task == "facial_recognition"
        return self.client

    def represent(self, image, **options):
        self.seen.append((image, options))
        return [{"embedding": self.answer}]


@pytest.fixture
def fake(monkeypatch):
    """Puts a fake package in place, with models of one input size and one length."""

    def put(size: int = 112, dim: int = 128) -> FakeDeepFace:
        package = ModuleType("deepface")
        package.DeepFace = FakeDeepFace(size, dim)
        monkeypatch.setitem(sys.modules, "deepface", package)
        return package.DeepFace

    return put


@pytest.fixture
def image(rng):
    return rng.integers(0, 255, (140, 120, 3), dtype=np.uint8)


def test_deepface_gets_our_crop_and_finds_nothing_itself(fake, image) -> None:
    package = fake()
    made = DeepFaceEmbedder("SFace")
    [found] = made.embed(image, [FACE])
    [(crop, options)] = package.seen
    np.testing.assert_array_equal(crop[..., ::-1], align(image, MARKS, 112))
    assert options == {
        "model_name": "SFace",
        "detector_backend": "skip",
        "enforce_detection": False,
        "align": False,
    }
    assert (found.model, found.dim, made.dim) == ("deepface:SFace", 128, 128)
    assert found.vector[-1] == 1
    assert made.embed(image, []) == []


def test_other_models_see_the_box_at_their_size(fake, image) -> None:
    package = fake(160, 512)
    DeepFaceEmbedder("Facenet512").embed(image, [FACE])
    crop = package.seen[0][0]
    np.testing.assert_array_equal(crop[..., ::-1], level(image, FACE, 160))


def test_the_box_fills_the_crop() -> None:
    """A box of 60 x 80 about (55, 70): the crop is the square from (15, 30) to (95, 110)."""
    image = np.zeros((140, 120, 3), np.uint8)
    image[30:110, 15:95] = 200
    assert (level(image, FACE, 80) == 200).mean() > 0.97
    image[:] = 200
    image[30:110, 15:95] = 0
    assert (level(image, FACE, 80) == 0).mean() > 0.97


def test_tilted_eyes_are_brought_level() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    marks = np.array([(90.0, 80.0), (110.0, 100.0), (95, 105), (75, 105), (95, 125)])
    for x, y in marks[:2].astype(int):
        image[y - 2 : y + 3, x - 2 : x + 3] = 255
    crop = level(image, Face([60, 60, 140, 140], marks, 0.9), 160)[..., 0]
    rows, columns = np.nonzero(crop > 128)
    left, right = columns < columns.mean(), columns >= columns.mean()
    assert rows[left].mean() == pytest.approx(rows[right].mean(), abs=1)
    assert columns[right].mean() - columns[left].mean() == pytest.approx(
        2 * np.hypot(20, 20), abs=2
    )


def test_what_is_wrong_is_named(fake, image, monkeypatch) -> None:
    package = fake()
    with pytest.raises(ModelError, match="'Nonsense': Invalid model_name"):
        DeepFaceEmbedder("Nonsense")
    made = DeepFaceEmbedder("SFace")
    package.answer = [1.0] * 3
    with pytest.raises(ModelError, match=r"deepface:SFace: expected 128 numbers, got \(3,\)"):
        made.embed(image, [FACE])
    package.represent = None
    with pytest.raises(ModelError, match="deepface:SFace failed"):
        made.embed(image, [FACE])
    monkeypatch.setitem(sys.modules, "deepface", None)
    with pytest.raises(ConfigError, match="environment of its own"):
        DeepFaceEmbedder("SFace")


def test_only_a_given_table_is_its_calibration(fake) -> None:
    fake()
    assert DeepFaceEmbedder("SFace", CALIBRATION).calibration is CALIBRATION
    with pytest.raises(ConfigError, match="deepface:SFace has no calibration table"):
        _ = DeepFaceEmbedder("SFace").calibration
