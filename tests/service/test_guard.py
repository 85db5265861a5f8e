"""The guard alone, around a small app: ids, headers, who may call, how much and how long."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visavis.service.errors import RequestTooLarge, TooSlowClient
from visavis.service.guard import Guard
from visavis.service.metrics import Metrics
from visavis.serving import ServiceSettings

HOME = "127.0.0.1:8600"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> Any:
        return json.loads(self.body)["error"]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the request id and the length of the body."""
    request = Request(scope, receive)
    text = f"{request.state.request_id} {len(await request.body())}"
    await PlainTextResponse(text)(scope, receive, send)


def ask(
    app: ASGIApp = echo,
    *,
    method: str = "GET",
    path: str = "/v1/models",
    host: str = HOME,
    headers: Mapping[str, str] | None = None,
    chunks: Iterable[bytes] = (b"",),
    scheme: str = "http",
    settings: ServiceSettings | None = None,
    **limits: Any,
) -> Answer:
    """Asks the app behind a guard; a client that has sent all its chunks but the last is silent."""
    sent: list[Message] = []
    parts = list(chunks)

    async def receive() -> Message:
        if not parts:
            await asyncio.Event().wait()
        chunk = parts.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": chunk != b""}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": scheme,
        "headers": _raw({"host": host, **(headers or {})}),
    }
    guard = Guard(app, settings or ServiceSettings(**limits), Metrics())
    asyncio.run(guard(scope, receive, send))
    return _answer(sent)


def knock(headers: Mapping[str, str], **settings: Any) -> list[Message]:
    """Opens a WebSocket to an app that accepts everybody."""
    sent: list[Message] = []

    async def accepting(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept", "id": scope["state"]["request_id"]})

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/v1/live", "headers": _raw(headers)}
    asyncio.run(Guard(accepting, ServiceSettings(**settings), Metrics())(scope, receive, send))
    return sent


def closed(headers: Mapping[str, str]) -> Answer:
    """Opens a WebSocket where there is none, on a server that can say so."""
    sent: list[Message] = []

    async def closing(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close", "code": 1000})

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append({**message, "type": message["type"].removeprefix("websocket.")})

    scope = {
        "type": "websocket",
        "path": "/v1/nope",
        "headers": _raw(headers),
        "extensions": {"websocket.http.response": {}},
    }
    asyncio.run(Guard(closing, ServiceSettings(), Metrics())(scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return _answer(sent)


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


def _answer(sent: list[Message]) -> Answer:
    start = sent[0]
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], headers, b"".join(m.get("body", b"") for m in sent[1:]))


@pytest.mark.parametrize("given", ["abcd1234", "A.b_c-0123", "x" * 64])
def test_a_harmless_request_id_is_kept(given: str) -> None:
    found = ask(headers={"x-request-id": given})
    assert found.headers["x-request-id"] == given
    assert found.body.split()[0].decode() == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        "short",
        "x" * 65,
        "with space",
        "line\r\nSet-Cookie: a=b",
        "abcd1234\n",
        "\x1b[31mred123",
        "<script>alert",
        "caf\xe9caf\xe9",
    ],
)
def test_another_request_id_is_replaced(given: str) -> None:
    found = ask(headers={"x-request-id": given})
    ident = found.headers["x-request-id"]
    assert ident != given
    assert len(ident) == 20
    assert set(ident) <= set("0123456789abcdef")
    assert found.body.split()[0].decode() == ident


def test_request_ids_differ() -> None:
    assert ask().headers["x-request-id"] != ask().headers["x-request-id"]


def test_security_headers() -> None:
    headers = ask().headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "strict-transport-security" not in headers


def test_refusals_have_security_headers_too() -> None:
    found = ask(host="evil.example")
    assert found.status == 403
    assert found.headers["x-content-type-options"] == "nosniff"
    assert json.loads(found.body)["request_id"] == found.headers["x-request-id"]


def test_pages_of_an_allowed_origin_read_refusals_and_others_do_not() -> None:
    settings = ServiceSettings(cors_origins=("https://desk.example",), max_request=1)
    large = {"content-length": "2"}
    found = ask(settings=settings, headers={**large, "origin": "https://desk.example"})
    assert found.status == 413
    assert found.headers["access-control-allow-origin"] == "https://desk.example"
    assert "Origin" in found.headers["vary"]
    evil = ask(settings=settings, headers={**large, "origin": "https://evil.example"})
    assert "access-control-allow-origin" not in evil.headers


def test_https_is_told_to_stay() -> None:
    assert "max-age" in ask(scheme="https").headers["strict-transport-security"]


@pytest.mark.parametrize("path", ["/ui", "/ui/theme.css"])
def test_pages_may_load_their_own_scripts(path: str) -> None:
    headers = ask(path=path).headers
    assert "content-security-policy" not in headers
    assert headers["x-frame-options"] == "DENY"


def test_what_only_begins_like_a_page_is_none() -> None:
    assert "content-security-policy" in ask(path="/uix").headers


def test_a_header_of_the_app_stays() -> None:
    async def cached(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("", headers={"Cache-Control": "max-age=9"})(scope, receive, send)

    assert ask(cached).headers["cache-control"] == "max-age=9"


@pytest.mark.parametrize("host", [HOME, "localhost", "LOCALHOST:1", "[::1]:8600", "127.0.0.1"])
def test_this_machine_may_call_by_its_names(host: str) -> None:
    assert ask(host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example:8600",
        "evil@127.0.0.1",
        "localhost.",
        "a b",
        "0.0.0.0:8600",
        "evil.example#@localhost",
        "localhost/../x",
        "[",
        "[::1",
    ],
)
def test_a_rebound_name_may_not_call(host: str) -> None:
    found = ask(host=host)
    assert (found.status, found.error["code"]) == (403, "forbidden")
    if len(host) > 1:
        assert host not in found.body.decode()


def test_a_public_service_has_any_name_or_those_it_was_given() -> None:
    def status(name: str, at: str = "127.0.0.1", names: tuple[str, ...] = ()) -> int:
        return ask(host=name, settings=ServiceSettings(host=at, hosts=names)).status

    own = ("faces.example",)
    assert status("faces.example", "0.0.0.0") == 200
    assert status("faces.example", names=own) == 200
    assert status("faces.example:443", "0.0.0.0", own) == 200
    assert status("evil.example", "0.0.0.0", own) == 403
    assert status("127.0.0.1", names=own) == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1:9999",
        "http://localhost:8600",
        "",
        "http://[",
    ],
)
def test_a_page_of_another_site_may_change_nothing(method: str, origin: str) -> None:
    found = ask(method=method, headers={"origin": origin})
    assert (found.status, found.error["code"]) == (403, "forbidden")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_page_of_another_site_may_ask_what_changes_nothing(method: str) -> None:
    assert ask(method=method, headers={"origin": "https://evil.example"}).status == 200


def test_own_pages_and_allowed_origins_may_post() -> None:
    assert ask(method="POST", headers={"origin": f"http://{HOME}"}).status == 200
    allowed = {"origin": "https://desk.example"}
    assert ask(method="POST", headers=allowed, cors_origins=("https://desk.example",)).status == 200
    assert ask(method="POST", headers=allowed, cors_origins=("https://desk",)).status == 403


def test_an_allowed_origin_does_not_open_other_names() -> None:
    allowed = {"origin": "https://desk.example"}
    found = ask(method="POST", host="evil", headers=allowed, cors_origins=("https://desk.example",))
    assert found.status == 403


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ({"host": HOME}, True),
        ({"host": HOME, "origin": f"http://{HOME}"}, True),
        ({"host": HOME, "origin": "https://desk.example"}, True),
        ({"host": HOME, "origin": "https://evil.example"}, False),
        ({"host": "evil.example"}, False),
        ({"host": "["}, False),
        ({"host": HOME, "origin": "http://["}, False),
    ],
)
def test_websockets(headers: Mapping[str, str], accepted: bool) -> None:
    sent = knock(headers, cors_origins=("https://desk.example",))
    if accepted:
        assert [message["type"] for message in sent] == ["websocket.accept"]
        assert len(sent[0]["id"]) == 20
    else:
        assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize(
    ("host", "status", "code"), [(HOME, 404, "not_found"), ("evil.example", 403, "forbidden")]
)
def test_websockets_that_are_not_opened_say_why(host: str, status: int, code: str) -> None:
    found = closed({"host": host, "x-request-id": "abcd1234"})
    body = json.loads(found.body)
    assert found.status == status
    assert body["error"]["code"] == code
    assert body["request_id"] == found.headers["x-request-id"] == "abcd1234"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in found.headers["content-security-policy"]


def test_a_websocket_that_was_open_is_closed_as_such() -> None:
    sent: list[str] = []

    async def ending(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})

    async def send(message: Message) -> None:
        sent.append(message["type"])

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    scope = {
        "type": "websocket",
        "path": "/v1/live",
        "headers": _raw({"host": HOME}),
        "extensions": {"websocket.http.response": {}},
    }
    asyncio.run(Guard(ending, ServiceSettings(), Metrics())(scope, receive, send))
    assert sent == ["websocket.accept", "websocket.close"]


def test_what_is_neither_http_nor_websocket_passes() -> None:
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def never() -> Message:
        raise AssertionError("nothing is received")

    async def nowhere(message: Message) -> None:
        raise AssertionError("nothing is sent")

    guard = Guard(app, ServiceSettings(), Metrics())
    asyncio.run(guard({"type": "lifespan"}, never, nowhere))
    assert seen == ["lifespan"]


@pytest.mark.parametrize(
    "length", ["many", "-1", "+5", "1.5", "", "0x10", "1 2", "\xb2", "1e3", "5,5"]
)
def test_a_length_that_is_no_number(length: str) -> None:
    found = ask(method="POST", headers={"content-length": length})
    assert (found.status, found.error["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("length", ["101", "0101", "9" * 20, "9" * 5000])
def test_a_length_that_is_too_large(length: str) -> None:
    async def unreachable(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("no route sees it")

    headers = {"content-length": length}
    found = ask(unreachable, method="POST", headers=headers, max_request=100)
    assert (found.status, found.error["code"]) == (413, "request_too_large")
    assert "100 bytes" in found.error["message"]


def test_a_body_as_large_as_it_may_be() -> None:
    headers = {"content-length": "100"}
    found = ask(headers=headers, chunks=[b"x" * 60, b"x" * 40, b""], max_request=100)
    assert found.body.endswith(b" 100")


def caught(error: type[Exception]) -> ASGIApp:
    """An app that reads its body and tells of this error."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await Request(scope, receive).body()
            told = "whole"
        except error as found:
            told = str(found)
        await PlainTextResponse(told)(scope, receive, send)

    return app


def test_more_bytes_than_were_announced_or_may_be() -> None:
    endless = [b"x" * 60] * 1000
    headers = {"content-length": "3"}
    found = ask(caught(RequestTooLarge), headers=headers, chunks=endless, max_request=100)
    assert found.body == b"expected a request of at most 100 bytes, got more"


def test_a_body_that_does_not_come() -> None:
    found = ask(caught(TooSlowClient), chunks=[b"x"], body_seconds=0.01)
    assert found.body == b"the request took too long to arrive"


def test_a_whole_body_ends_the_time_for_it() -> None:
    async def patient(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        await asyncio.sleep(0.02)
        await PlainTextResponse("done")(scope, receive, send)

    assert ask(patient, body_seconds=0.01).body == b"done"


async def stuck(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.Event().wait()


def test_a_request_that_takes_too_long() -> None:
    found = ask(stuck, request_seconds=0.01)
    assert (found.status, found.error["code"]) == (408, "timeout")
    assert json.loads(found.body)["request_id"] == found.headers["x-request-id"]


def test_pages_take_as_long_as_they_like() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.03)
        await echo(scope, receive, send)

    assert ask(slow, path="/ui/queue", request_seconds=0.01).status == 200
    assert ask(slow, path="/v1/models", request_seconds=0.01).status == 408


def test_whatever_goes_wrong_is_an_envelope(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("secret of the machine")

    found = ask(broken)
    assert (found.status, found.error["code"]) == (500, "internal")
    assert b"secret" not in found.body
    assert b"Traceback" not in found.body
    assert "secret of the machine" in caplog.text


@pytest.mark.parametrize("late", [RuntimeError("late"), TimeoutError()])
def test_an_answer_that_has_begun_is_not_begun_again(late: Exception) -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise late

    found = ask(half)
    assert (found.status, found.body) == (200, b"half")
