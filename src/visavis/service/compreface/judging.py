"""Decisions as similarities: 0.5 or more exactly where the service itself says yes."""

from collections.abc import Sequence
from dataclasses import dataclass

from visavis.audit import Detail
from visavis.errors import ModelMismatch, NotLive
from visavis.policy import Policy
from visavis.service.compreface.schemas import SimilarityOut
from visavis.service.compreface.similarity import Scale
from visavis.service.state import Call
from visavis.types import Embedding, Identification, Match, Sample, Threshold, Verification


@dataclass(frozen=True, slots=True)
class Judged:
    """A 1:1 decision; nothing is accepted where a face is not `fit` to decide by."""

    verification: Verification
    fit: bool
    similarity: float

    @property
    def accepted(self) -> bool:
        return self.verification.accepted and self.fit


def judged(
    call: Call, reference: Embedding, samples: tuple[Sample, ...], subject: str | None = None
) -> Judged:
    """The last sample against a reference, at the service's false-match rate."""
    policy, embedder = call.services.policy, call.services.pipeline.embedder
    threshold = policy.verification(embedder.calibration)
    score = reference.similarity(samples[-1].embedding)
    required = policy.liveness == "require"
    made = Verification(score, threshold, samples, embedder.model, subject, required)
    fit = not any(policy.limits.reasons(sample.quality) for sample in samples)
    accepted = made.accepted and fit
    return Judged(made, fit, similarity(call, score, threshold, accepted=accepted))


def similarity(call: Call, score: float, threshold: Threshold, *, accepted: bool) -> float:
    """Of a cosine, which is known to the caller no better than any score is."""
    scale = Scale.of(threshold, call.services.pipeline.embedder.calibration)
    return scale.similarity(round(score, call.digits), accepted=accepted)


def identified(call: Call, found: Identification, count: int) -> list[SimilarityOut]:
    """The `count` best subjects of a face; none reaches 0.5 unless somebody is named."""
    return _told(call, found.candidates, found.threshold, count, found.decision == "match")


def found_by_vector(
    call: Call, matches: Sequence[Match], threshold: Threshold, count: int
) -> list[SimilarityOut]:
    """The same for a vector without a face: named is who reaches the threshold, alone or by the
    margin of the policy.
    """
    reaching = [match.score for match in matches[:2] if match.score >= threshold.score]
    close = len(reaching) == 2 and reaching[0] - reaching[1] < call.services.policy.margin
    return _told(call, matches, threshold, count, bool(reaching) and not close)


def _told(
    call: Call, matches: Sequence[Match], threshold: Threshold, count: int, named: bool
) -> list[SimilarityOut]:
    return [
        SimilarityOut(
            subject=match.subject,
            similarity=similarity(
                call, match.score, threshold, accepted=named and match.score >= threshold.score
            ),
        )
        for match in matches[:count]
    ]


def vector_of(call: Call, numbers: Sequence[float]) -> Embedding:
    """An embedding that a client sent. Raises ModelMismatch for another length, NotLive where the
    service requires what a vector cannot show.
    """
    embedder = call.services.pipeline.embedder
    if call.services.policy.liveness == "require":
        raise NotLive("this service requires liveness, which an embedding cannot show: send photos")
    if len(numbers) != embedder.dim:
        raise ModelMismatch(
            f"expected embeddings of {embedder.dim} numbers, made by {embedder.model}, got one of "
            f"{len(numbers)}: those of other models never compare"
        )
    return Embedding.of(numbers, embedder.model)


def evidence(policy: Policy, threshold: Threshold, accepted: bool) -> dict[str, Detail]:
    """What the audit log says of a decision that the library did not make itself."""
    told: dict[str, Detail] = {"accepted": accepted, "rate": threshold.rate}
    return {**told, "threshold": round(threshold.score, 4), "liveness": policy.liveness}
