"""10,000 hostile requests: the service stays alive, its memory flat, and all errors are typed.

Wrong types, huge and lying lengths, slow and cut bodies, broken multipart, decompression bombs, bad
base64, nested JSON, path-like ids, injected headers, garbage that is not HTTP. Every answer must be
below 500, and every refusal the error envelope with a code, or, for what is no HTTP, a 400 of the
server itself. The figure is the count of answers that are none of these, and of requests that got
no answer though they were whole.
"""

import io
import json
import random
import socket
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPResponse

import PIL.Image
from hostile_requests import Attack, attacks
from shared import Server, arguments, isolated, photos, server, verdict

MOST_GROWTH = 48.0  # MiB
HOLD = 0.3  # seconds that a slow client keeps its connection


@dataclass(slots=True)
class Tally:
    """What came back."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.answers += other.answers
        self.wrong += other.wrong


def main() -> None:
    args = arguments(__doc__, requests=10_000, together=8, seed=0)
    photo = photos(args.lfw, 1)[0][1]
    with (
        isolated() as settings,
        server(settings, body_seconds=2.0, request_seconds=20.0) as service,
    ):
        _run(service, photo, args.requests // 5, args.together, args.seed + 1)  # warm
        before = service.resident
        tally = _run(service, photo, args.requests, args.together, args.seed)
        growth = service.resident - before
        healthy = service.call("GET", "/readyz")[0] == 200
        works = service.call(
            "POST", "/v1/collections/default/identify", photo, Content_Type="image/jpeg"
        )[0]
    for kind, count in tally.answers.most_common():
        print(f"{count:6} {kind}")
    for line in tally.wrong[:10]:
        print("wrong:", line)
    print(f"memory {growth:+.1f} MiB; ready: {healthy}; identify afterwards: {works}")
    if growth > MOST_GROWTH or not healthy or works != 200:
        raise SystemExit(
            f"SHORT: expected at most {MOST_GROWTH} MiB more, and a service that works"
        )
    verdict(f"wrong answers to {args.requests:,} requests", len(tally.wrong), 0, at_most=True)


def _run(service: Server, photo: bytes, count: int, together: int, seed: int) -> Tally:
    bomb = _bomb()

    def some(part: int) -> Tally:
        rng, tally = random.Random(f"{seed}/{part}"), Tally()
        for _ in range(count // together):
            _send(service.port, attacks(rng, photo, bomb), tally)
        return tally

    whole = Tally()
    with ThreadPoolExecutor(together) as pool:
        for tally in pool.map(some, range(together)):
            whole.add(tally)
    return whole


def _send(port: int, attack: Attack, tally: Tally) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(attack.data)
            if attack.cut:
                connection.settimeout(HOLD)
            answer = HTTPResponse(connection, method=attack.method)
            answer.begin()
            body = answer.read()
        except OSError:
            if attack.cut:
                tally.answers["not answered, as it was never whole"] += 1
            else:
                tally.answers[f"{attack.kind}: closed"] += 1
                tally.wrong.append(f"{attack.kind}: no answer")
            return
        except Exception as error:  # what came back is no HTTP
            tally.wrong.append(f"{attack.kind}: {type(error).__name__}")
            return
    tally.answers[f"{attack.kind}: {answer.status}"] += 1
    if not _typed(answer.status, body, attack):
        tally.wrong.append(f"{attack.kind}: {answer.status} {body[:200]!r}")


def _typed(status: int, body: bytes, attack: Attack) -> bool:
    if status < 400 or attack.method == "HEAD":
        return status < 500
    if attack.no_http and status in (400, 403):
        return True
    try:
        found = json.loads(body)
    except ValueError:
        return False
    coded = isinstance(found.get("error"), dict) and isinstance(found["error"].get("code"), str)
    compatible = isinstance(found.get("message"), str) and "code" in found
    return status < 500 and (coded or compatible)


def _bomb() -> bytes:
    """A PNG of a few kilobytes that says it is 30,000 pixels wide and high."""
    file = io.BytesIO()
    PIL.Image.new("1", (8, 8)).save(file, "PNG")
    data = bytearray(file.getvalue())
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


main()
