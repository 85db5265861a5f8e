"""Hints that a picture was injected instead of taken: reasons for a closer look, no verdicts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from visavis.errors import InputError
from visavis.types import Embedding, Image

_KEY: Final = 16  # bytes at least
_QUALITY: Final = 75
_SIGMA: Final = 1.0


@dataclass(frozen=True, slots=True)
class FrameMemory:
    """Keyed digests of the frames of earlier sessions, oldest first: no picture can be made of it.

    A digest is 16 bytes of BLAKE2b under `key`, so that who has no key cannot test whether a
    picture was seen. At most `capacity` are kept. Raises InputError for a key under 16 bytes or
    over 64, or for no capacity.
    """

    key: bytes
    capacity: int = 100_000
    digests: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not _KEY <= len(self.key) <= 64:
            raise InputError(f"expected a key of {_KEY} to 64 bytes, got {len(self.key)}")
        if self.capacity < 1:
            raise InputError(f"expected a capacity of 1 or more, got {self.capacity}")

    def __repr__(self) -> str:
        return f"FrameMemory({len(self.digests)} of {self.capacity} digests)"

    def digest(self, frame: Image) -> bytes:
        """16 bytes of a frame's shape and pixels under the key."""
        whole = hashlib.blake2b(repr(frame.shape).encode(), key=self.key, digest_size=16)
        whole.update(np.ascontiguousarray(frame).data)
        return whole.digest()

    def with_frames(self, frames: Sequence[Image]) -> "FrameMemory":
        """The memory after a session; frames of one grey level all over are not kept."""
        new = [self.digest(frame) for frame in frames if frame.size and np.ptp(frame) > 0]
        kept = tuple(dict.fromkeys((*self.digests, *new)))[-self.capacity :]
        return FrameMemory(self.key, self.capacity, kept)

    def replayed(self, frames: Sequence[Image]) -> int:
        """How many of a session's frames are, byte for byte, frames of earlier sessions.

        A camera never gives a frame twice. Whoever codes the frames again is not seen.
        """
        known = set(self.digests)
        return sum(self.digest(frame) in known for frame in frames)


@dataclass(frozen=True, slots=True)
class Steadiness:
    """The cosines of the embeddings of squeezed variants to that of the picture itself.

    `unsteady` where the lowest is under `limit`.
    """

    cosines: tuple[float, ...]
    limit: float

    @property
    def lowest(self) -> float:
        return min(self.cosines)

    @property
    def unsteady(self) -> bool:
        return self.lowest < self.limit


def squeezed(image: Image) -> tuple[Image, ...]:
    """The picture with little taken away: JPEG at quality 75, a blur of 1 pixel, a median of 3,
    and 5 bits a channel (feature squeezing: Xu, Evans and Qi, NDSS 2018).

    A face stays the same person's in all of them; a perturbation made for one network's reading of
    the exact pixels need not. All are of the picture's shape, so the face's place is the same.
    """
    quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    _, coded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)
    jpeg = cv2.imdecode(coded, cv2.IMREAD_COLOR_RGB)
    return (
        np.asarray(jpeg, np.uint8),
        np.asarray(cv2.GaussianBlur(image, (0, 0), _SIGMA), np.uint8),
        np.asarray(cv2.medianBlur(image, 3), np.uint8),
        np.asarray((image & 0xF8) | (image >> 5), np.uint8),
    )


def steadiness(original: Embedding, variants: Sequence[Embedding], limit: float) -> Steadiness:
    """How far the embedding holds when the picture is squeezed.

    `limit` depends on the model and the size of faces: read it from pictures of one's own camera.
    Raises InputError without variants, ModelMismatch for another model's.
    """
    if not variants:
        raise InputError("expected embeddings of one variant or more, got none")
    return Steadiness(tuple(original.similarity(v) for v in variants), limit)


def hints(replayed: int, steady: Steadiness | None = None) -> tuple[str, ...]:
    """The reasons that hold, of `replayed_frames` and `unstable_embedding`."""
    unstable = steady is not None and steady.unsteady
    return (
        *(("replayed_frames",) if replayed else ()),
        *(("unstable_embedding",) if unstable else ()),
    )
