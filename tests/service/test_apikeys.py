"""API keys: what opens the service, what no longer does, and what is kept of a secret."""

import re
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from visavis.audit import Action
from visavis.errors import InputError
from visavis.service.apikeys import ApiKey, ApiKeys, Scope, UnknownKey, entry, table
from visavis.service.database import DatabaseUnusable, ServiceDatabase

HOUR = timedelta(hours=1)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that goes on when told."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return (self.at - START).total_seconds()

    def go(self, by: timedelta) -> None:
        self.at += by


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "service.db"


@pytest.fixture
def database(path: Path) -> Iterator[ServiceDatabase]:
    with closing(ServiceDatabase(path)) as opened:
        yield opened


@pytest.fixture
def keys(database: ServiceDatabase, clock: Clock) -> ApiKeys:
    return ApiKeys(database, now=clock, monotonic=clock.seconds)


@pytest.fixture
def others(path: Path, clock: Clock) -> Iterator[ApiKeys]:
    """The same keys in another process."""
    with closing(ServiceDatabase(path)) as opened:
        yield ApiKeys(opened, now=clock, monotonic=clock.seconds)


def altered(token: str) -> str:
    """Another secret for the same id."""
    return token[:-43] + ("A" if token[-43] != "A" else "B") + token[-42:]


class TestCreate:
    def test_the_token_opens_the_key(self, keys: ApiKeys) -> None:
        key, token = keys.create("door", [Scope.IDENTIFY, Scope.DETECT], collections=["staff"])
        assert re.fullmatch(rf"vv_{key.id}_[A-Za-z0-9_-]{{43}}", token)
        assert re.fullmatch("[0-9a-f]{12}", key.id)
        assert keys.find(token) == keys.get(key.id) == key
        assert (key.name, key.collections) == ("door", ("staff",))
        assert key.scopes == {Scope.DETECT, Scope.IDENTIFY}
        assert (key.created_at, key.expires_at, key.revoked_at) == (START, None, None)

    def test_no_two_are_alike(self, keys: ApiKeys) -> None:
        made = [keys.create("same", [Scope.DETECT]) for _ in range(5)]
        assert len({key.id for key, _ in made}) == len({token[-43:] for _, token in made}) == 5
        assert [keys.find(token) for _, token in made] == [key for key, _ in made]

    def test_the_secret_is_nowhere_in_the_file(self, keys: ApiKeys, path: Path) -> None:
        key, token = keys.create("door", [Scope.DETECT])
        _, again = keys.rotate(key.id, HOUR)
        written = b"".join(p.read_bytes() for p in path.parent.iterdir())
        assert b"door" in written
        for secret in (token[-43:], again[-43:]):
            assert secret.encode() not in written

    def test_the_prefix_tells_keys_apart_without_their_secret(self, keys: ApiKeys) -> None:
        key, token = keys.create("door", [Scope.DETECT])
        assert token.startswith(key.prefix)
        assert len(key.prefix) == 8

    @pytest.mark.parametrize("name", ["", "x" * 257, "a\nb", "\ud800"])
    def test_refuses_bad_names(self, keys: ApiKeys, name: str) -> None:
        with pytest.raises(InputError, match="name of an API key"):
            keys.create(name, [Scope.DETECT])
        with pytest.raises(InputError, match="collection"):
            keys.create("door", [Scope.DETECT], collections=[name])

    @pytest.mark.parametrize("scopes", [[], ["detect", "fly"], "detect"])
    def test_refuses_no_and_unknown_scopes(self, keys: ApiKeys, scopes: list[str]) -> None:
        with pytest.raises(InputError, match="scopes of detect, identify"):
            keys.create("door", scopes)
        assert keys.empty()

    @pytest.mark.parametrize("collections", [[], "staff"])
    def test_refuses_no_collections(self, keys: ApiKeys, collections: list[str]) -> None:
        with pytest.raises(InputError, match="one or more collections"):
            keys.create("door", [Scope.DETECT], collections=collections)

    def test_refuses_an_administrator_with_limits(self, keys: ApiKeys) -> None:
        with pytest.raises(InputError, match="admin"):
            keys.create("door", [Scope.ADMIN], collections=["staff"])

    def test_refuses_an_expiry_in_the_past_or_nowhere(self, keys: ApiKeys) -> None:
        with pytest.raises(InputError, match="future"):
            keys.create("door", [Scope.DETECT], expires_at=START)
        with pytest.raises(InputError, match="time zone"):
            keys.create("door", [Scope.DETECT], expires_at=datetime(2030, 1, 1))


class TestApiKey:
    def test_admin_implies_every_scope_and_nothing_else_does(self) -> None:
        for scope in Scope:
            key = ApiKey("0", "n", frozenset({scope}), None, START)
            allowed = {other for other in Scope if key.allows(other)}
            assert allowed == (set(Scope) if scope is Scope.ADMIN else {scope})

    def test_reaches_the_collections_it_names_or_all(self) -> None:
        limited = ApiKey("0", "n", frozenset({Scope.DETECT}), ("a", "b", "a"), START)
        assert limited.collections == ("a", "b")
        assert [limited.reaches(name) for name in ("a", "b", "c", "")] == [True, True, False, False]
        assert ApiKey("0", "n", frozenset({Scope.DETECT}), None, START).reaches("anything")

    def test_is_active_until_it_expires_or_is_revoked(self) -> None:
        made = ("0", "n", frozenset({Scope.DETECT}), None, START)
        assert ApiKey(*made).active(START + 1000 * HOUR)
        expiring = ApiKey(*made, expires_at=START + HOUR)
        assert [expiring.active(START + n * HOUR / 2) for n in (1, 2, 3)] == [True, False, False]
        assert not ApiKey(*made, revoked_at=START).active(START)


class TestFind:
    def test_other_secrets_and_ids_open_nothing(self, keys: ApiKeys) -> None:
        key, token = keys.create("door", [Scope.DETECT])
        other, _ = keys.create("gate", [Scope.DETECT])
        assert keys.find(altered(token)) is None
        assert keys.find(token.replace(key.id, other.id)) is None
        assert keys.find(token.replace(key.id, "0" * 12)) is None

    @given(st.text(alphabet=st.characters(codec=None)))
    def test_garbage_opens_nothing(self, text: str) -> None:
        class Untouched(ServiceDatabase):
            def __init__(self) -> None:
                pass

        assert ApiKeys(Untouched()).find(text) is None

    def test_what_is_almost_a_token_opens_nothing(self, keys: ApiKeys) -> None:
        _, token = keys.create("door", [Scope.DETECT])
        tries = [token + "\n", " " + token, token + "A", token[:-1], token.upper(), token[3:]]
        tries += ["vv_" * 10**6, token * 10**5, "\ud800" + token, token.replace("v", "ｖ"), "\0"]
        assert [keys.find(text) for text in tries] == [None] * len(tries)

    def test_compares_as_much_for_ids_that_nobody_has(
        self, keys: ApiKeys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key, token = keys.create("door", [Scope.DETECT])
        revoked, gone = keys.create("gate", [Scope.DETECT])
        keys.revoke(revoked.id)
        compared: list[tuple[int, int]] = []

        def watched(a: bytes, b: bytes) -> bool:
            compared.append((len(a), len(b)))
            return a == b

        monkeypatch.setattr("visavis.service.apikeys.hmac.compare_digest", watched)
        for text in (token, altered(token), token.replace(key.id, "0" * 12), gone):
            compared.clear()
            keys.find(text)
            assert compared == [(32, 32), (32, 32)]

    def test_nothing_is_read_for_every_request(
        self,
        keys: ApiKeys,
        database: ServiceDatabase,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        key, token = keys.create("door", [Scope.DETECT])
        monkeypatch.delattr(ServiceDatabase, "read")
        clock.go(timedelta(seconds=1))  # a look at whether anybody wrote, no more
        assert keys.find(token) == key
        database.close()
        assert keys.find(token) == key
        clock.go(timedelta(seconds=1))
        with pytest.raises(DatabaseUnusable):
            keys.find(token)

    def test_a_pepper_makes_digests_of_its_own(self, database: ServiceDatabase) -> None:
        one, two = ApiKeys(database, b"one"), ApiKeys(database, b"two")
        key, token = one.create("door", [Scope.DETECT])
        assert one.find(token) == key
        assert two.find(token) is None
        with database.write() as c:  # even where a key's row was put there by somebody else
            digest = c.scalar(select(table.c.digest))
            c.execute(update(table).values(former=digest, former_until="2999-01-01T00:00+00:00"))
        assert two.find(token) is None

    def test_an_expired_key_opens_nothing(self, keys: ApiKeys, clock: Clock) -> None:
        key, token = keys.create("door", [Scope.DETECT], expires_at=START + HOUR)
        clock.go(HOUR - timedelta(microseconds=1))
        assert keys.find(token) == key
        clock.go(timedelta(microseconds=1))
        assert keys.find(token) is None


class TestRevoke:
    def test_takes_effect_at_once(self, keys: ApiKeys) -> None:
        key, token = keys.create("door", [Scope.DETECT])
        other, still = keys.create("gate", [Scope.DETECT])
        assert keys.revoke(key.id).revoked_at == START
        assert keys.find(token) is None
        assert keys.find(still) == other

    def test_is_seen_by_another_process_within_a_second(
        self, keys: ApiKeys, others: ApiKeys, clock: Clock
    ) -> None:
        key, token = keys.create("door", [Scope.DETECT])
        assert others.find(token) == key
        keys.revoke(key.id)
        clock.go(timedelta(seconds=1))
        assert others.find(token) is None

    def test_the_first_moment_stays(self, keys: ApiKeys, clock: Clock) -> None:
        key, _ = keys.create("door", [Scope.DETECT])
        keys.revoke(key.id)
        clock.go(HOUR)
        assert keys.revoke(key.id) == keys.get(key.id)
        assert keys.get(key.id).revoked_at == START

    def test_what_is_no_id_is_not_repeated(self, keys: ApiKeys) -> None:
        key, token = keys.create("door", [Scope.DETECT])
        for call in (keys.get, keys.revoke, keys.rotate):
            with pytest.raises(UnknownKey, match="no API key 000000000000") as caught:
                call("0" * 12)
            assert caught.value.code == "unknown_key"
            with pytest.raises(UnknownKey) as caught:
                call(token)
            assert token[-43:] not in str(caught.value)
        assert keys.find(token) == key


class TestRotate:
    def test_without_grace_the_last_token_ends_at_once(
        self, keys: ApiKeys, database: ServiceDatabase
    ) -> None:
        key, old = keys.create("door", [Scope.DETECT], collections=["a"], expires_at=START + HOUR)
        same, new = keys.rotate(key.id)
        assert same == key
        assert new.startswith(f"vv_{key.id}_")
        assert keys.find(new) == key
        assert keys.find(old) is None
        with database.read() as c:
            assert c.scalar(select(table.c.former)) is None

    def test_with_grace_both_work_until_it_is_over(self, keys: ApiKeys, clock: Clock) -> None:
        key, old = keys.create("door", [Scope.DETECT])
        _, new = keys.rotate(key.id, HOUR)
        clock.go(HOUR - timedelta(microseconds=1))
        assert [keys.find(token) for token in (old, new)] == [key, key]
        clock.go(timedelta(microseconds=1))
        assert [keys.find(token) for token in (old, new)] == [None, key]

    def test_grace_is_for_the_last_secret_alone(self, keys: ApiKeys) -> None:
        key, first = keys.create("door", [Scope.DETECT])
        _, second = keys.rotate(key.id, HOUR)
        _, third = keys.rotate(key.id, HOUR)
        assert [keys.find(token) for token in (first, second, third)] == [None, key, key]
        _, fourth = keys.rotate(key.id)
        assert [keys.find(token) for token in (second, third, fourth)] == [None, None, key]

    def test_a_revoked_key_has_no_grace(self, keys: ApiKeys) -> None:
        key, old = keys.create("door", [Scope.DETECT])
        _, new = keys.rotate(key.id, HOUR)
        keys.revoke(key.id)
        assert [keys.find(token) for token in (old, new)] == [None, None]

    def test_brings_no_key_back(self, keys: ApiKeys, clock: Clock) -> None:
        revoked, _ = keys.create("door", [Scope.DETECT])
        expired, _ = keys.create("gate", [Scope.DETECT], expires_at=START + HOUR)
        keys.revoke(revoked.id)
        clock.go(HOUR)
        for key in (revoked, expired):
            with pytest.raises(InputError, match="revoked or expired"):
                keys.rotate(key.id)

    @pytest.mark.parametrize("grace", [-HOUR, timedelta(days=31), timedelta.max])
    def test_refuses_other_graces(self, keys: ApiKeys, grace: timedelta) -> None:
        key, token = keys.create("door", [Scope.DETECT])
        with pytest.raises(InputError, match="grace of 0 to 30 days"):
            keys.rotate(key.id, grace)
        assert keys.find(token) == key


class TestTouch:
    def test_is_told_at_once_and_written_once_a_minute(
        self, keys: ApiKeys, others: ApiKeys, clock: Clock
    ) -> None:
        key, _ = keys.create("door", [Scope.DETECT])
        assert key.last_used_at is None
        keys.touch(key.id)
        assert others.get(key.id).last_used_at == START
        clock.go(timedelta(seconds=59))
        keys.touch(key.id)
        assert keys.get(key.id).last_used_at == keys.list()[0].last_used_at == clock.at
        assert others.get(key.id).last_used_at == START
        clock.go(timedelta(seconds=1))
        keys.touch(key.id)
        assert others.get(key.id).last_used_at == clock.at

    def test_flush_writes_the_rest(self, keys: ApiKeys, others: ApiKeys, clock: Clock) -> None:
        made = [keys.create(name, [Scope.DETECT])[0] for name in "ab"]
        keys.touch(made[0].id)
        clock.go(timedelta(seconds=5))
        keys.touch(made[1].id)
        keys.flush()
        keys.flush()
        assert [others.get(key.id).last_used_at for key in made] == [START, clock.at]

    def test_a_database_that_refuses_stops_nobody_and_is_tried_again(
        self, keys: ApiKeys, database: ServiceDatabase, clock: Clock
    ) -> None:
        key, _ = keys.create("door", [Scope.DETECT])
        with database.write() as c:
            c.exec_driver_sql(
                "CREATE TRIGGER t BEFORE UPDATE ON api_keys BEGIN SELECT RAISE(FAIL, 'no'); END"
            )
        keys.touch(key.id)
        with pytest.raises(DatabaseUnusable):
            keys.flush()
        with database.write() as c:
            c.exec_driver_sql("DROP TRIGGER t")
        keys.flush()
        with database.read() as c:
            assert c.scalar(select(table.c.last_used_at)) is not None


def test_list_has_every_key_the_oldest_first(keys: ApiKeys, clock: Clock) -> None:
    made = []
    for name in "cab":
        made.append(keys.create(name, [Scope.DETECT])[0].id)
        clock.go(HOUR)
    keys.revoke(made[0])
    assert [key.id for key in keys.list()] == made
    assert keys.list()[0].revoked_at is not None


def test_empty_and_any_active(keys: ApiKeys, others: ApiKeys, clock: Clock) -> None:
    def states() -> list[bool]:
        return [keys.empty(), others.empty(), keys.any_active(), others.any_active()]

    assert states() == [True, True, False, False]
    keys.create("door", [Scope.DETECT], expires_at=START + HOUR)
    clock.go(timedelta(seconds=1))
    assert states() == [False, False, True, True]
    clock.go(HOUR)
    assert states() == [False, False, False, False]
    other, _ = others.create("gate", [Scope.DETECT])
    others.revoke(other.id)
    assert states() == [False, False, False, False]


def test_threads_see_a_key_as_soon_as_its_maker_has_it(database: ServiceDatabase) -> None:
    keys = ApiKeys(database)
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(5):
            key, token = keys.create(f"{number} {turn}", [Scope.DETECT])
            if keys.find(token) != key:
                wrong.append("made, not found")
            keys.touch(key.id)
            keys.revoke(key.id)
            if keys.find(token) is not None:
                wrong.append("revoked, found")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(keys.list()) == 20


def test_the_audit_entry_names_the_key_and_its_scopes(keys: ApiKeys) -> None:
    key, _ = keys.create("door", [Scope.IDENTIFY, Scope.DETECT])
    told = entry(Action.KEY_CREATED, key)
    assert (told.action, told.collection, told.subject) == ("api_key_created", None, None)
    assert told.details == {"key": key.id, "scopes": "detect, identify"}
