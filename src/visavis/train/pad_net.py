"""The liveness network: two residual trunks on wavelet bands, one for each crop."""

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import nn

_HAAR: Final = ((1, 1, 1, 1), (1, -1, 1, -1), (1, 1, -1, -1), (1, -1, -1, 1))
_DETAIL = 4.0  # what the detail bands are amplified by: they are that much weaker in photographs
SPECTRUM: Final = 16
"""Side of the spectrum that the tight trunk learns to foretell."""


class Wavelet(nn.Conv2d):
    """One level of the Haar transform: (N, 3, H, W) to (N, 12, H / 2, W / 2).

    Fixed, not learnt. The fine bands are amplified: halftones, pixel grids and their moire live
    there, and a network that sees plain pixels learns them late.
    """

    def __init__(self) -> None:
        super().__init__(3, 12, 2, stride=2, groups=3, bias=False)
        bands = torch.tensor(_HAAR, dtype=torch.float32).view(4, 1, 2, 2) / 4
        bands[1:] *= _DETAIL
        self.weight = nn.Parameter(bands.repeat(3, 1, 1, 1), requires_grad=False)


class Block(nn.Module):
    """Two convolutions of 3 x 3 and a shortcut; halves the side (He et al., CVPR 2016)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first = _conv(before, after, 3, 2)
        self.second = _conv(after, after, 3, 1)
        self.skip = _conv(before, after, 1, 2)
        self.relu = nn.ReLU()

    def forward(self, x: Any) -> Any:
        return self.relu(self.skip(x) + self.second(self.relu(self.first(x))))


class Trunk(nn.Module):
    """(N, 3, 128, 128) to features of 8 x 8; `middle` is the map of 16 x 16 before the last."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        stem, *rest = widths
        self.stem = nn.Sequential(Wavelet(), _conv(12, stem, 3, 1), nn.ReLU())
        blocks = [Block(a, b) for a, b in zip(widths, rest, strict=False)]
        self.early, self.last = nn.Sequential(*blocks[:-1]), blocks[-1]

    def forward(self, x: Any) -> tuple[Any, Any]:
        middle = self.early(self.stem(x))
        return middle, self.last(middle)


class PadNet(nn.Module):
    """(N, 6, 128, 128), tight crop then wide, to logits (N, 4) for `passive.CLASSES`.

    In training it also foretells the spectrum of the tight crop, which keeps frequency in its
    features (Fourier supervision as in Minivision's Silent-Face-Anti-Spoofing, 2020); that head is
    left out of the exported network. `frozen`: batch statistics stay as they are in training.
    """

    def __init__(
        self, tight: Sequence[int], wide: Sequence[int], dropout: float = 0.2, frozen: bool = False
    ) -> None:
        super().__init__()
        self._frozen = frozen
        self.tight, self.wide = Trunk(tight), Trunk(wide)
        self.spectrum = nn.Sequential(nn.Conv2d(tight[-2], 1, 1))
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * (tight[-1] + wide[-1]), 4)

    def train(self, mode: bool = True) -> "PadNet":
        """Into training mode, frozen statistics left out."""
        super().train(mode)
        for part in self.modules() if self._frozen else ():
            if isinstance(part, nn.BatchNorm2d):
                part.eval()
        return self

    def forward(self, x: Any) -> Any:
        return self.both(x)[0]

    def both(self, x: Any) -> tuple[Any, Any]:
        """Logits (N, 4), and the foretold spectrum (N, 16, 16)."""
        middle, near = self.tight(x[:, :3])
        _, far = self.wide(x[:, 3:])
        pooled = [f(m) for m in (near, far) for f in (_mean, _most)]
        logits = self.classify(self.dropout(torch.cat(pooled, 1)))
        return logits, self.spectrum(middle).squeeze(1)


def spectrum(x: Any) -> Any:
    """(N, 16, 16): the tight crop's log amplitude spectrum, mean 0 and deviation 1 a picture."""
    luma = x[:, :3].float().mean(1)
    window = torch.hann_window(luma.shape[-1])
    found = torch.fft.fftshift(torch.fft.fft2(luma * window[:, None] * window).abs(), dim=(1, 2))
    small = nn.functional.adaptive_avg_pool2d((found + 1e-3).log()[:, None], SPECTRUM)[:, 0]
    return (small - small.mean((1, 2), keepdim=True)) / (small.std((1, 2), keepdim=True) + 1e-3)


def _conv(before: int, after: int, side: int, stride: int) -> Any:
    conv = nn.Conv2d(before, after, side, stride, side // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after))


def _mean(x: Any) -> Any:
    return x.mean((2, 3))


def _most(x: Any) -> Any:
    return x.amax((2, 3))
