"""Decode, detect, align and embed: this pipeline against a plain OpenCV loop, on one thread.

Both read the same JPEG files with the same YuNet and SFace weights, take the face nearest the
middle, and alternate image by image in one run, so that both see the same machine. OpenCV cannot
run the int8bq files as they are (their weights are listed as inputs), so its loop gets the files
with the load-time fixes but without the PReLU rewrite. Prints time(OpenCV) / time(Visavis).

--runtime onnxruntime needs 1.0, --runtime openvino needs 1.3.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import CENTRAL, arguments, lfw_people, settings_for, verdict

from visavis.build import build_pipeline, build_weights
from visavis.models.catalogue import card
from visavis.models.graph import optimised
from visavis.pipeline import Pipeline, choose
from visavis.settings import Settings


class OpenCv:
    """The plain loop: FaceDetectorYN, FaceRecognizerSF.alignCrop and .feature."""

    def __init__(self, settings: Settings) -> None:
        weights, folder = build_weights(settings), settings.cache_dir / "graphs"
        detector, embedder = (
            str(optimised(weights.locate(card(name)), card(name), folder, runtime="opencv"))
            for name in (settings.detector, settings.embedder)
        )
        self.detector = cv2.FaceDetectorYN.create(detector, "", (320, 320), 0.6, 0.3, 5000)
        self.embedder = cv2.FaceRecognizerSF.create(embedder, "")

    def vector(self, path: Path) -> np.ndarray | None:
        image = cv2.imread(str(path))
        height, width = image.shape[:2]
        self.detector.setInputSize((width, height))
        _, faces = self.detector.detect(image)
        if faces is None:
            return None
        middles = faces[:, :2] + faces[:, 2:4] / 2 - (width / 2, height / 2)
        face = faces[np.hypot(*middles.T).argmin()]
        return self.embedder.feature(self.embedder.alignCrop(image, face)).ravel().copy()


def ours(pipeline: Pipeline, path: Path) -> np.ndarray | None:
    image = pipeline.decode(path)
    faces = pipeline.detector.detect(image)
    if not faces:
        return None
    return pipeline.embedder.embed(image, [choose(faces, CENTRAL, image)])[0].vector


def main() -> None:
    args = arguments(__doc__, images=300)
    cv2.setNumThreads(1)
    settings = settings_for(args)
    pipeline, loop = build_pipeline(settings), OpenCv(settings)
    people = list(lfw_people(args.lfw).values())
    files = [p[0] for p in people[:: max(1, len(people) // args.images)]][: args.images]
    seconds: dict[str, list[float]] = {"visavis": [], "opencv": []}
    cosines = []
    for round_ in range(2):  # the first warms up
        for path in files:
            start = time.perf_counter()
            mine = ours(pipeline, path)
            middle = time.perf_counter()
            theirs = loop.vector(path)
            end = time.perf_counter()
            if round_ and mine is not None and theirs is not None:
                seconds["visavis"].append(middle - start)
                seconds["opencv"].append(end - middle)
                cosines.append(float(mine @ theirs / np.linalg.norm(theirs)))
    for name, times in seconds.items():
        print(f"{name}: median {np.median(times) * 1e3:.2f} ms, {1 / np.mean(times):.0f} images/s")
    print(f"cosine between the two embeddings: median {np.median(cosines):.5f}")
    ratio = float(np.median(np.array(seconds["opencv"]) / np.array(seconds["visavis"])))
    verdict(f"{args.runtime} over OpenCV {cv2.__version__}", ratio, _bound(args.runtime), unit="x")


def _bound(runtime: str) -> float:
    return 1.3 if runtime == "openvino" else 1.0


main()
