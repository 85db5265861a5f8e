"""Rows of jobs: whose turn it is, and what is left of those that ended."""

from pathlib import Path

import pytest

from visavis.service.database import ServiceDatabase
from visavis.service.errors import NotHere
from visavis.service.jobs.reports import Seals
from visavis.service.jobs.store import JobStore
from visavis.service.jobs.values import Job, Order, Place, Portion, Result, Task

REFUSED = Result("refused", "no_face", "found none")


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(ServiceDatabase(tmp_path / "service.db"), Seals(b"k" * 32))


def add(store: JobStore, ident: str, *subjects: str, collection: str = "c") -> Job:
    parts = [Portion(subject, ("1", "2"), (bytes, bytes)) for subject in subjects]
    keys = [b"p" * 32 for _ in parts]
    places = [Place(10 * n, (5, 5)) for n, _ in enumerate(parts)]
    return store.add(ident, Order(collection, {"fmr": 0.01}, {"key": "k"}), parts, keys, places)


def begun(store: JobStore) -> Task:
    found = store.begin()
    assert found is not None
    return found


def test_turns(store: JobStore) -> None:
    assert store.begin() is None
    add(store, "one", "ada", "ben")
    add(store, "two", "cay")
    first = begun(store)
    assert (first.mark, first.begun, first.dropped, first.first) == ("one:0", False, False, 0)
    assert first.order == Order("c", {"fmr": 0.01}, {"key": "k"})
    again = begun(store)
    assert (again.mark, again.begun) == ("one:0", True)
    assert store.finish(first, [REFUSED, REFUSED])
    second = begun(store)
    assert (second.mark, second.first, second.place) == ("one:1", 2, Place(10, (5, 5)))
    assert store.finish(second, [REFUSED, Result("enrolled", template="t")])
    one = store.get("c", "one")
    assert (one.state, one.enrolled, one.refused, one.done) == ("done", 1, 3, 4)
    assert begun(store).mark == "two:0"


def test_a_begun_portion_of_a_cancelled_job_still_has_its_turn(store: JobStore) -> None:
    add(store, "one", "ada", "ben")
    task = begun(store)
    assert store.cancel("c", "one").state == "cancelled"
    assert store.open_portions("one") == 1
    again = begun(store)
    assert (again.begun, again.dropped) == (True, True)
    assert again.sealed_key == task.sealed_key
    store.finish(again, [REFUSED, REFUSED])
    assert store.begin() is None
    assert store.get("c", "one").state == "cancelled"
    outcomes = [item.result.outcome for item in store.items("c", "one", 0, 9)]
    assert outcomes == ["refused", "refused", "cancelled", "cancelled"]


def test_ending_twice_changes_nothing(store: JobStore) -> None:
    add(store, "one", "ada")
    task = begun(store)
    assert store.fail("one", "internal")
    assert not store.fail("one", "other")
    assert store.cancel("c", "one").state == "failed"
    assert store.get("c", "one").error == "internal"
    assert store.open_portions("one") == 0
    store.delete("c", "one")
    assert not store.finish(task, [REFUSED, REFUSED])
    with pytest.raises(NotHere):
        store.get("c", "one")


def test_who_holds_photos(store: JobStore) -> None:
    add(store, "one", "ada")
    add(store, "two", "ada", collection="d")
    assert store.idents() == store.holding() == {"one", "two"}
    store.cancel("c", "one")
    assert store.holding() == {"two"}
    assert store.forget("c", "ada") == ["one"]
    assert store.forget("d", "ada") == ["two"]
    assert store.holding() == set()
    assert store.delete_collection("d") == ["two"]
    assert store.idents() == {"one"}


def test_only_what_ended_grows_old(store: JobStore) -> None:
    add(store, "one", "ada")
    assert store.delete_ended("9999") == []
    store.cancel("c", "one")
    assert store.delete_ended("2000") == []
    assert store.delete_ended("9999") == ["one"]


def test_jobs_are_counted_by_state(store: JobStore) -> None:
    assert store.states() == {}
    add(store, "one", "ada")
    add(store, "two", "ben")
    add(store, "three", "cay")
    begun(store)
    store.cancel("c", "two")
    assert store.states() == {"running": 1, "queued": 1, "cancelled": 1}
