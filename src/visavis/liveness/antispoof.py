"""A MiniFASNetV2-SE of 128 pixels trained on CelebA-Spoof: is this face live?"""

from typing import Final

from visavis.image import tensor
from visavis.liveness.crops import mirrored, square, visible
from visavis.liveness.look import Look
from visavis.models.catalogue import ModelCard
from visavis.protocols import ModelSession
from visavis.types import Face, Floats, Image

SIDE: Final = 128
FACTOR: Final = 1.5
"""The side of the square it sees, times the box's longer side."""
_LEAST_INSIDE = 0.85  # share of that square in the picture: with less it takes live for attack
_LEAST_FACE = 60  # pixels of the box's longer side, as upstream
_LEAST_VISIBLE = 0.9  # share of the box inside the picture


class AntiSpoof:
    """One network that sees the face and its rim. Thread-safe.

    It says live or not, and names no attack. `benchmarks/liveness/context.py` prints what it
    loses where a picture is cropped.
    """

    def __init__(self, session: ModelSession, card: ModelCard) -> None:
        self._session = session
        self._card = card

    @property
    def name(self) -> str:
        return self._card.id

    @property
    def face_alone(self) -> bool:
        return False

    def look(self, image: Image, face: Face) -> Look:
        """`logit`, where the face is fit for it."""
        missing = unfit(image, face)
        return Look(None, reasons=(missing,)) if missing else Look(self.logit(image, face.box))

    def logit(self, image: Image, box: Floats) -> float:
        """The network's logit of real less that of spoof; of any box."""
        crop = mirrored(image, box, FACTOR, SIDE)
        card = self._card
        batch = tensor([crop], colour=card.colour, mean=card.mean, std=card.std)
        real, spoof = self._session.run(batch)[0][0]
        return float(real) - float(spoof)


def unfit(image: Image, face: Face) -> str | None:
    """Why nothing can be said about a face; None where something can."""
    if max(face.width, face.height) < _LEAST_FACE:
        return "face_too_small"
    if visible(image, face.box) < _LEAST_VISIBLE:
        return "face_cut_off"
    if visible(image, square(face.box, FACTOR)) < _LEAST_INSIDE:
        return "no_surroundings"
    return None
