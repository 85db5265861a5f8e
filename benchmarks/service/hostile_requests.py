"""The requests of `hostile.py`, one kind a function, each drawn at random."""

import base64
import json
import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

JSON: Final = "application/json"
POSTS: Final = (
    "/v1/detect",
    "/v1/compare",
    "/v1/liveness",
    "/v1/embed",
    "/v1/collections/default/identify",
    "/v1/collections/default/subjects/ada/verify",
    "/v1/collections/default/subjects/ada/templates",
    "/v1/batch/detect",
    "/v1/collections/default/batch/identify",
    "/v1/collections",
    "/v1/collections/default/import",
    "/v1/challenges",
    "/v1/keys/self",
    "/api/v1/recognition/recognize",
    "/api/v1/recognition/subjects",
    "/api/v1/detection/detect",
    "/api/v1/verification/verify",
)
GETS: Final = (
    "/v1/collections",
    "/v1/collections/default/subjects",
    "/v1/audit",
    "/v1/models",
    "/api/v1/recognition/faces",
)


@dataclass(frozen=True, slots=True)
class Attack:
    """Bytes for a connection. `cut`: the request is not whole, so it may stay unanswered;
    `no_http`: what answers is the HTTP server, not the application.
    """

    kind: str
    data: bytes
    method: str = "POST"
    cut: bool = False
    no_http: bool = False


Made: TypeAlias = Callable[[random.Random, bytes, bytes], Attack]


def attacks(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    """One attack of a kind drawn at random; `photo` is a good picture, `bomb` a huge one."""
    kinds: Sequence[Made] = (
        _wrong_types,
        _nested,
        _huge_length,
        _cut_body,
        _broken_form,
        _bomb_picture,
        _cut_picture,
        _bad_base64,
        _path_id,
        _header,
        _no_http,
        _query,
        _kind_of_body,
        _method,
        _cursor,
        _upgrade,
        _encoding,
        _noise,
    )
    return rng.choice(kinds)(rng, photo, bomb)


def _request(
    kind: str,
    path: str,
    body: bytes = b"",
    content: str = JSON,
    method: str = "POST",
    *,
    more: Sequence[str] = (),
    length: int | None = None,
    cut: bool = False,
    no_http: bool = False,
) -> Attack:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: close",
        f"Content-Type: {content}",
        f"Content-Length: {len(body) if length is None else length}",
        *more,
    ]
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    return Attack(kind, head + body, method, cut, no_http)


def _wrong_types(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    value = rng.choice([None, 7, -1e308, True, [], {}, [[1]], "x" * 5000, {"a": {"b": 1}}])
    name = rng.choice(["image", "images", "a", "name", "scopes", "metadata", "expires_at"])
    body = rng.choice([{name: value}, [value], value, {name: [value, value]}])
    return _request("wrong types", rng.choice(POSTS), json.dumps(body).encode())


def _nested(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    depth = rng.choice([100, 10_000, 200_000])
    opening = rng.choice([b"[", b'{"a":'])
    return _request("nested JSON", rng.choice(POSTS), opening * depth)


def _huge_length(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    length = rng.choice([2**27, 2**40, 2**63, 10**30])
    return _request("huge length", rng.choice(POSTS), b"{}", length=length, no_http=True)


def _cut_body(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    part = photo[: rng.randrange(1, len(photo))]
    return _request("cut body", rng.choice(POSTS), part, "image/jpeg", length=len(photo), cut=True)


def _broken_form(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    whole = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + photo
    broken = rng.choice(
        [
            whole,
            whole[: rng.randrange(5, 90)],
            b"--x--\r\n",
            b"--y" + whole,
            whole.replace(b"form-data", b"nonsense"),
            b'--x\r\nContent-Disposition: form-data; name="' + b"n" * 9000 + b'"\r\n\r\n1\r\n--x--',
            b"--x\r\n" + b"A: b\r\n" * 3000 + b"\r\n\r\n--x--",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 500 + b"--x--",
        ]
    )
    content = rng.choice(["multipart/form-data; boundary=x", "multipart/form-data"])
    return _request("broken multipart", rng.choice(POSTS), broken, content)


def _bomb_picture(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    return _request("bomb", rng.choice(POSTS[:6]), bomb, "image/png")


def _cut_picture(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    data = bytearray(photo[: rng.randrange(2, len(photo))])
    for _ in range(rng.randrange(20)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return _request("damaged picture", rng.choice(POSTS[:6]), bytes(data), "image/jpeg")


def _bad_base64(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    text = base64.b64encode(photo).decode()
    bad = rng.choice([text[:-1] + "*", "data:image/png;base64,", "====", text[: rng.randrange(99)]])
    name = rng.choice(["image", "images", "a", "file"])
    body = {name: rng.choice([bad, [bad] * 200])}
    return _request("bad base64", rng.choice(POSTS), json.dumps(body).encode())


def _path_id(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    ident = rng.choice(
        [
            "..%2f..%2fetc%2fpasswd",
            "../../etc/passwd",
            "%00",
            "%0d%0aX-Injected:%201",
            "a" * 5000,
            "%ff%fe",
            "CON",
            "%F0%9F%98%80",
            "'%20OR%201=1--",
            "{subject}",
            "%25%32%65",
        ]
    )
    path = rng.choice(
        [
            f"/v1/collections/{ident}/identify",
            f"/v1/collections/default/subjects/{ident}/verify",
            f"/v1/collections/default/subjects/{ident}/templates",
            f"/api/v1/recognition/faces/{ident}/verify",
            f"/v1/collections/default/jobs/{ident}",
            f"/{ident}",
        ]
    )
    return _request("path-like id", path, photo, "image/jpeg")


def _header(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    more = rng.choice(
        [
            ["X-Request-Id: " + "a" * 4000],
            ["X-Request-Id: a\tb\x7f"],
            ["Authorization: Bearer " + "\xff" * 50],
            ["X-API-Key: vv_000000000000_" + "A" * 43],
            ["Authorization: Basic Zm9vOmJhcg=="],
            ["Idempotency-Key: " + "k" * 3000],
            ["Origin: http://evil.example"],
            ["Host: evil.example"],
            ["Accept: " + ",".join(["*/*"] * 1000)],
        ]
    )
    return _request("odd headers", rng.choice(POSTS), b"{}", more=more, no_http=True)


def _no_http(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    data = rng.choice(
        [
            b"\x16\x03\x01\x02\x00\x01" + rng.randbytes(200) + b"\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n",
            b"GET / HTTP/1.1\r\nBad Header\r\n\r\n",
        ]
    )
    return Attack("no HTTP", data, "GET", cut=True, no_http=True)


def _query(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    value = rng.choice(["nan", "-1", "1e400", "x", "", "%00", "9" * 400, "0.5&fmr=0.1", "[]"])
    name = rng.choice(["fmr", "fpir", "threshold", "top_k", "face", "liveness", "limit", "box"])
    path = f"{rng.choice(POSTS[:7])}?{name}={value}"
    return _request("odd parameters", path, photo, "image/jpeg")


def _kind_of_body(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    kind = rng.choice(
        ["text/html", "", "image/", "application/x-pickle", "a" * 3000, "image/svg+xml"]
    )
    return _request("odd content types", rng.choice(POSTS), photo, kind)


def _method(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    method = rng.choice(["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "HEAD"])
    return _request("odd methods", rng.choice(POSTS), b"", method=method)


def _cursor(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    text = "".join(rng.choices(string.ascii_letters + string.digits + "-_=", k=rng.randrange(90)))
    path = f"{rng.choice(GETS)}?cursor={text}&limit={rng.choice(['1', '0', '-5', '10000', 'x'])}"
    return _request("forged cursors", path, method="GET")


def _upgrade(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    """A WebSocket that begins well or badly, and then sends noise."""
    path = rng.choice(["/v1/live", "/v1/detect", "/v1/challenges/x/frames"])
    key = rng.choice(["dGhlIHNhbXBsZSBub25jZQ==", "x"])
    head = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    noise = rng.randbytes(rng.randrange(500))
    return Attack("odd upgrades", head.encode() + noise, "GET", cut=True, no_http=True)


def _encoding(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    more = [
        rng.choice(["Content-Encoding: gzip", "Transfer-Encoding: gzip", "Expect: 100-continue"])
    ]
    return _request(
        "odd encodings",
        rng.choice(POSTS),
        photo[:900],
        "image/jpeg",
        more=more,
        cut=True,
        no_http=True,
    )


def _noise(rng: random.Random, photo: bytes, bomb: bytes) -> Attack:
    body = rng.randbytes(rng.randrange(1, 60_000))
    content = rng.choice(["image/jpeg", "application/octet-stream", JSON])
    return _request("noise", rng.choice(POSTS), body, content)
