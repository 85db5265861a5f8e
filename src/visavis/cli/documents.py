"""Results as JSON documents. No embedding is ever among them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visavis.errors import Rejection, VisavisError
from visavis.types import (
    Face,
    Identification,
    Liveness,
    Quality,
    Receipt,
    Sample,
    Subject,
    Threshold,
    Verification,
)

if TYPE_CHECKING:
    from visavis.batching import Outcome
    from visavis.cli.folder import Enrolled
    from visavis.cli.pictures import Targets
    from visavis.cli.vectors import Vectors
    from visavis.gallery.gallery import CollectionInfo
    from visavis.recognizer import Enrolment


def error(fault: VisavisError) -> dict[str, str]:
    return {"code": fault.code, "message": str(fault)}


def face(found: Face) -> dict[str, Any]:
    return {
        "box": [round(float(x), 1) for x in found.box],
        "landmarks": [[round(float(x), 1), round(float(y), 1)] for x, y in found.landmarks],
        "detector_score": round(found.score, 4),
    }


def quality(found: Quality) -> dict[str, float]:
    names = Quality.__dataclass_fields__
    return {name: round(float(getattr(found, name)), 4) for name in names}


def liveness(found: Liveness | None) -> dict[str, Any] | None:
    """`score` is null where no check can tell; so is that of a single check in `checks`."""
    if found is None:
        return None
    return {
        "live": found.live,
        "score": _rounded(found.score),
        "threshold": _rounded(found.threshold),
        "species": found.species,
        "reasons": list(found.reasons),
        "checks": {name: _rounded(score) for name, score in found.checks},
    }


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 6)


def sample(found: Sample) -> dict[str, Any]:
    return {
        **face(found.face),
        "quality": quality(found.quality),
        "liveness": liveness(found.liveness),
    }


def threshold(limit: Threshold, rate_name: str) -> dict[str, Any]:
    """`rate_name` is "fmr" or "fpir"; its value is null for a threshold set by hand."""
    return {
        "score": round(limit.score, 4),
        rate_name: limit.rate,
        "extrapolated": limit.extrapolated,
        "interval": None if limit.interval is None else list(limit.interval),
    }


def verification(found: Verification) -> dict[str, Any]:
    return {
        "accepted": found.accepted,
        "subject": found.subject,
        "score": round(found.score, 4),
        "threshold": threshold(found.threshold, "fmr"),
        "model": found.model,
        "faces": [sample(s) for s in found.samples],
    }


def identification(found: Identification) -> dict[str, Any]:
    return {
        "decision": found.decision,
        "subject": found.subject,
        "candidates": [
            {"subject": c.subject, "score": round(c.score, 4)} for c in found.candidates
        ],
        "margin": None if found.margin is None else round(found.margin, 4),
        "threshold": threshold(found.threshold, "fpir"),
        "reasons": list(found.reasons),
        "face": sample(found.sample),
    }


def rejection(file: Path, refused: Rejection) -> dict[str, str]:
    return {"file": str(file), "code": refused.code, "message": refused.reason}


def enrolment(made: "Enrolment", photos: Sequence[Path]) -> dict[str, Any]:
    return {
        "subject": made.subject,
        "templates": [t.id for t in made.templates],
        "refused": [rejection(photos[r.index], r) for r in made.rejected],
    }


def enrolments(done: "Sequence[Enrolled]") -> dict[str, Any]:
    return {
        "enrolled": [
            {"subject": d.person.subject, "templates": d.templates} for d in done if d.templates
        ],
        "skipped": [d.person.subject for d in done if d.skipped],
        "not_enrolled": [d.person.subject for d in done if not d.present],
        "refused": [rejection(*r) for d in done for r in d.refused],
    }


def subject(person: Subject) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "templates": person.templates,
        "created_at": person.created_at,
        "metadata": dict(person.metadata),
        "consent_ref": person.consent_ref,
        "expires_at": person.expires_at,
    }


def receipt(proof: Receipt) -> dict[str, Any]:
    return {
        "pseudonym": proof.subject,
        "collection": proof.collection,
        "templates": proof.templates,
        "keys_destroyed": proof.keys_destroyed,
        "audit_seq": proof.audit_seq,
        "at": proof.at,
        "beyond_reach": list(proof.beyond_reach),
    }


def identifications(
    images: Sequence[Path], outcomes: "Sequence[Outcome[list[Identification]]]", drawn: "Targets"
) -> dict[str, Any]:
    results = [
        _file(image, outcome.error, drawn)
        | ({} if outcome.error else {"faces": [identification(i) for i in outcome.unwrap()]})
        for image, outcome in zip(images, outcomes, strict=True)
    ]
    return {"results": results}


def _file(path: Path, fault: VisavisError | None, drawn: "Targets") -> dict[str, Any]:
    """A photo, and either what went wrong or where it was drawn."""
    if fault is not None:
        return {"file": str(path), "error": error(fault)}
    return {"file": str(path)} | ({"drawn": str(drawn[path])} if path in drawn else {})


def detections(
    images: Sequence[Path],
    outcomes: "Sequence[Outcome[list[tuple[Face, Quality]]]]",
    drawn: "Targets",
) -> dict[str, Any]:
    results = [
        _file(image, outcome.error, drawn)
        | ({} if outcome.error else {"faces": [_judged(*f) for f in outcome.unwrap()]})
        for image, outcome in zip(images, outcomes, strict=True)
    ]
    return {"results": results}


def lives(
    images: Sequence[Path],
    outcomes: "Sequence[Outcome[list[tuple[Face, Liveness]]]]",
    drawn: "Targets",
) -> dict[str, Any]:
    results = [
        _file(image, outcome.error, drawn)
        | ({} if outcome.error else {"faces": [_checked(*f) for f in outcome.unwrap()]})
        for image, outcome in zip(images, outcomes, strict=True)
    ]
    return {"results": results}


def _checked(found: Face, said: Liveness) -> dict[str, Any]:
    return {**face(found), "liveness": liveness(said)}


def _judged(found: Face, judged: Quality) -> dict[str, Any]:
    return {**face(found), "quality": quality(judged)}


def embedded(made: "Vectors", out: Path) -> dict[str, Any]:
    """What `embed` wrote, if anything; the vectors are in the file alone."""
    return {
        "out": str(out) if made.rows else None,
        "model": made.model,
        "dim": made.dim,
        "photos": made.photos,
        "faces": len(made.rows),
        "refused": [{"file": name, **error(fault)} for name, fault in made.refused],
    }


def collection(one: "CollectionInfo") -> dict[str, Any]:
    return {
        "name": one.name,
        "model": one.model,
        "dim": one.dim,
        "subjects": one.subjects,
        "templates": one.templates,
        "keep_crops": one.keep_crops,
        "created_at": one.created_at,
    }
