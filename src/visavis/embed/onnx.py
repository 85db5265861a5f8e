"""Embedding by an ONNX network: SFace, MobileFaceNet and whatever is fed as they are."""

from collections.abc import Sequence

from visavis.embed.carded import Carded
from visavis.errors import ModelError
from visavis.image import align, tensor
from visavis.models.catalogue import ModelCard
from visavis.policy import Calibration
from visavis.protocols import ModelSession
from visavis.types import Embedding, Face, Floats, Image


class OnnxEmbedder(Carded):
    """Embeds aligned crops with one network, fed as its card says. Thread-safe.

    `calibration` stands before the packaged table.
    """

    def __init__(
        self, session: ModelSession, card: ModelCard, calibration: Calibration | None = None
    ) -> None:
        super().__init__(card, calibration)
        self._session = session

    def embed(self, image: Image, faces: Sequence[Face]) -> list[Embedding]:
        """One embedding a face, in order, from crops of the full-resolution RGB image.

        Faces run one by one: on a CPU that is as fast as a batch, memory does not grow with a
        crowd, and a vector does not depend on its neighbours. Raises InputError for landmarks
        that are no face's, ModelError when the network is not the card's.
        """
        return [Embedding.of(self._raw(image, face), self.model) for face in faces]

    def _raw(self, image: Image, face: Face) -> Floats:
        crop = align(image, face.landmarks, self._size)
        batch = tensor([crop], colour=self._card.colour, mean=self._card.mean, std=self._card.std)
        raw = self._session.run(batch)[0]
        if raw.shape != (1, self._dim):
            raise ModelError(f"{self.model}: expected a (1, {self._dim}) output, got {raw.shape}")
        return raw
