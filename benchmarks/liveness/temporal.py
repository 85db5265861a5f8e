"""Liveness over time: who passes `liveness.temporal.judge`, by kind of presentation.

Real: people in the clips and in NUAA (frames of one session as a track, frame numbers taken for 20
a second), and NUAA's prints, held and bent by hand. Simulated (`sheets.py`): photographs of LFW as
flat and bent sheets and held still, clips on a turned flat screen, and clips played in a loop,
recaptured; frozen streams are exact. What the constants were chosen on is printed apart: NUAA's
subjects of odd numbers, the head-pose clips, and other photographs of LFW. What is measured, the
percentiles and the limits below which nothing is told were chosen with all of it in view.

Pieces of two seconds of the clips are counted too: people who hold still that long must not be
refused.

The figure is the larger of BPCER and the APCER of NUAA's prints, both on what was left out: few
tracks, so the bound is no more than twice of three in twenty; it says that the check tells prints
from people, not how often. Sheets bent strongly and screens are printed, and nothing is claimed.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import verdict
from liveness.sheets import filmed, of_people, recaptured, tracks

from visavis.build import build_detector
from visavis.datasets.pad import read_pad
from visavis.evaluate.rates import Rate
from visavis.image import decode
from visavis.liveness.temporal import judge
from visavis.liveness.track import Observation, Track
from visavis.protocols import Detector
from visavis.settings import Settings

NAMED = 20.0  # frames a second of NUAA's webcams
SHEETS = {"held still": (1, 0), "flat": (20, 0), "bent": (20, 0.25), "bent strongly": (20, 0.6)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    data = os.environ.get("VISAVIS_TEST_DATA")
    parser.add_argument("--data", type=Path, default=data and Path(data))
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--needs", type=float, default=30.0)
    args = parser.parse_args()
    if not args.data or not (args.data / "video").is_dir():
        sys.exit("expected data: give --data DIR or set VISAVIS_TEST_DATA to a folder with video")
    cv2.setNumThreads(1)
    detector = build_detector(Settings.load(threads=1))
    rng = np.random.default_rng(7)
    scores: dict[str, list[float | None]] = {}
    for kind, track in presentations(detector, args.data, args.people, rng):
        scores.setdefault(kind, []).append(judge(track).score)
    for kind, found in sorted(scores.items()):
        print(f"{kind}: {said(kind, found)}")
    live = [s for kind, found in scores.items() if kind.startswith("people, left") for s in found]
    prints = [s for kind, found in scores.items() if kind.startswith("print, left") for s in found]
    worst = 100 * max(share(live, passes=False), share(prints, passes=True))
    verdict("BPCER or APCER of real prints, left out", worst, args.needs, at_most=True, unit=" %")


def presentations(
    detector: Detector, data: Path, people: int, rng: np.random.Generator
) -> Iterator[tuple[str, Track]]:
    """Every track, with its kind."""
    yield from nuaa(detector, data / "pad" / "nuaa_train")
    for path in sorted((data / "video").glob("*.mp4")):
        part = "chosen on" if path.name.startswith("head-pose") else "left out"
        for track in tracks(detector, path):
            yield f"people, {part}, clips", track
            yield from ((f"people in 2 seconds, {part}", piece) for piece in pieces(track))
            yield from made_of(detector, track, rng)
    for picture, face in of_people(detector, data / "lfw", people):
        for name, (turn, bend) in SHEETS.items():
            track = filmed(detector, [picture] * 12, face, rng, turn=turn, bend=bend)
            if track is not None:
                yield f"simulated sheet, {name}", track


def nuaa(detector: Detector, root: Path) -> Iterator[tuple[str, Track]]:
    """A track a recording: file names end in the frame's number."""
    rows: dict[tuple[str, str], list[tuple[int, Path]]] = {}
    for shown in read_pad(root).presentations:
        name, number = shown.picture.path.stem.rsplit("_", 1)
        rows.setdefault((shown.species, name), []).append((int(number), shown.picture.path))
    for (species, name), row in rows.items():
        seen = []
        for number, path in sorted(row):
            image = decode(path)
            found = detector.detect(image)
            if found:
                face = max(found, key=lambda f: f.area)
                seen.append(Observation(number / NAMED, face, image))
        what = "people" if species == "bona_fide" else species
        part = "chosen on" if int(name[:4]) % 2 else "left out"
        session = f", session {int(name[-2:])}" if what != "people" else ""
        yield f"{what}, {part}, NUAA{session}", Track(tuple(seen))


def pieces(track: Track, seconds: float = 2.0) -> Iterator[Track]:
    """The track cut into pieces, one after another, none of them shorter."""
    seen, start = track.observations, 0
    for place, now in enumerate(seen):
        if now.at - seen[start].at >= seconds:
            yield Track(seen[start : place + 1])
            start = place


def made_of(
    detector: Detector, track: Track, rng: np.random.Generator
) -> Iterator[tuple[str, Track]]:
    """Attacks made of a real track: on a screen, in a loop, frozen."""
    seen = track.observations
    images = [o.image for o in seen if o.image is not None]
    every = np.linspace(0, len(images) - 1, 12).astype(int)
    shown = filmed(detector, [images[i] for i in every], seen[0].face, rng, turn=10)
    if shown is not None:
        yield "simulated screen, a clip", shown
    order = [i % 12 for i in range(30)]
    yield (
        "simulated loop, recaptured",
        Track(
            tuple(
                replace(seen[i], at=k / 12, image=recaptured(images[i], rng))
                for k, i in enumerate(order)
            )
        ),
    )
    yield "frozen stream", Track(tuple(replace(seen[0], at=k / 12) for k in range(24)))


def said(kind: str, scores: list[float | None]) -> str:
    """The error rate with its interval, and the non-responses."""
    answered = [s for s in scores if s is not None]
    live = kind.startswith("people")
    wrong = sum((s >= 0.5) != live for s in answered)
    rate = Rate.of(wrong, len(answered))
    name = "BPCER" if live else "APCER"
    return (
        f"{name} {100 * rate.value:.0f} % of {len(answered)} "
        f"({100 * rate.low:.0f} to {100 * rate.high:.0f} %), "
        f"no response {len(scores) - len(answered)} of {len(scores)}"
    )


def share(scores: list[float | None], *, passes: bool) -> float:
    answered = [s for s in scores if s is not None]
    return float(np.mean([(s >= 0.5) == passes for s in answered]))


main()
