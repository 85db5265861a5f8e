"""Channel counts filled up to whole blocks: odd ones keep ONNX Runtime off its fast path.

Its blocked convolutions take depthwise layers of 16 channels at a time alone. A network pruned to
13, 103 or 231 channels falls back to slow code, and is copied to and fro at every layer.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from visavis.models.folding import Constants, attributes

BLOCK: Final = 16
_MOST = 1.25  # times the channels that were there: beyond, the padding costs more than it saves
_CHANNELWISE = ("Relu", "Sigmoid", "GlobalAveragePool", "Add", "Mul", "PRelu")
"""Operators that keep channels apart, and leave what is empty without effect on the rest."""


def whole_blocks(
    nodes: Iterable[onnx.NodeProto], constants: Constants, outputs: Collection[str]
) -> Iterator[onnx.NodeProto]:
    """The same network with empty channels where that makes whole blocks; its outputs are equal.

    `outputs`: names of the graph's outputs, which keep their shapes. New weights go to
    `constants`. `benchmarks/liveness/blocks.py` prints what it gains.
    """
    filler = _Filler(constants, outputs)
    for node in nodes:
        yield from filler.fill(node)


class _Filler:
    """Goes through the nodes in order; `_real` has the channels of each tensor that was filled."""

    def __init__(self, constants: Constants, outputs: Collection[str]) -> None:
        self._constants = constants
        self._outputs = frozenset(outputs)
        self._real: dict[str, int] = {}

    def fill(self, node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
        filled = [name for name in node.input if name in self._real]
        if node.op_type == "Conv" and node.input[1] in self._constants:
            yield from self._conv(node)
        elif not filled:
            yield node
        elif self._passes(node):
            real = self._real[node.output[0]] = self._real[filled[0]]
            if node.op_type == "PRelu":
                self._widen(node, 1, (_blocks(real),))
            yield node
        else:
            yield from self._cut(node)

    def _conv(self, node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
        channels, each = self._constants[node.input[1]].shape[:2]
        groups = int(str(attributes(node).get("group", 1)))
        depthwise = groups == channels and each == 1
        filled = node.input[0] in self._real
        if filled and groups != 1 and not (depthwise and node.output[0] not in self._outputs):
            yield from self._cut(node)
            return
        wide = _blocks(channels) if self._widens(node, channels, depthwise, filled) else channels
        if depthwise:
            _set_group(node, wide)
        deep = _blocks(each) if filled and not depthwise else each
        self._widen(node, 1, (wide, deep))
        if len(node.input) > 2:
            self._widen(node, 2, (wide,))
        if wide != channels:
            self._real[node.output[0]] = channels
        yield node

    def _widens(self, node: onnx.NodeProto, channels: int, depthwise: bool, filled: bool) -> bool:
        if node.output[0] in self._outputs:
            return False
        grouped = int(str(attributes(node).get("group", 1))) != 1
        return filled if depthwise else not grouped and _worth(channels)

    def _passes(self, node: onnx.NodeProto) -> bool:
        """Whether the node can take its inputs as they were filled."""
        if node.op_type not in _CHANNELWISE or node.output[0] in self._outputs:
            return False
        if node.op_type == "PRelu":
            slope = self._constants.get(node.input[1])
            return slope is not None and slope.shape == (self._real.get(node.input[0]), 1, 1)
        return len({self._real.get(name) for name in node.input}) == 1

    def _cut(self, node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
        """The node, fed with the channels that were there before."""
        for place, name in enumerate(node.input):
            if name in self._real:
                ends = {"from": [0], "to": [self._real[name]], "axis": [1]}
                parts = [f"{name}_{part}" for part in ends]
                for part, value in zip(parts, ends.values(), strict=True):
                    self._constants[part] = np.array(value, np.int64)
                cut = f"{node.output[0]}_{name}_cut"
                yield helper.make_node("Slice", [name, *parts], [cut])
                node.input[place] = cut
        yield node

    def _widen(self, node: onnx.NodeProto, place: int, shape: tuple[int, ...]) -> None:
        """Zeros after the values of one input, along its first axes."""
        values = self._constants[node.input[place]]
        if values.shape[: len(shape)] != shape:
            name = f"{node.output[0]}_{node.input[place]}_wide"
            self._constants[name] = _zeros_after(values, shape)
            node.input[place] = name


def _blocks(channels: int) -> int:
    return -(-channels // BLOCK) * BLOCK


def _worth(channels: int) -> bool:
    return channels < _blocks(channels) <= _MOST * channels


def _zeros_after(values: NDArray[np.generic], shape: tuple[int, ...]) -> NDArray[np.generic]:
    more = [(0, new - old) for new, old in zip(shape, values.shape, strict=False)]
    return np.pad(values, more + [(0, 0)] * (values.ndim - len(more)))


def _set_group(node: onnx.NodeProto, groups: int) -> None:
    for attribute in node.attribute:
        if attribute.name == "group":
            attribute.i = groups
