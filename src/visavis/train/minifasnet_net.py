"""MiniFASNet in PyTorch: takes Minivision's state dicts as they are, to check and to learn from."""

from typing import Any

import torch
from torch import nn

from visavis.train.graphs import State
from visavis.train.minifasnet import LAYERS


class Step(nn.Module):
    """Convolution, batch normalisation and, where the state has one, PReLU."""

    def __init__(self, state: State, name: str, stride: int = 1) -> None:
        super().__init__()
        after, before, side, _ = state[f"{name}.conv.weight"].shape
        groups = after if before == 1 else 1
        padding = 1 if side == 3 else 0
        self.conv = nn.Conv2d(before * groups, after, side, stride, padding, 1, groups, bias=False)
        self.bn = nn.BatchNorm2d(after)
        if f"{name}.prelu.weight" in state:
            self.prelu = nn.PReLU(after)

    def forward(self, x: Any) -> Any:
        x = self.bn(self.conv(x))
        return self.prelu(x) if hasattr(self, "prelu") else x


class Gate(nn.Module):
    """A share 0..1 for each channel (Hu et al., CVPR 2018)."""

    def __init__(self, state: State, name: str) -> None:
        super().__init__()
        narrow, full = state[f"{name}.fc1.weight"].shape[:2]
        self.fc1, self.bn1 = nn.Conv2d(full, narrow, 1, bias=False), nn.BatchNorm2d(narrow)
        self.fc2, self.bn2 = nn.Conv2d(narrow, full, 1, bias=False), nn.BatchNorm2d(full)

    def forward(self, x: Any) -> Any:
        mean = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.bn2(self.fc2(torch.relu(self.bn1(self.fc1(mean))))))


class Bottleneck(nn.Module):
    """Wider, by channel, narrower; with a shortcut where `residual`."""

    def __init__(self, state: State, name: str, stride: int, residual: bool) -> None:
        super().__init__()
        self.conv = Step(state, f"{name}.conv")
        self.conv_dw = Step(state, f"{name}.conv_dw", stride)
        self.project = Step(state, f"{name}.project")
        if f"{name}.se_module.fc1.weight" in state:
            self.se_module = Gate(state, f"{name}.se_module")
        self._residual = residual

    def forward(self, x: Any) -> Any:
        inside = self.project(self.conv_dw(self.conv(x)))
        if hasattr(self, "se_module"):
            inside = self.se_module(inside)
        return x + inside if self._residual else inside


class Row(nn.Module):
    """Bottlenecks with shortcuts, one after another."""

    def __init__(self, state: State, name: str) -> None:
        super().__init__()
        count = len({key.split(".")[2] for key in state if key.startswith(f"{name}.model.")})
        names = (f"{name}.model.{index}" for index in range(count))
        self.model = nn.Sequential(*(Bottleneck(state, inside, 1, True) for inside in names))

    def forward(self, x: Any) -> Any:
        return self.model(x)


class MiniFasNet(nn.Module):
    """(N, 3, 80, 80), BGR 0..255, to logits (N, 3); its layers have the sizes of a state dict."""

    def __init__(self, state: State) -> None:
        super().__init__()
        for name, stride in LAYERS:
            self.add_module(name, _layer(state, name, stride))
        features, flat = state["linear.weight"].shape
        self.linear = nn.Linear(flat, features, bias=False)
        self.bn = nn.BatchNorm1d(features)
        self.prob = nn.Linear(features, len(state["prob.weight"]), bias=False)

    def forward(self, x: Any) -> Any:
        for name, _ in LAYERS:
            x = self.get_submodule(name)(x)
        return self.prob(self.bn(self.linear(x.flatten(1))))


def load(state: State) -> MiniFasNet:
    """The network with a state dict's weights, all of them, in evaluation mode."""
    network = MiniFasNet(state)
    tensors = {name: torch.from_numpy(array.copy()) for name, array in state.items()}
    network.load_state_dict(tensors, strict=True)
    network.eval()
    return network


def backbone(state: State) -> nn.Module:
    """The network without its classifier: (N, 3, 80, 80), BGR 0..255, to features (N, 128).

    Upstream trained with dropout before the classifier (0.2 for V2, 0.75 for V1SE); there is none
    here. In evaluation mode: a trainer calls `train()`.
    """
    network = load(state)
    network.prob = nn.Identity()
    return network


def _layer(state: State, name: str, stride: int) -> nn.Module:
    if f"{name}.model.0.project.conv.weight" in state:
        return Row(state, name)
    if f"{name}.project.conv.weight" in state:
        return Bottleneck(state, name, stride, residual=False)
    return Step(state, name, stride)
