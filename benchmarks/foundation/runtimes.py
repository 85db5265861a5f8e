"""One core, one run, interleaved: what each runtime takes for SFace and for YuNet.

Milliseconds are medians; cosines are to ONNX Runtime on the graph that keeps PReLU. The figure is
how many times faster ONNX Runtime is with PReLU written as depthwise convolutions than without.
"""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import verdict

from visavis.build import build_weights
from visavis.demo import COLLINS, portraits
from visavis.detect.yunet import YuNet
from visavis.image import align, tensor
from visavis.models.catalogue import Runtime, card
from visavis.models.graph import optimised
from visavis.models.session import open_session
from visavis.settings import Settings


def graph(model: str, runtime: Runtime) -> Path | bytes:
    settings = Settings.load()
    entry = card(model)
    path = build_weights(settings).locate(entry)
    return optimised(path, entry, settings.cache_dir / "graphs", runtime=runtime)


def medians(ways: Mapping[str, Callable[[], object]], runs: int = 60) -> dict[str, float]:
    """Milliseconds of each way, the ways taking turns."""
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(runs + 5):
        for way, run in ways.items():
            start = time.perf_counter()
            run()
            times[way].append(1e3 * (time.perf_counter() - start))
    return {way: float(np.median(taken[5:])) for way, taken in times.items()}


def main() -> None:
    cv2.setNumThreads(1)
    photo, settings = portraits()[COLLINS], Settings.load()
    yunet = YuNet(open_session(graph(settings.detector, "onnxruntime")))
    face = yunet.detect(photo)[0]
    crop = tensor([align(photo, face.landmarks)])
    kept, rewritten = graph(settings.embedder, "opencv"), graph(settings.embedder, "onnxruntime")
    sessions = {
        "ONNX Runtime, PReLU kept": open_session(kept),
        "ONNX Runtime, PReLU rewritten": open_session(rewritten),
        "OpenCV": open_session(kept, runtime="opencv"),
        "OpenVINO f32": open_session(kept, runtime="openvino", precision="f32"),
        "OpenVINO bf16": open_session(kept, runtime="openvino", precision="bf16"),
    }
    took = medians({way: lambda s=s: s.run(crop) for way, s in sessions.items()})  # type: ignore[misc]
    exact = sessions["ONNX Runtime, PReLU kept"].run(crop)[0].ravel()
    for way, session in sessions.items():
        vector = session.run(crop)[0].ravel()
        cosine = exact @ vector / np.linalg.norm(exact) / np.linalg.norm(vector)
        print(f"SFace, {way}: {took[way]:.2f} ms, cosine {cosine:.6f}")
    for side in (250, 640):
        picture = cv2.resize(photo, (side, side))
        theirs = cv2.FaceDetectorYN.create(
            str(graph(settings.detector, "opencv")), "", (side, side)
        )
        ways = {
            "here": lambda p=picture: yunet.detect(p),
            "FaceDetectorYN": lambda d=theirs, p=picture: d.detect(p),
        }
        for way, milliseconds in medians(ways).items():
            print(f"YuNet at {side} x {side}, {way}: {milliseconds:.2f} ms")
    ratio = took["ONNX Runtime, PReLU kept"] / took["ONNX Runtime, PReLU rewritten"]
    verdict("SFace, PReLU rewritten over kept", ratio, 1.5, unit="x")


main()
