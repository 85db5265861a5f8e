"""Feeds: lines become events, and a line that breaks is made again where it was."""

from collections.abc import Iterator
from itertools import islice

import httpx
import pytest

from client.conftest import Mock
from visavis.client import Client, Retries, ServiceError, Unreachable
from visavis.client.feeds import Feed, Reader
from visavis.errors import InputError


def feed(after: int | None = None) -> Feed[int]:
    return Feed("/v1/numbers", int, after=after)


def reader(after: int | None = None) -> Reader[int]:
    return Reader(feed(after), Retries(most=1, draw=lambda: 1.0))


def taken(found: Reader[int], text: str) -> list[int]:
    return [event for line in text.split("\n") for event in found.take(line)]


def said(text: str) -> httpx.Response:
    return httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})


def test_lines_become_events() -> None:
    found = reader()
    assert "Last-Event-ID" not in found.operation.headers
    assert taken(found, "retry: 2000\nid: 4\n\n: nothing\nid: 5\nevent: x\ndata: 7\n\n") == [7]
    assert found.operation.headers["Last-Event-ID"] == "5"
    assert found.operation.headers["Accept"] == "text/event-stream"
    assert taken(found, "data:1\ndata:\n\n") == [1]  # no blank, and two lines


def test_half_an_event_is_none_and_is_asked_for_again() -> None:
    found = reader(after=3)
    found.opened()
    assert taken(found, "id: 4\ndata: 1\n\nid: 5\ndata: 2") == [1]
    assert found.operation.headers["Last-Event-ID"] == "4"
    found.opened()
    assert taken(found, "id: 5\ndata: 2\n\n") == [2]


def test_what_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ServiceError) as caught:
        taken(reader(), "data: x\n\n")
    assert caught.value.code == "bad_answer"


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(InputError):
        feed(-1)


def test_until_it_was_answered_it_is_tried_as_often_as_anything_and_then_for_ever() -> None:
    found, lost = reader(), Unreachable("nobody")
    assert found.pause(lost) == 0.25
    with pytest.raises(Unreachable):
        found.pause(lost)
    found = reader()
    found.opened()
    assert [found.pause(lost) for _ in range(7)] == [0.25, 0.5, 1, 2, 4, 8, 8]
    found.take("id: 1")
    assert found.pause(None) == 0.25
    with pytest.raises(ServiceError):
        found.pause(ServiceError("revoked", "unauthorized", status=401))


def test_it_goes_on_where_it_was_through_whatever_passes(mock: Mock, mocked: Client) -> None:
    broken = httpx.ReadError("broken")
    refused = httpx.Response(503, json={"error": {"code": "busy", "message": "wait"}})
    mock.answers = [
        said("id: 7\n\nid: 8\ndata: 1\n\nid: 9\ndata: 2"),
        broken,
        refused,
        said("id: 9\ndata: 2\n\nid: 11\ndata: 3\n\n"),
        httpx.Response(401, json={"error": {"code": "unauthorized", "message": "revoked"}}),
    ]
    events: Iterator[int] = mocked.follow(feed(after=7))
    assert list(islice(events, 3)) == [1, 2, 3]
    with pytest.raises(ServiceError) as caught:
        next(events)
    assert caught.value.code == "unauthorized"
    asked = [request.headers["Last-Event-ID"] for request in mock.asked]
    assert asked == ["7", "8", "8", "8", "11"]
    assert mock.pauses == [0.25, 0.5, 1.0, 0.25]
