"""Frames a second of a film in which people stay in view, against loops that embed every frame.

Films are scripted scenes of real faces (`scene.py`), 640 x 360 and 1920 x 1080, one and six faces
in view. `opencv`: FaceDetectorYN and FaceRecognizerSF on every frame, on the frame as it is.
`deepface`: its recipe for a frame, same weights, where VISAVIS_DEEPFACE_PYTHON names an interpreter
that has it (a part of the film). Each runs in a process of its own, pinned to one core or two, in
turns; loading does not count. OpenCV's loop and ours must name everybody in most frames and nobody
else; of DeepFace it is said whom it missed. The figure is the lowest ratio of our rate to OpenCV's
over films and cores; it must be 5.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import verdict
from video.scene import HEIGHT, RATE, WIDTH, Actor, Scene, cast

from visavis.build import build_detector, build_weights
from visavis.image import save
from visavis.models.catalogue import card
from visavis.models.graph import optimised
from visavis.settings import Settings
from visavis.video.film import Film

LOOPS = Path(__file__).with_name("loops.py")
SIZES = ((640, 360), (1920, 1080))
DEEPFACE_FRAMES = 40
"""Its films end here: it takes a good part of a second for each frame."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A film, who is in it, and a folder with a photo of each."""

    title: str
    film: Path
    short: Path
    photos: Path
    people: frozenset[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    data = os.environ.get("VISAVIS_TEST_DATA")
    parser.add_argument("--data", type=Path, default=data and Path(data))
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deepface", default=os.environ.get("VISAVIS_DEEPFACE_PYTHON"))
    args = parser.parse_args()
    if not args.data or not (args.data / "lfw" / "images").is_dir():
        sys.exit(
            "expected data: give --data DIR or set VISAVIS_TEST_DATA (a folder with lfw/images)"
        )
    lowest, same = float("inf"), True
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as folder:
        place = Path(folder)
        environment = weights(place)
        for clip in clips(args.data, place, args.seconds, args.seed):
            for cores in (1, 2)[: os.cpu_count() or 1]:
                ratio, agree = compared(clip, cores, args.rounds, args.deepface, environment)
                lowest, same = min(lowest, ratio), same and agree
    print(f"the same people named by both: {'yes' if same else 'NO'}")
    verdict("rate over OpenCV's loop, lowest", lowest if same else 0.0, 5, unit="x")


def compared(
    clip: Clip, cores: int, rounds: int, deepface: str | None, environment: dict[str, str]
) -> tuple[float, bool]:
    """The median ratio of our rate to OpenCV's, and whether all name the same people."""
    rates: dict[str, list[float]] = {"visavis": [], "opencv": []}
    same = True
    for _ in range(rounds):
        for way, fps in rates.items():
            found = run(sys.executable, way, clip.film, clip, cores, environment)
            fps.append(found["fps"])
            same &= agreed(way, found, clip)
    middle = {way: float(np.median(fps)) for way, fps in rates.items()}
    ratios = [a / b for a, b in zip(rates["visavis"], rates["opencv"], strict=True)]
    line = f"{clip.title}, {cores} core{'s' * (cores > 1)}: " + ", ".join(
        f"{way} {fps:.1f} fps" for way, fps in middle.items()
    )
    if deepface:
        found = run(deepface, "deepface", clip.short, clip, cores, environment)
        agreed("deepface", found, clip)
        line += f", deepface {found['fps']:.2f} fps"
    print(f"{line}; {np.median(ratios):.1f}x", flush=True)
    return float(np.median(ratios)), same


def agreed(way: str, found: dict, clip: Clip) -> bool:
    """Whether most frames name everybody, and nobody else is named in more than a tenth."""
    named = {name for name, count in found["named"].items() if count > 0.5 * found["frames"]}
    others = {
        name
        for name, count in found["named"].items()
        if name not in clip.people and count > 0.1 * found["frames"]
    }
    if named != clip.people or others:
        print(f"  {way}: missed {sorted(clip.people - named)}, others {sorted(others)}")
    return named == clip.people and not others


def run(
    python: str, way: str, film: Path, clip: Clip, cores: int, environment: dict[str, str]
) -> dict:
    """A loop as a process on the first cores."""
    command = [python, str(LOOPS), way, str(film), str(clip.photos), str(cores)]
    threads = {name: str(cores) for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")}
    done = subprocess.run(
        ["taskset", "-c", ",".join(map(str, range(cores))), *command],
        capture_output=True,
        text=True,
        env={**os.environ, **environment, **threads, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if done.returncode:
        sys.exit(f"{way} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def weights(place: Path) -> dict[str, str]:
    """The same weights for all, as OpenCV can read them, also where DeepFace looks."""
    settings = Settings.load()
    found, graphs = build_weights(settings), place / "graphs"
    yunet, sface = (
        optimised(found.locate(card(name)), card(name), graphs, runtime="opencv")
        for name in (settings.detector, settings.embedder)
    )
    home = place / ".deepface" / "weights"
    home.mkdir(parents=True)
    shutil.copy(yunet, home / "face_detection_yunet_2023mar.onnx")
    shutil.copy(sface, home / "face_recognition_sface_2021dec.onnx")
    return {"BENCH_YUNET": str(yunet), "BENCH_SFACE": str(sface), "DEEPFACE_HOME": str(place)}


def clips(data: Path, place: Path, seconds: float, seed: int) -> list[Clip]:
    """One person, and six, who sway where they are; each in two sizes."""
    people = cast(data / "lfw", place / "none", build_detector(Settings.load()), seed)
    made = []
    for count in (1, 6):
        actors, photos = [], place / f"photos-{count}"
        photos.mkdir()
        for index in range(count):
            name, shown = next(people)
            save(shown[0].image, photos / f"{name}.jpg", 95)
            actors.append(Actor(name, shown[1:], swaying(index, count, seconds)))
        scene = Scene(actors, seed)
        for size in SIZES:
            title = f"{count} face{'s' * (count > 1)} at {size[0]} x {size[1]}"
            films = (place / f"{count}-{size[0]}.mp4", place / f"{count}-{size[0]}-short.mp4")
            shoot(scene, films, size)
            names = frozenset(actor.name for actor in actors)
            made.append(Clip(title, *films, photos, names))
    return made


def swaying(index: int, count: int, seconds: float) -> np.ndarray:
    """A place in a row or two, clear of the pillars, and small steps about it."""
    columns = [(180, 500, 820)[index % 3]] if count > 1 else [500]
    y = (150 if index < 3 else 390) if count > 1 else 240
    times = np.arange(0, seconds + 1.5, 1.5)
    x = columns[0] + 25 * np.sin(times + index)
    size = np.full_like(times, 90.0)
    return np.column_stack([times, x, np.full_like(times, y), size]).astype(np.float32)


def shoot(scene: Scene, films: tuple[Path, Path], size: tuple[int, int]) -> None:
    with Film(films[0], RATE) as whole, Film(films[1], RATE) as short:
        for number in range(len(scene)):
            image, _ = scene.frame(number)
            how = cv2.INTER_AREA if size[0] < WIDTH else cv2.INTER_CUBIC
            frame = np.asarray(cv2.resize(image, size, interpolation=how), np.uint8)
            assert frame.shape[0] / HEIGHT == frame.shape[1] / WIDTH
            whole.add(frame, number / RATE)
            if number < DEEPFACE_FRAMES:
                short.add(frame, number / RATE)


if __name__ == "__main__":
    main()
