"""`make run` and `make test` from a clean clone, with an empty home and cache.

The figure is the share of the two commands that succeed. Uses the committed state of this
repository and what the package registry offers; nothing of this checkout's .venv.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import verdict

REPOSITORY = Path(__file__).parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default="python3", help="the interpreter that makes .venv")
    args = parser.parse_args()
    good = 0
    with tempfile.TemporaryDirectory(prefix="visavis-clone-") as folder:
        clone, home = Path(folder) / "visavis", Path(folder) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", REPOSITORY, clone], check=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("VISAVIS_", "XDG_"))}
        environment = {**kept, "HOME": str(home)}
        for verb in ("run", "test"):
            start = time.perf_counter()
            command = ["make", verb, f"PYTHON={args.python}"]
            done = subprocess.run(command, cwd=clone, env=environment)
            print(f"make {verb}: exit {done.returncode}, {time.perf_counter() - start:.0f} s")
            good += done.returncode == 0
    verdict("commands that succeed", good, 2)


main()
