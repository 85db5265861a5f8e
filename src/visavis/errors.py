"""Every error Visavis raises on purpose.

VisavisError
├── InputError               the caller's image or argument cannot be used
│   ├── BadImage             not an image, truncated, or of an unsupported kind
│   ├── ImageTooLarge        more bytes or pixels than the limit
│   ├── NoFace               a face was needed, none was found
│   ├── ManyFaces            exactly one face was needed, several were found
│   ├── LowQuality           the face fails the policy's quality limits
│   ├── NotLive              the face fails the policy's liveness requirement
│   ├── ChallengeRefused     a liveness challenge's token is altered, late or used
│   ├── PhotosDisagree       a photo does not show the person the others show
│   ├── TooClose             a photo is too like another subject for a strict review
│   ├── BadDataset           a folder or list is not the data set it was said to be
│   ├── BadStream            not a video, or an address of no kind that is read
│   └── EnrolmentRejected    no photo of an enrolment of several was accepted
├── GalleryError             the gallery refuses or cannot serve the request
│   ├── UnknownSubject       no such subject (or collection)
│   ├── DuplicateSubject     the id is taken, or the face belongs to another subject
│   ├── ModelMismatch        vectors of two models never compare
│   ├── WrongKey             the master key does not open this gallery
│   ├── TamperedTemplate     stored ciphertext fails authentication
│   └── BrokenAudit          the audit chain does not verify
├── ModelError               a model cannot be loaded
│   ├── MissingWeights       found nowhere, and not downloadable
│   ├── CorruptWeights       bytes do not have the card's SHA-256
│   └── LicenceNotAccepted   non-commercial weights, not accepted by the user
├── ConfigError              settings are wrong, or an optional dependency is missing
│   ├── NotMeasured          the data behind a model do not support the stated rate
│   ├── MissingTool          a program of the machine is needed and not there
│   └── MissingExtra         names the `pip install` that would help
├── FetchFailed              a data set's file could not be fetched, or is another file
└── StreamFailed             a camera or stream could not be reached, or broke off

`code` is stable and machine-readable; messages may change. Details never hold biometric data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visavis.types import Liveness


class VisavisError(Exception):
    """Base of all errors raised on purpose; `code` is stable across releases."""

    code = "error"


class InputError(VisavisError):
    """The caller's input cannot be used."""

    code = "input"


class BadImage(InputError):
    """Raised by image decoding: not an image, truncated or unsupported."""

    code = "bad_image"


class ImageTooLarge(InputError):
    """Raised by image decoding, from the header, before pixels are read."""

    code = "image_too_large"


class NoFace(InputError):
    """Raised where a face is needed and none was found."""

    code = "no_face"


class ManyFaces(InputError):
    """Raised where exactly one face is needed and several were found."""

    code = "many_faces"


class LowQuality(InputError):
    """Raised when a face fails the policy's quality limits; `reasons` holds their codes."""

    code = "low_quality"

    def __init__(self, message: str, reasons: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)


class NotLive(InputError):
    """Raised when the policy requires liveness and the face fails it; `liveness` is what the check
    said: score, threshold, species and reasons.
    """

    code = "not_live"

    def __init__(self, message: str, liveness: "Liveness | None" = None) -> None:
        super().__init__(message)
        self.liveness = liveness


class ChallengeRefused(InputError):
    """Raised for a liveness challenge that cannot be answered (again); `reason` is a code."""

    code = "challenge_refused"

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class PhotosDisagree(InputError):
    """Raised by enrolment review: the photo shows another person than the subject's others."""

    code = "photos_disagree"


class TooClose(InputError):
    """Raised by strict enrolment review: no clear lead over every other subject."""

    code = "too_close"


class BadDataset(InputError):
    """Raised by data-set readers: another layout, missing labels, or nothing usable."""

    code = "bad_dataset"


class BadStream(InputError):
    """Raised by video sources: not a video, or an address of no kind that is read."""

    code = "bad_stream"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One photo that was not enrolled: its index in the request, a stable code, the reason."""

    index: int
    code: str
    reason: str


class EnrolmentRejected(InputError):
    """Raised by enrolment when none of several photos was accepted; nothing was stored."""

    code = "enrolment_rejected"

    def __init__(self, message: str, rejections: Sequence[Rejection] = ()) -> None:
        super().__init__(message)
        self.rejections = tuple(rejections)


class GalleryError(VisavisError):
    """The gallery refuses or cannot serve the request."""

    code = "gallery"


class UnknownSubject(GalleryError):
    """Raised when a subject or collection does not exist."""

    code = "unknown_subject"


class DuplicateSubject(GalleryError):
    """Raised when an id is taken or a face already belongs to another subject."""

    code = "duplicate_subject"


class ModelMismatch(GalleryError):
    """Raised when vectors of two models would be compared or mixed."""

    code = "model_mismatch"


class WrongKey(GalleryError):
    """Raised when the master key does not open the gallery; nothing is loaded."""

    code = "wrong_key"


class TamperedTemplate(GalleryError):
    """Raised when stored ciphertext fails authentication; nothing is loaded."""

    code = "tampered_template"


class BrokenAudit(GalleryError):
    """Raised when the audit chain does not verify."""

    code = "broken_audit"


class ModelError(VisavisError):
    """A model cannot be loaded."""

    code = "model"


class MissingWeights(ModelError):
    """Raised when weights were found nowhere; the message lists where it looked."""

    code = "missing_weights"


class CorruptWeights(ModelError):
    """Raised when weights do not have the card's SHA-256; never retried with another file."""

    code = "corrupt_weights"


class LicenceNotAccepted(ModelError):
    """Raised for non-commercial weights that the user has not accepted explicitly."""

    code = "licence_not_accepted"


class ConfigError(VisavisError):
    """Settings are wrong."""

    code = "config"


class NotMeasured(ConfigError):
    """Raised when a rate lies beyond what was measured and the policy refuses to extrapolate."""

    code = "not_measured"


class MissingTool(ConfigError):
    """Raised when a program such as Chromium is needed and not found; says what would help."""

    code = "missing_tool"


class MissingExtra(ConfigError):
    """Raised when an optional dependency is missing; names the pip command."""

    code = "missing_extra"

    def __init__(self, extra: str, needed_for: str) -> None:
        super().__init__(f"{needed_for} needs an extra: pip install 'visavis[{extra}]'")
        self.extra = extra


class FetchFailed(VisavisError):
    """Raised when a data set's file cannot be fetched, or what came is not that file."""

    code = "fetch_failed"


class StreamFailed(VisavisError):
    """Raised by video sources that cannot be reached or break off; it may be over soon.

    Neither it nor BadStream holds credentials, nor the parts of an address that may hold some.
    """

    code = "stream_failed"
