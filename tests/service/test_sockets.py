"""What all WebSockets that take frames have in common, shown by a stream."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from visavis.service.apikeys import ApiKeys, Scope
from visavis.service.app import create_app
from visavis.service.auth import Gate
from visavis.service.state import Services

LIVE = "ws://127.0.0.1:8600/v1/live"
SOCKETS = "visavis.service.sockets"
Png = Callable[..., bytes]


def closed(socket: WebSocketTestSession) -> int:
    with pytest.raises(WebSocketDisconnect) as caught:
        socket.receive_json()
    return caught.value.code


def refused(socket: WebSocketTestSession) -> tuple[str, int]:
    told = socket.receive_json()
    assert told["type"] == "error"
    assert told["request_id"]
    return told["error"]["code"], closed(socket)


class TestHello:
    @pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
    def test_a_key_in_a_header(self, services: Services, client: TestClient, header: str) -> None:
        _, token = services.keys.create("door", [Scope.IDENTIFY])
        value = f"Bearer {token}" if header == "Authorization" else token
        with client.websocket_connect(LIVE, headers={header: value}) as socket:
            socket.send_json({})
            assert socket.receive_json()["type"] == "ready"

    def test_a_key_in_the_first_message(self, services: Services, client: TestClient) -> None:
        _, token = services.keys.create("door", [Scope.IDENTIFY])
        with client.websocket_connect(LIVE) as socket:
            socket.send_json({"key": token})
            assert socket.receive_json()["type"] == "ready"

    def test_a_frame_first_where_the_header_has_the_key(
        self, services: Services, client: TestClient, png: Png
    ) -> None:
        _, token = services.keys.create("door", [Scope.IDENTIFY])
        with client.websocket_connect(LIVE, headers={"X-API-Key": token}) as socket:
            socket.send_bytes(png("ada"))
            assert socket.receive_json()["type"] == "ready"
            assert socket.receive_json()["frame"] == 1
            socket.send_bytes(png("ada"))
            assert socket.receive_json()["frame"] == 2

    @pytest.mark.parametrize("hello", [{}, {"key": "vv_000000000000_" + "A" * 43}, {"key": "no"}])
    def test_no_key_and_a_wrong_one(
        self, services: Services, client: TestClient, hello: dict[str, str]
    ) -> None:
        services.keys.create("door", [Scope.IDENTIFY])
        with client.websocket_connect(LIVE) as socket:
            socket.send_json(hello)
            assert refused(socket) == ("unauthorized", 1008)

    def test_a_key_in_the_address_opens_nothing(
        self, services: Services, client: TestClient
    ) -> None:
        _, token = services.keys.create("door", [Scope.IDENTIFY])
        with client.websocket_connect(f"{LIVE}?key={token}") as socket:
            socket.send_json({})
            assert refused(socket) == ("unauthorized", 1008)

    @pytest.mark.parametrize(
        "text", ["", "no JSON", "[]", '{"colection": "x"}', '{"top_k": 0}', "[" * 5000, "{" * 9000]
    )
    def test_what_cannot_be_read(self, client: TestClient, text: str) -> None:
        with client.websocket_connect(LIVE) as socket:
            socket.send_text(text)
            assert refused(socket) == ("invalid_request", 1008)

    def test_what_is_wrong_with_a_hello_is_said_without_the_key(self, client: TestClient) -> None:
        with client.websocket_connect(LIVE) as socket:
            socket.send_json({"key": "vv_secret" * 40, "wrong": "vv_secret"})
            told = socket.receive_json()
        assert "key" in str(told["error"])
        assert "secret" not in str(told)

    def test_who_says_nothing_is_sent_away(
        self, client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(f"{SOCKETS}.HELLO_SECONDS", 0.01)
        with client.websocket_connect(LIVE) as socket:
            assert refused(socket) == ("timeout", 1008)

    def test_who_leaves_before_the_first_word_is_forgotten(self, client: TestClient) -> None:
        with client.websocket_connect(LIVE):
            pass
        with client.websocket_connect(LIVE) as socket:
            socket.send_json({})
            assert socket.receive_json()["type"] == "ready"

    def test_a_page_of_another_site_may_not_open_one(self, client: TestClient) -> None:
        headers = {"Origin": "https://elsewhere.example"}
        with (
            pytest.raises(WebSocketDenialResponse) as caught,
            client.websocket_connect(LIVE, headers=headers),
        ):
            raise AssertionError
        assert caught.value.status_code == 403
        assert caught.value.json()["error"]["code"] == "forbidden"


class TestFrames:
    def test_a_bad_one_is_told_and_the_next_one_taken(self, client: TestClient, png: Png) -> None:
        with client.websocket_connect(LIVE) as socket:
            socket.send_json({})
            socket.receive_json()
            for _ in range(2):
                for _ in range(4):
                    socket.send_bytes(b"no picture")
                    assert socket.receive_json()["error"]["code"] == "bad_image"
                socket.send_bytes(png("ada"))
                assert socket.receive_json()["type"] == "frame"

    def test_five_bad_ones_in_a_row_are_the_end(self, client: TestClient) -> None:
        with client.websocket_connect(LIVE) as socket:
            socket.send_json({})
            socket.receive_json()
            for _ in range(4):
                socket.send_bytes(b"no picture")
                assert socket.receive_json()["error"]["code"] == "bad_image"
            socket.send_bytes(b"")
            assert refused(socket) == ("bad_image", 1003)

    def test_text_is_no_frame(self, client: TestClient, png: Png) -> None:
        with client.websocket_connect(LIVE) as socket:
            socket.send_json({})
            socket.receive_json()
            socket.send_text("hello?")
            assert socket.receive_json()["error"]["code"] == "invalid_request"
            socket.send_bytes(png("ada"))
            assert socket.receive_json()["frame"] == 2

    def test_one_of_too_many_bytes(self, services: Services, client: TestClient) -> None:
        with client.websocket_connect(LIVE) as socket:
            socket.send_json({})
            socket.receive_json()
            socket.send_bytes(bytes(services.settings.max_bytes + 1))
            assert socket.receive_json()["error"]["code"] == "image_too_large"


class TestEnd:
    @pytest.fixture(autouse=True)
    def often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(f"{SOCKETS}.CHECK_SECONDS", 0.01)

    def test_when_the_key_is_revoked(self, services: Services, client: TestClient) -> None:
        key, token = services.keys.create("door", [Scope.IDENTIFY])
        with client.websocket_connect(LIVE, headers={"X-API-Key": token}) as socket:
            socket.send_json({})
            assert socket.receive_json()["type"] == "ready"
            services.keys.revoke(key.id)
            assert refused(socket) == ("unauthorized", 1008)

    def test_when_the_key_expires(self, services: Services) -> None:
        now = [datetime(2026, 3, 1, tzinfo=UTC)]
        keys = ApiKeys(services.database, now=lambda: now[0])
        soon = now[0] + timedelta(hours=1)
        _, token = keys.create("door", [Scope.IDENTIFY], expires_at=soon)
        served = replace(services, keys=keys, gate=Gate(keys, open_access=True))
        with (
            TestClient(create_app(served)) as client,
            client.websocket_connect(LIVE, headers={"X-API-Key": token}) as socket,
        ):
            socket.send_json({})
            assert socket.receive_json()["type"] == "ready"
            now[0] = soon
            assert refused(socket) == ("unauthorized", 1008)

    def test_when_the_first_key_is_made_those_without_one_have_to_go(
        self, services: Services, client: TestClient
    ) -> None:
        with client.websocket_connect(LIVE) as socket:
            socket.send_json({})
            assert socket.receive_json()["type"] == "ready"
            services.keys.create("door", [Scope.IDENTIFY])
            assert refused(socket) == ("unauthorized", 1008)

    def test_when_no_frame_comes(self, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(f"{SOCKETS}.IDLE_SECONDS", 0.0)
        with client.websocket_connect(LIVE) as socket:
            socket.send_json({})
            assert socket.receive_json()["type"] == "ready"
            assert refused(socket) == ("timeout", 1008)

    def test_it_is_counted_by_its_code(self, services: Services, client: TestClient) -> None:
        with client.websocket_connect(LIVE) as socket:
            socket.send_text("no JSON")
            assert refused(socket) == ("invalid_request", 1008)
        labels = {"route": "/v1/live", "method": "WEBSOCKET", "status": "1008"}
        assert services.metrics.registry.get_sample_value("visavis_requests_total", labels) == 1
