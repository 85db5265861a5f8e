import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from visavis.errors import ConfigError, MissingExtra, ModelError
from visavis.models.catalogue import card
from visavis.models.graph import optimised
from visavis.models.session import OpenVinoSession, open_session
from visavis.models.weights import Weights

YUNET = "yunet-2023mar-int8bq"
REPORTING = ("ORT_DISABLE_TELEMETRY", "CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD")
"""Variables under which ONNX Runtime reports nothing."""

RUNTIMES = ["onnxruntime", "openvino", "opencv"]


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """The fixed graph of a model for a runtime."""
    folder = tmp_path_factory.mktemp("graphs")

    def get(model: str, runtime: str):
        path = Weights(None, folder, download=False).locate(card(model))
        return optimised(path, card(model), folder, runtime=runtime)

    return get


def opened(source, runtime: str, **options):
    options = {"precision": "f32", **options}
    if runtime == "openvino":
        try:
            return open_session(source, runtime=runtime, **options)
        except MissingExtra:
            pytest.skip("the openvino extra is not installed")
    return open_session(source, runtime=runtime, **options)


@pytest.fixture
def faces(rng):
    return rng.uniform(0, 255, (3, 3, 112, 112)).astype(np.float32)


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_runtimes_agree_on_sface(graph, faces, runtime: str) -> None:
    expected = open_session(graph("sface-2021dec-int8bq", "onnxruntime")).run(faces)
    got = opened(graph("sface-2021dec-int8bq", runtime), runtime).run(faces)
    assert [o.shape for o in got] == [(3, 128)]
    assert got[0].dtype == np.float32
    assert (cosines(got[0], expected[0]) > 0.9999).all()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_runtimes_agree_on_yunet_at_several_sizes(graph, rng, runtime: str) -> None:
    reference = open_session(graph("yunet-2023mar-int8bq", "onnxruntime"))
    session = opened(graph("yunet-2023mar-int8bq", runtime), runtime)
    for height, width in ((64, 96), (32, 32), (160, 64), (64, 96)):
        x = rng.uniform(0, 255, (1, 3, height, width)).astype(np.float32)
        pairs = list(zip(session.run(x), reference.run(x), strict=True))
        assert len(pairs) == 12
        for got, expected in pairs:
            np.testing.assert_allclose(got, expected, atol=1e-3)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_runs_of_several_threads_do_not_mix(graph, faces, runtime: str) -> None:
    session = opened(graph("sface-2021dec-int8bq", runtime), runtime)
    expected = [session.run(face[None])[0] for face in faces]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda i: session.run(faces[i % 3][None])[0], range(24)))
    for i, vector in enumerate(got):
        np.testing.assert_allclose(vector, expected[i % 3], atol=1e-4)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_result_is_not_overwritten_by_the_next_run(graph, faces, runtime: str) -> None:
    session = opened(graph("sface-2021dec-int8bq", runtime), runtime)
    first = session.run(faces[:1])[0]
    copy = first.copy()
    session.run(faces[1:2])
    np.testing.assert_array_equal(first, copy)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_model_may_come_as_bytes(graph, runtime: str) -> None:
    source = graph("yunet-2023mar-int8bq", runtime)
    x = np.zeros((1, 3, 64, 64), np.float32)
    from_file, from_bytes = (opened(s, runtime).run(x) for s in (source, source.read_bytes()))
    np.testing.assert_array_equal(from_file[0], from_bytes[0])


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_what_is_no_model_is_refused(tmp_path, runtime: str) -> None:
    with pytest.raises(ModelError, match="cannot load a model of 4 bytes"):
        opened(b"junk", runtime)
    with pytest.raises(ModelError, match=r"cannot load .*gone\.onnx"):
        opened(tmp_path / "gone.onnx", runtime)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_batch_of_a_wrong_shape_is_refused(graph, runtime: str) -> None:
    session = opened(graph("sface-2021dec-int8bq", runtime), runtime)
    with pytest.raises(ModelError, match=r"cannot run \(1, 3, 64, 64\)"):
        session.run(np.zeros((1, 3, 64, 64), np.float32))


def test_bf16_stays_close(graph, faces) -> None:
    source = graph("sface-2021dec-int8bq", "openvino")
    exact = opened(source, "openvino").run(faces)[0]
    rough = OpenVinoSession(source, precision="bf16").run(faces)[0]
    assert (cosines(exact, rough) > 0.99).all()


def test_openvino_takes_bf16_by_itself_where_the_cpu_has_it(graph, faces) -> None:
    openvino = pytest.importorskip("openvino", reason="the openvino extra is not installed")
    native = "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    source = graph("sface-2021dec-int8bq", "openvino")
    found = opened(source, "openvino", precision="auto").run(faces)[0]
    same = opened(source, "openvino", precision="bf16" if native else "f32").run(faces)[0]
    assert np.array_equal(found, same)


def test_bf16_needs_a_runtime_that_has_it(graph) -> None:
    with pytest.raises(ConfigError, match="needs the runtime 'openvino'"):
        open_session(graph("sface-2021dec-int8bq", "onnxruntime"), precision="bf16")


def test_openvino_is_kept_from_reporting(graph) -> None:
    opened(graph("yunet-2023mar-int8bq", "openvino"), "openvino")
    assert "openvino_telemetry" not in sys.modules


def test_onnx_runtime_is_kept_from_reporting(graph, tmp_path) -> None:
    """It notes an id of the machine and what it has to send, before it asks whether it may."""
    model = str(graph(YUNET, "onnxruntime"))
    code = f"from visavis.models.session import *; open_session(Path({model!r}))"
    places = {name: str(tmp_path) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
    environment = {k: v for k, v in os.environ.items() if k not in REPORTING} | places
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []


def test_openvino_that_is_missing_names_its_extra(graph, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtra, match=r"visavis\[openvino\]"):
        open_session(b"", runtime="openvino")


def test_an_absent_gpu_is_a_clear_error(graph, monkeypatch) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ConfigError, match=r"CUDAExecutionProvider.*available: CPUExecution"):
        open_session(graph("yunet-2023mar-int8bq", "onnxruntime"), device="cuda")


@pytest.mark.parametrize("runtime", ["openvino", "opencv"])
def test_only_onnx_runtime_has_cuda(runtime: str) -> None:
    with pytest.raises(ConfigError, match=f"'cuda' needs .*got '{runtime}'"):
        open_session(b"", runtime=runtime, device="cuda")


def test_an_unknown_runtime_is_named() -> None:
    with pytest.raises(ConfigError, match="got 'tflite'"):
        open_session(b"", runtime="tflite")


def test_opencv_4_is_refused(monkeypatch) -> None:
    monkeypatch.setattr("cv2.__version__", "4.12.0")
    with pytest.raises(ConfigError, match=r"needs OpenCV 5, got 4\.12\.0"):
        open_session(b"", runtime="opencv")
