"""What liveness costs: our check in int8 and full precision, and the pipeline with and without.

On one core, face by face, medians of interleaved runs, so that a busy machine hits all alike. The
figures are milliseconds a face of the int8 network with its crops (`--what check`, needs at most
5), and the time of the whole pipeline with the check that comes with Visavis over that without
(`--what pipeline`, needs at most 1.5; `--check auto` for the fusion of all that are there).
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from common import verdict
from shared import OURS, arguments, settings

from visavis.build import build_detector, build_pipeline
from visavis.image import decode
from visavis.liveness.passive import Passive
from visavis.models.catalogue import card
from visavis.models.session import open_session
from visavis.models.weights import Weights
from visavis.policy import Policy
from visavis.settings import Settings


def main() -> None:
    args = arguments(__doc__, what="check", check=OURS, count=60, repeats=9, full_precision="")
    files = sorted((args.data / "lfw" / "images").rglob("*.jpg"))
    files = files[:: max(len(files) // args.count, 1)][: args.count]
    if args.what == "check":
        _check(files, args.repeats, args.full_precision)
    else:
        _pipeline(files, args.repeats, args.check)


def _check(files: list[Path], repeats: int, full_precision: str) -> None:
    found = Settings.load()
    detector = build_detector(found)
    shown = [(image, detector.detect(image)[0]) for image in map(decode, files)]
    model = card(OURS)
    paths = {"int8": Weights(found.model_dir, found.cache_dir / "models").locate(model)}
    if full_precision:
        paths["full precision"] = Path(full_precision)
    checks = {name: Passive(open_session(path), model) for name, path in paths.items()}
    times = _timed(
        {name: lambda c=c: [c.look(i, f) for i, f in shown] for name, c in checks.items()}, repeats
    )
    for name, taken in times.items():
        size = paths[name].stat().st_size
        print(f"{name}: {1e3 * taken / len(shown):.2f} ms a face, {size:,} bytes")
    verdict("the int8 check", 1e3 * times["int8"] / len(shown), 5, at_most=True, unit=" ms")


def _pipeline(files: list[Path], repeats: int, check: str) -> None:
    with settings(liveness="report", check=check) as found:
        pipeline = build_pipeline(found)
        off, on = (Policy(face="largest", liveness=how) for how in ("off", "report"))  # type: ignore[arg-type]
        times = _timed(
            {
                "without": lambda: [pipeline.sample(f, off) for f in files],
                f"with {check}": lambda: [pipeline.sample(f, on) for f in files],
            },
            repeats,
        )
    for name, taken in times.items():
        print(f"{name}: {1e3 * taken / len(files):.2f} ms a picture")
    ratio = times[f"with {check}"] / times["without"]
    verdict(f"the pipeline with liveness ({check}) over that without", ratio, 1.5, at_most=True)


def _timed(work: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The median seconds of each, run in turns; the first turn is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(repeats + 1):
        for name, run in work.items():
            start = time.perf_counter()
            run()
            if turn:
                taken[name].append(time.perf_counter() - start)
    return {name: float(np.median(times)) for name, times in taken.items()}


main()
