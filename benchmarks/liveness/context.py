"""What two published liveness networks lose where a picture is cropped around the face.

Each picture of NUAA (a folder of bona fide presentations and prints) is cropped to so many times
the face's box about its centre. For both networks it prints the equal error rate, and BPCER and
APCER at logit 0, of all faces, whether or not the check would answer, and the share of which it
says that it cannot tell. The figure is the worst equal error rate among the answers of one crop.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from shared import OTHER, PAIR, settings, verdict

from visavis.build import build_detector, build_lookers
from visavis.datasets.pad import read_pad
from visavis.datasets.records import Presentation
from visavis.evaluate.metrics import Scores
from visavis.image import decode
from visavis.liveness.antispoof import AntiSpoof
from visavis.liveness.minifasnet import MiniFasNetPair
from visavis.settings import Settings
from visavis.types import Face, Image

FACTORS = (None, 2.7, 2.0, 1.75, 1.5, 1.3, 1.15, 1.0)


def lookers(settings: Settings) -> tuple[MiniFasNetPair, AntiSpoof]:
    pair, single = build_lookers(settings)
    assert isinstance(pair, MiniFasNetPair)
    assert isinstance(single, AntiSpoof)
    return pair, single


def cropped(image: Image, face: Face, factor: float | None) -> tuple[Image, Face]:
    if factor is None:
        return image, face
    middle, half = (face.box[:2] + face.box[2:]) / 2, (face.box[2:] - face.box[:2]) / 2 * factor
    x1, y1 = np.maximum(np.floor(middle - half), 0).astype(int)
    x2, y2 = np.ceil(middle + half).astype(int)
    moved = face.box - np.array([x1, y1, x1, y1], np.float32)
    part = np.ascontiguousarray(image[y1:y2, x1:x2])
    return part, Face(moved, face.landmarks - np.array([x1, y1]), face.score)


def faces(found: tuple[Presentation, ...]) -> Iterator[tuple[Image, Face, bool]]:
    detector = build_detector(Settings.load())
    for one in found:
        image = decode(one.picture.path)
        detected = detector.detect(image)
        if detected:
            yield image, max(detected, key=lambda f: f.area), one.attack


def row(looker: MiniFasNetPair | AntiSpoof, factor: float | None, rows: np.ndarray) -> float | None:
    """Prints one line; the equal error rate of what was answered, if that is anything to go by."""
    logits, attack, told = rows[:, 0], rows[:, 1] == 1, rows[:, 2] == 1
    both = Scores(logits[~attack], logits[attack])
    print(
        f"{looker.name:22} {factor or 'whole'!s:>6} EER {100 * both.eer():5.1f} %  "
        f"BPCER {100 * both.fnmr(0):5.1f} %  APCER {100 * both.fmr(0):5.1f} %  "
        f"cannot tell {100 * (1 - told.mean()):5.1f} %",
        flush=True,
    )
    if min((told & attack).sum(), (told & ~attack).sum()) < 30:
        return None
    return Scores(logits[told & ~attack], logits[told & attack]).eer()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    data = os.environ.get("VISAVIS_TEST_DATA")
    parser.add_argument("--pad", type=Path, default=data and Path(data) / "pad" / "nuaa_train")
    parser.add_argument("--each", type=int, default=1, help="take every so many-th picture")
    parser.add_argument("--needs", type=float, default=7.0)
    args = parser.parse_args()
    if not args.pad:
        parser.error("expected --pad DIR, or VISAVIS_TEST_DATA with pad/nuaa_train")
    with settings(check=f"{PAIR}+{OTHER}") as plain:
        both = lookers(plain)
    found: dict[tuple[int, float | None], list[tuple[float, bool, bool]]] = {}
    for image, face, attack in faces(read_pad(args.pad).presentations[:: args.each]):
        for factor in FACTORS:
            part, moved = cropped(image, face, factor)
            for index, looker in enumerate(both):
                told = looker.look(part, moved).logit is not None
                values = (looker.logit(part, moved.box), attack, told)
                found.setdefault((index, factor), []).append(values)
    rates = [
        row(looker, factor, np.array(found[index, factor], float))
        for index, looker in enumerate(both)
        for factor in FACTORS
    ]
    worst = max(rate for rate in rates if rate is not None)
    verdict("worst EER of one crop's answers", 100 * worst, args.needs, at_most=True, unit=" %")


if __name__ == "__main__":
    main()
