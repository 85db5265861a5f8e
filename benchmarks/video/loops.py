"""Three ways to watch a film: this project's, OpenCV's classes on every frame, DeepFace's recipe.

Run as a process of its own, pinned to some cores: `loops.py WAY FILM PHOTOS CORES`. PHOTOS is a
folder of one picture a person. Prints JSON: frames a second without loading, and who was named in
how many frames. DeepFace runs in an environment of its own and knows nothing of this project.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

NAMED = 0.363
"""The cosine that OpenCV's own example holds SFace against; ours go by their policy."""


def main() -> None:
    way, film, photos, cores = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = f"threads;{cores}"
    ways: Mapping[str, Callable[[str, Path, int], Iterator[list[str]]]]
    ways = {"visavis": ours, "opencv": opencv, "deepface": deepface}
    frames, named, started = 0, Counter[str](), 0.0
    for names in ways[way](film, photos, cores):
        started = started or time.perf_counter()  # the first frame pays for what is made ready
        frames += 1
        named.update(set(names))
    took = time.perf_counter() - started
    print(json.dumps({"fps": (frames - 1) / took, "frames": frames, "named": dict(named)}))


def people(photos: Path) -> list[Path]:
    return sorted(photos.glob("*.jpg"))


def best(vector: np.ndarray, known: np.ndarray, names: list[str]) -> list[str]:
    scores = known @ (vector / np.linalg.norm(vector))
    return [names[scores.argmax()]] if scores.max() >= NAMED else []


def ours(film: str, photos: Path, cores: int) -> Iterator[list[str]]:
    import tempfile

    from visavis.build import build_eyes, build_recognizer
    from visavis.settings import Settings
    from visavis.video.pace import PaceRules
    from visavis.video.reader import Reader
    from visavis.video.source import SourceOptions
    from visavis.video.sources import open_source
    from visavis.video.watch import Watcher, WatchRules

    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as folder:
        settings = Settings.load(gallery=f"{folder}/gallery", master_key_file=f"{folder}/key")
        with build_recognizer(settings) as recognizer:
            for photo in people(photos):
                recognizer.enrol(photo.stem, photo)
            rules = WatchRules(pace=PaceRules(budget=0.01))
            watcher = Watcher(
                recognizer.pipeline,
                build_eyes(recognizer.pipeline.detector),
                recognizer.decide,
                settings.policy,
                rules,
            )
            with Reader(open_source(film, SourceOptions(threads=cores))) as reader:
                for frame in reader:
                    found = (person.identification for person in watcher.see(frame).people)
                    yield [one.subject for one in found if one.subject]


def opencv(film: str, photos: Path, cores: int) -> Iterator[list[str]]:
    import cv2

    detector, embedder = (os.environ[name] for name in ("BENCH_YUNET", "BENCH_SFACE"))
    cv2.setNumThreads(cores)
    yunet = cv2.FaceDetectorYN.create(detector, "", (320, 320), 0.6, 0.3, 5000)
    sface = cv2.FaceRecognizerSF.create(embedder, "")

    def vectors(image: np.ndarray) -> list[np.ndarray]:
        yunet.setInputSize((image.shape[1], image.shape[0]))
        _, faces = yunet.detect(image)
        found = () if faces is None else faces
        return [sface.feature(sface.alignCrop(image, f)).ravel().copy() for f in found]

    names = [photo.stem for photo in people(photos)]
    known = np.array([vectors(cv2.imread(str(photo)))[0] for photo in people(photos)])
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    capture = cv2.VideoCapture(film, cv2.CAP_FFMPEG)
    while True:
        there, image = capture.read()
        if not there:
            return
        yield [name for vector in vectors(image) for name in best(vector, known, names)]


def deepface(film: str, photos: Path, cores: int) -> Iterator[list[str]]:
    import cv2
    from deepface import DeepFace

    cv2.setNumThreads(cores)

    def vectors(image: object) -> list[np.ndarray]:
        found = DeepFace.represent(
            image, model_name="SFace", detector_backend="yunet", enforce_detection=False
        )
        seen = [one for one in found if one["face_confidence"] > 0.6]
        return [np.array(one["embedding"]) for one in seen]

    names = [photo.stem for photo in people(photos)]
    known = np.array([vectors(str(photo))[0] for photo in people(photos)])
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    capture = cv2.VideoCapture(film, cv2.CAP_FFMPEG)
    while True:
        there, image = capture.read()
        if not there:
            return
        yield [name for vector in vectors(image) for name in best(vector, known, names)]


if __name__ == "__main__":
    main()
