"""Operations as values: addresses, answers, pages."""

import json

import pytest

from visavis.client.bodies import File, Form
from visavis.client.errors import Answer, ServiceError
from visavis.client.operation import Listing, Operation, Page, once, path
from visavis.errors import InputError


def answer(status: int, found: object) -> Answer:
    return Answer(status, {}, json.dumps(found).encode())


class TestPath:
    def test_parts_are_quoted(self) -> None:
        assert path("a b", "100%", "ä?#") == "/v1/a%20b/100%25/%C3%A4%3F%23"

    @pytest.mark.parametrize("part", ["", ".", "..", "a/b"])
    def test_refuses_what_no_address_can_hold(self, part: str) -> None:
        with pytest.raises(InputError, match="expected a name"):
            path("subjects", part)


class TestOperation:
    def test_reads_a_success(self) -> None:
        operation = Operation("GET", "/v1/x", lambda found: found["n"])
        assert operation.result(answer(201, {"n": 3, "newer": True})) == 3

    @pytest.mark.parametrize("status", [199, 301, 404, 503])
    def test_everything_else_is_an_error(self, status: int) -> None:
        with pytest.raises(ServiceError) as caught:
            Operation("GET", "/v1/x", dict).result(answer(status, {}))
        assert caught.value.status == status

    def test_some_errors_may_be_answers(self) -> None:
        operation = Operation("GET", "/readyz", dict, answers=(503,))
        assert operation.result(answer(503, {"ready": False})) == {"ready": False}

    def test_names_what_it_cannot_read(self) -> None:
        with pytest.raises(ServiceError, match="what GET /v1/x answers"):
            Operation("GET", "/v1/x", lambda found: found["n"]).result(answer(200, {}))

    def test_shows_no_pictures(self) -> None:
        form = Form([File("image", b"PIXELS")])
        assert "PIXELS" not in repr((form, Operation("POST", "/v1/x", dict, body=b"PIXELS")))


def test_a_key_of_its_own_unless_one_is_given() -> None:
    assert once("k1") == {"Idempotency-Key": "k1"}
    keys = {once(None)["Idempotency-Key"] for _ in range(3)}
    assert len(keys) == 3
    assert all(len(key) == 32 for key in keys)


def test_a_listing_makes_pages() -> None:
    listing = Listing("/v1/x", int, {"search": "a"})
    first, second = listing.page(), listing.page("c1")
    assert (first.method, first.path) == ("GET", "/v1/x")
    assert first.query == {"search": "a", "cursor": None}
    assert second.query == {"search": "a", "cursor": "c1"}
    page = first.result(answer(200, {"items": ["1", "2"], "next": "c1"}))
    assert page == Page((1, 2), "c1")
    assert list(page) == [1, 2]
