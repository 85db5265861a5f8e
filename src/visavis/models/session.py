"""Loaded networks: one class a runtime, all of them `protocols.ModelSession`."""

import os
import sys
import threading
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from visavis.errors import ConfigError, MissingExtra, ModelError
from visavis.models.catalogue import Runtime
from visavis.protocols import ModelSession
from visavis.types import Floats

Device: TypeAlias = Literal["cpu", "cuda"]
Precision: TypeAlias = Literal["auto", "f32", "bf16"]

_MAX_STREAMS = 4  # each takes OpenVINO as long to prepare as the first


def open_session(
    source: Path | bytes,
    *,
    runtime: Runtime = "onnxruntime",
    device: Device = "cpu",
    threads: int = 1,
    precision: Precision = "auto",
) -> ModelSession:
    """The ONNX model in a file, or in bytes, loaded into a runtime.

    `threads`: how many one run may use. Raises ConfigError when the device or the precision is
    not to be had, MissingExtra, and ModelError when the runtime refuses the model.
    """
    if device == "cuda" and runtime != "onnxruntime":
        raise ConfigError(f"device 'cuda' needs the runtime 'onnxruntime', got {runtime!r}")
    if precision == "bf16" and runtime != "openvino":
        raise ConfigError(f"precision 'bf16' needs the runtime 'openvino', got {runtime!r}")
    match runtime:
        case "onnxruntime":
            return OrtSession(source, device=device, threads=threads)
        case "openvino":
            return OpenVinoSession(source, threads=threads, precision=precision)
        case "opencv":
            return OpenCvSession(source)
        case _:
            raise ConfigError(f"runtime must be onnxruntime, openvino or opencv, got {runtime!r}")


class OrtSession:
    """ONNX Runtime. Runs of several threads go side by side, each on its caller's thread."""

    def __init__(self, source: Path | bytes, *, device: Device = "cpu", threads: int = 1) -> None:
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # errors
        options.enable_mem_pattern = False  # else memory is kept for every input shape seen
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = ["CPUExecutionProvider"]
        if device == "cuda":
            available = onnxruntime.get_available_providers()
            providers.insert(0, "CUDAExecutionProvider")
            if providers[0] not in available:
                raise ConfigError(
                    f"device 'cuda' needs ONNX Runtime's {providers[0]} (package onnxruntime-gpu); "
                    f"available: {', '.join(available)}"
                )
        model = source if isinstance(source, bytes) else str(source)
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=providers)
        except Exception as error:  # its exceptions share no base class
            raise ModelError(f"ONNX Runtime cannot load {_name(source)}: {error}") from error
        self._input = self._session.get_inputs()[0].name

    def run(self, batch: Floats) -> tuple[Floats, ...]:
        """All outputs, in the file's order. Raises ModelError for a batch of a wrong shape."""
        try:
            return tuple(self._session.run(None, {self._input: batch}))
        except Exception as error:
            raise ModelError(f"ONNX Runtime cannot run {batch.shape}: {error}") from error


class OpenVinoSession:
    """OpenVINO on the CPU (extra `openvino`). A request of its own for every calling thread.

    `precision`: "bf16" is faster on CPUs that have it; embeddings then agree with those in "f32"
    to a cosine of about 0.9999 (`benchmarks/foundation/runtimes.py`). "auto" takes it
    where the CPU computes in it.
    """

    def __init__(
        self,
        source: Path | bytes,
        *,
        threads: int = 1,
        precision: Precision = "auto",
    ) -> None:
        openvino = _import_openvino()
        core = openvino.Core()
        streams = min(max((os.cpu_count() or 1) // threads, 1), _MAX_STREAMS)
        options = {
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": streams * threads,
            "INFERENCE_PRECISION_HINT": _precision(core, precision),
            "ENABLE_CPU_PINNING": False,  # else all processes crowd onto the first cores
            "CPU_RUNTIME_CACHE_CAPACITY": 32,  # else memory is kept for every input shape seen
        }
        try:
            model = core.read_model(source)
            self._compiled = core.compile_model(model, "CPU", options)
        except RuntimeError as error:
            raise ModelError(f"OpenVINO cannot load {_name(source)}: {error}") from error
        self._local = threading.local()

    def run(self, batch: Floats) -> tuple[Floats, ...]:
        """All outputs, in the file's order. Raises ModelError for a batch of a wrong shape."""
        request = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = self._compiled.create_infer_request()
        try:
            results = request.infer([batch])
        except RuntimeError as error:
            raise ModelError(f"OpenVINO cannot run {batch.shape}: {error}") from error
        return tuple(np.array(output) for output in results.values())  # they live in the request


def _precision(core: Any, wanted: Precision) -> Precision:
    """What "auto" stands for on this CPU."""
    if wanted != "auto":
        return wanted
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


class OpenCvSession:
    """OpenCV's dnn module, version 5. One run at a time; OpenCV has one thread setting a process.

    Raises ConfigError on OpenCV 4, which gives outputs in another order than the file's.
    """

    def __init__(self, source: Path | bytes) -> None:
        import cv2

        if int(cv2.__version__.split(".")[0]) < 5:
            raise ConfigError(f"runtime 'opencv' needs OpenCV 5, got {cv2.__version__}")
        try:
            data = source if isinstance(source, bytes) else source.read_bytes()
            self._net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
        except (OSError, cv2.error) as error:
            raise ModelError(f"OpenCV cannot load {_name(source)}: {error}") from error
        self._error = cv2.error
        self._outputs = self._net.getUnconnectedOutLayersNames()
        self._lock = threading.Lock()

    def run(self, batch: Floats) -> tuple[Floats, ...]:
        """All outputs, in the file's order. Raises ModelError; OpenCV checks little."""
        try:
            with self._lock:
                self._net.setInput(batch)
                return tuple(np.array(output) for output in self._net.forward(self._outputs))
        except self._error as error:
            raise ModelError(f"OpenCV cannot run {batch.shape}: {error}") from error


def _name(source: Path | bytes) -> str:
    return f"a model of {len(source)} bytes" if isinstance(source, bytes) else str(source)


def import_onnxruntime() -> Any:
    """The package, kept from reporting to its maker.

    From 1.29 on it reports what process it runs in as soon as it is loaded, before its API could be
    told not to, unless this variable is set; older ones ask the API alone.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _import_openvino() -> Any:
    """The package, kept from reporting its import.

    `import openvino` sends usage statistics by way of `openvino_telemetry`, without asking; it
    does nothing of the kind where that package cannot be imported.
    """
    reporter = sys.modules.get("openvino_telemetry")
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    try:
        import openvino
    except ImportError as error:
        raise MissingExtra("openvino", "the runtime 'openvino'") from error
    finally:
        del sys.modules["openvino_telemetry"]
        if reporter is not None:
            sys.modules["openvino_telemetry"] = reporter
    return openvino
