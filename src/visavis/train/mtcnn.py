"""The weights of MTCNN from facenet-pytorch's wheel, as one file that needs no torch to run.

`python -m visavis.train.mtcnn WHEEL --out DIR`, with the extra `train`. The wheel comes from
`pip download --no-deps facenet-pytorch==2.6.0`; its code is never run. The file is a zip of three
ONNX networks, so that one model stays one file with one digest; its bytes depend on the weights
alone.
"""

import argparse
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from visavis.errors import ConfigError, CorruptWeights, MissingWeights
from visavis.extras import needs
from visavis.train.graphs import Dims, Graph, State, check_digest, packed

WHEEL: Final = "ecb82b27beb226d106f2219efe8f829b01b87a8595badd01545679bdb9f19cca"
MEMBERS: Final = {
    "pnet": "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f",
    "rnet": "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86",
    "onet": "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d",
}
"""SHA-256 of the state dict of each network in the wheel (`facenet_pytorch/data/NAME.pt`)."""
FILE: Final = "mtcnn-facenet-pytorch-2.6.0.zip"
NETWORKS: Final = {
    "pnet": (
        "conv1 prelu1 pool1:2 conv2 prelu2 conv3 prelu3",
        "conv4_2 conv4_1:softmax",
        None,
    ),
    "rnet": (
        "conv1 prelu1 pool1:3 conv2 prelu2 pool2:3 conv3 prelu3 dense4 prelu4",
        "dense5_2 dense5_1:softmax",
        24,
    ),
    "onet": (
        "conv1 prelu1 pool1:3 conv2 prelu2 pool2:3 conv3 prelu3 pool3:2 conv4 prelu4 dense5 prelu5",
        "dense6_2 dense6_3 dense6_1:softmax",
        48,
    ),
}
"""Trunk, heads and side in pixels (None: any) of P-Net, R-Net and O-Net (Zhang et al., IEEE Signal
Processing Letters 2016, figure 2). Heads: box, landmarks (O-Net alone), and no face or face."""


class _Graph:
    """The layers of one network, added one after another to `graph`."""

    def __init__(self, state: State) -> None:
        self.graph = Graph()
        self._state = state
        self._flat = False

    def add(self, layer: str, before: str) -> str:
        """The layer's output; `before` is its input. Raises ConfigError for an unknown layer."""
        name, _, option = layer.partition(":")
        match name.rstrip("0123456789_"):
            case "conv":
                return self.graph.node("Conv", name, before, *self._pair(name))
            case "pool":
                side = int(option)
                window = {"kernel_shape": [side, side], "strides": [2, 2], "ceil_mode": 1}
                return self.graph.node("MaxPool", name, before, **window)
            case "prelu":
                return self.graph.node("PRelu", name, before, self._slope(name))
            case "dense":
                if not self._flat:  # the weights take the map column by column
                    before = self.graph.node("Transpose", "turn", before, perm=[0, 3, 2, 1])
                    before = self.graph.node("Flatten", "flat", before)
                    self._flat = True
                return self.graph.node("Gemm", name, before, *self._pair(name), transB=1)
            case _:
                raise ConfigError(f"expected conv, pool, prelu or dense, got {layer!r}")

    def softmax(self, before: str) -> str:
        return self.graph.node("Softmax", f"{before}_softmax", before, axis=1)

    def _pair(self, name: str) -> tuple[str, str]:
        return self._weight(f"{name}.weight"), self._weight(f"{name}.bias")

    def _slope(self, name: str) -> str:
        return self._weight(f"{name}.weight", () if self._flat else (1, 1))

    def _weight(self, key: str, tail: tuple[int, ...] = ()) -> str:
        array = self._state[key]
        return self.graph.weight(key, array.reshape(array.shape + tail))


def network(name: str, state: State) -> bytes:
    """One network as ONNX: input (N, 3, H, W), outputs as in NETWORKS.

    Raises CorruptWeights when the state dict is not that network's.
    """
    trunk, heads, side = NETWORKS[name]
    graph, at, outputs = _Graph(state), "input", []
    try:
        for layer in trunk.split():
            at = graph.add(layer, at)
        for head in heads.split():
            found = graph.add(head, at)
            outputs.append(graph.softmax(found) if head.endswith(":softmax") else found)
    except KeyError as error:
        raise CorruptWeights(f"{name}: the state dict has no {error}") from error
    shape: Dims = ("batch", 3, side or "height", side or "width")
    return graph.graph.model(name, shape, outputs, rank=2 if side else 4)


def pack(states: Mapping[str, State]) -> bytes:
    """The three networks in one zip, stored; the same weights give the same bytes."""
    return packed({name: network(name, states[name]) for name in NETWORKS})


def read(wheel: Path) -> dict[str, State]:
    """The three state dicts. Raises MissingWeights, CorruptWeights, MissingExtra.

    What is unpickled is exactly the known bytes, and tensors alone.
    """
    try:
        data = wheel.read_bytes()
    except OSError as error:
        raise MissingWeights(f"expected facenet-pytorch's wheel, cannot read {wheel}") from error
    check_digest(data, WHEEL, wheel.name)
    with needs("train", "reading PyTorch's state dicts"):
        import torch
    states: dict[str, State] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name, digest in MEMBERS.items():
            member = archive.read(f"facenet_pytorch/data/{name}.pt")
            check_digest(member, digest, f"{name}.pt")
            tensors = torch.load(io.BytesIO(member), map_location="cpu", weights_only=True)
            states[name] = {key: tensor.numpy() for key, tensor in tensors.items()}
    return states


def main(arguments: Sequence[str] | None = None) -> Path:
    """Writes FILE into the folder named by `--out`, and gives its path."""
    parser = argparse.ArgumentParser(prog="python -m visavis.train.mtcnn", description=__doc__)
    parser.add_argument("wheel", type=Path, help="facenet_pytorch-2.6.0-py3-none-any.whl")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    given = parser.parse_args(arguments)
    data = pack(read(given.wheel))
    given.out.mkdir(parents=True, exist_ok=True)
    target: Path = given.out / FILE
    target.write_bytes(data)
    return target


if __name__ == "__main__":
    main()
