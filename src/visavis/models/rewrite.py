"""Load-time fixes of ONNX graphs that make common exports load, run fast and take any batch.

Outputs stay equal up to float rounding. This module imports `onnx`; `graph.py` needs it only when
its cache lacks the result.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import onnx
from onnx import helper, numpy_helper

from visavis.models.channels import whole_blocks
from visavis.models.folding import Constants, fold


def fixed(data: bytes, *, any_size: bool, blocked: bool) -> bytes:
    """An ONNX model with one input, symbolic batch, and constants ready for use.

    `any_size`: height and width become symbolic too, for fully convolutional networks.
    `blocked`: channels are filled up to whole blocks, and PReLU is written as two depthwise
    convolutions, which ONNX Runtime runs in its blocked layout
    (`benchmarks/foundation/runtimes.py`, `benchmarks/liveness/blocks.py`); OpenVINO and OpenCV
    need neither.
    """
    model = onnx.load_model_from_string(data)
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = list(fold(graph.node, constants))
    free_batch(nodes, constants)
    if blocked:
        outputs = [output.name for output in graph.output]
        nodes = list(_without_prelu(whole_blocks(nodes, constants, outputs), constants))
    _rebuild(graph, nodes, constants)
    _name_dimensions(graph, any_size)
    return bytes(model.SerializeToString(deterministic=True))


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
    """prelu(x) = slope * x + relu((1 - slope) * x), each product a depthwise 1x1 convolution.

    Runtimes fuse the second with its Relu and the first with the sum. A slope above 1 needs
    (1 - slope) * relu(x) instead.
    """
    for node in nodes:
        slope = constants.get(node.input[1]) if node.op_type == "PRelu" else None
        if slope is None or slope.ndim != 3 or slope.shape[1:] != (1, 1):
            yield node
            continue
        (x, _), y, channels = node.input, node.output[0], slope.shape[0]
        weight = slope.astype(np.float32).reshape(channels, 1, 1, 1)
        low, rest, high, bent = (f"{y}_{part}" for part in ("slope", "rest", "high", "bent"))
        constants[low], constants[rest] = weight, 1 - weight
        depthwise = {"group": channels, "kernel_shape": [1, 1]}
        if weight.max() > 1:
            yield helper.make_node("Relu", [x], [bent])
            yield helper.make_node("Conv", [bent, rest], [high], **depthwise)
        else:
            yield helper.make_node("Conv", [x, rest], [bent], **depthwise)
            yield helper.make_node("Relu", [bent], [high])
        yield helper.make_node("Conv", [x, low], [f"{y}_low"], **depthwise)
        yield helper.make_node("Add", [f"{y}_low", high], [y])


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
