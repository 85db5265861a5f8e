"""What liveness costs: our check in int8 and full precision, and the pipeline with and without.

On one core, face by face, medians of interleaved runs, so that a busy machine hits all alike. The
figures are milliseconds a face of the int8 network with its crops (`--what check`, needs at most
5), and the time of the whole pipeline with the check that comes with Visavis over that without
(`--what pipeline`, needs at most 1.5; `--check auto` for the fusion of all that are there).
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from shared import FUSED, OURS, arguments, asked, settings, verdict

from visavis.build import build_detector, build_fused, build_pipeline
from visavis.image import decode
from visavis.liveness.passive import Passive
from visavis.models.catalogue import card
from visavis.models.session import open_session
from visavis.policy import Policy


def main() -> None:
    args = arguments(__doc__, what="check", check=OURS, count=60, repeats=9, full_precision="")
    files = sorted((args.data / "lfw" / "images").rglob("*.jpg"))
    files = files[:: max(len(files) // args.count, 1)][: args.count]
    if args.what == "check":
        _check(files, args.repeats, args.full_precision, args.results)
    else:
        _pipeline(files, args.repeats, args.check)


def _check(files: list[Path], repeats: int, full_precision: str, results: Path) -> None:
    with settings() as found:
        here = asked(found)
        detector = build_detector(found)
        shown = [(image, detector.detect(image)[0]) for image in map(decode, files)]
        looks = {looker.name: looker.look for looker in here.lookers}
        if full_precision:
            looks["full precision"] = Passive(open_session(Path(full_precision)), card(OURS)).look
        fused = build_fused(found)
        work = {name: lambda f=look: [f(*one) for one in shown] for name, look in looks.items()}
        work[FUSED] = lambda: [fused.check(*one) for one in shown]
        times = _timed(work, repeats)
    each = {name: round(1e3 * taken / len(shown), 3) for name, taken in times.items()}
    for name, taken in each.items():
        print(f"{name}: {taken:.2f} ms a face")
    (results / "times.json").write_text(json.dumps(each))
    verdict(f"{OURS}, {card(OURS).bytes:,} bytes", each[OURS], 5, at_most=True, unit=" ms a face")


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
