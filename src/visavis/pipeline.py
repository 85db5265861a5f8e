"""Image to samples: decode, detect, judge quality and liveness, embed."""

from collections.abc import Sequence

import numpy as np

from visavis.errors import ConfigError, LowQuality, ManyFaces, NoFace, NotLive
from visavis.image import ImageLimits, decode
from visavis.policy import Policy
from visavis.protocols import Detector, Embedder, LivenessCheck
from visavis.quality import assess
from visavis.types import Face, Floats, Image, ImageLike, Liveness, Photo, Region, Sample

_DOMINANT = 3.0  # times the area of the next largest face


class Pipeline:
    """What turns an image into samples. Holds no state between images; thread-safe."""

    def __init__(
        self,
        detector: Detector,
        embedder: Embedder,
        liveness: LivenessCheck | None = None,
        limits: ImageLimits | None = None,
    ) -> None:
        self.detector = detector
        self.embedder = embedder
        self.liveness = liveness
        self._limits = limits or ImageLimits()

    def decode(self, source: ImageLike) -> Image:
        """The image as upright RGB uint8. Raises BadImage, ImageTooLarge."""
        return decode(source, self._limits)

    def faces(self, source: ImageLike) -> list[Face]:
        """All faces, best score first."""
        return self.detector.detect(self.decode(source))

    def samples(self, source: ImageLike, policy: Policy) -> list[Sample]:
        """A sample of every face, whatever its quality and whether it is live or not.

        Raises ConfigError where the policy asks for a liveness check and there is none.
        """
        check = self.check(policy)
        image = self.decode(source)
        faces = self.detector.detect(image)
        embeddings = self.embedder.embed(image, faces)
        return [
            Sample(face, embedding, assess(image, face), _said(check, image, face, policy))
            for face, embedding in zip(faces, embeddings, strict=True)
        ]

    def sample(self, source: Photo, policy: Policy) -> tuple[Image, Sample]:
        """The decoded image and the sample of the one face meant by `policy.face` or a Region.

        The face that is embedded is the one whose liveness is checked. Raises NoFace, ManyFaces,
        LowQuality or NotLive, and ConfigError where the policy asks for a liveness check and there
        is none.
        """
        check = self.check(policy)
        box = source.box if isinstance(source, Region) else None
        image = self.decode(source.image if isinstance(source, Region) else source)
        faces = self.detector.detect(image)
        face = choose(faces, policy, image) if box is None else nearest(faces, box)
        quality = assess(image, face)
        reasons = policy.limits.reasons(quality)
        if reasons:
            raise LowQuality(f"the face is unfit: {', '.join(reasons)}", reasons)
        liveness = _said(check, image, face, policy)
        if liveness is not None and policy.liveness == "require" and not liveness.live:
            raise not_live(liveness)
        [embedding] = self.embedder.embed(image, [face])
        return image, Sample(face, embedding, quality, liveness)

    def check(self, policy: Policy) -> LivenessCheck | None:
        """What the policy asks for: a face is never passed over unchecked.

        Raises ConfigError where it asks for a check and none is loaded.
        """
        if policy.liveness == "off":
            return None
        if self.liveness is None:
            raise ConfigError(
                f"the policy says liveness {policy.liveness!r}, and no liveness check is loaded: "
                "set liveness to report or require before the pipeline is built"
            )
        return self.liveness


def not_live(found: Liveness) -> NotLive:
    """The error that says why a face is refused, with the evidence."""
    why = f": {', '.join(found.reasons)}" if found.reasons else ""
    if found.score is None:
        return NotLive(f"no check can tell whether the face is live{why}", found)
    limit = f"scored {found.score:.4f}, needed {found.threshold:.4f}"
    return NotLive(f"the face does not look live, {limit}{why}", found)


def _said(check: LivenessCheck | None, image: Image, face: Face, policy: Policy) -> Liveness | None:
    return None if check is None else check.check(image, face, policy.live)


def choose(faces: Sequence[Face], policy: Policy, image: Image) -> Face:
    """The one face that `policy.face` means. Raises NoFace or ManyFaces."""
    if not faces:
        raise NoFace("expected a face, found none")
    by_area = sorted(faces, key=lambda f: f.area, reverse=True)
    match policy.face:
        case "largest":
            return by_area[0]
        case "central":
            middle = np.array([image.shape[1], image.shape[0]]) / 2
            return min(faces, key=lambda f: float(np.hypot(*(_centre(f) - middle))))
        case "dominant" if len(faces) == 1 or by_area[0].area >= _DOMINANT * by_area[1].area:
            return by_area[0]
        case "only" if len(faces) == 1:
            return faces[0]
        case _:
            raise ManyFaces(
                f"expected one face (policy `{policy.face}`), found {len(faces)}: choose "
                "`largest` or `central`, or crop the photo"
            )


def nearest(faces: Sequence[Face], box: Floats) -> Face:
    """The detected face that overlaps `box` best. Raises NoFace when none overlaps by 0.3."""
    best = max(faces, key=lambda f: overlap(f.box, box), default=None)
    if best is None or overlap(best.box, box) < 0.3:
        raise NoFace(f"expected a face at {box.round().tolist()}, found none there")
    return best


def overlap(a: Floats, b: Floats) -> float:
    """Intersection over union of two boxes."""
    width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = max(float(width), 0.0) * max(float(height), 0.0)
    areas = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]))
    return shared / (areas - shared) if areas > shared else 0.0


def _centre(face: Face) -> Floats:
    middle: Floats = face.box.reshape(2, 2).mean(axis=0, dtype=np.float32)
    return middle
