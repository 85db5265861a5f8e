"""`make run` and `make test` from a clean clone, with an empty home and cache.

The figure is the count of the two commands that succeed: `make test` ends with 0, `make run` checks
its answers and then serves the pages whose address it prints, until it is stopped. Uses the
committed state of this repository and what the package registry offers; nothing of this checkout's
.venv.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

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
        for verb, works in (("run", _serves), ("test", _passes)):
            start = time.perf_counter()
            done = works(["make", verb, f"PYTHON={args.python}"], clone, environment)
            print(f"make {verb}: {'good' if done else 'BAD'}, {time.perf_counter() - start:.0f} s")
            good += done
    verdict("commands that succeed", good, 2)


def _passes(command: list[str], folder: Path, environment: Mapping[str, str]) -> bool:
    return subprocess.run(command, cwd=folder, env=environment).returncode == 0


def _serves(command: list[str], folder: Path, environment: Mapping[str, str]) -> bool:
    """Whether its answers are right and its pages are there, and it then ends when it is told."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )
    assert process.stdout is not None
    page, right = None, False
    for line in process.stdout:
        print(line, end="")
        if found := re.search(r"(\d+) of (\d+) answers right", line):
            right = found[1] == found[2]
        if found := re.search(r"http://[\d.:]+/ui", line):
            page = found[0]
            break
    shown = right and page is not None and _shows(page)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    return shown


def _shows(page: str) -> bool:
    for _ in range(100):
        with suppress(OSError), urlopen(page, timeout=5) as answer:
            return b"Visavis" in answer.read()
        time.sleep(0.2)
    return False


main()
