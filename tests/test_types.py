import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from visavis.errors import InputError, ModelMismatch
from visavis.types import (
    Embedding,
    Face,
    Identification,
    Liveness,
    Match,
    Quality,
    Reason,
    Sample,
    Threshold,
    Verification,
)

LANDMARKS = np.array([[2, 2], [6, 2], [4, 4], [2, 6], [6, 6]], dtype=np.float32)
vectors = arrays(np.float64, 16, elements=st.floats(-1e3, 1e3)).filter(
    lambda v: np.linalg.norm(v) > 1e-3
)


def face() -> Face:
    return Face(np.array([0, 0, 8, 8]), LANDMARKS, 0.9)


def sample(liveness: Liveness | None = None) -> Sample:
    quality = Quality(0.9, 40, 0.8, 0.5, 0.2, 0, 0, 0, 0)
    return Sample(face(), Embedding.of(np.eye(4)[0], "m"), quality, liveness)


def identification(*scores: float, **changes: object) -> Identification:
    candidates = tuple(Match(f"s{i}", score, f"t{i}") for i, score in enumerate(scores))
    return Identification(sample(), candidates, Threshold(0.5, 0.01), 0.05, **changes)  # type: ignore[arg-type]


@given(vectors)
def test_an_embedding_is_a_unit_vector_like_itself(raw: np.ndarray) -> None:
    embedding = Embedding.of(raw, "m")
    assert np.linalg.norm(embedding.vector) == pytest.approx(1, abs=1e-4)
    assert embedding.similarity(embedding) == pytest.approx(1, abs=1e-4)
    assert embedding.vector.dtype == np.float32


@given(vectors, vectors)
def test_similarity_is_symmetric_and_within_bounds(a: np.ndarray, b: np.ndarray) -> None:
    one, two = Embedding.of(a, "m"), Embedding.of(b, "m")
    assert one.similarity(two) == two.similarity(one)
    assert -1 <= one.similarity(two) <= 1


def test_vectors_of_two_models_never_compare() -> None:
    with pytest.raises(ModelMismatch, match=r"a.* and b"):
        Embedding.of([1, 0], "a").similarity(Embedding.of([1, 0], "b"))


@pytest.mark.parametrize("raw", [[0, 0], [np.nan, 1], [np.inf, 1]])
def test_vectors_that_cannot_be_normalised_are_refused(raw: list[float]) -> None:
    with pytest.raises(InputError):
        Embedding.of(raw, "m")


def test_a_vector_that_is_not_of_norm_1_is_refused() -> None:
    with pytest.raises(InputError, match="norm 1, got 2"):
        Embedding(np.array([2, 0], dtype=np.float32), "m")


def test_values_do_not_change_with_the_arrays_they_were_made_from() -> None:
    box = np.array([0, 0, 8, 8], dtype=np.float32)
    made = Face(box, LANDMARKS, 0.9)
    box[0] = 5
    assert made.box[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        made.landmarks[0, 0] = 1


@pytest.mark.parametrize(
    ("box", "landmarks"),
    [([0, 0, 8], LANDMARKS), ([8, 0, 0, 8], LANDMARKS), ([0, 0, 8, 8], LANDMARKS[:4])],
)
def test_malformed_faces_are_refused(box: list[float], landmarks: np.ndarray) -> None:
    with pytest.raises(InputError):
        Face(np.array(box), landmarks, 0.9)


@pytest.mark.parametrize(
    ("scores", "decision", "subject"),
    [
        ((), "unknown", None),
        ((0.49,), "unknown", None),
        ((0.5,), "match", "s0"),
        ((0.7, 0.6), "match", "s0"),
        ((0.7, 0.66), "ambiguous", None),
        ((0.51, 0.49), "match", "s0"),
    ],
)
def test_identification(scores: tuple[float, ...], decision: str, subject: str | None) -> None:
    answer = identification(*scores)
    assert (answer.decision, answer.subject) == (decision, subject)


def test_the_margin_is_the_lead_over_the_runner_up() -> None:
    assert identification(0.7, 0.6).margin == pytest.approx(0.1)
    assert identification(0.7).margin is None


def test_a_face_that_breaks_quality_limits_is_never_named() -> None:
    answer = identification(0.9, reasons=(Reason.TURNED,))
    assert (answer.decision, answer.subject) == ("low_quality", None)


def test_a_required_liveness_check_that_did_not_run_is_not_live() -> None:
    assert identification(0.9, require_live=True).decision == "not_live"


@pytest.mark.parametrize(
    ("liveness", "required", "accepted"),
    [
        (None, False, True),
        (None, True, False),
        (Liveness(0.9, 0.5), True, True),
        (Liveness(0.4, 0.5), True, False),
        (Liveness(0.4, 0.5), False, True),
    ],
)
def test_verification_by_liveness(
    liveness: Liveness | None, required: bool, accepted: bool
) -> None:
    decision = Verification(0.6, Threshold(0.5), (sample(liveness),), "m", require_live=required)
    assert decision.accepted is accepted


def test_verification_needs_the_threshold() -> None:
    assert Verification(0.5, Threshold(0.5), (sample(),), "m").accepted
    assert not Verification(0.4999, Threshold(0.5), (sample(),), "m").accepted
