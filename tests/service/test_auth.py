"""Who calls, and what they may do."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from visavis.service.apikeys import ApiKeys, Scope
from visavis.service.auth import Caller, Forbidden, Gate, Unauthorized, token_of
from visavis.service.database import ServiceDatabase


class Clock:
    at = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> Iterator[ApiKeys]:
    with closing(ServiceDatabase(tmp_path / "service.db")) as database:
        yield ApiKeys(database, now=clock)


def caller(*scopes: Scope, collections: tuple[str, ...] | None = None) -> Caller:
    return Caller("3f9a0c51e2d7", "door", frozenset(scopes), collections)


class TestCaller:
    def test_may_what_its_scopes_say(self) -> None:
        door = caller(Scope.DETECT, Scope.IDENTIFY)
        assert {s for s in Scope if door.may(s)} == {Scope.DETECT, Scope.IDENTIFY}
        assert door.may(Scope.IDENTIFY, "anything")

    def test_admin_may_everything(self) -> None:
        assert all(caller(Scope.ADMIN).may(scope, "anything") for scope in Scope)

    def test_reaches_its_collections_alone(self) -> None:
        door = caller(Scope.IDENTIFY, collections=("staff", "guests"))
        reached = [door.may(Scope.IDENTIFY, name) for name in ("staff", "guests", "vip", "", None)]
        assert reached == [True, True, False, False, True]
        assert not door.may(Scope.ENROL, "staff")

    def test_require_names_what_is_missing(self) -> None:
        door = caller(Scope.IDENTIFY, collections=("staff",))
        door.require(Scope.IDENTIFY)
        door.require(Scope.IDENTIFY, "staff")
        with pytest.raises(Forbidden, match="scope enrol") as caught:
            door.require(Scope.ENROL, "vip")
        assert caught.value.code == "forbidden"
        with pytest.raises(Forbidden, match="collection 'vip'"):
            door.require(Scope.IDENTIFY, "vip")

    def test_anybody_has_every_scope_and_no_key(self) -> None:
        anybody = Caller.open()
        assert (anybody.key_id, anybody.name) == ("", "open")
        assert all(anybody.may(scope, "anything") for scope in Scope)


class TestGate:
    def test_a_key_is_let_in_as_itself(self, keys: ApiKeys) -> None:
        key, token = keys.create("door", [Scope.IDENTIFY], collections=["staff"])
        let_in = Gate(keys, open_access=False).admit(token)
        assert let_in == Caller(key.id, "door", frozenset({Scope.IDENTIFY}), ("staff",))

    def test_its_use_is_noted(self, keys: ApiKeys, clock: Clock) -> None:
        key, token = keys.create("door", [Scope.IDENTIFY])
        Gate(keys, open_access=False).admit(token)
        assert keys.get(key.id).last_used_at == clock.at

    def test_unknown_expired_and_revoked_are_told_the_same(
        self, keys: ApiKeys, clock: Clock
    ) -> None:
        gate = Gate(keys, open_access=False)
        revoked, one = keys.create("a", [Scope.ADMIN])
        _, two = keys.create("b", [Scope.ADMIN], expires_at=clock.at + timedelta(hours=1))
        keys.revoke(revoked.id)
        clock.at += timedelta(hours=1)
        told = set()
        for token in (one, two, one[:-4] + "AAAA", f"vv_{'0' * 12}_{'A' * 43}", "garbage", ""):
            with pytest.raises(Unauthorized) as caught:
                gate.admit(token)
            assert caught.value.code == "unauthorized"
            told.add(str(caught.value))
        assert len(told) == 1
        assert keys.get(revoked.id).last_used_at is None

    def test_without_a_token_one_is_asked_for(self, keys: ApiKeys) -> None:
        with pytest.raises(Unauthorized, match=r"Bearer KEY.*X-API-Key"):
            Gate(keys, open_access=False).admit(None)

    @pytest.mark.parametrize("token", [None, "garbage"])
    def test_is_open_while_no_key_was_made(self, keys: ApiKeys, token: str | None) -> None:
        gate = Gate(keys, open_access=True)
        assert gate.admit(token) == Caller.open()
        keys.create("door", [Scope.DETECT])
        with pytest.raises(Unauthorized):
            gate.admit(token)

    def test_does_not_open_when_the_last_key_ends(self, keys: ApiKeys, clock: Clock) -> None:
        gate = Gate(keys, open_access=True)
        key, token = keys.create("door", [Scope.DETECT], expires_at=clock.at + timedelta(hours=1))
        clock.at += timedelta(hours=1)
        for given in (None, token):
            with pytest.raises(Unauthorized):
                gate.admit(given)
        keys.revoke(key.id)
        with pytest.raises(Unauthorized):
            gate.admit(None)


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, None),
        ({"Authorization": "Bearer abc"}, "abc"),
        ({"authorization": "bearer  abc "}, "abc"),
        ({"AUTHORIZATION": "BEARER abc"}, "abc"),
        ({"X-API-Key": " abc "}, "abc"),
        ({"x-api-key": "abc"}, "abc"),
        ({"Authorization": "Bearer abc", "X-API-Key": "def"}, "abc"),
        ({"Authorization": "Basic abc", "X-API-Key": "def"}, "def"),
        ({"Authorization": "Bearer ", "X-API-Key": "def"}, "def"),
        ({"Authorization": "Basic abc"}, None),
        ({"Authorization": "Bearer"}, None),
        ({"Authorization": "abc"}, None),
        ({"Authorization": "", "X-API-Key": ""}, None),
    ],
)
def test_token_of(headers: dict[str, str], token: str | None) -> None:
    assert token_of(headers) == token
    assert token_of(Headers(headers)) == token
