"""Once and no more: retries, restarts, races and time."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from visavis.errors import ConfigError, InputError
from visavis.service.database import DatabaseUnusable, ServiceDatabase
from visavis.service.idempotency import (
    Begun,
    Fresh,
    Idempotency,
    IdempotencyMismatch,
    InProgress,
    Interrupted,
    Stored,
)

DAY = timedelta(hours=24)


class Clock:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def database(tmp_path: Path) -> Iterator[ServiceDatabase]:
    opened = ServiceDatabase(tmp_path / "service.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def requests(database: ServiceDatabase, clock: Clock) -> Idempotency:
    return Idempotency(database, DAY, clock)


def test_done_once_and_answered_again(requests: Idempotency) -> None:
    assert requests.begin("d", "hash") == Fresh()
    requests.finish("d", 201, '{"templates": ["00ff"]}')
    for _ in range(2):
        assert requests.begin("d", "hash") == Stored(201, '{"templates": ["00ff"]}')
    assert requests.begin("other", "hash") == Fresh()


def test_another_request_with_the_key_is_refused(requests: Idempotency) -> None:
    requests.begin("d", "hash")
    with pytest.raises(IdempotencyMismatch) as raised:
        requests.begin("d", "else")
    assert raised.value.code == "idempotency_mismatch"
    requests.finish("d", 201, "{}")
    with pytest.raises(IdempotencyMismatch):
        requests.begin("d", "else")


def test_a_second_one_waits_while_the_first_is_served(requests: Idempotency) -> None:
    requests.begin("d", "hash")
    with pytest.raises(InProgress) as raised:
        requests.begin("d", "hash")
    assert raised.value.code == "idempotency_in_progress"
    assert raised.value.retry_after == 1
    requests.finish("d", 201, "{}")
    assert requests.begin("d", "hash") == Stored(201, "{}")


def test_after_a_failure_the_next_one_is_fresh(requests: Idempotency) -> None:
    requests.begin("d", "hash")
    requests.abandon("d")
    assert requests.begin("d", "another photo") == Fresh()


def test_what_a_dead_process_began_is_interrupted(
    requests: Idempotency, database: ServiceDatabase, clock: Clock
) -> None:
    for digest in ("done", "cut"):
        requests.begin(digest, "hash")
    requests.finish("done", 201, "{}")
    after = Idempotency(database, DAY, clock)
    assert after.begin("done", "hash") == Stored(201, "{}")
    with pytest.raises(IdempotencyMismatch):
        after.begin("cut", "else")
    assert after.begin("cut", "hash") == Interrupted()
    with pytest.raises(InProgress):  # it is in the hands of the one that was told
        after.begin("cut", "hash")
    after.finish("cut", 200, "{}")
    assert after.begin("cut", "hash") == Stored(200, "{}")


def test_nobody_knows_how_it_ended(requests: Idempotency) -> None:
    requests.begin("d", "hash")
    requests.leave("d")
    assert requests.begin("d", "hash") == Interrupted()


def test_begun_is_on_disk_before_the_work(database: ServiceDatabase, clock: Clock) -> None:
    Idempotency(database, DAY, clock).begin("d", "hash")
    second = ServiceDatabase(database.path)
    assert Idempotency(second, DAY, clock).begin("d", "hash") == Interrupted()
    second.close()


def test_an_answer_that_cannot_be_kept_leaves_the_request_interrupted(
    requests: Idempotency, database: ServiceDatabase
) -> None:
    requests.begin("d", "hash")
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE idempotency RENAME TO gone")
    with pytest.raises(DatabaseUnusable):
        requests.finish("d", 201, "{}")
    with pytest.raises(DatabaseUnusable):
        requests.begin("new", "hash")
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO idempotency")
    assert requests.begin("d", "hash") == Interrupted()
    assert requests.begin("new", "hash") == Fresh()


def test_old_ones_are_forgotten(requests: Idempotency, clock: Clock) -> None:
    requests.begin("d", "hash")
    requests.finish("d", 201, "{}")
    clock.now += DAY - timedelta(microseconds=1)
    assert requests.begin("d", "hash") == Stored(201, "{}")
    clock.now += timedelta(microseconds=1)
    assert requests.begin("d", "else") == Fresh()


def test_sweeping_keeps_the_new_and_what_is_served(requests: Idempotency, clock: Clock) -> None:
    for digest in ("old", "cut", "served"):
        requests.begin(digest, "hash")
    requests.finish("old", 201, "{}")
    requests.leave("cut")
    clock.now += timedelta(hours=12)
    requests.begin("new", "hash")
    requests.finish("new", 201, "{}")
    assert requests.sweep() == 0
    clock.now += timedelta(hours=12)
    assert requests.sweep() == 2
    assert requests.begin("new", "hash") == Stored(201, "{}")
    with pytest.raises(InProgress):
        requests.begin("served", "hash")


def test_of_many_at_once_one_is_fresh(requests: Idempotency) -> None:
    gate, begun = threading.Barrier(4), list[Begun | str]()

    def ask() -> None:
        gate.wait()
        try:
            begun.append(requests.begin("d", "hash"))
        except InProgress as error:
            begun.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert begun.count(Fresh()) == 1
    assert begun.count("idempotency_in_progress") == 3


def test_digests_tell_requests_apart() -> None:
    same = Idempotency.digest("id", "POST", "/v1/a", "key")
    assert len(same) == 64
    assert same == Idempotency.digest("id", "POST", "/v1/a", "key")
    others = [
        ("i", "POST", "/v1/a", "key"),
        ("id", "PUT", "/v1/a", "key"),
        ("id", "POST", "/v1/", "akey"),
        ("id", "POST", "/v1/a", "Key"),
    ]
    assert len({same, *(Idempotency.digest(*other) for other in others)}) == 5


@pytest.mark.parametrize("key", ["", "x" * 201, "caf\u00e9", "a\nb", "\x7f"])
def test_keys_are_checked(key: str) -> None:
    with pytest.raises(InputError, match="1 to 200 printable ASCII characters"):
        Idempotency.digest("id", "POST", "/", key)


def test_the_longest_key_is_taken() -> None:
    assert Idempotency.digest("id", "POST", "/", "~ " * 100)


def test_time_to_keep_is_checked(database: ServiceDatabase) -> None:
    with pytest.raises(ConfigError):
        Idempotency(database, timedelta(0))
