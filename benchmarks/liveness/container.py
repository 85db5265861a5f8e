"""The control: how well files alone, without a pixel, tell simulated attacks from live twins.

`evaluate.container` on shots as the simulated camera's own files would be: the same camera, size
and coder for both classes. A set where this does well would teach shortcuts. Prints the AUC of the
better classifier for both simulated sets and, beside it, for NUAA; the figure is the higher of the
simulated ones.
"""

import tempfile
from pathlib import Path

import numpy as np
from shared import arguments, said, verdict

from visavis.build import build_detector
from visavis.datasets.layouts import read
from visavis.datasets.pad import read_pad
from visavis.evaluate.container import control
from visavis.evaluate.spoof import simulate
from visavis.settings import Settings
from visavis.testing import FakeLiveness


def main() -> None:
    args = arguments(__doc__, count=150, seed=13)
    detector = build_detector(Settings.load())
    _line("NUAA train", args.data / "pad" / "nuaa_train")
    worst = 0.0
    with tempfile.TemporaryDirectory(prefix="visavis-shots-") as folder:
        for name in ("lfw", "fairface"):
            found = read(args.data / name)
            rng = np.random.default_rng(args.seed)
            names = rng.choice([p.name for p in found.pictures], args.count, replace=False)
            simulate(
                found.only(names.tolist()),
                detector,
                FakeLiveness(),
                seed=args.seed,
                out=Path(folder) / name,
                progress=said(f"shots of {name}"),
            )
            worst = max(worst, _line(f"simulated on {name}", Path(folder) / name))
    verdict("AUC of files alone, simulated sets", worst, 0.6, at_most=True)


def _line(name: str, folder: Path) -> float:
    best = control(read_pad(folder)).best
    print(
        f"{name}: AUC {best.clue.auc:.3f} ({best.clue.low:.3f} to {best.clue.high:.3f}), "
        f"{best.classifier}"
    )
    return best.clue.auc


main()
