"""Networks written as ONNX by hand, with bytes that depend on the weights alone."""

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

from visavis.errors import CorruptWeights
from visavis.types import Floats

State: TypeAlias = Mapping[str, Floats]
"""The arrays of a network by name, as PyTorch's state dicts name them."""
Dims: TypeAlias = Sequence[str | int | None]

_OPSET: Final = 17
_IR: Final = 8
_DAY: Final = (1980, 1, 1, 0, 0, 0)  # the first that a zip can state: no clock in the file


class Graph:
    """Nodes and weights of one network, added one after another."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def node(self, kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node; its name is that of its one output, and is given back."""
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def weight(self, name: str, values: ArrayLike) -> str:
        """Adds a float32 array, and gives its name back."""
        array = np.ascontiguousarray(values, np.float32)
        self._weights.append(numpy_helper.from_array(array, name))
        return name

    def model(self, name: str, shape: Dims, outputs: Sequence[str], rank: int) -> bytes:
        """The checked ONNX file: one float32 `input` of a shape, outputs of a rank."""
        unknown: Dims = [None] * rank
        built = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(out, TensorProto.FLOAT, unknown) for out in outputs],
            self._weights,
        )
        opset = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(
            built, opset_imports=opset, ir_version=_IR, producer_name="visavis"
        )
        onnx.checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString(deterministic=True)
        return data


def packed(networks: Mapping[str, bytes]) -> bytes:
    """ONNX files as NAME.onnx in one zip, stored, in order; the same files give the same bytes."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
        for name, network in networks.items():
            entry = zipfile.ZipInfo(f"{name}.onnx", _DAY)
            entry.create_system = 3  # Unix, on every machine
            archive.writestr(entry, network)
    return data.getvalue()


def check_digest(data: bytes, expected: str, what: str) -> None:
    """Raises CorruptWeights for data of another SHA-256."""
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise CorruptWeights(f"{what} has SHA-256 {found}, expected {expected}")
