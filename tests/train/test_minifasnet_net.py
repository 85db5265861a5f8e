import numpy as np
import pytest

from minifasnet_states import state_of
from visavis.models.session import open_session
from visavis.train.minifasnet import network, read

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
from visavis.train.minifasnet_net import backbone, load  # noqa: E402


def outputs(state, batch):
    """Of the ONNX network, and of the one in PyTorch."""
    [ours] = open_session(network("toy", state)).run(batch)
    with torch.no_grad():
        return ours, load(state)(torch.from_numpy(batch)).numpy()


@pytest.mark.parametrize("gates", [False, True])
def test_onnx_and_pytorch_agree(rng, gates: bool) -> None:
    batch = rng.uniform(-1, 1, (3, 3, 80, 80)).astype(np.float32)
    ours, theirs = outputs(state_of(5, gates=gates), batch)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_minivisions_networks_agree(model_dir, rng) -> None:
    names = ("2.7_80x80_MiniFASNetV2.pth", "4_0_0_80x80_MiniFASNetV1SE.pth")
    paths = [next(model_dir.rglob(name), None) for name in names]
    if None in paths:
        pytest.skip("the model folder has no MiniFASNet")
    batch = rng.uniform(0, 255, (4, 3, 80, 80)).astype(np.float32)
    for state in read(*paths).values():
        ours, theirs = outputs(state, batch)
        assert np.abs(theirs).max() > 1
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)


def test_a_state_dict_must_fit_whole() -> None:
    state = dict(state_of(5, gates=True))
    del state["conv_3.model.0.conv.bn.running_var"]
    with pytest.raises(RuntimeError, match="running_var"):
        load(state)
    with pytest.raises(RuntimeError, match="extra"):
        load(state_of(5, gates=True) | {"extra": np.zeros(1, np.float32)})


def test_the_backbone_gives_what_enters_the_classifier(rng) -> None:
    state = state_of(6, gates=True)
    batch = torch.from_numpy(rng.uniform(-1, 1, (2, 3, 80, 80)).astype(np.float32))
    with torch.no_grad():
        features = backbone(state)(batch)
        assert features.shape == (2, 7)
        logits = features.numpy() @ state["prob.weight"].T
        np.testing.assert_allclose(logits, load(state)(batch).numpy(), rtol=1e-4, atol=1e-4)
    assert all(p.requires_grad for p in backbone(state).parameters())
