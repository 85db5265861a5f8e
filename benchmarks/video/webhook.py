"""A webhook whose receiver is down for a minute while the service is killed again and again.

A second process notes events of several cameras all the while, straight into the gallery. The
service is killed with -9 twice while the receiver is down and once while it catches up. When the
receiver is there, it refuses some events (503) and takes some without saying so (the connection
breaks), as networks do. Every event must come, signed, in the order of its track, and twice only
where nobody had said that it was taken: at most once a kill and once a broken connection.
The figure is the count of events that are lost, forged, out of order, or there twice for no reason.
"""

import argparse
import hashlib
import hmac
import json
import multiprocessing
import random
import socket
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.synchronize import Event
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "benchmarks" / "service")]
from shared import Server, isolated, verdict  # noqa: E402

from visavis.build import build_gallery  # noqa: E402
from visavis.gallery.sealing import new_uid  # noqa: E402
from visavis.gallery.sighting import Kind, Sighted  # noqa: E402
from visavis.settings import Settings  # noqa: E402
from visavis.types import Embedding  # noqa: E402

NAME, SECRET = "bench", "a secret of this benchmark"
SUBJECT = "ada"
REFUSED, BROKEN = 0.03, 0.02  # shares of what comes to the receiver


class Receiver:
    """Takes events, in the order in which they come, and can be away: then nobody listens."""

    def __init__(self, seed: int) -> None:
        self.came: list[dict[str, Any]] = []
        self.forged = self.refused = self.broken = 0
        self._draw = random.Random(seed)
        self._lock = threading.Lock()
        self._http: ThreadingHTTPServer | None = None
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = int(found.getsockname()[1])

    def up(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.take(self.headers["Visavis-Signature"], body)
                self.close_connection = status != 200
                if status:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._http.daemon_threads, self._http.block_on_close = True, False
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        assert self._http is not None
        self._http.shutdown()
        self._http.server_close()
        self._http = None

    def take(self, signed: str, body: bytes) -> int:
        """The status that is answered; 0 for none."""
        with self._lock:
            if self._http is None:
                return 0
            drawn = self._draw.random()
            if drawn < REFUSED:
                self.refused += 1
                return 503
            self.forged += not _genuine(signed, body)
            self.came.append(json.loads(body))
            self.broken += drawn > 1 - BROKEN
            return 0 if drawn > 1 - BROKEN else 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--down", type=float, default=60.0, help="seconds without a receiver")
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--rate", type=float, default=10.0, help="events a second of each camera")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with isolated() as settings:
        noted, receiver, kills = _run(settings, args)
    wrong = _judge(noted, receiver, kills)
    verdict("events lost, forged, out of order or doubled", wrong, 0, at_most=True)


def _run(settings: Settings, args: argparse.Namespace) -> tuple[list[int], Receiver, int]:
    receiver = Receiver(args.seed)
    hook = {"name": NAME, "url": f"http://127.0.0.1:{receiver.port}/in", "secret": SECRET}
    receiver.up()
    service = Server(settings, webhooks=json.dumps([hook])).start()
    _prepare(settings)
    context = multiprocessing.get_context("spawn")
    ended, told = context.Event(), context.Queue()
    noter = context.Process(
        target=note, args=(settings.gallery, settings.master_key_file, args, ended, told)
    )
    noter.start()
    kills = 0
    time.sleep(5)
    receiver.down()
    print(f"receiver down for {args.down:g} s after {len(receiver.came)} events", flush=True)
    for _ in range(2):
        time.sleep(args.down / 3)
        service.kill()
        kills += 1
        service.start()
    time.sleep(args.down / 3)
    receiver.up()
    before = len(receiver.came)
    while len(receiver.came) < before + 50:
        time.sleep(0.01)
    service.kill()
    kills += 1
    service.start()
    ended.set()
    noted = told.get(timeout=60)
    noter.join(60)
    print(f"{kills} kills, receiver up again, {len(noted)} events noted", flush=True)
    _wait(receiver, noted, 60 + 2 * args.down)
    service.stop()
    return noted, receiver, kills


def _prepare(settings: Settings) -> None:
    """Somebody enrolled, once the service has its collection and knows its webhook."""
    with build_gallery(settings) as gallery:
        collection = gallery.open_collection(settings.collection)
        vector = np.eye(1, collection.dim, dtype=np.float32)[0]
        collection.enrol(SUBJECT, [Embedding(vector, collection.model)], qualities=[1.0])
        while collection.sightings.cursor(NAME) is None:
            time.sleep(0.05)


def note(
    gallery: Path, key: Path, args: argparse.Namespace, ended: Event, told: "Queue[list[int]]"
) -> None:
    """Notes events of all cameras until it is told to end; tells their numbers."""
    settings = Settings.load(gallery=gallery, master_key_file=key)
    numbers: list[int] = []
    with build_gallery(settings) as opened:
        kept = opened.open_collection(settings.collection).sightings
        latest: dict[int, Sighted] = {}
        tracks = Counter[int]()
        while not ended.wait(1 / args.rate):
            events = []
            for camera in range(args.cameras):
                latest[camera] = _next(latest.get(camera), camera, tracks)
                events.append(latest[camera])
            numbers += [seq for seq in kept.note(events) if seq is not None]
    told.put(numbers)


def _next(before: Sighted | None, camera: int, tracks: Counter[int]) -> Sighted:
    """Entered, identified thrice, left, then the next track: known and unknown people in turns."""
    now = datetime.now(UTC)
    if before is None or before.kind is Kind.LEFT:
        tracks[camera] += 1
        subject = SUBJECT if tracks[camera] % 2 else None
        return Sighted(
            kind=Kind.ENTERED,
            sighting=new_uid(),
            camera=f"camera {camera}",
            track=tracks[camera],
            subject=subject,
            at=now,
            first_seen=now,
            last_seen=now,
            score=0.5,
            threshold=0.4,
        )
    name = Kind.UNKNOWN if before.subject is None else Kind.IDENTIFIED
    steps = {Kind.ENTERED: name, Kind.SPOOF_SUSPECTED: Kind.LEFT, name: Kind.SPOOF_SUSPECTED}
    return replace(before, kind=steps[before.kind], at=now, last_seen=now)


def _wait(receiver: Receiver, noted: list[int], seconds: float) -> None:
    end, wanted = time.monotonic() + seconds, set(noted)
    while time.monotonic() < end and not wanted <= {event["seq"] for event in receiver.came}:
        time.sleep(0.2)


def _judge(noted: list[int], receiver: Receiver, kills: int) -> int:
    came = [event["seq"] for event in receiver.came]
    lost = len(set(noted) - set(came))
    twice = len(came) - len(set(came))
    allowed = kills + receiver.broken
    last: dict[str, int] = {}
    disorder = 0
    seen: set[int] = set()
    for event in receiver.came:
        if event["seq"] not in seen:
            disorder += event["seq"] < last.get(event["sighting"], 0)
            last[event["sighting"]] = event["seq"]
            seen.add(event["seq"])
    print(
        f"{len(noted)} noted on {len(last)} tracks, {len(came)} came, {lost} lost, {twice} twice "
        f"({kills} kills, {receiver.broken} broken connections, {receiver.refused} refusals), "
        f"{disorder} out of order, {receiver.forged} with a wrong signature"
    )
    return lost + disorder + receiver.forged + max(twice - allowed, 0)


def _genuine(signed: str, body: bytes) -> bool:
    """As docs/guides/video.md tells a receiver to see it."""
    parts = dict(part.split("=", 1) for part in signed.split(","))
    wanted = hmac.new(SECRET.encode(), f"{parts['t']}.".encode() + body, hashlib.sha256)
    fresh = abs(time.time() - int(parts["t"])) <= 300
    return fresh and hmac.compare_digest(wanted.hexdigest(), parts["v1"])


if __name__ == "__main__":
    main()
