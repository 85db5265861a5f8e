"""Enrol, verify, identify, compare and forget people: the library's front door."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, cast

from visavis.errors import (
    ConfigError,
    EnrolmentRejected,
    InputError,
    NotLive,
    Rejection,
    VisavisError,
)
from visavis.image import align
from visavis.pipeline import Pipeline
from visavis.policy import Policy
from visavis.review import Bars, review
from visavis.types import (
    Embedding,
    Face,
    Identification,
    Image,
    ImageLike,
    Liveness,
    Match,
    Photo,
    Receipt,
    Sample,
    Subject,
    Template,
    Threshold,
    Verification,
)

if TYPE_CHECKING:
    from visavis.audit import Detail
    from visavis.gallery.collection import Collection
    from visavis.gallery.gallery import Gallery


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an enrolment stored, and the photos it refused."""

    subject: str
    templates: tuple[Template, ...]
    rejected: tuple[Rejection, ...] = ()


class Recognizer:
    """Decides who a face is, by a policy that each call may replace. Thread-safe.

    Without a gallery it detects, embeds and compares; what needs one raises ConfigError. Where
    `details` are taken, they go into the audit record as they are; the decision's own win on a
    clash.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        gallery: "Gallery | None" = None,
        *,
        collection: str = "default",
        policy: Policy | None = None,
        keep_crops: bool | None = None,
    ) -> None:
        self.pipeline = pipeline
        self.policy = policy or Policy()
        self._gallery = gallery
        self._enrolling = Lock()  # review and write as one step: two threads, one person, one id
        self._collection: Collection | None = None
        if gallery is not None:
            model, dim = pipeline.embedder.model, pipeline.embedder.dim
            self._collection = gallery.collection(
                collection, model=model, dim=dim, keep_crops=keep_crops
            )

    @property
    def collection(self) -> "Collection":
        """The collection that people are enrolled in. Raises ConfigError without a gallery."""
        if self._collection is None:
            raise ConfigError("this needs a gallery, and the recognizer was made without one")
        return self._collection

    def detect(self, image: ImageLike) -> list[Face]:
        """All faces in the image, best score first."""
        return self.pipeline.faces(image)

    def embed(self, image: ImageLike, policy: Policy | None = None) -> list[Sample]:
        """A sample (face, embedding, quality, liveness) of every face in the image."""
        return self.pipeline.samples(image, policy or self.policy)

    def compare(self, a: Photo, b: Photo, policy: Policy | None = None) -> Verification:
        """Whether two photos show one person; needs no gallery and leaves no record.

        Raises NoFace, ManyFaces, LowQuality, NotLive.
        """
        policy = policy or self.policy
        samples = tuple(self.pipeline.sample(photo, policy)[1] for photo in (a, b))
        score = samples[0].embedding.similarity(samples[1].embedding)
        return self._verification(score, samples, None, policy)

    def verify(
        self,
        subject: str,
        photo: Photo,
        policy: Policy | None = None,
        *,
        details: "Mapping[str, Detail] | None" = None,
    ) -> Verification:
        """Whether the photo shows `subject`: the score is that of the subject's best template.

        Raises UnknownSubject, NoFace, ManyFaces, LowQuality, NotLive; the last is recorded as a
        refusal.
        """
        policy = policy or self.policy
        templates = self.collection.templates(subject)
        try:
            _, sample = self.pipeline.sample(photo, policy)
        except NotLive as error:
            told = {**(details or {}), "accepted": False, "live": _live([error.liveness])}
            self.collection.record("verify", subject, told)
            raise
        scores = (sample.embedding.similarity(t.embedding) for t in templates)
        score = max(scores, default=-1.0)
        decision = self._verification(score, (sample,), subject, policy)
        evidence = _evidence(decision.threshold, sample)
        told = {**(details or {}), "accepted": decision.accepted, **evidence}
        self.collection.record("verify", subject, told)
        return decision

    def identify(
        self,
        image: ImageLike,
        policy: Policy | None = None,
        *,
        details: "Mapping[str, Detail] | None" = None,
    ) -> list[Identification]:
        """Who each face in the image is; "unknown" is an answer, and no faces is an empty list."""
        policy = policy or self.policy
        samples = self.pipeline.samples(image, policy)
        decisions = [self.decide(sample, policy) for sample in samples]
        for decision in decisions:
            self.note(decision, details)
        return decisions

    def decide(self, sample: Sample, policy: Policy | None = None) -> Identification:
        """Who a sample shows. Leaves no audit record: see `note`."""
        policy = policy or self.policy
        calibration = self.pipeline.embedder.calibration
        return Identification(
            sample,
            self.collection.search(sample.embedding, policy.top_k),
            policy.identification(calibration, len(self.collection)),
            policy.margin,
            policy.limits.reasons(sample.quality),
            policy.liveness == "require",
        )

    def note(self, decision: Identification, details: "Mapping[str, Detail] | None" = None) -> None:
        """Queues the audit record of a decision, as `identify` does of each of its own."""
        evidence = _evidence(decision.threshold, decision.sample)
        told = {**(details or {}), "decision": decision.decision, **evidence}
        self.collection.record("identify", decision.subject, told)

    def enrol(
        self,
        subject: str,
        photos: Photo | Sequence[Photo],
        *,
        name: str | None = None,
        metadata: Mapping[str, str] | None = None,
        consent_ref: str | None = None,
        expires_at: datetime | None = None,
        policy: Policy | None = None,
        details: "Mapping[str, Detail] | None" = None,
    ) -> Enrolment:
        """Adds templates of `subject`, made from the photos that pass review.

        Photos that are refused come back with index and reason. When none is left, nothing is
        stored: one photo raises its own error (NoFace, LowQuality, …), several raise
        EnrolmentRejected; that is recorded if a face was not live.
        """
        policy = policy or self.policy
        shots, faults = self._shoot(_several(photos), policy)
        with self._enrolling:
            verdicts = self._review(subject, [s.sample.embedding for s in shots.values()], policy)
            faults |= {i: fault for i, fault in zip(shots, verdicts, strict=True) if fault}
            kept = [shot for i, shot in shots.items() if i not in faults]
            rejected = tuple(Rejection(i, e.code, str(e)) for i, e in sorted(faults.items()))
            if not kept:
                self._record_spoof(subject, faults, details)
                raise _refusal(faults, rejected)
            templates = self.collection.enrol(
                subject,
                [s.sample.embedding for s in kept],
                qualities=[s.sample.quality.score for s in kept],
                crops=[s.crop for s in kept],
                name=name,
                metadata=metadata,
                consent_ref=consent_ref,
                expires_at=expires_at,
                details={**(details or {}), "live": _live([s.sample.liveness for s in kept])},
            )
        return Enrolment(subject, templates, rejected)

    def forget(self, subject: str, *, details: "Mapping[str, Detail] | None" = None) -> Receipt:
        """Destroys the subject's key and everything stored under it. Raises UnknownSubject."""
        return self.collection.forget(subject, details=details)

    def subjects(self) -> Iterator[Subject]:
        """Everybody enrolled, by id."""
        return self.collection.subjects()

    def close(self) -> None:
        """Writes what is still queued for the audit log and closes the gallery."""
        if self._gallery is not None:
            self._gallery.close()

    def __enter__(self) -> "Recognizer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _shoot(
        self, photos: Sequence[Photo], policy: Policy
    ) -> tuple[dict[int, "_Shot"], dict[int, VisavisError]]:
        """The usable photos and the faults of the others, by index."""
        shots: dict[int, _Shot] = {}
        faults: dict[int, VisavisError] = {}
        keep = self.collection.keep_crops
        for index, photo in enumerate(photos):
            try:
                image, sample = self.pipeline.sample(photo, policy)
                shots[index] = _Shot(sample, align(image, sample.face.landmarks) if keep else None)
            except InputError as error:
                faults[index] = error
        return shots, faults

    def _record_spoof(
        self,
        subject: str,
        faults: Mapping[int, VisavisError],
        details: "Mapping[str, Detail] | None",
    ) -> None:
        """Records an enrolment that was refused, if a face of it was not live."""
        checks = [fault.liveness for fault in faults.values() if isinstance(fault, NotLive)]
        if checks:
            told = {**(details or {}), "accepted": False, "live": _live(checks)}
            self.collection.record("enrol", subject, told)

    def _review(
        self, subject: str, photos: Sequence[Embedding], policy: Policy
    ) -> Sequence[VisavisError | None]:
        if policy.review == "off" or not photos:
            return [None] * len(photos)
        calibration = self.pipeline.embedder.calibration
        known = self.collection.templates(subject) if subject in self.collection else ()
        bars = Bars(
            same=policy.verification(calibration).score,
            taken=policy.taken(calibration, len(self.collection)),
            lead=policy.strict_margin if policy.review == "strict" else None,
        )
        rivals = [self._rival(subject, photo) for photo in photos]
        return review(photos, [t.embedding for t in known], rivals, bars)

    def _rival(self, subject: str, photo: Embedding) -> Match | None:
        """The best other subject for this photo."""
        found = self.collection.search(photo, 2)
        return next((match for match in found if match.subject != subject), None)

    def _verification(
        self, score: float, samples: tuple[Sample, ...], subject: str | None, policy: Policy
    ) -> Verification:
        embedder = self.pipeline.embedder
        threshold = policy.verification(embedder.calibration)
        required = policy.liveness == "require"
        return Verification(score, threshold, samples, embedder.model, subject, required)


@dataclass(frozen=True, slots=True)
class _Shot:
    """A usable enrolment photo: its sample, and the aligned crop where crops are kept."""

    sample: Sample
    crop: Image | None


def _several(photos: Photo | Sequence[Photo]) -> Sequence[Photo]:
    return photos if isinstance(photos, (list, tuple)) else [cast(Photo, photos)]


def _refusal(faults: Mapping[int, VisavisError], rejected: tuple[Rejection, ...]) -> VisavisError:
    """The error of an enrolment without a usable photo."""
    if len(faults) == 1:
        return faults[0]
    lines = "; ".join(f"photo {r.index}: {r.reason}" for r in rejected)
    return EnrolmentRejected(f"none of {len(rejected)} photos was accepted: {lines}", rejected)


def _evidence(threshold: Threshold, sample: Sample) -> "dict[str, Detail]":
    return {
        "threshold": round(threshold.score, 4),
        "rate": threshold.rate,
        "live": _live([sample.liveness]),
    }


def _live(found: Sequence[Liveness | None]) -> str:
    """What the audit log says of the liveness of faces, the worst of them: no score of anybody."""
    if None in found:
        return "unchecked"
    checks = [f for f in found if f is not None]
    if any(f.score is not None and not f.live for f in checks):
        return "no"
    return "yes" if all(f.live for f in checks) else "unknown"
