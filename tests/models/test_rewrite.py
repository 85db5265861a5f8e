"""Graphs before and after: what the fixes change, and that they change no answer."""

import cv2
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from toy_onnx import model_of, operators, run
from visavis.models.catalogue import card
from visavis.models.rewrite import fixed
from visavis.models.weights import Weights


def fix(model: bytes, *, any_size: bool = False, blocked: bool = True) -> bytes:
    result = fixed(model, any_size=any_size, blocked=blocked)
    onnx.checker.check_model(onnx.load_model_from_string(result), full_check=True)
    return result


@pytest.mark.parametrize("most", [1, 3])
def test_prelu_becomes_convolutions(rng, most: int) -> None:
    slope = rng.uniform(-1, most, (5, 1, 1)).astype(np.float32)
    node = helper.make_node("PRelu", ["x", "slope"], ["y"])
    shape = (1, 5, 6, 7)
    model = model_of([node], {"slope": slope}, inputs={"x": shape}, outputs={"y": shape})
    after = fix(model)
    x = rng.normal(size=shape).astype(np.float32)
    assert operators(after) == {"Relu": 1, "Conv": 2, "Add": 1}
    np.testing.assert_allclose(run(after, x)[0], np.where(x > 0, x, slope * x), atol=1e-6)
    assert operators(fix(model, blocked=False)) == {"PRelu": 1}


@pytest.mark.parametrize("shape", [(1,), (5, 6, 7)])
def test_prelu_that_is_not_per_channel_stays(rng, shape) -> None:
    slope = rng.normal(size=shape).astype(np.float32)
    node = helper.make_node("PRelu", ["x", "slope"], ["y"])
    ends = {"inputs": {"x": (1, 5, 6, 7)}, "outputs": {"y": (1, 5, 6, 7)}}
    model = model_of([node], {"slope": slope}, **ends)
    after = fix(model)
    x = rng.normal(size=(1, 5, 6, 7)).astype(np.float32)
    assert operators(after) == {"PRelu": 1}
    np.testing.assert_array_equal(run(after, x)[0], run(model, x)[0])


def test_weights_are_not_inputs_and_unused_inputs_go(rng) -> None:
    weight = rng.normal(size=(4, 3, 1, 1)).astype(np.float32)
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    model = model_of(
        [node],
        {"w": weight},
        inputs={"w": weight.shape, "unused": (1,), "x": (1, 3, 5, 5)},
        outputs={"y": (1, 4, 5, 5)},
    )
    after = onnx.load_model_from_string(fix(model))
    assert [value.name for value in after.graph.input] == ["x"]


def quantised(rng, **attributes):
    """A 1x1 convolution whose weight is (6, 8) int8 numbers in blocks, dequantised and reshaped."""
    constants = {
        "q": rng.integers(-128, 128, (6, 8)).astype(np.int8),
        "s": rng.uniform(0.01, 0.1, (6, 2)).astype(np.float32),
        "z": rng.integers(-5, 5, (6, 2)).astype(np.int8),
        "shape": np.array([6, 8, 1, 1]),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"], axis=1, block_size=4),
        helper.make_node("Reshape", ["d", "shape"], ["w"]),
        helper.make_node("Conv", ["x", "w"], ["y"]),
    ]
    return model_of(nodes, constants, inputs={"x": (1, 8, 3, 3)}, outputs={"y": (1, 6, 3, 3)})


def test_block_quantised_weights_are_made_plain(rng) -> None:
    model = quantised(rng)
    after = fix(model)
    x = rng.normal(size=(1, 8, 3, 3)).astype(np.float32)
    assert operators(after) == {"Conv": 1}
    np.testing.assert_allclose(run(after, x)[0], run(model, x)[0], rtol=1e-5, atol=1e-5)


def test_the_batch_becomes_free(rng) -> None:
    nodes = [
        helper.make_node(
            "Constant", [], ["shape"], value=numpy_helper.from_array(np.array([1, -1]))
        ),
        helper.make_node("Reshape", ["x", "shape"], ["y"]),
    ]
    model = model_of(nodes, {}, inputs={"x": (1, 3, 2, 2)}, outputs={"y": (1, 12)})
    x = rng.normal(size=(4, 3, 2, 2)).astype(np.float32)
    np.testing.assert_array_equal(run(fix(model), x)[0], x.reshape(4, 12))


def test_any_size_frees_height_and_width(rng) -> None:
    weight = rng.normal(size=(4, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Transpose", ["c"], ["t"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["t", "shape"], ["y"]),
    ]
    constants = {"w": weight, "shape": np.array([1, -1, 4])}
    model = model_of(nodes, constants, inputs={"x": (1, 3, 8, 8)}, outputs={"y": (1, 64, 4)})
    x = np.zeros((2, 3, 5, 9), np.float32)
    assert run(fix(model, any_size=True), x)[0].shape == (2, 45, 4)
    with pytest.raises(Exception, match="INVALID_ARGUMENT"):
        run(fix(model), x)


def wheel_model(model: str, tmp_path) -> bytes:
    return Weights(None, tmp_path, download=False).locate(card(model)).read_bytes()


def test_the_real_sface_keeps_its_embeddings(rng, tmp_path) -> None:
    """Against the shipped graph with nothing but its superfluous inputs taken away."""
    data = wheel_model("sface-2021dec-int8bq", tmp_path)
    shipped = onnx.load_model_from_string(data)
    keep = shipped.graph.input[0]
    del shipped.graph.input[:]
    shipped.graph.input.append(keep)
    x = rng.uniform(0, 255, (1, 3, 112, 112)).astype(np.float32)
    before, after = (run(m, x)[0][0] for m in (shipped.SerializeToString(), fix(data)))
    assert before @ after / np.linalg.norm(before) / np.linalg.norm(after) > 0.99999
    assert "PRelu" not in operators(fix(data))


def test_a_row_of_a_batch_equals_the_row_alone(rng, tmp_path) -> None:
    after = fix(wheel_model("sface-2021dec-int8bq", tmp_path))
    x = rng.uniform(0, 255, (3, 3, 112, 112)).astype(np.float32)
    alone = np.concatenate([run(after, row[None])[0] for row in x])
    np.testing.assert_allclose(run(after, x)[0], alone, atol=1e-4)


def test_the_real_yunet_takes_any_size(rng, tmp_path) -> None:
    """Against OpenCV, which runs the shipped graph at any size; ONNX Runtime refuses it."""
    data = wheel_model("yunet-2023mar-int8bq", tmp_path)
    shipped = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
    after = fix(data, any_size=True)
    for height, width in ((640, 640), (96, 64)):
        x = rng.uniform(0, 255, (1, 3, height, width)).astype(np.float32)
        names = [output.name for output in onnx.load_model_from_string(data).graph.output]
        shipped.setInput(x)
        for before, now in zip(shipped.forward(names), run(after, x), strict=True):
            np.testing.assert_allclose(now, before, atol=1e-3)
