"""What one network makes of one face, before it is calibrated or joined with others."""

from dataclasses import dataclass
from typing import Protocol

from visavis.types import Face, Image


@dataclass(frozen=True, slots=True)
class Look:
    """`logit`: log-odds of a live person as the network gives them, uncalibrated; None where it
    cannot tell, and then `reasons` say what is missing. `species`: the attack it looks like.
    `face_alone`: judged without the surroundings that it should have seen, and calibrated apart.
    """

    logit: float | None
    species: str | None = None
    reasons: tuple[str, ...] = ()
    face_alone: bool = False


class Looker(Protocol):
    """One network and how it is fed. Thread-safe."""

    @property
    def name(self) -> str:
        """The ModelCard id."""
        ...

    @property
    def face_alone(self) -> bool:
        """Whether it may answer by the face alone."""
        ...

    def look(self, image: Image, face: Face) -> Look:
        """Its judgement of one face of an RGB image."""
        ...
