import io
from zipfile import ZipFile

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from minifasnet_states import state_of
from visavis.errors import CorruptWeights, MissingWeights
from visavis.models.catalogue import card
from visavis.models.session import open_session
from visavis.models.weights import sha256
from visavis.train.minifasnet import FILE, main, network, pack, read


class Plain:
    """The layers of one picture, written out unfolded: (C, H, W) arrays of float64."""

    def __init__(self, state) -> None:
        self.state = {name: array.astype(np.float64) for name, array in state.items()}

    def conv(self, x, name, stride=1):
        weight = self.state[f"{name}.weight"]
        side = weight.shape[2]
        pad = 1 if side == 3 else 0
        x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
        views = sliding_window_view(x, (side, side), axis=(1, 2))[:, ::stride, ::stride]
        if weight.shape[1] == 1 and len(x) == len(weight) > 1:
            return np.einsum("chwij,cij->chw", views, weight[:, 0])
        return np.einsum("chwij,ocij->ohw", views, weight)

    def bn(self, x, name):
        part = {
            key: self.state[f"{name}.{key}"].reshape(-1, *[1] * (x.ndim - 1))
            for key in ("weight", "bias", "running_mean", "running_var")
        }
        scaled = (x - part["running_mean"]) / np.sqrt(part["running_var"] + 1e-5)
        return scaled * part["weight"] + part["bias"]

    def step(self, x, name, stride=1):
        x = self.bn(self.conv(x, f"{name}.conv", stride), f"{name}.bn")
        slope = self.state.get(f"{name}.prelu.weight")
        return x if slope is None else np.where(x > 0, x, x * slope[:, None, None])

    def bottleneck(self, x, name, stride=1):
        for part, pace in (("conv", 1), ("conv_dw", stride), ("project", 1)):
            x = self.step(x, f"{name}.{part}", pace)
        gate = f"{name}.se_module"
        if f"{gate}.fc1.weight" not in self.state:
            return x
        mean = x.mean((1, 2), keepdims=True)
        narrow = np.maximum(self.bn(self.conv(mean, f"{gate}.fc1"), f"{gate}.bn1"), 0)
        full = self.bn(self.conv(narrow, f"{gate}.fc2"), f"{gate}.bn2")
        return x / (1 + np.exp(-full))

    def logits(self, x):
        x = self.step(self.step(x.astype(np.float64), "conv1", 2), "conv2_dw")
        for between, row in (("conv_23", "conv_3"), ("conv_34", "conv_4"), ("conv_45", "conv_5")):
            x = self.bottleneck(x, between, 2)
            for index in range(2):
                x = x + self.bottleneck(x, f"{row}.model.{index}")
        x = self.step(self.step(x, "conv_6_sep"), "conv_6_dw").ravel()
        return self.state["prob.weight"] @ self.bn(self.state["linear.weight"] @ x, "bn")


@pytest.mark.parametrize("gates", [False, True])
def test_a_network_computes_its_layers(rng, gates: bool) -> None:
    state = state_of(3, gates=gates)
    batch = rng.uniform(-1, 1, (2, 3, 80, 80)).astype(np.float32)
    [found] = open_session(network("toy", state)).run(batch)
    expected = [Plain(state).logits(picture) for picture in batch]
    assert np.ptp(expected, axis=0).max() > 1e-2  # the pictures matter
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_same_weights_give_the_same_bytes() -> None:
    states = {"v2": state_of(1, gates=False), "v1se": state_of(2, gates=True)}
    first = pack(states)
    assert pack({n: dict(reversed(s.items())) for n, s in reversed(states.items())}) == first
    assert pack(states | {"v2": state_of(4, gates=False)}) != first
    with ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == ["v2.onnx", "v1se.onnx"]


def test_another_networks_weights_are_refused() -> None:
    state = {
        name: array for name, array in state_of(1, gates=False).items() if "conv_6" not in name
    }
    with pytest.raises(CorruptWeights, match=r"v2: the state dict has no 'conv_6_sep\.conv"):
        network("v2", state)


def test_only_the_known_files_are_read(tmp_path) -> None:
    path = tmp_path / "2.7_80x80_MiniFASNetV2.pth"
    with pytest.raises(MissingWeights, match="cannot read"):
        read(path, path)
    path.write_bytes(b"\x80\x02, but another")
    with pytest.raises(CorruptWeights, match=r"MiniFASNetV2\.pth has SHA-256"):
        main([str(path), str(path), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_the_card_describes_the_file_that_is_written(model_dir, tmp_path) -> None:
    names = ("2.7_80x80_MiniFASNetV2.pth", "4_0_0_80x80_MiniFASNetV1SE.pth")
    paths = [next(model_dir.rglob(name), None) for name in names]
    if None in paths:
        pytest.skip("the model folder has no MiniFASNet")
    entry = card("minifasnet")
    written = main([*map(str, paths), "--out", str(tmp_path)])
    assert (written.name, written.stat().st_size) == (entry.file, entry.bytes)
    assert sha256(written) == entry.sha256
    assert "visavis.train.minifasnet" in entry.obtain
    assert all(name in entry.obtain for name in names)


def test_the_card_names_the_file() -> None:
    assert card("minifasnet").file == FILE
