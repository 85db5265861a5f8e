"""A trained network as ONNX files: full precision, and int8 by static quantisation."""

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from visavis.models.session import import_onnxruntime, open_session
from visavis.types import Floats

INPUT, OUTPUT = "input", "logits"
_OPSET: Final = 18
_BATCH = 16


def to_onnx(net: Any, shape: Sequence[int], path: Path) -> None:
    """Writes the network with a free batch dimension; `shape` is (channels, height, width).

    The file is checked against the network on random input: AssertionError where they differ.
    """
    import onnx
    import torch

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, we do not
    net = net.to(memory_format=torch.contiguous_format).eval()
    example = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            net,
            (example,),
            dynamo=True,
            verbose=False,
            opset_version=_OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
        )
    model = program.model_proto
    for node in model.graph.node:
        del node.metadata_props[:]  # paths of this machine
        node.doc_string = ""
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    _write(path, model.SerializeToString(deterministic=True))
    onnx.checker.check_model(model, full_check=True)
    with torch.inference_mode():
        expected = net(example).numpy()
    apart = float(np.abs(_run(path, example.numpy()) - expected).max())
    assert apart < 1e-3, f"the exported network differs by {apart}"


def to_int8(source: Path, target: Path, samples: Floats, keep: Sequence[str] = ()) -> None:
    """Writes a quantised copy: weights by channel and activations in 8 bits.

    `samples` (N, C, H, W) are typical inputs, from which ranges are taken; nodes whose name holds
    one of `keep` stay in full precision.
    """
    import_onnxruntime()
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        logging.getLogger().setLevel(logging.ERROR)
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        names = [n for n in _nodes(ready) if any(part in n for part in keep)]
        made = Path(folder) / "made.onnx"
        quantize_static(
            str(ready),
            str(made),
            _Samples(samples),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=names,
        )
        _write(target, made.read_bytes())


class _Samples:
    """What the quantiser's calibration reads, in small batches."""

    def __init__(self, samples: Floats) -> None:
        self._left: Iterator[dict[str, Floats]] = iter(
            [{INPUT: samples[i : i + _BATCH]} for i in range(0, len(samples), _BATCH)]
        )

    def get_next(self) -> dict[str, Floats] | None:
        return next(self._left, None)


def _nodes(path: Path) -> list[str]:
    import onnx

    return [node.name for node in onnx.load(path).graph.node]


def _run(path: Path, batch: Floats) -> Floats:
    [found] = open_session(path).run(batch)
    return np.asarray(found, np.float32)


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(data)
    os.replace(part, path)
