"""How much a job may bring."""

from dataclasses import dataclass
from typing import Self

from visavis.settings import Settings


@dataclass(frozen=True, slots=True)
class JobLimits:
    """`photos` of a job, bytes of a photo, bytes of all photos unpacked, and the portions in which
    a subject's photos are enrolled; `unfinished` jobs of the service at a time.
    """

    photo_bytes: int
    total_bytes: int
    photos: int = 10_000
    portion_photos: int = 32
    portion_bytes: int = 32 * 2**20
    unfinished: int = 20

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """By the settings' limits of a photo and of a request: photos hardly pack."""
        return cls(photo_bytes=settings.max_bytes, total_bytes=4 * settings.service.max_request)
