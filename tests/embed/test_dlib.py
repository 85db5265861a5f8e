import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from visavis.embed.dlib import DlibEmbedder, square
from visavis.errors import ConfigError, InputError, MissingExtra, MissingWeights, ModelError
from visavis.models.catalogue import card
from visavis.models.weights import Weights
from visavis.testing import CALIBRATION
from visavis.types import Face

RESNET = card("dlib-resnet-v1")
MARKS = np.array([(20.0, 40.0), (60.0, 40.0), (40.0, 60.0), (25.0, 80.0), (55.0, 80.0)])
FACE = Face([10, 10, 70, 100], MARKS, 0.9)


class FakeDlib:
    """What DlibEmbedder uses of dlib: it notes its calls, and whether two ever meet."""

    def __init__(self) -> None:
        self.calls, self.inside, self.met = [], 0, False
        self.answer = [3.0, 4.0] + [0.0] * 126

    def rectangle(self, *corners):
        return corners

    def shape_predictor(self, path):
        if "broken" in path:
            raise RuntimeError("Unable to open")
        self.calls.append(("predictor", path))
        return lambda image, box: ("points", box)

    def face_recognition_model_v1(self, path):
        self.calls.append(("network", path))
        return SimpleNamespace(compute_face_descriptor=self.describe)

    def get_face_chip(self, image, points, size):
        self.calls.append(("chip", points, size))
        return np.zeros((size, size, 3), np.uint8)

    def describe(self, crop):
        self.inside += 1
        self.met |= self.inside > 1
        threading.Event().wait(0.01)
        self.inside -= 1
        return self.answer


@pytest.fixture
def fake(monkeypatch) -> FakeDlib:
    module = FakeDlib()
    monkeypatch.setitem(sys.modules, "dlib", module)
    return module


@pytest.fixture
def real(request, tmp_path) -> DlibEmbedder:
    """dlib itself, where it and its files are."""
    pytest.importorskip("dlib", reason="the dlib extra is not installed")
    mirror = request.getfixturevalue("model_dir")
    weights = Weights(mirror, tmp_path, download=False)
    try:
        network, points = weights.locate(RESNET), weights.locate(card("dlib-5-points"))
    except MissingWeights as error:
        pytest.skip(str(error))
    return DlibEmbedder(network, points, RESNET)


def test_dlib_is_given_a_box_and_cuts_the_crop_itself(fake, tmp_path) -> None:
    made = DlibEmbedder(tmp_path / "net", tmp_path / "points", RESNET)
    [found] = made.embed(np.zeros((120, 90, 3), np.uint8), [FACE])
    corners = square(FACE.landmarks)
    assert fake.calls == [
        ("network", str(tmp_path / "net")),
        ("predictor", str(tmp_path / "points")),
        ("chip", ("points", corners), 150),
    ]
    np.testing.assert_allclose(found.vector[:3], (0.6, 0.8, 0))
    assert (found.model, made.dim) == ("dlib-resnet-v1", 128)
    assert made.embed(np.zeros((120, 90, 3), np.uint8), []) == []


def test_the_box_is_square_about_the_landmarks() -> None:
    """Eyes 40 apart, mouth 40 below: 40 * 2.275 = 91 a side about (40, 60)."""
    assert square(MARKS.astype(np.float32)) == (-6, 14, 86, 106)
    turned = MARKS.copy()
    turned[:, 0] = 40 + (MARKS[:, 0] - 40) / 4  # in profile the height still holds
    assert square(turned.astype(np.float32)) == (-6, 14, 86, 106)
    with pytest.raises(InputError, match="landmarks of a face"):
        square(np.full((5, 2), 7, np.float32))


def test_one_face_at_a_time(fake, tmp_path) -> None:
    made = DlibEmbedder(tmp_path, tmp_path, RESNET)
    image = np.zeros((120, 90, 3), np.uint8)
    threads = [threading.Thread(target=made.embed, args=(image, [FACE])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(call[0] == "chip" for call in fake.calls) == 4
    assert not fake.met


def test_what_is_wrong_is_named(fake, tmp_path, monkeypatch) -> None:
    made = DlibEmbedder(tmp_path, tmp_path, RESNET)
    fake.answer = [1.0] * 68
    with pytest.raises(ModelError, match=r"expected 128 numbers, got \(68,\)"):
        made.embed(np.zeros((120, 90, 3), np.uint8), [FACE])
    with pytest.raises(ModelError, match="cannot load dlib-resnet-v1: Unable to open"):
        DlibEmbedder(tmp_path, tmp_path / "broken", RESNET)
    with pytest.raises(ConfigError, match="yunet-2023mar is no embedder"):
        DlibEmbedder(tmp_path, tmp_path, card("yunet-2023mar"))
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(MissingExtra, match=r"visavis\[dlib\]"):
        DlibEmbedder(tmp_path, tmp_path, RESNET)


def test_calibration_is_the_cards(fake, tmp_path) -> None:
    given = DlibEmbedder(tmp_path, tmp_path, RESNET, CALIBRATION)
    assert given.calibration is CALIBRATION
    with pytest.raises(ConfigError, match="no calibration table"):
        _ = DlibEmbedder(tmp_path, tmp_path, RESNET).calibration


def test_never_the_68_points() -> None:
    """Their training pictures exclude commercial use."""
    assert card("dlib-5-points").file == "shape_predictor_5_face_landmarks.dat"


def test_a_crop_is_cut_as_dlib_would_cut_it(real, astronaut) -> None:
    """From dlib's own detector to dlib's own descriptor: nearly the same vector."""
    import dlib

    face = Face(
        [178, 62, 268, 176],
        [(206, 102), (247, 104), (225, 129), (202, 139), (245, 142)],
        0.9,
    )
    [ours] = real.embed(astronaut, [face])
    [box] = [b for b in dlib.get_frontal_face_detector()(astronaut) if b.contains(225, 120)]
    crop = dlib.get_face_chip(astronaut, real._predictor(astronaut, box), 150)
    theirs = np.array(real._network.compute_face_descriptor(crop))
    distance = np.linalg.norm(theirs - ours.vector * np.linalg.norm(theirs))
    assert distance < 0.3  # 0.6 is where dlib draws the line between people
