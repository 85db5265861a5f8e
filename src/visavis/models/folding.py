"""What of an ONNX graph can be computed before it runs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Constants: TypeAlias = dict[str, NDArray[np.generic]]
"""Values by the name of the tensor; nodes that take part may add to it."""


def attributes(node: onnx.NodeProto) -> dict[str, object]:
    """A node's attributes by name."""
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def fold(nodes: Iterable[onnx.NodeProto], constants: Constants) -> Iterator[onnx.NodeProto]:
    """Yields the nodes that must run; the results of the others go to `constants`."""
    for node in nodes:
        known = all(name in constants for name in node.input)
        match node.op_type:
            case "Constant" if node.attribute[0].name == "value":
                constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
            case "DequantizeLinear" if known:
                inputs = [constants[name] for name in node.input]
                constants[node.output[0]] = dequantised(inputs, attributes(node))
            case "Reshape" if known:
                values, shape = (constants[name] for name in node.input)
                constants[node.output[0]] = np.reshape(values, shape.tolist())
            case _:
                yield node


def dequantised(
    inputs: Sequence[NDArray[np.generic]], attributes: dict[str, object]
) -> NDArray[np.float32]:
    """(values - zero point) * scale as ONNX DequantizeLinear means it: per tensor, axis or block.

    `inputs`: values, scale and, unless zero, the zero point.
    """
    values = inputs[0].astype(np.float32)
    axis, block = int(str(attributes.get("axis", 1))), int(str(attributes.get("block_size", 0)))

    def spread(parameter: NDArray[np.generic]) -> NDArray[np.float32]:
        numbers = np.asarray(parameter, dtype=np.float32)
        if block:
            return np.repeat(numbers, block, axis=axis).take(range(values.shape[axis]), axis=axis)
        if numbers.size == 1:
            return numbers.reshape(())
        return numbers.reshape([-1 if i == axis % values.ndim else 1 for i in range(values.ndim)])

    zero = spread(inputs[2]) if len(inputs) > 2 else np.float32(0)
    return np.asarray((values - zero) * spread(inputs[1]), dtype=np.float32)
