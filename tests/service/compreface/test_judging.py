"""Decisions as similarities."""

from dataclasses import replace

import numpy as np
import pytest

from visavis.errors import ModelMismatch, NotLive
from visavis.policy import Policy
from visavis.quality import assess
from visavis.service.apikeys import Scope
from visavis.service.auth import Caller
from visavis.service.compreface.judging import (
    evidence,
    found_by_vector,
    identified,
    judged,
    similarity,
    vector_of,
)
from visavis.service.state import Call, Services
from visavis.testing import FakeDetector, FakeEmbedder, fake_photo
from visavis.types import Identification, Liveness, Match, Sample, Threshold

LINE = Threshold(0.4, 1e-4)


def sample(person: str, seed: int = 0) -> Sample:
    image = fake_photo(person, noise=2, seed=seed)
    [face] = FakeDetector().detect(image)
    [embedding] = FakeEmbedder().embed(image, [face])
    return Sample(face, embedding, assess(image, face))


@pytest.fixture
def call(services: Services) -> Call:
    return Call(services, Caller.open(), "request")


def test_a_pair(call: Call) -> None:
    ada = sample("ada")
    same = judged(call, ada.embedding, (sample("ada", 1),), "ada")
    other = judged(call, ada.embedding, (ada, sample("ben")))
    assert (same.accepted, same.similarity >= 0.5, same.verification.subject) == (True, True, "ada")
    assert (other.accepted, other.similarity < 0.5) == (False, True)


def test_scores_are_no_finer_than_the_caller_may_see(services: Services) -> None:
    door = Caller("id", "door", frozenset({Scope.IDENTIFY}))
    for score in (0.4351, 0.4449):
        told = similarity(Call(services, door, "request"), score, LINE, accepted=True)
        exact = similarity(Call(services, Caller.open(), "request"), score, LINE, accepted=True)
        assert told == similarity(
            Call(services, Caller.open(), "request"), 0.44, LINE, accepted=True
        )
        assert told != exact


def found(*scores: float, **changes: object) -> Identification:
    matches = tuple(Match(f"s{i}", score, "0" * 16) for i, score in enumerate(scores))
    return replace(Identification(sample("ada"), matches, LINE), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "yes"),
    [
        (found(0.6, 0.2), [True, False]),
        (found(0.3, 0.2), [False, False]),
        (found(0.6, 0.59, margin_needed=0.03), [False, False]),
        (found(0.6, 0.5, margin_needed=0.03), [True, True]),
        (found(0.6, reasons=("blurred",)), [False]),
        (found(0.6, require_live=True), [False]),
    ],
    ids=["match", "unknown", "ambiguous", "clear", "unfit", "not live"],
)
def test_half_is_reached_only_where_somebody_is_named(
    call: Call, answer: Identification, yes: list[bool]
) -> None:
    told = identified(call, answer, 5)
    assert [one.subject for one in told] == [match.subject for match in answer.candidates]
    assert [one.similarity >= 0.5 for one in told] == yes
    assert told == sorted(told, key=lambda one: -one.similarity)
    assert identified(call, answer, 1) == told[:1]


@pytest.mark.parametrize(
    "scores", [(0.6, 0.2), (0.3, 0.2), (0.6, 0.59), (0.6, 0.5), (0.4,), ()], ids=str
)
def test_a_vector_is_judged_as_a_face_is(call: Call, scores: tuple[float, ...]) -> None:
    face = found(*scores, margin_needed=call.services.policy.margin)
    assert found_by_vector(call, face.candidates, LINE, 5) == identified(call, face, 5)


def test_vectors_that_are_not_taken(call: Call) -> None:
    assert vector_of(call, [2.0] * 32).vector == pytest.approx(np.full(32, 32**-0.5))
    with pytest.raises(ModelMismatch, match="expected embeddings of 32 numbers, made by fake-1"):
        vector_of(call, [1.0] * 512)
    strict = call.services.settings.model_copy(update={"liveness": "require"})
    with pytest.raises(NotLive, match="liveness"):
        vector_of(replace(call, services=replace(call.services, settings=strict)), [1.0] * 32)


def test_evidence_names_no_score(call: Call) -> None:
    told = evidence(Policy(), LINE, accepted=True)
    assert told == {"accepted": True, "rate": 1e-4, "threshold": 0.4, "liveness": "off"}


def test_liveness_counts_where_it_is_required(call: Call) -> None:
    strict = call.services.settings.model_copy(update={"liveness": "require"})
    asked = replace(call, services=replace(call.services, settings=strict))
    ada = sample("ada")
    for score, accepted in ((0.9, True), (0.1, False)):
        probe = replace(ada, liveness=Liveness(score, 0.5))
        verdict = judged(asked, ada.embedding, (probe,))
        assert (verdict.accepted, verdict.similarity >= 0.5) == (accepted, accepted)
