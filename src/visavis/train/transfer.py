"""A published trunk under a new classifier: the same task, learnt by transfer."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from visavis.train.minifasnet_net import backbone
from visavis.train.vary import MEAN, SPREAD
from visavis.types import Floats

_SIDE = 80


class Transferred(nn.Module):
    """MiniFASNetV2's trunk on the tight crop: (N, 6, 128, 128) as PadNet takes it to logits (N, 4).

    The trunk wants BGR, 0..255, at 80 pixels; it was trained on crops 2.7 times as wide as a face.
    It sees no surroundings and foretells no spectrum.
    """

    def __init__(self, state: Mapping[str, Floats], dropout: float) -> None:
        super().__init__()
        self.trunk = backbone(state)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(state["prob.weight"].shape[1], 4)

    def forward(self, x: Any) -> Any:
        return self.both(x)[0]

    def both(self, x: Any) -> tuple[Any, None]:
        """Logits (N, 4), and no spectrum."""
        bgr = (x[:, :3] * SPREAD + MEAN).flip(1)
        small = nn.functional.interpolate(bgr, (_SIDE, _SIDE), mode="bilinear", antialias=True)
        return self.classify(self.dropout(self.trunk(small))), None
