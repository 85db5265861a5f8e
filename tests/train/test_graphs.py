import hashlib
import io
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import onnx
import pytest

from visavis.errors import CorruptWeights
from visavis.models.session import open_session
from visavis.train.graphs import Graph, check_digest, packed


def scaled(by: float) -> bytes:
    graph = Graph()
    out = graph.node("Mul", "scaled", "input", graph.weight("by", [by]))
    return graph.model("toy", ("batch", 3, "height", "width"), [out], rank=4)


def test_a_graph_runs_what_was_added() -> None:
    batch = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
    [out] = open_session(scaled(0.5)).run(batch)
    np.testing.assert_array_equal(out, batch / 2)


def test_a_graph_that_does_not_hang_together_is_refused() -> None:
    graph = Graph()
    graph.node("Relu", "relu", "somewhere")
    with pytest.raises(onnx.checker.ValidationError, match="somewhere"):
        graph.model("toy", ("batch", 3, 8, 8), ["relu"], rank=4)


def test_the_same_networks_give_the_same_bytes_and_no_clock() -> None:
    first = packed({"b": scaled(2), "a": scaled(3)})
    assert packed({"b": scaled(2), "a": scaled(3)}) == first
    with ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == ["b.onnx", "a.onnx"]
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {i.compress_type for i in archive.infolist()} == {ZIP_STORED}
        assert archive.read("a.onnx") == scaled(3)


def test_another_digest_is_refused() -> None:
    check_digest(b"weights", hashlib.sha256(b"weights").hexdigest(), "w.pth")
    with pytest.raises(CorruptWeights, match=r"w\.pth has SHA-256 .*, expected 00"):
        check_digest(b"weights", "0" * 64, "w.pth")
