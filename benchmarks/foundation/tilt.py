"""How tilted photos fare: genuine pairs of LFW with the probe turned, at FMR 1e-4.

The figure is the share of genuine pairs refused when the probe is turned by 30 degrees; the column
"one look" is the same pipeline without the second look at each face. What each way of detecting
takes is printed first.
"""

import sys
import time
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import CENTRAL, arguments, lfw_people, settings_for, verdict

from visavis.build import build_detector, build_pipeline
from visavis.detect.second_look import SecondLook
from visavis.pipeline import choose
from visavis.protocols import Detector
from visavis.types import Embedding, Image


def turned(image: Image, degrees: float) -> Image:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height)), np.uint8)


def seconds(detector: Detector, image: Image) -> float:
    start = time.perf_counter()
    detector.detect(image)
    return time.perf_counter() - start


def main() -> None:
    args = arguments(__doc__, pairs=300)
    settings = settings_for(args)
    pipeline = build_pipeline(settings)
    threshold = CENTRAL.verification(pipeline.embedder.calibration).score
    default = build_detector(settings)
    assert isinstance(default, SecondLook)
    ways: dict[str, Detector] = {"one look": default.first, "default": default}
    people = [files for files in lfw_people(args.lfw).values() if len(files) > 1]
    step = max(1, len(people) // args.pairs)
    pairs = [
        tuple(pipeline.decode(path) for path in files[:2])
        for files in islice(people, 0, step * args.pairs, step)
    ]

    for way, detector in ways.items():
        times = [seconds(detector, image) for pair in pairs for image in pair]
        print(f"{way}: median {1e3 * float(np.median(times)):.2f} ms to detect")

    def embedding(detector: Detector, image: Image) -> Embedding | None:
        faces = detector.detect(image)
        return pipeline.embedder.embed(image, [choose(faces, CENTRAL, image)])[0] if faces else None

    for degrees in (0, 10, 20, 30, 45):
        refused = dict.fromkeys(ways, 0)
        for way, detector in ways.items():
            for reference, probe in pairs:
                a, b = embedding(detector, reference), embedding(detector, turned(probe, degrees))
                refused[way] += a is None or b is None or a.similarity(b) < threshold
        rates = {way: f"{count / len(pairs):.1%}" for way, count in refused.items()}
        print(f"turned {degrees}: refused {rates}", flush=True)
        if degrees == 30:
            figure = 100 * refused["default"] / len(pairs)
    verdict("refused when turned by 30 degrees", figure, 15, at_most=True, unit=" %")


main()
