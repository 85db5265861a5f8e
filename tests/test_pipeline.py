import numpy as np
import pytest

from visavis.errors import ConfigError, LowQuality, ManyFaces, NoFace, NotLive
from visavis.pipeline import Pipeline, choose, nearest, overlap
from visavis.policy import Policy, QualityLimits
from visavis.targets import DEFAULT_TARGET, LiveTarget
from visavis.testing import FakeDetector, FakeEmbedder, FakeLiveness, fake_photo
from visavis.types import Face, Image, Liveness, Region

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


def test_a_face_that_is_not_live_is_refused_with_the_evidence() -> None:
    check = FakeLiveness(0.1, 0.5, "print", ("looks_like_print",))
    spoofed = Pipeline(FakeDetector(), FakeEmbedder(), check)
    assert spoofed.sample(fake_photo("ada"), Policy(liveness="report"))[1].liveness == check.answer
    with pytest.raises(NotLive) as caught:
        spoofed.sample(fake_photo("ada"), Policy(liveness="require"))
    assert caught.value.liveness == check.answer
    assert str(caught.value) == (
        "the face does not look live, scored 0.1000, needed 0.5000: looks_like_print"
    )


def test_a_face_that_no_check_can_tell_of_is_refused() -> None:
    silent = Pipeline(FakeDetector(), FakeEmbedder(), FakeLiveness(None, reasons=("a:too_small",)))
    with pytest.raises(NotLive, match="no check can tell whether the face is live: a:too_small"):
        silent.sample(fake_photo("ada"), Policy(liveness="require"))


@pytest.mark.parametrize("mode", ["report", "require"])
def test_a_face_is_never_passed_over_unchecked(pipeline: Pipeline, mode: str) -> None:
    policy = Policy(liveness=mode)  # type: ignore[arg-type]
    for look in (pipeline.sample, pipeline.samples):
        with pytest.raises(ConfigError, match="no liveness check is loaded"):
            look(fake_photo("ada"), policy)


def test_the_policys_target_reaches_the_check() -> None:
    pipeline = Pipeline(FakeDetector(), FakeEmbedder(), FakeLiveness(0.6, 0.5))
    strict = Policy(liveness="require", live=LiveTarget(threshold=0.7))
    pipeline.sample(fake_photo("ada"), Policy(liveness="require"))
    with pytest.raises(NotLive, match=r"needed 0\.7000"):
        pipeline.sample(fake_photo("ada"), strict)


class LeftIsLive:
    """Takes the face at the left border for live and all others for a print."""

    def check(self, image: Image, face: Face, target: LiveTarget = DEFAULT_TARGET) -> Liveness:
        return Liveness(1.0 if face.box[0] < 96 else 0.0, 0.5)


@pytest.mark.parametrize(("place", "live"), [(0, True), (1, False)])
def test_the_face_that_is_matched_is_the_face_that_was_checked(place: int, live: bool) -> None:
    """A live face beside a printed one lends it nothing, whichever of them is meant."""
    pipeline = Pipeline(FakeDetector(), FakeEmbedder(spread=0), LeftIsLive())
    photo = fake_photo("live", "printed")
    face, policy = pipeline.faces(photo)[place], Policy(liveness="require")
    if not live:
        with pytest.raises(NotLive):
            pipeline.sample(Region(photo, face.box), policy)
        return
    _, sample = pipeline.sample(Region(photo, face.box), policy)
    [alone] = pipeline.embedder.embed(photo, [face])
    assert sample.liveness == Liveness(1.0, 0.5)
    assert sample.embedding.similarity(alone) == pytest.approx(1)


def test_every_face_is_checked_by_itself() -> None:
    pipeline = Pipeline(FakeDetector(), FakeEmbedder(), LeftIsLive())
    photo = fake_photo("live", "printed", "printed too")
    samples = pipeline.samples(photo, Policy(liveness="require"))
    assert [bool(s.liveness and s.liveness.live) for s in samples] == [True, False, False]


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
