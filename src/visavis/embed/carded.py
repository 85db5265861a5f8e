"""What embedders with a card have in common: all that is not the embedding itself."""

from visavis.errors import ConfigError
from visavis.models.calibration import required, table
from visavis.models.catalogue import ModelCard
from visavis.policy import Calibration


class Carded:
    """Identity, length and thresholds of an embedder, by its card.

    `calibration` stands before the packaged table. Raises ConfigError for a card of no embedder.
    """

    def __init__(self, card: ModelCard, calibration: Calibration | None = None) -> None:
        if card.size is None or card.dim is None:
            raise ConfigError(f"{card.id} is no embedder: its card gives no size or no dim")
        self._card = card
        self._size = card.size
        self._dim = card.dim
        self._table = calibration or table(card.table or card.id)

    @property
    def model(self) -> str:
        """The card's id."""
        return self._card.id

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def calibration(self) -> Calibration:
        """The table of thresholds. Raises ConfigError where none has been measured."""
        return required(self._table, self.model)
