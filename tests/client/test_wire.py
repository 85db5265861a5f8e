"""Addresses, keys, and operations as HTTP."""

import ssl

import httpx
import pytest

from visavis.client.bodies import File, Form
from visavis.client.errors import Unreachable
from visavis.client.operation import Operation
from visavis.client.wire import Wire, reaching, request_of
from visavis.errors import ConfigError


class TestAddress:
    @pytest.mark.parametrize(
        "url",
        ["", "127.0.0.1:8600", "ftp://host", "http://", "http://[::1", "http://host:99999"],
    )
    def test_refuses_what_is_none(self, url: str) -> None:
        with pytest.raises(ConfigError, match="expected an address like"):
            Wire(url)

    def test_slashes_at_the_end_do_not_count(self) -> None:
        assert Wire("HTTP://host:80/faces/").url == "http://host:80/faces"

    @pytest.mark.parametrize(
        ("url", "sockets"),
        [("http://host:80", "ws://host:80"), ("https://host/http", "wss://host/http")],
    )
    def test_of_websockets(self, url: str, sockets: str) -> None:
        assert Wire(url).websockets == sockets

    @pytest.mark.parametrize(
        ("url", "local"),
        [("http://127.0.0.1:1", True), ("http://[::1]", True), ("http://localhost.example", False)],
    )
    def test_proxies_are_not_for_this_machine(self, url: str, local: bool) -> None:
        assert Wire(url).local is local
        assert Wire(url).options["trust_env"] is not local


class TestKey:
    def test_comes_from_the_environment_unless_it_is_given(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert Wire().headers == {}
        monkeypatch.setenv("VISAVIS_API_KEY", "vv_env\n")
        assert Wire().headers == {"Authorization": "Bearer vv_env"}
        assert Wire(key="vv_own").headers == {"Authorization": "Bearer vv_own"}
        assert Wire(key="").headers == {}

    def test_is_not_shown(self) -> None:
        assert "vv_secret" not in repr(Wire(key="vv_secret"))
        with pytest.raises(ConfigError) as caught:
            Wire(key="vv_secret\r\nX: y")
        assert "vv_secret" not in str(caught.value)


def test_a_certificate_of_ones_own() -> None:
    context = ssl.create_default_context()
    assert Wire("https://host", tls=context).options["verify"] is context
    assert Wire("https://host").options["verify"] is True


def sent(operation: Operation[object]) -> httpx.Request:
    with httpx.Client(base_url="http://host") as client:
        found = client.build_request(**request_of(operation))
        found.read()
        return found


class TestRequest:
    def test_queries_leave_out_none(self) -> None:
        query = {"fmr": 1e-05, "face": "largest", "cursor": None}
        assert sent(Operation("GET", "/v1/x", dict, query)).url.query == b"fmr=1e-05&face=largest"

    def test_quoted_paths_stay_as_they_are(self) -> None:
        assert sent(Operation("GET", "/v1/a%20b/100%25", dict)).url.raw_path == b"/v1/a%20b/100%25"

    def test_a_picture_is_the_body(self) -> None:
        request = sent(Operation("POST", "/v1/x", dict, body=b"abc", headers={"A": "b"}))
        assert request.content == b"abc"
        assert request.headers["content-type"] == "application/octet-stream"
        assert request.headers["a"] == "b"

    def test_forms(self) -> None:
        form = Form([File("images", b"abc"), File("images", b"def", "2.png")], {"name": "Ada"})
        request = sent(Operation("POST", "/v1/x", dict, body=form))
        assert request.headers["content-type"].startswith("multipart/form-data")
        assert request.content.count(b'name="images"; filename="photo"') == 1
        assert request.content.count(b'name="images"; filename="2.png"') == 1
        assert b'name="name"\r\n\r\nAda' in request.content

    def test_json(self) -> None:
        request = sent(Operation("POST", "/v1/x", dict, body={"id": "ä", "none": None}))
        assert request.headers["content-type"] == "application/json"
        assert request.content.decode() == '{"id":"ä","none":null}'


def test_no_answer_is_unreachable() -> None:
    expected = pytest.raises(Unreachable, match="no answer from http://host: ReadTimeout")
    with expected as caught, reaching("http://host"):
        raise httpx.ReadTimeout("")
    assert (caught.value.code, caught.value.status) == ("unreachable", None)
