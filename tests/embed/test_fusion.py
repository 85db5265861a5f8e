import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.embed import fusion
from visavis.embed.fusion import FlipAverage, Fusion, Part, mirrored, parse
from visavis.errors import ConfigError
from visavis.image import align
from visavis.testing import CALIBRATION, FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Embedding, Face

MARKS = np.array([(40.0, 50.0), (70.0, 48.0), (57.0, 66.0), (45.0, 82.0), (68.0, 81.0)])


class Pixels:
    """An embedder whose vector is the aligned crop itself: it sees every change of it."""

    model, dim, calibration = "pixels", 16 * 16 * 3, CALIBRATION

    def embed(self, image, faces):
        return [Embedding.of(self.raw(image, f.landmarks), self.model) for f in faces]

    def raw(self, image, landmarks):
        return align(image, landmarks, 16).astype(np.float32) + 1


def face_at(x: float, y: float, scale: float = 1.0) -> Face:
    marks = (MARKS - (57, 66)) * scale + (x, y)
    half = np.multiply((28, 36), scale)
    return Face([*(marks[2] - half), *(marks[2] + half)], marks, 0.9)


@given(
    seed=st.integers(0, 999),
    x=st.integers(-10, 170),
    y=st.integers(-10, 130),
    scale=st.floats(0.2, 3),
)
def test_a_flip_is_the_mean_with_the_whole_mirror_image(seed, x, y, scale) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 255, (120, 160, 3), dtype=np.uint8)
    face = face_at(x, y, scale)
    plain = Pixels().raw(image, face.landmarks).ravel()
    marks = (face.landmarks * (-1, 1) + (159, 0))[[1, 0, 2, 4, 3]]
    flipped = Pixels().raw(np.ascontiguousarray(image[:, ::-1]), marks).ravel()
    mean = plain / np.linalg.norm(plain) + flipped / np.linalg.norm(flipped)
    [found] = FlipAverage(Pixels()).embed(image, [face])
    assert found.vector @ mean / np.linalg.norm(mean) > 0.9999


def test_a_flip_does_not_tell_a_face_from_its_mirror_image(rng) -> None:
    image = rng.integers(0, 255, (120, 160, 3), dtype=np.uint8)
    face = face_at(80, 60)
    there, [other] = mirrored(image, face)
    flip = FlipAverage(Pixels())
    [a], [b] = flip.embed(image, [face]), flip.embed(there, [other])
    assert a.similarity(b) > 0.999
    assert Pixels().embed(image, [face])[0].similarity(Pixels().embed(there, [other])[0]) < 0.99


def test_only_the_faces_surroundings_are_copied() -> None:
    image = np.zeros((3000, 4000, 3), np.uint8)
    image[1500, 2010] = 255
    there, [face] = mirrored(image, face_at(2000, 1500))
    assert max(there.shape) < 250
    y, x = np.argwhere(there[..., 0])[0]
    assert (x, y) == pytest.approx(face.landmarks[2] + (-10, 0), abs=1e-3)
    assert face.landmarks[0, 0] < face.landmarks[1, 0]
    assert face.landmarks[3, 0] < face.landmarks[4, 0]
    assert face.box[0] < face.landmarks[:, 0].min()


def test_a_face_outside_the_picture_still_gives_a_picture() -> None:
    there, [face] = mirrored(np.zeros((50, 60, 3), np.uint8), face_at(900, -700))
    assert min(there.shape[:2]) >= 1
    assert face.width == pytest.approx(56)


def test_faces_keep_their_order_and_no_face_is_no_vector() -> None:
    photo = fake_photo("ada", "ben")
    faces = FakeDetector().detect(photo)
    flip = FlipAverage(FakeEmbedder())
    assert (flip.model, flip.dim) == ("fake-1@flip", 32)
    one, two = flip.embed(photo, faces)
    assert (
        one.similarity(flip.embed(fake_photo("ada"), FakeDetector().detect(photo[:, :96]))[0]) > 0.9
    )
    assert one.similarity(two) < 0.7
    assert flip.embed(photo, []) == []
    assert Fusion([flip, FakeEmbedder(8, "b")]).embed(photo, []) == []


@given(seed=st.integers(0, 999), weights=st.lists(st.floats(0.1, 9), min_size=2, max_size=3))
def test_the_cosine_of_a_fusion_is_the_weighted_mean_of_cosines(seed: int, weights) -> None:
    embedders = [FakeEmbedder(8 + i, f"m{i}", spread=2.0) for i in range(len(weights))]
    photos = [fake_photo(name, noise=8, seed=seed) for name in ("ada", "ben")]
    faces = [FakeDetector().detect(p) for p in photos]
    fused = Fusion(embedders, weights)
    [a], [b] = (fused.embed(p, f) for p, f in zip(photos, faces, strict=True))
    each = [
        e.embed(photos[0], faces[0])[0].similarity(e.embed(photos[1], faces[1])[0])
        for e in embedders
    ]
    assert a.dim == fused.dim == sum(e.dim for e in embedders)
    assert a.similarity(b) == pytest.approx(np.average(each, weights=weights), abs=1e-5)


def test_a_fusions_model_says_what_it_is_made_of() -> None:
    a, b = FakeEmbedder(model="a"), FakeEmbedder(model="b")
    assert Fusion([FlipAverage(a), b]).model == "a@flip+b"
    assert Fusion([a, b], [2, 2]).model == "a+b"
    assert Fusion([a, b], [3, 1]).model == "0.75*a+0.25*b"


@pytest.mark.parametrize("weights", [[1], [1, 0], [1, -1], [1, float("nan")], [1, 1, 1]])
def test_a_fusion_needs_two_and_positive_weights(weights) -> None:
    with pytest.raises(ConfigError, match="positive weights"):
        Fusion([FakeEmbedder(), FakeEmbedder()], weights)
    with pytest.raises(ConfigError, match="got 1"):
        Fusion([FakeEmbedder()])


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a", (Part("a"),)),
        ("a@flip", (Part("a", True),)),
        ("a@flip+b", (Part("a", True), Part("b"))),
        ("deepface:Facenet512@flip", (Part("deepface:Facenet512", True),)),
    ],
)
def test_names_are_taken_apart(name: str, parts) -> None:
    assert parse(name) == parts


@pytest.mark.parametrize(
    "name", ["", "+a", "a+", "@flip", "a@turn", "a@flip@flip", "a@flip + b", "a+a", "a@"]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="expected"):
        parse(name)


@pytest.mark.parametrize("made", [FlipAverage, lambda e, **k: Fusion([e, FakeEmbedder()], **k)])
def test_calibration_is_the_given_table_or_the_known_one(made, monkeypatch) -> None:
    """Never a part's own: a mean of scores has other thresholds."""
    one = made(FakeEmbedder(model="x"))
    with pytest.raises(ConfigError, match=r"x.* has no calibration table"):
        _ = one.calibration
    assert made(FakeEmbedder(), calibration=CALIBRATION).calibration is CALIBRATION
    monkeypatch.setattr(fusion, "table", {one.model: CALIBRATION}.get)
    assert made(FakeEmbedder(model="x")).calibration is CALIBRATION
