"""Minivision's pair of networks: is this face live? (Silent-Face-Anti-Spoofing, 2020)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.image import tensor
from visavis.liveness.crops import room, shifted, visible
from visavis.liveness.look import Look
from visavis.models.catalogue import ModelCard
from visavis.protocols import ModelSession
from visavis.types import Face, Floats, Image

SIDE: Final = 80
NEAR, FAR = 2.7, 4.0
"""How many times the box is grown for the first network and for the second."""
LIVE: Final = 1
_LEAST_ROOM = 1.5  # times the box: with less they guess, and most often against live people
_LEAST_FACE = 60  # pixels of the box's longer side
_LEAST_VISIBLE = 0.9  # share of the box inside the picture


class MiniFasNetPair:
    """Two networks, one that sees more of the surroundings; their shares are averaged. Thread-safe.

    `near` and `far` are the members `v2` and `v1se` of the file that `visavis.train.minifasnet`
    writes. It names no attack: upstream calls class 0 a flat and class 2 a solid fake, but its own
    examples, a print and a screen, are both of class 2, and the prints of NUAA of class 0.
    `benchmarks/liveness/context.py` prints what it loses where a picture is cropped.
    """

    def __init__(self, near: ModelSession, far: ModelSession, card: ModelCard) -> None:
        self._networks = ((near, NEAR), (far, FAR))
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
        """Log-odds of the mean of both shares of class 1, as upstream joins them; of any box."""
        rows = np.stack([self._logs(image, box, *network) for network in self._networks])
        attacks = np.delete(rows, LIVE, axis=1)
        return float(np.logaddexp.reduce(rows[:, LIVE]) - np.logaddexp.reduce(attacks, None))

    def _logs(
        self, image: Image, box: Floats, session: ModelSession, factor: float
    ) -> NDArray[np.float64]:
        """Logarithms of one network's shares, (3,)."""
        crop = shifted(image, box, factor, SIDE)
        card = self._card
        batch = tensor([crop], colour=card.colour, mean=card.mean, std=card.std)
        logits = session.run(batch)[0][0].astype(np.float64)
        shares: NDArray[np.float64] = logits - np.logaddexp.reduce(logits)
        return shares


def unfit(image: Image, face: Face) -> str | None:
    """Why nothing can be said about a face; None where something can."""
    if max(face.width, face.height) < _LEAST_FACE:
        return "face_too_small"
    if visible(image, face.box) < _LEAST_VISIBLE:
        return "face_cut_off"
    if room(image, face.box) < _LEAST_ROOM:
        return "no_surroundings"
    return None
