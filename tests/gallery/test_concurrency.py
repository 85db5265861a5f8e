import json
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from visavis.errors import UnknownSubject
from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.types import Embedding

Draw = Callable[[], Embedding]


def vector(seed: int) -> Embedding:
    return Embedding.of(np.random.default_rng(seed).standard_normal(128), "m")


def enrol(people: Collection, subject: str, seed: int) -> None:
    people.enrol(subject, [vector(seed)], qualities=[1])


def found(people: Collection, seed: int) -> str | None:
    return next((m.subject for m in people.search(vector(seed), 1) if m.score > 0.99), None)


class Crowd:
    """Threads that enrol, search and forget, and what they found wrong."""

    def __init__(self, people: Collection) -> None:
        self.people = people
        self.lock = threading.Lock()
        self.enrolled: dict[str, int] = {}  # acknowledged, and not being forgotten
        self.forgotten: dict[str, int] = {}
        self.wrong: list[str] = []

    def work(self, number: int, steps: int) -> None:
        rnd = random.Random(number)
        try:
            for step in range(steps):
                match rnd.choice(["enrol", "search", "search", "forget", "list"]):
                    case "enrol":
                        self.enrol(f"{number}-{step}", number * 1000 + step)
                    case "search":
                        self.search(rnd)
                    case "forget":
                        self.forget(rnd)
                    case "list":
                        list(self.people.subjects(limit=3))
        except Exception as error:
            self.wrong.append(f"{type(error).__name__}: {error}")

    def enrol(self, subject: str, seed: int) -> None:
        enrol(self.people, subject, seed)
        with self.lock:
            self.enrolled[subject] = seed

    def search(self, rnd: random.Random) -> None:
        with self.lock:
            gone = dict(self.forgotten)
            here = rnd.choice(sorted(self.enrolled.items())) if self.enrolled else None
        matches = self.people.search(vector(rnd.choice([*gone.values(), 0])), 50)
        if stale := {m.subject for m in matches} & gone.keys():
            self.wrong.append(f"found {stale} after they were forgotten")
        if here is not None and found(self.people, here[1]) != here[0]:
            with self.lock:
                if here[0] in self.enrolled:
                    self.wrong.append(f"did not find {here[0]} after it was enrolled")

    def forget(self, rnd: random.Random) -> None:
        with self.lock:
            if not self.enrolled:
                return
            subject = rnd.choice(sorted(self.enrolled))
            seed = self.enrolled.pop(subject)
        self.people.forget(subject)
        with self.lock:
            self.forgotten[subject] = seed


def test_eight_threads_at_once(gallery: Gallery, people: Collection) -> None:
    crowd = Crowd(people)
    threads = [threading.Thread(target=crowd.work, args=(n, 30)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert crowd.wrong == []
    assert crowd.forgotten
    assert {s.id for s in people.subjects()} == set(crowd.enrolled)
    assert len(people) == len(crowd.enrolled)
    assert gallery.orphans() == []
    gallery.audit_verify()


def test_threads_that_enrol_one_new_subject_make_one(people: Collection) -> None:
    threads = [threading.Thread(target=enrol, args=(people, "ada", seed)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert people.subject("ada").templates == 8
    assert len(people.desk.keys.owners()) == 3


def test_sixteen_threads_enrol_and_search(gallery: Gallery) -> None:
    one, two = (gallery.collection(name, model="m", dim=128) for name in ("one", "two"))
    wrong: list[str] = []
    start = threading.Barrier(16)

    def work(number: int) -> None:
        people = (one, two)[number % 2]
        start.wait()
        try:
            for seed in range(number * 100, number * 100 + 12):
                people.enrol(f"s{seed}", [vector(seed)], qualities=[1], details={"key": f"{seed}"})
                people.record("identify", f"s{seed}", {"request": f"{seed}"})
                if found(people, seed) != f"s{seed}" or found(people, 99_999) is not None:
                    wrong.append(f"s{seed}")
                if gallery.audit_find("key", f"{seed}") is None:
                    wrong.append(f"no record of s{seed}")
                if len(gallery.audit_page(request=f"{seed}")) != 1:
                    wrong.append(f"no identification of s{seed}")
        except Exception as error:
            wrong.append(f"{type(error).__name__}: {error}")

    run(16, work)
    assert wrong == []
    assert len(one) == len(two) == 8 * 12
    assert len(list(one.subjects(matching="s"))) == 8 * 12
    assert gallery.audit_verify().records == 2 + 2 * 16 * 12


class Doomed:
    """Threads that search a collection, and enrol in it, until they are told that it is gone."""

    def __init__(self, people: Collection) -> None:
        self.people = people
        self.working = threading.Semaphore(0)
        self.deleted = threading.Event()
        self.wrong: list[str] = []

    def work(self, number: int) -> None:
        for step in range(10_000):
            late = self.deleted.is_set()
            try:
                self.ask(number, step)
            except UnknownSubject:
                break
            except Exception as error:
                self.wrong.append(f"{type(error).__name__}: {error}")
                return
            if late:
                self.wrong.append(f"served in step {step}, after it was deleted")
            if step == 3:
                self.working.release()
        with pytest.raises(UnknownSubject):  # once gone, it stays gone
            self.ask(number, 0)

    def ask(self, number: int, step: int) -> None:
        if number % 4:
            if (name := found(self.people, number)) != f"s{number}":
                self.wrong.append(f"found {name} for s{number}")
        else:
            enrol(self.people, f"new-{number}-{step}", 1000 + number)


def test_a_collection_is_deleted_while_threads_use_it(gallery: Gallery, people: Collection) -> None:
    for number in range(16):
        enrol(people, f"s{number}", number)
    doomed = Doomed(people)
    threads = [threading.Thread(target=doomed.work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for _ in threads:
        doomed.working.acquire()
    deletion = gallery.delete_collection("people")
    doomed.deleted.set()
    for thread in threads:
        thread.join()
    assert doomed.wrong == []
    assert deletion.subjects == deletion.templates >= 16
    assert len(gallery.keys.owners()) == 1
    assert (gallery.collections(), gallery.orphans()) == ([], [])
    gallery.audit_verify()


def test_of_many_threads_one_deletes(gallery: Gallery, people: Collection) -> None:
    enrol(people, "ada", 1)
    told: list[str] = []

    def delete(_: int) -> None:
        try:
            told.append(str(gallery.delete_collection("people").subjects))
        except UnknownSubject as error:
            told.append(error.code)

    run(8, delete)
    assert sorted(told) == ["1"] + ["unknown_subject"] * 7
    assert len(gallery.audit_page(action="collection_deleted")) == 1


def run(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


OTHER = """
import json, sys
import numpy as np
from pathlib import Path
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
from visavis.types import Embedding

def vector(seed):
    return Embedding.of(np.random.default_rng(seed).standard_normal(128), "m")

def obey(what, subject, seed):
    match what:
        case "enrol":
            people.enrol(subject, [vector(seed)], qualities=[1])
        case "found":
            return next((m.subject for m in people.search(vector(seed), 1) if m.score > 0.99), None)
        case "forget":
            return people.forget(subject).templates
        case "rename":
            people.rename(subject, subject + "2")
        case "known":
            return subject in people
        case "busy":
            for i in range(seed):
                people.enrol(f"{subject}{i}", [vector(i)], qualities=[1])

with Gallery(Path(sys.argv[1]), Keyring([bytes(range(32))])) as gallery:
    people = gallery.collection("people", model="m", dim=128)
    for line in sys.stdin:
        print(json.dumps(obey(*json.loads(line))), flush=True)
"""


@pytest.fixture
def ask(home: Path, people: Collection) -> Iterator[Callable[..., object]]:
    """Has another process do something in the same gallery, and gives its answer."""
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def order(what: str, subject: str = "", seed: int = 0) -> object:
            process.stdin.write(json.dumps([what, subject, seed]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        assert order("found") is None
        yield order
        process.stdin.close()
        assert process.wait(30) == 0


def test_two_processes_see_each_others_writes_at_once(
    gallery: Gallery, people: Collection, ask: Callable[..., object]
) -> None:
    assert found(people, 1) is None
    ask("enrol", "ada", 1)
    assert found(people, 1) == "ada"
    enrol(people, "ben", 2)
    assert ask("found", seed=2) == "ben"
    people.forget("ada")
    assert ask("found", seed=1) is None
    assert ask("known", "ada") is False
    ask("rename", "ben")
    assert found(people, 2) == "ben2"
    enrol(people, "cas", 3)
    people.merge("ben2", "cas")
    assert ask("found", seed=2) == "cas"
    assert ask("forget", "cas") == 2
    assert found(people, 2) is found(people, 3) is None
    with pytest.raises(UnknownSubject):
        people.templates("cas")
    assert gallery.audit_verify().anchored


def test_another_process_reembeds(home: Path, keyring: Keyring, draw: Draw) -> None:
    picture = np.full((4, 4, 3), 7, np.uint8)
    with Gallery(home, keyring) as one, Gallery(home, keyring) as two:
        here, there = (g.collection("p", model="m", dim=128, keep_crops=True) for g in (one, two))
        here.enrol("ada", [draw()], qualities=[1], crops=[picture])
        assert len(there) == 1
        here.reembed("n", 2, lambda _: Embedding.of([1, 0], "n"))
        assert there.search(Embedding.of([1, 0], "n"), 1)[0].subject == "ada"
        assert (there.model, there.dim) == ("n", 2)


def test_two_processes_write_at_once(
    gallery: Gallery, people: Collection, ask: Callable[..., object]
) -> None:
    threads = [threading.Thread(target=ask, args=("busy", "there", 30))]
    threads[0].start()
    for i in range(30):
        enrol(people, f"here{i}", 900 + i)
    threads[0].join()
    assert len(people) == 60
    assert gallery.orphans() == []
    gallery.audit_verify()
