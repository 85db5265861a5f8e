"""The door: who gets to the pages, and what of Gradio is behind it."""

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from ui.conftest import HOST
from visavis.service.apikeys import Scope
from visavis.service.state import Services

SHUT = (
    "gradio_api/upload",
    "gradio_api/info",
    "gradio_api/openapi.json",
    "gradio_api/call/compared",
    "gradio_api/run/predict",
    "gradio_api/file=/etc/passwd",
    "gradio_api/proxy=https://example.org/",
    "gradio_api/component_server",
    "gradio_api/vibe-edit",
    "monitoring",
    "static/%2e%2e/config",
    "own/nothing.js",
    "own/%2e%2e/mount.py",
    "reports/%2e%2e/gallery",
    "reports/other.html",
)


@pytest.fixture
def token(services: Services) -> str:
    return services.keys.create("front desk", [Scope.IDENTIFY])[1]


def sign_in(client: TestClient, key: str) -> int:
    return client.post("/ui/login", data={"key": key}).status_code


def test_an_open_service_shows_its_pages(mounted: TestClient) -> None:
    page = mounted.get("/ui/")
    assert (page.status_code, "gradio_config" in page.text) == (200, True)
    assert mounted.get("/ui").headers["location"] == "/ui/"
    assert mounted.get("/ui/login").headers["location"] == "/ui/"


def test_pages_ask_no_other_host(mounted: TestClient) -> None:
    policy = mounted.get("/ui/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "https:" not in policy
    assert "*" not in policy
    style = mounted.get("/ui/theme.css").text + mounted.get("/ui/").text
    assert "fonts.googleapis" not in style
    assert "@import" not in mounted.get("/ui/theme.css").text


def test_nobody_gets_in_without_a_key(mounted: TestClient, token: str) -> None:
    assert mounted.get("/ui/").headers["location"] == "/ui/login"
    assert mounted.get("/ui/config").status_code == 401
    assert mounted.post("/ui/gradio_api/queue/join", json={}).status_code == 401
    assert mounted.get("/ui/reports/model.html").status_code == 401
    form = mounted.get("/ui/login")
    assert (form.status_code, 'type="password"' in form.text) == (200, True)
    assert form.headers["cache-control"] == "no-store"


def test_a_key_lets_in_until_it_signs_out(mounted: TestClient, token: str) -> None:
    done = mounted.post("/ui/login", data={"key": f" {token} "})
    assert (done.status_code, done.headers["location"]) == (303, "/ui/")
    cookie = done.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/ui"))
    assert token not in cookie
    page = mounted.get("/ui/")
    assert (page.status_code, token in page.text) == (200, False)
    assert mounted.get("/ui/reports/model.html").text == "<h1>report</h1>"
    assert mounted.post("/ui/logout").headers["location"] == "/ui/login"
    assert mounted.get("/ui/").headers["location"] == "/ui/login"


def test_other_keys_do_not(mounted: TestClient, token: str) -> None:
    for key in ("", "wrong", "vv_0123456789ab_" + "x" * 43, "ключ", "x" * 9000):
        assert sign_in(mounted, key) in (400, 401)
    assert mounted.get("/ui/").headers["location"] == "/ui/login"


def test_a_key_that_is_revoked_opens_nothing_more(
    mounted: TestClient, services: Services, token: str
) -> None:
    sign_in(mounted, token)
    services.keys.revoke(token.split("_")[1])
    with mounted.websocket_connect(f"ws://{HOST}/ui/socket/live") as line:
        line.send_json({})
        assert line.receive_json()["error"]["code"] == "unauthorized"


def test_what_the_pages_do_not_need_is_shut(mounted: TestClient) -> None:
    for path in SHUT:
        assert mounted.get(f"/ui/{path}").status_code == 404, path
        assert mounted.post(f"/ui/{path}", content=b"").status_code == 404, path


def test_own_files(mounted: TestClient) -> None:
    script = mounted.get("/ui/own/visavis.js")
    assert (script.status_code, "use strict" in script.text) == (200, True)
    assert script.headers["content-type"].startswith("text/javascript")
    assert all(part in script.text for part in ("openCamera(", "function photo(", "function live("))
    assert mounted.get("/ui/own/mark.svg").headers["content-type"] == "image/svg+xml"


def test_the_service_itself_is_untouched(mounted: TestClient, token: str) -> None:
    assert mounted.get("/healthz").text == "ok"
    assert mounted.get("/v1/models").status_code == 401
    assert mounted.get("/v1/keys/self", headers={"X-API-Key": token}).status_code == 200


def test_a_cookie_is_no_key_of_the_api(mounted: TestClient, token: str) -> None:
    sign_in(mounted, token)
    assert mounted.get("/v1/keys/self").status_code == 401


def test_a_page_streams_with_the_key_of_its_session(mounted: TestClient, token: str) -> None:
    sign_in(mounted, token)
    with mounted.websocket_connect(f"ws://{HOST}/ui/socket/live") as line:
        line.send_json({"collection": "default"})
        ready = line.receive_json()
    assert (ready["type"], ready["collection"]) == ("ready", "default")


def test_a_page_that_is_not_signed_in_does_not_stream(mounted: TestClient, token: str) -> None:
    with mounted.websocket_connect(f"ws://{HOST}/ui/socket/live") as line:
        line.send_json({})
        assert line.receive_json()["error"]["code"] == "unauthorized"


def test_there_is_no_way_to_other_sockets(mounted: TestClient) -> None:
    for path in ("/ui/socket/keys", "/ui/socket/challenges/%2e%2e/keys", "/ui/x"):
        with (
            pytest.raises(WebSocketDisconnect),
            mounted.websocket_connect(f"ws://{HOST}{path}"),
        ):
            pass


def test_another_site_cannot_post_or_stream(mounted: TestClient, token: str) -> None:
    evil = {"origin": "https://evil.example"}
    assert mounted.post("/v1/detect", headers=evil).status_code == 403
    sign_in(mounted, token)
    with (
        pytest.raises(WebSocketDisconnect),
        mounted.websocket_connect(f"ws://{HOST}/ui/socket/live", headers=evil),
    ):
        pass
