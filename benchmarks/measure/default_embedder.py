"""Which embedder gives the best accuracy for a millisecond: single, with its mirror image, fused.

Every choice embeds the pictures of View 2 (accuracy, EER) and, interleaved on one thread, 200
pictures for the time of detection and embedding together. The tuning is View 1's business: no
weight is chosen here. The figure is the lead in accuracy of the best choice over the default's, in
points: at most what chance explains, or the default should change.
"""

import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import arguments, embedded_for, verdict

from visavis.build import build_embedder, build_pipeline
from visavis.datasets.pairs import read_pairs
from visavis.evaluate.verification import verify_pairs
from visavis.report.significance import outcomes
from visavis.settings import Settings

DEFAULT = "sface-2021dec-int8bq"
CHOICES = (
    DEFAULT,
    f"{DEFAULT}@flip",
    "mobilefacenet",
    "mobilefacenet@flip",
    f"{DEFAULT}+mobilefacenet",
    f"{DEFAULT}@flip+mobilefacenet@flip",
)


def main() -> None:
    args = arguments(__doc__, timed=200)
    pairs = read_pairs(args.lfw / "pairs.txt", args.lfw)
    rows = sorted(set(pairs.pairs[:, :2].ravel().tolist()))
    named = pairs.dataset.only(pairs.dataset.pictures[row].name for row in rows)
    found = {}
    for choice in CHOICES:
        args.embedder = choice
        found[choice] = verify_pairs(embedded_for(args, named), pairs)
    times = timings([p.path for p in named.pictures[:: len(named) // args.timed]])
    base = found[DEFAULT]
    for choice, result in found.items():
        test = outcomes(base.correct, result.correct)
        print(
            f"{choice}: {100 * result.accuracy.value:.2f} ± {100 * result.standard_error:.2f} %, "
            f"EER {result.eer.value:.2%}, {times[choice]:.1f} ms a picture, "
            f"p against the default {test.p:.2f}"
        )
    best = max(CHOICES, key=lambda choice: found[choice].accuracy.value)
    lead = 100 * (found[best].accuracy.value - base.accuracy.value)
    told = outcomes(base.correct, found[best].correct).p < 0.05
    print(f"best: {best}, {lead:.2f} points before the default; significant: {told}")
    verdict("significant lead over the default", lead if told else 0.0, 0, at_most=True)


def timings(files: list[Path]) -> dict[str, float]:
    """Median milliseconds from file to vector, all choices in turn for each picture."""
    pipeline = build_pipeline(Settings.load(threads=1))
    embedders = {c: build_embedder(Settings.load(embedder=c, threads=1)) for c in CHOICES}
    spans: dict[str, list[float]] = {c: [] for c in CHOICES}
    for path in files:
        for choice, embedder in embedders.items():
            start = time.perf_counter()
            image = pipeline.decode(path)
            embedder.embed(image, pipeline.detector.detect(image)[:1])
            spans[choice].append(1000 * (time.perf_counter() - start))
    return {choice: median(found[5:]) for choice, found in spans.items()}


main()
