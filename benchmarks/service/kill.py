"""kill -9 in the middle of 200 concurrent enrolments, then a restart.

Every enrolment that was acknowledged must be there with all its templates, none may be there in
part, the audit chain must verify, and asking again with the same Idempotency-Key must add nothing.
The figure is the count of enrolments that are not as they should be, of `--rounds` kills.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import numpy as np
from shared import Server, arguments, isolated, photos, server, verdict

from visavis.build import build_gallery
from visavis.settings import Settings

FORM = "visavis-boundary"


def main() -> None:
    args = arguments(__doc__, enrolments=200, together=200, rounds=3, seed=0)
    files = photos(args.lfw, args.enrolments + 1)
    rng = np.random.default_rng(args.seed)
    wrong = 0
    for turn in range(args.rounds):
        with isolated() as settings:
            wrong += _round(settings, files, args.together, float(rng.uniform(0.3, 0.7)), turn)
    verdict("enrolments lost, doubled or half there", wrong, 0, at_most=True)


def _round(
    settings: Settings, files: list[tuple[str, bytes]], together: int, share: float, turn: int
) -> int:
    options = {"waiting": 1000, "longest_wait": 600, "request_seconds": 600}
    service = Server(settings, **options)
    service.start()
    acknowledged = _enrol_until_killed(service, files, together, share)
    with server(settings, **options) as again:
        wrong = sum(_wrong(again, name, 2) for name in acknowledged)
        there = [name for name, _ in files if _templates(again, name) is not None]
        half = sum(_wrong(again, name, 2) for name in there)
        repeated = sorted(acknowledged)[:20]
        by_name = dict(files)
        for name in repeated:
            _enrol(again, name, by_name[name])
        wrong += sum(_wrong(again, name, 2) for name in repeated)
    with build_gallery(settings) as gallery:
        records = gallery.audit_verify().records
    print(
        f"kill {turn + 1}: {len(acknowledged)} of {len(files)} acknowledged, {len(there)} there "
        f"after the restart, {half} of them in part, audit chain of {records} records verifies"
    )
    return wrong + half


def _enrol_until_killed(
    service: Server, files: list[tuple[str, bytes]], together: int, share: float
) -> set[str]:
    """Enrols all at once; the service is killed when a share is acknowledged."""
    acknowledged: set[str] = set()
    lock, enough = threading.Lock(), int(share * len(files))

    def enrol(one: tuple[str, bytes]) -> None:
        try:
            status = _enrol(service, *one)
        except (OSError, HTTPException, ValueError):
            return
        if status == 201:
            with lock:
                acknowledged.add(one[0])

    with ThreadPoolExecutor(together) as pool:
        waiting = [pool.submit(enrol, one) for one in files]
        while len(acknowledged) < enough and not all(one.done() for one in waiting):
            time.sleep(0.002)
        service.kill()
    return acknowledged


def _enrol(service: Server, name: str, photo: bytes) -> int:
    """Enrols the photo twice over in one request: both templates, or none."""
    part = (
        f'--{FORM}\r\nContent-Disposition: form-data; name="images"; filename="a.jpg"\r\n\r\n'
    ).encode() + photo
    body = b"\r\n".join([part, part, f"--{FORM}--\r\n".encode()])
    status, _ = service.call(
        "POST",
        f"/v1/collections/default/subjects/{name}/templates",
        body,
        Content_Type=f"multipart/form-data; boundary={FORM}",
        Idempotency_Key=f"enrol-{name}",
    )
    return status


def _templates(service: Server, name: str) -> int | None:
    """How many templates a subject has; None where it is not there."""
    path = f"/v1/collections/default/subjects/{name}/templates"
    status, found = service.call("GET", path)
    if status == 404:
        return None
    items = found["items"]
    assert isinstance(items, list)
    return len(items)


def _wrong(service: Server, name: str, expected: int) -> bool:
    return _templates(service, name) != expected


main()
