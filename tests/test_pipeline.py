import numpy as np
import pytest

from visavis.errors import LowQuality, ManyFaces, NoFace, NotLive
from visavis.pipeline import Pipeline, choose, nearest, overlap
from visavis.policy import Policy, QualityLimits
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, fake_photo
from visavis.types import Face, Liveness, Region

POLICY = Policy()


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline(FakeDetector(), FakeEmbedder())


def square(x: float, y: float, side: float) -> Face:
    spots = np.array([(0.3, 0.3), (0.7, 0.3), (0.5, 0.5), (0.3, 0.7), (0.7, 0.7)])
    return Face(np.array([x, y, x + side, y + side]), (x, y) + spots * side, 0.9)


def test_every_face_of_an_image_becomes_a_sample(pipeline: Pipeline) -> None:
    samples = pipeline.samples(fake_photo("ada", "ben"), POLICY)
    assert len(samples) == 2
    assert samples[0].embedding.similarity(samples[1].embedding) < 0.6
    assert all(s.quality.score > 0 and s.liveness is None for s in samples)


def test_an_image_without_faces_has_no_samples(pipeline: Pipeline) -> None:
    assert pipeline.samples(fake_photo(), POLICY) == []
    with pytest.raises(NoFace, match="found none"):
        pipeline.sample(fake_photo(), POLICY)


def test_the_region_says_which_face_is_meant(pipeline: Pipeline) -> None:
    photo = fake_photo("ada", "ben")
    faces = pipeline.faces(photo)
    for face in faces:
        _, sample = pipeline.sample(Region(photo, face.box + 3), POLICY)
        assert (sample.face.box == face.box).all()
    with pytest.raises(NoFace, match="found none there"):
        pipeline.sample(Region(photo, np.array([0, 0, 5, 5], dtype=np.float32)), POLICY)


def test_a_face_that_breaks_the_limits_names_the_reasons(pipeline: Pipeline) -> None:
    strict = Policy(limits=QualityLimits(min_size=500))
    with pytest.raises(LowQuality, match="too_small") as caught:
        pipeline.sample(fake_photo("ada"), strict)
    assert caught.value.reasons == ("too_small",)


@pytest.mark.parametrize(("mode", "ran"), [("off", False), ("report", True), ("require", True)])
def test_liveness_runs_as_the_policy_says(mode: str, ran: bool) -> None:
    pipeline = Pipeline(FakeDetector(), FakeEmbedder(), FakeLiveness(0.9))
    _, sample = pipeline.sample(fake_photo("ada"), Policy(liveness=mode))  # type: ignore[arg-type]
    assert (sample.liveness == Liveness(0.9, 0.5)) is ran


def test_a_face_that_is_not_live_is_refused_where_it_must_be() -> None:
    spoofed = Pipeline(FakeDetector(), FakeEmbedder(), FakeLiveness(0.1))
    assert spoofed.sample(fake_photo("ada"), Policy(liveness="report"))[1].liveness
    for pipeline in (spoofed, Pipeline(FakeDetector(), FakeEmbedder())):
        with pytest.raises(NotLive):
            pipeline.sample(fake_photo("ada"), Policy(liveness="require"))


@pytest.mark.parametrize(
    ("policy", "expected"), [("largest", 0), ("central", 1), ("dominant", None), ("only", None)]
)
def test_which_of_several_faces_is_meant(policy: str, expected: int | None) -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    faces = [square(0, 0, 30), square(40, 40, 20)]
    chosen = Policy(face=policy)  # type: ignore[arg-type]
    if expected is None:
        with pytest.raises(ManyFaces, match="found 2"):
            choose(faces, chosen, image)
    else:
        assert choose(faces, chosen, image) is faces[expected]


def test_a_face_three_times_as_large_as_the_next_is_dominant() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    faces = [square(60, 60, 10), square(0, 0, 30)]
    assert choose(faces, Policy(face="dominant"), image) is faces[1]
    assert choose(faces[:1], Policy(face="dominant"), image) is faces[0]
    assert choose(faces[:1], Policy(face="only"), image) is faces[0]


def test_overlap_is_intersection_over_union() -> None:
    a, b = square(0, 0, 10).box, square(5, 0, 10).box
    assert overlap(a, a) == 1
    assert overlap(a, b) == pytest.approx(50 / 150)
    assert overlap(a, square(20, 20, 5).box) == 0
    assert nearest([square(0, 0, 10), square(20, 0, 10)], square(19, 0, 10).box).box[0] == 20
