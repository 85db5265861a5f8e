"""Constants computed ahead, as the runtime would compute them."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from toy_onnx import run
from visavis.models.folding import dequantised


@pytest.mark.parametrize(
    ("scale", "attributes"),
    [((), {}), ((6,), {"axis": 0}), ((8,), {"axis": -1}), ((6, 3), {"axis": 1, "block_size": 3})],
    ids=["tensor", "rows", "columns", "blocks that do not divide"],
)
@pytest.mark.parametrize("with_zero", [True, False])
def test_dequantised_follows_the_operator(rng, scale, attributes, with_zero: bool) -> None:
    values = rng.integers(-128, 128, (6, 8)).astype(np.int8)
    constants = {"s": rng.uniform(0.01, 0.1, scale).astype(np.float32)}
    if with_zero:
        constants["z"] = rng.integers(-5, 5, scale).astype(np.int8)
    node = helper.make_node("DequantizeLinear", ["q", *constants], ["y"], **attributes)
    graph = helper.make_graph(
        [node],
        "toy",
        [helper.make_tensor_value_info("q", TensorProto.INT8, (6, 8))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (6, 8))],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    expected = run(model.SerializeToString(), values)[0]
    got = dequantised([values, *constants.values()], attributes)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=1e-6)
