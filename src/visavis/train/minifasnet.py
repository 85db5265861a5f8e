"""Minivision's two liveness networks as one file that needs no torch, neither here nor to run.

`python -m visavis.train.minifasnet V2.pth V1SE.pth --out DIR`, with the two files of
minivision-ai/Silent-Face-Anti-Spoofing that FILES names. The file written is a zip of two ONNX
networks; its bytes depend on the weights alone.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import CorruptWeights, MissingWeights
from visavis.models.rewrite import fixed
from visavis.train.graphs import Graph, State, check_digest, packed
from visavis.train.statedict import read_state

Wide: TypeAlias = NDArray[np.float64]

FILES: Final = {
    "v2": "a5eb02e1843f19b5386b953cc4c9f011c3f985d0ee2bb9819eea9a142099bec0",
    "v1se": "84ee1d37d96894d5e82de5a57df044ef80a58be2b218b5ed7cdfd875ec2f5990",
}
"""SHA-256 of 2.7_80x80_MiniFASNetV2.pth and 4_0_0_80x80_MiniFASNetV1SE.pth, by member."""
FILE: Final = "minifasnet-minivision-b6d5f04.zip"
SIDE: Final = 80
EPSILON: Final = 1e-5
"""PyTorch's, in every batch normalisation."""
LAYERS: Final = (
    ("conv1", 2),
    ("conv2_dw", 1),
    ("conv_23", 2),
    ("conv_3", 1),
    ("conv_34", 2),
    ("conv_4", 1),
    ("conv_45", 2),
    ("conv_5", 1),
    ("conv_6_sep", 1),
    ("conv_6_dw", 1),
)
"""Names and strides in order, a MobileFaceNet with pruned channels (Chen et al., CCBR 2018); the
state dict says the rest: a `.project` makes a layer a bottleneck, `.model.0` a row of them with
shortcuts, and `.se_module` a bottleneck weighted by channel (Hu et al., CVPR 2018)."""


class _Layers:
    """The layers of one network, added one after another to `graph`."""

    def __init__(self, state: State) -> None:
        self.graph = Graph()
        self._state = state

    def add(self, name: str, before: str, stride: int) -> str:
        """The layer's output; `before` is its input."""
        if f"{name}.model.0.project.conv.weight" in self._state:
            index = 0
            while f"{name}.model.{index}.project.conv.weight" in self._state:
                inside = self._bottleneck(f"{name}.model.{index}", before, stride)
                before = self.graph.node("Add", f"{name}.{index}.sum", before, inside)
                index += 1
            return before
        if f"{name}.project.conv.weight" in self._state:
            return self._bottleneck(name, before, stride)
        return self._step(name, before, stride)

    def classes(self, before: str) -> str:
        """The logits. What enters `prob` are the network's features, (N, 128)."""
        weight, bias = self._folded("linear", "bn")
        flat = self.graph.node("Flatten", "flat", before)
        features = self._gemm("features", flat, weight, bias)
        return self._gemm("logits", features, self._state["prob.weight"], np.zeros(3))

    def _bottleneck(self, name: str, before: str, stride: int) -> str:
        wide = self._step(f"{name}.conv", before, 1)
        out = self._step(f"{name}.project", self._step(f"{name}.conv_dw", wide, stride), 1)
        gate = f"{name}.se_module"
        if f"{gate}.fc1.weight" not in self._state:
            return out
        mean = self.graph.node("GlobalAveragePool", f"{gate}.mean", out)
        narrow = self._conv(f"{gate}.fc1", mean, *self._folded(f"{gate}.fc1", f"{gate}.bn1"))
        bent = self.graph.node("Relu", f"{gate}.relu", narrow)
        full = self._conv(f"{gate}.fc2", bent, *self._folded(f"{gate}.fc2", f"{gate}.bn2"))
        shares = self.graph.node("Sigmoid", f"{gate}.shares", full)
        return self.graph.node("Mul", f"{gate}.out", out, shares)

    def _step(self, name: str, before: str, stride: int) -> str:
        """Convolution and batch normalisation as one, then PReLU where there is one."""
        weight, bias = self._folded(f"{name}.conv", f"{name}.bn")
        out = self._conv(name, before, weight, bias, stride)
        slope = self._state.get(f"{name}.prelu.weight")
        if slope is None:
            return out
        slopes = self.graph.weight(f"{name}.slope", slope.reshape(-1, 1, 1))
        return self.graph.node("PRelu", f"{name}.prelu", out, slopes)

    def _conv(
        self, name: str, before: str, weight: Wide, bias: Wide | None = None, stride: int = 1
    ) -> str:
        inputs = [before, self.graph.weight(f"{name}.weight", weight)]
        if bias is not None:
            inputs.append(self.graph.weight(f"{name}.bias", bias))
        side = weight.shape[2]
        return self.graph.node(
            "Conv",
            name,
            *inputs,
            group=len(weight) if weight.shape[1] == 1 else 1,
            kernel_shape=[side, side],
            pads=[1 if side == 3 else 0] * 4,
            strides=[stride, stride],
        )

    def _gemm(self, name: str, before: str, weight: ArrayLike, bias: ArrayLike) -> str:
        pair = self.graph.weight(f"{name}.weight", weight), self.graph.weight(f"{name}.bias", bias)
        return self.graph.node("Gemm", name, before, *pair, transB=1)

    def _folded(self, conv: str, bn: str) -> tuple[Wide, Wide]:
        """Weight and bias that do the work of the batch normalisation too."""
        weight = self._state[f"{conv}.weight"].astype(np.float64)
        scale, shift, mean, variance = (
            self._state[f"{bn}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = scale / np.sqrt(variance + EPSILON)
        return weight * scale.reshape(-1, *[1] * (weight.ndim - 1)), shift - mean * scale


def network(name: str, state: State) -> bytes:
    """One network as ONNX: input (N, 3, 80, 80), BGR 0..255; output the logits (N, 3).

    Written as ONNX Runtime takes it fastest (`models/rewrite.py`): half its layers have 13 to 231
    channels, which are filled up to multiples of 16.
    Raises CorruptWeights when the state dict is not that of a MiniFASNet.
    """
    layers, at = _Layers(state), "input"
    try:
        for layer, stride in LAYERS:
            at = layers.add(layer, at, stride)
        logits = layers.classes(at)
    except KeyError as error:
        raise CorruptWeights(f"{name}: the state dict has no {error}") from error
    model = layers.graph.model(name, ("batch", 3, SIDE, SIDE), [logits], rank=2)
    return fixed(model, any_size=False, blocked=True)


def pack(states: Mapping[str, State]) -> bytes:
    """Both networks in one zip, stored; the same weights give the same bytes."""
    return packed({name: network(name, states[name]) for name in FILES})


def read(v2: Path, v1se: Path) -> dict[str, State]:
    """The state dicts of both files. Raises MissingWeights, CorruptWeights."""
    states = {}
    for (name, digest), path in zip(FILES.items(), (v2, v1se), strict=True):
        try:
            data = path.read_bytes()
        except OSError as error:
            raise MissingWeights(f"expected Minivision's {name}, cannot read {path}") from error
        check_digest(data, digest, path.name)
        states[name] = read_state(data)
    return states


def main(arguments: Sequence[str] | None = None) -> Path:
    """Writes FILE into the folder named by `--out`, and gives its path."""
    parser = argparse.ArgumentParser(prog="python -m visavis.train.minifasnet", description=__doc__)
    parser.add_argument("v2", type=Path, help="2.7_80x80_MiniFASNetV2.pth")
    parser.add_argument("v1se", type=Path, help="4_0_0_80x80_MiniFASNetV1SE.pth")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    given = parser.parse_args(arguments)
    data = pack(read(given.v2, given.v1se))
    given.out.mkdir(parents=True, exist_ok=True)
    target: Path = given.out / FILE
    target.write_bytes(data)
    return target


if __name__ == "__main__":
    main()
