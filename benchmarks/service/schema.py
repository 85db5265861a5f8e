"""schemathesis over the whole OpenAPI document: no 5xx and no answer that the document forbids.

Requests are made from the document, good and bad ones, for every operation, the routes for
CompreFace's clients too. The figure is the count of failures that it reports.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from shared import Server, arguments, isolated, photos, server, verdict

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


LOCKS_OUT = ("revoke_key", "rotate_key", "delete_collection")
"""Operations that would take the key, or what the rest works on, away: in a run of their own."""


def main() -> None:
    args = arguments(__doc__, examples=30, seed=1)
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    if program is None:
        sys.exit("expected schemathesis: pip install schemathesis")
    failures = 0
    for rest in ("--exclude-operation-id", "--include-operation-id"):
        with isolated() as settings, server(settings) as service:
            service.use_key().enrol("ada", photos(args.lfw, 1)[0][1])
            chosen = [word for name in LOCKS_OUT for word in (rest, name)]
            failures += _run(program, service, chosen, args.examples, args.seed)
            if not service.alive or service.call("GET", "/readyz")[0] != 200:
                raise SystemExit("SHORT: the service did not survive")
    verdict("failures", failures, 0, at_most=True)


def _run(program: str, service: Server, chosen: list[str], examples: int, seed: int) -> int:
    command = [
        program,
        "run",
        f"http://127.0.0.1:{service.port}/openapi.json",
        *("--checks", ",".join(CHECKS)),
        *("--max-examples", str(examples)),
        *("--seed", str(seed)),
        *("--workers", "1"),  # with two CPython's compiler now and then fails
        *("--header", f"X-API-Key: {service.key}"),
        "--continue-on-failure",
        *chosen,
    ]
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(command, capture_output=True, text=True, timeout=3600, cwd=folder)
    print(run.stdout[-6000:])
    failures = _failures(run.stdout)
    if run.returncode and not failures:
        raise SystemExit(f"SHORT: schemathesis stopped: {run.stdout[-300:]}{run.stderr[-2000:]}")
    return failures


def _failures(report: str) -> int:
    found = re.search(r"(\d+) unique failures?", report) or re.search(r"(\d+) failures?", report)
    return int(found[1]) if found else 0


main()
