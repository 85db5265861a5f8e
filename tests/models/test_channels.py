"""Networks with odd channel counts before and after: the same answers, in whole blocks."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from toy_onnx import model_of, operators, run
from visavis.models.channels import BLOCK
from visavis.models.rewrite import fixed


def pruned(rng, last: list, out: tuple[int, ...], *, wide: int = 13) -> bytes:
    """8 channels to `wide`, a depthwise layer and a gate upon them, then the nodes of `last`."""

    def weights(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    constants = {
        "w1": weights(wide, 8, 1, 1),
        "b1": weights(wide),
        "slope": rng.uniform(0, 1, (wide, 1, 1)).astype(np.float32),
        "w2": weights(wide, 1, 3, 3),
        "w3": weights(5, wide, 1, 1),
        "w4": weights(wide, 5, 1, 1),
        "w5": weights(8, wide, 1, 1),
        "twice": np.full((1, wide, 1, 1), 2, np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["a"]),
        helper.make_node("PRelu", ["a", "slope"], ["p"]),
        helper.make_node("Conv", ["p", "w2"], ["d"], group=wide, pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["d"], ["mean"]),
        helper.make_node("Conv", ["mean", "w3"], ["narrow"]),
        helper.make_node("Conv", ["narrow", "w4"], ["full"]),
        helper.make_node("Sigmoid", ["full"], ["share"]),
        helper.make_node("Mul", ["d", "share"], ["gated"]),
        helper.make_node("Add", ["gated", "p"], ["sum"]),
        *last,
    ]
    return model_of(nodes, constants, inputs={"x": (1, 8, 6, 6)}, outputs={"y": out}, opset=17)


def convolutions(model: bytes) -> list[tuple[int, ...]]:
    graph = onnx.load_model_from_string(model).graph
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return [weights[node.input[1]].shape for node in graph.node if node.op_type == "Conv"]


def answers(model: bytes, rng) -> tuple[np.ndarray, np.ndarray]:
    """What the model gives as it is, and filled up."""
    x = rng.normal(size=(1, 8, 6, 6)).astype(np.float32)
    filled = fixed(model, any_size=False, blocked=True)
    onnx.checker.check_model(onnx.load_model_from_string(filled), full_check=True)
    return run(model, x)[0], run(filled, x)[0]


def node(kind: str, *inputs: str, **attributes: object) -> list:
    return [helper.make_node(kind, list(inputs), ["y"], **attributes)]


TAILS = {
    "a convolution": (node("Conv", "sum", "w5"), (1, 8, 6, 6)),
    "itself": (node("Identity", "sum"), (1, 13, 6, 6)),
    "a sum": (node("Add", "sum", "d"), (1, 13, 6, 6)),
    "numbers": (node("Flatten", "sum"), (1, 13 * 36)),
    "a product with a constant": (node("Mul", "twice", "sum"), (1, 13, 6, 6)),
    "a depthwise layer": (node("Conv", "sum", "w2", group=13), (1, 13, 4, 4)),
}


@pytest.mark.parametrize("tail", TAILS)
def test_the_answers_stay(rng, tail: str) -> None:
    before, after = answers(pruned(rng, *TAILS[tail]), rng)
    assert before.shape == after.shape
    assert np.ptp(before) > 1  # the input matters
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-4)


def test_channels_become_whole_blocks(rng) -> None:
    filled = fixed(pruned(rng, *TAILS["a convolution"]), any_size=False, blocked=True)
    shapes = convolutions(filled)
    assert shapes[0] == (BLOCK, 8, 1, 1)
    assert (BLOCK, 1, 3, 3) in shapes
    assert (5, BLOCK, 1, 1) in shapes  # 5 would be padded by more than it has
    assert shapes[-1] == (8, BLOCK, 1, 1)
    assert operators(filled)["Slice"] == 0


def test_a_depthwise_layer_that_gives_the_output_is_cut(rng) -> None:
    filled = fixed(pruned(rng, *TAILS["a depthwise layer"]), any_size=False, blocked=True)
    assert operators(filled)["Slice"] == 1
    assert convolutions(filled)[-1] == (13, 1, 3, 3)


@pytest.mark.parametrize("wide", [9, 12, 16, 32])
def test_channels_that_would_gain_nothing_stay(rng, wide: int) -> None:
    model = pruned(rng, node("Conv", "sum", "w5"), (1, 8, 6, 6), wide=wide)
    filled = convolutions(fixed(model, any_size=False, blocked=True))
    assert [shape for shape in filled if shape[2:] == (3, 3)] == [(wide, 1, 3, 3)]
    plain, blocked = answers(model, rng)
    np.testing.assert_allclose(blocked, plain, rtol=1e-4, atol=1e-4)


def test_other_runtimes_get_the_network_as_it_is(rng) -> None:
    model = pruned(rng, *TAILS["a convolution"])
    assert convolutions(fixed(model, any_size=False, blocked=False)) == convolutions(model)
