"""The waiting client: retries, pages, downloads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from client.conftest import Mock
from visavis.client import Client, ServiceError, Unreachable
from visavis.client.collections import collections
from visavis.errors import ConfigError

ENROLLED = {"subject": "ada", "templates": [], "rejected": []}
BUSY = {"error": {"code": "overloaded", "message": "busy"}, "request_id": "r1"}
READY = {"ready": False, "version": "1", "parts": {"disk": "full"}}


def busy(**headers: str) -> httpx.Response:
    return httpx.Response(429, json=BUSY, headers=headers)


def made(name: str) -> dict[str, Any]:
    counts = {"dim": 32, "subjects": 1, "templates": 2}
    return {
        "name": name,
        "model": "m",
        **counts,
        "keep_crops": False,
        "created_at": "2026-01-01T00:00Z",
    }


class TestRetries:
    def test_until_it_works(self, mock: Mock, mocked: Client) -> None:
        mock.answers = [
            httpx.ConnectError("refused"),
            busy(**{"Retry-After": "2"}),
            httpx.Response(200, json={"faces": [], "width": 4, "height": 3}),
        ]
        assert mocked.detect(b"photo").width == 4
        assert mock.pauses == [0.25, 2.5]
        assert [request.content for request in mock.asked] == [b"photo"] * 3

    def test_no_more_often_than_was_said(self, mock: Mock, mocked: Client) -> None:
        mock.answers = [httpx.ReadTimeout("")] * 4
        with pytest.raises(Unreachable):
            mocked.policy()
        assert mock.pauses == [0.25, 0.5, 1.0]
        assert mock.answers == []

    def test_an_enrolment_is_the_same_one(self, mock: Mock, mocked: Client) -> None:
        mock.answers = [httpx.ReadError(""), httpx.Response(201, json=ENROLLED)] * 2
        for _ in range(2):
            assert mocked.enrol("ada", b"photo", name="Ada").templates == ()
        keys = [request.headers["Idempotency-Key"] for request in mock.asked]
        assert keys[0] == keys[1] != keys[2] == keys[3]
        assert all(b"photo" in request.content for request in mock.asked)

    @pytest.mark.parametrize(
        "call",
        [
            lambda client: client.forget_subject("ada"),
            lambda client: client.rename_subject("ada", "eve"),
            lambda client: client.merge_subjects("ada", "eve"),
            lambda client: client.remove_template("ada", "t"),
            lambda client: client.delete_collection("x", confirm="x"),
            lambda client: client.create_key("door", ["identify"]),
            lambda client: client.rotate_key("k"),
            lambda client: client.delete_job("j"),
            lambda client: client.start_challenge(),
            lambda client: client.answer_challenge("c", b"frame"),
            lambda client: client.judge_challenge("c"),
        ],
    )
    def test_what_may_be_done_once_is_sent_once(
        self, mock: Mock, mocked: Client, call: Callable[[Client], object]
    ) -> None:
        mock.answers = [httpx.ReadError("")]
        with pytest.raises(Unreachable):
            call(mocked)
        assert len(mock.asked) == 1
        assert mock.pauses == []

    def test_refusals_are_not_repeated(self, mock: Mock, mocked: Client) -> None:
        mock.answers = [httpx.Response(403, json=BUSY)]
        with pytest.raises(ServiceError) as caught:
            mocked.policy()
        assert (caught.value.code, caught.value.request_id) == ("overloaded", "r1")

    def test_not_being_ready_is_an_answer(self, mock: Mock, mocked: Client) -> None:
        mock.answers = [httpx.Response(503, json=READY)]
        found = mocked.ready()
        assert (found.ready, found.parts) == (False, {"disk": "full"})


class TestPages:
    def test_are_asked_for_one_after_the_other(self, mock: Mock, mocked: Client) -> None:
        mock.answers = [
            httpx.Response(200, json={"items": [made("a"), made("b")], "next": "c1"}),
            httpx.Response(200, json={"items": [made("c")], "next": None}),
        ]
        found = mocked.collections()
        assert next(found).name == "a"
        assert len(mock.asked) == 1
        assert [one.name for one in found] == ["b", "c"]
        assert [request.url.query for request in mock.asked] == [b"", b"cursor=c1"]

    def test_one_at_a_time_by_hand(self, mock: Mock, mocked: Client) -> None:
        mock.answers = [httpx.Response(200, json={"items": [made("a")], "next": "c1"})]
        page = mocked.send(collections().page())
        assert (len(page.items), page.next) == (1, "c1")


class TestSaving:
    def test_the_file_is_new_and_private(self, mock: Mock, mocked: Client, tmp_path: Path) -> None:
        mock.answers = [busy(), httpx.Response(200, content=b"sealed")]
        target = tmp_path / "export"
        assert mocked.export(target, "correct horse") == target
        assert target.read_bytes() == b"sealed"
        assert target.stat().st_mode & 0o777 == 0o600
        assert mock.pauses == [0.25]

    def test_nothing_is_overwritten_or_asked_for(
        self, mock: Mock, mocked: Client, tmp_path: Path
    ) -> None:
        target = tmp_path / "export"
        target.write_bytes(b"mine")
        with pytest.raises(ConfigError, match="never overwritten"):
            mocked.export(target, "correct horse")
        assert target.read_bytes() == b"mine"
        assert mock.asked == []

    def test_no_half_of_a_file_is_left(self, mock: Mock, mocked: Client, tmp_path: Path) -> None:
        mock.answers = [httpx.Response(403, json=BUSY), *[httpx.ReadError("")] * 4]
        with pytest.raises(ServiceError, match="busy"):
            mocked.export(tmp_path / "export", "correct horse")
        with pytest.raises(Unreachable):
            mocked.export(tmp_path / "export", "correct horse")
        assert list(tmp_path.iterdir()) == []


def test_says_who_calls(mock: Mock) -> None:
    mock.answers = [httpx.Response(200, json=READY)]
    with Client("https://host/faces", "vv_key", transport=httpx.MockTransport(mock)) as client:
        client.ready()
    assert str(mock.asked[0].url) == "https://host/faces/readyz"
    assert mock.asked[0].headers["Authorization"] == "Bearer vv_key"


def test_follows_nobody_elsewhere(mock: Mock, mocked: Client) -> None:
    mock.answers = [httpx.Response(307, headers={"Location": "http://elsewhere/"})]
    with pytest.raises(ServiceError, match="got HTTP 307"):
        mocked.policy()


def test_nobody_listens() -> None:
    with Client("http://127.0.0.1:9", retries=0) as client, pytest.raises(Unreachable):
        client.ready()
