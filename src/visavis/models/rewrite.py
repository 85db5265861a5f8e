"""Load-time fixes of ONNX graphs that make common exports load, run fast and take any batch.

Outputs stay equal up to float rounding. This module imports `onnx`; `graph.py` needs it only when
its cache lacks the result.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Constants: TypeAlias = dict[str, NDArray[np.generic]]


def fixed(data: bytes, *, any_size: bool, convolve_prelu: bool) -> bytes:
    """An ONNX model with one input, symbolic batch, and constants ready for use.

    `any_size`: height and width become symbolic too, for fully convolutional networks.
    `convolve_prelu`: PReLU is written as two depthwise convolutions, which ONNX Runtime runs in
    its blocked layout (`benchmarks/foundation/runtimes.py`); OpenVINO and OpenCV have a fast
    PReLU of their own.
    """
    model = onnx.load_model_from_string(data)
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = list(_fold(graph.node, constants))
    free_batch(nodes, constants)
    if convolve_prelu:
        nodes = list(_without_prelu(nodes, constants))
    _rebuild(graph, nodes, constants)
    _name_dimensions(graph, any_size)
    return bytes(model.SerializeToString())


def _attributes(node: onnx.NodeProto) -> dict[str, object]:
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _fold(nodes: Iterable[onnx.NodeProto], constants: Constants) -> Iterator[onnx.NodeProto]:
    """Yields the nodes that must run; the results of the others go to `constants`."""
    for node in nodes:
        known = all(name in constants for name in node.input)
        match node.op_type:
            case "Constant" if node.attribute[0].name == "value":
                constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
            case "DequantizeLinear" if known:
                inputs = [constants[name] for name in node.input]
                constants[node.output[0]] = dequantised(inputs, _attributes(node))
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


def free_batch(nodes: Iterable[onnx.NodeProto], constants: Constants) -> None:
    """Lets Reshape nodes that write the batch as 1 copy it from their input instead."""
    for node in nodes:
        if node.op_type != "Reshape" or node.input[1] not in constants:
            continue
        shape = constants[node.input[1]]
        if shape.size > 1 and int(shape[0]) == 1 and -1 in shape:
            name = f"{node.input[1]}_any_batch"
            constants[name] = np.concatenate([[0], shape[1:]]).astype(np.int64)
            node.input[1] = name


def _without_prelu(
    nodes: Iterable[onnx.NodeProto], constants: Constants
) -> Iterator[onnx.NodeProto]:
    """prelu(x) = slope * x + (1 - slope) * relu(x), each product a depthwise 1x1 convolution."""
    for node in nodes:
        slope = constants.get(node.input[1]) if node.op_type == "PRelu" else None
        if slope is None or slope.ndim != 3 or slope.shape[1:] != (1, 1):
            yield node
            continue
        (x, _), y, channels = node.input, node.output[0], slope.shape[0]
        weight = slope.astype(np.float32).reshape(channels, 1, 1, 1)
        constants[f"{y}_slope"], constants[f"{y}_rest"] = weight, 1 - weight
        depthwise = {"group": channels, "kernel_shape": [1, 1]}
        yield helper.make_node("Relu", [x], [f"{y}_positive"])
        yield helper.make_node("Conv", [x, f"{y}_slope"], [f"{y}_a"], **depthwise)
        yield helper.make_node("Conv", [f"{y}_positive", f"{y}_rest"], [f"{y}_b"], **depthwise)
        yield helper.make_node("Add", [f"{y}_a", f"{y}_b"], [y])


def _rebuild(graph: onnx.GraphProto, nodes: list[onnx.NodeProto], constants: Constants) -> None:
    used = {name for node in nodes for name in node.input}
    inputs = [i for i in graph.input if i.name in used and i.name not in constants]
    tensors = [
        numpy_helper.from_array(values, name) for name, values in constants.items() if name in used
    ]
    for old, new in ((graph.input, inputs), (graph.node, nodes), (graph.initializer, tensors)):
        del old[:]
        old.extend(new)
    del graph.value_info[:]


def _name_dimensions(graph: onnx.GraphProto, any_size: bool) -> None:
    for value in graph.input:
        dims = value.type.tensor_type.shape.dim
        for dim, name in zip(dims, ("batch", "", "height", "width"), strict=False):
            if name == "batch" or (name and any_size):
                dim.dim_param = name
    for value in graph.output:
        dims = value.type.tensor_type.shape.dim
        dims[0].dim_param = "batch"
        if any_size:
            dims[1].dim_param = f"anchors_{value.name}"
