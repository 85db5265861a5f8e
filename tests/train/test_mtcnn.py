import io
from zipfile import ZipFile

import numpy as np
import onnx
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from visavis.errors import ConfigError, CorruptWeights, MissingWeights
from visavis.models.catalogue import card
from visavis.models.session import open_session
from visavis.train.mtcnn import FILE, NETWORKS, _Graph, main, network, pack, read

SHAPES = {
    "pnet": {
        "conv1": (10, 3, 3, 3),
        "conv2": (16, 10, 3, 3),
        "conv3": (32, 16, 3, 3),
        "conv4_1": (2, 32, 1, 1),
        "conv4_2": (4, 32, 1, 1),
    },
    "rnet": {
        "conv1": (28, 3, 3, 3),
        "conv2": (48, 28, 3, 3),
        "conv3": (64, 48, 2, 2),
        "dense4": (128, 576),
        "dense5_1": (2, 128),
        "dense5_2": (4, 128),
    },
    "onet": {
        "conv1": (32, 3, 3, 3),
        "conv2": (64, 32, 3, 3),
        "conv3": (64, 64, 3, 3),
        "conv4": (128, 64, 2, 2),
        "dense5": (256, 1152),
        "dense6_1": (2, 256),
        "dense6_2": (4, 256),
        "dense6_3": (10, 256),
    },
}


@pytest.fixture(scope="module")
def states():
    """Random weights of the right shapes."""
    rng = np.random.default_rng(7)

    def state(shapes):
        made = {}
        for name, shape in shapes.items():
            fan = np.prod(shape[1:])
            made[f"{name}.weight"] = (rng.standard_normal(shape) / np.sqrt(fan)).astype(np.float32)
            made[f"{name}.bias"] = rng.standard_normal(shape[0]).astype(np.float32) / 4
            if "_" not in name:
                slopes = rng.uniform(0, 0.5, shape[0]).astype(np.float32)
                made[f"prelu{name[-1]}.weight"] = slopes
        return made

    return {name: state(shapes) for name, shapes in SHAPES.items()}


class Plain:
    """The layers of one picture, written out: (C, H, W) arrays, then vectors."""

    def __init__(self, state) -> None:
        self.state = state

    def conv(self, x, name):
        weight, bias = self.state[f"{name}.weight"], self.state[f"{name}.bias"]
        views = sliding_window_view(x, weight.shape[2:], axis=(1, 2))
        return np.einsum("chwij,ocij->ohw", views, weight) + bias[:, None, None]

    def prelu(self, x, name):
        slope = self.state[f"{name}.weight"].reshape(-1, *[1] * (x.ndim - 1))
        return np.where(x > 0, x, x * slope)

    def pool(self, x, side):
        """Steps of two; the last window may reach over the edge, but not begin there."""
        height, width = (max(-(-(n - side) // 2), 0) + 1 for n in x.shape[1:])
        return np.array(
            [
                [x[:, 2 * i : 2 * i + side, 2 * j : 2 * j + side].max((1, 2)) for j in range(width)]
                for i in range(height)
            ]
        ).transpose(2, 0, 1)

    def dense(self, x, name):
        if x.ndim == 3:
            x = x.transpose(2, 1, 0).ravel()  # column by column, all channels of each place
        return self.state[f"{name}.weight"] @ x + self.state[f"{name}.bias"]

    def run(self, x, layers):
        for layer in layers.split():
            name, _, side = layer.partition(":")
            kind = getattr(self, name.split("_")[0].rstrip("0123456789"))
            x = kind(x, int(side)) if side else kind(x, name)
        return x


def softmax(x):
    power = np.exp(x - x.max(axis=0))
    return power / power.sum(axis=0)


@pytest.mark.parametrize(("name", "sides"), [("pnet", (31, 26)), ("rnet", 24), ("onet", 48)])
def test_a_network_computes_its_layers(states, rng, name: str, sides) -> None:
    height, width = sides if isinstance(sides, tuple) else (sides, sides)
    batch = rng.standard_normal((2, 3, height, width)).astype(np.float32)
    if name == "pnet":
        batch = batch[:1]
    outputs = open_session(network(name, states[name])).run(batch)
    trunk, heads, _ = NETWORKS[name]
    plain = Plain(states[name])
    for row, picture in enumerate(batch):
        end = plain.run(picture, trunk)
        for output, head in zip(outputs, heads.split(), strict=True):
            expected = plain.run(end, head.removesuffix(":softmax"))
            if head.endswith(":softmax"):
                expected = softmax(expected)
            np.testing.assert_allclose(output[row], expected, atol=2e-4)


def test_the_same_weights_give_the_same_bytes(states) -> None:
    first = pack(states)
    assert pack({name: dict(reversed(s.items())) for name, s in states.items()}) == first
    with ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == ["pnet.onnx", "rnet.onnx", "onet.onnx"]
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert onnx.load_from_string(archive.read("onet.onnx")).opset_import[0].version == 17


def test_another_networks_weights_are_refused(states) -> None:
    with pytest.raises(CorruptWeights, match=r"onet: the state dict has no 'conv4\.weight'"):
        network("onet", states["rnet"])
    with pytest.raises(ConfigError, match="got 'lstm1'"):
        _Graph({}).add("lstm1", "input")


def test_only_the_known_wheel_is_read(tmp_path) -> None:
    wheel = tmp_path / "facenet_pytorch-2.6.0-py3-none-any.whl"
    with pytest.raises(MissingWeights, match="cannot read"):
        read(wheel)
    wheel.write_bytes(b"PK, but another")
    with pytest.raises(CorruptWeights, match=r"facenet_pytorch.* has SHA-256"):
        read(wheel)
    with pytest.raises(CorruptWeights):
        main([str(wheel), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_the_card_names_the_file_that_is_written() -> None:
    entry = card("mtcnn")
    assert entry.file == FILE
    assert "visavis.train.mtcnn" in entry.obtain
