"""How quickly things start: `import visavis` over `import numpy`, and a cold `visavis compare`.

Medians of fresh processes. --what import needs 30 ms at most, --what compare 1500 ms at most. The
comparison is of two portraits that installed packages carry.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import verdict

from visavis.demo import portraits
from visavis.image import save


def seconds(command: list[str], good: tuple[int, ...] = (0,)) -> float:
    start = time.perf_counter()
    run = subprocess.run(command, capture_output=True, text=True)
    taken = time.perf_counter() - start
    if run.returncode not in good:
        sys.exit(f"{' '.join(command)} exited with {run.returncode}: {run.stderr}")
    return taken


def importing(runs: int) -> float:
    """Milliseconds that `import visavis` adds, by pairs of processes."""
    python, both = [sys.executable, "-c"], []
    for _ in range(runs + 1):
        bare = seconds([*python, "import numpy"])
        both.append(seconds([*python, "import numpy, visavis"]) - bare)
    return 1e3 * statistics.median(both[1:])


def comparing(runs: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{i}.jpg" for i in range(2)]
        for file, image in zip(files, portraits().values(), strict=True):
            save(image, file)
        command = [sys.executable, "-m", "visavis", "compare", *map(str, files)]
        times = [seconds(command, good=(1,)) for _ in range(runs + 1)]
    return 1e3 * statistics.median(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", choices=["import", "compare"], default="compare")
    parser.add_argument("--runs", type=int, default=15)
    args = parser.parse_args()
    if args.what == "import":
        verdict("import visavis over numpy", importing(args.runs), 30, at_most=True, unit=" ms")
    verdict("cold visavis compare", comparing(args.runs), 1500, at_most=True, unit=" ms")


main()
