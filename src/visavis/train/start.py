"""What a run starts from: published weights, or a network that this project exported."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from visavis.errors import ConfigError, CorruptWeights
from visavis.train.graphs import check_digest
from visavis.train.minifasnet import FILES
from visavis.train.pad_net import PadNet
from visavis.train.recipe import Network
from visavis.train.statedict import read_state
from visavis.train.transfer import Transferred


def network(plan: Network, file: Path | None) -> Any:
    """The network of a recipe, with the weights it starts from.

    Raises ConfigError where recipe and file do not agree, CorruptWeights for another's file.
    """
    if (plan.start == "scratch") != (file is None):
        raise ConfigError(f"the recipe starts from {plan.start!r}, got the file {file}")
    if file is None:
        return PadNet(plan.tight, plan.wide, plan.dropout)
    data = file.read_bytes()
    match plan.start:
        case "minifasnet":
            check_digest(data, FILES["v2"], file.name)
            return Transferred(read_state(data), plan.dropout)
        case _:
            return from_onnx(data, plan)


def from_onnx(data: bytes, plan: Network) -> PadNet:
    """A network whose convolutions hold the weights of an exported one.

    Exported, batch normalisation is part of the convolutions. So here it only adds their bias, and
    its statistics stay as they are however long the network learns on.
    """
    graph = onnx.load_from_string(data).graph
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    net = PadNet(plan.tight, plan.wide, plan.dropout, frozen=True)
    state = net.state_dict()
    for node in graph.node:
        if node.op_type in ("Conv", "Gemm") and node.input[1] in values:
            name = node.input[1].removesuffix(".weight")
            _put(state, f"{name}.weight", values[node.input[1]])
            bias = values[node.input[2]] if len(node.input) > 2 else None
            _put_bias(state, name, bias)
    net.load_state_dict(state)
    return net


def _put(state: Any, name: str, value: Any) -> None:
    if name not in state or tuple(state[name].shape) != value.shape:
        raise CorruptWeights(f"expected an exported network of this recipe, got a layer {name}")
    state[name] = torch.from_numpy(np.array(value))


def _put_bias(state: Any, name: str, bias: Any) -> None:
    """The bias of a layer; of a convolution, that of the normalisation after it."""
    if f"{name}.bias" in state:
        _put(state, f"{name}.bias", bias)
        return
    after = f"{name.removesuffix('.0')}.1"
    if f"{after}.running_var" not in state:
        return
    with_bias = np.zeros(tuple(state[f"{after}.bias"].shape), np.float32) if bias is None else bias
    _put(state, f"{after}.bias", with_bias)
    state[f"{after}.weight"] = torch.ones_like(state[f"{after}.weight"])
    state[f"{after}.running_mean"] = torch.zeros_like(state[f"{after}.running_mean"])
    state[f"{after}.running_var"] = torch.ones_like(state[f"{after}.running_var"]) - 1e-5
