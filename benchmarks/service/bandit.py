"""bandit over the package: what it finds beside what is argued in pyproject.toml and in place."""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import verdict

ROOT = Path(__file__).parents[2]


def main() -> None:
    command = [sys.executable, "-m", "bandit", "-q", "-f", "json", "-c", "pyproject.toml"]
    run = subprocess.run([*command, "-r", "src/visavis"], cwd=ROOT, capture_output=True, text=True)
    if run.returncode not in (0, 1):
        sys.exit(f"expected bandit (pip install bandit): {run.stderr[-500:]}")
    found = json.loads(run.stdout)
    for one in found["results"]:
        print(f"{one['filename']}:{one['line_number']} {one['test_id']} {one['issue_text']}")
    for error in found["errors"]:
        print(error)
    verdict("findings", len(found["results"]) + len(found["errors"]), 0, at_most=True)


main()
