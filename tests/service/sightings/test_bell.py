"""The bell: rings for news alone, of this process or another."""

from pathlib import Path
from queue import Empty, Queue

import pytest

from sighted import entered
from visavis.errors import GalleryError
from visavis.gallery.gallery import Gallery
from visavis.gallery.sightingrows import last_seq
from visavis.gallery.vault import Keyring
from visavis.service.sightings.bell import Bell

LONG = 20.0


class Numbers:
    """A database whose version and last event are set by hand; it says when it was asked."""

    def __init__(self) -> None:
        self.version, self.last = 1, 1
        self.broken = False
        self.asked: Queue[str] = Queue()

    def bell(self) -> Bell:
        return Bell(self._version, self._last, every=0.001)

    def looked(self, times: int = 2) -> None:
        """Returns once it was looked at again."""
        while not self.asked.empty():
            self.asked.get()
        for _ in range(times):
            self.asked.get(timeout=LONG)

    def _version(self) -> int:
        self.asked.put("version")
        if self.broken:
            raise GalleryError("locked")
        return self.version

    def _last(self) -> int:
        return self.last


def test_it_rings_at_the_start_and_for_each_news_alone() -> None:
    numbers, rung = Numbers(), Queue[None]()
    bell = numbers.bell()
    with bell.heard(lambda: rung.put(None)):
        rung.get(timeout=LONG)  # at the start
        rung.get(timeout=LONG)  # what was there is news to the bell
        numbers.version = 2  # somebody wrote something else
        numbers.looked()
        assert rung.empty()
        numbers.last, numbers.version = 2, 3
        rung.get(timeout=LONG)
    numbers.last, numbers.version = 3, 4
    bell.stop()
    assert rung.empty()


def test_what_cannot_be_read_is_asked_for_again() -> None:
    numbers, rung = Numbers(), Queue[None]()
    numbers.broken = True
    bell = numbers.bell()
    with bell.heard(lambda: rung.put(None)):
        rung.get(timeout=LONG)
        numbers.looked()
        assert rung.empty()
        numbers.broken = False
        rung.get(timeout=LONG)
    bell.stop()


def test_it_looks_at_nothing_while_nobody_listens_and_never_after_its_end() -> None:
    numbers = Numbers()
    bell = numbers.bell()
    assert numbers.asked.empty()
    bell.stop()
    with bell.heard(lambda: None), pytest.raises(Empty):
        numbers.asked.get(timeout=0.05)
    bell.stop()


def test_another_process_is_heard(gallery: Gallery, tmp_path: Path) -> None:
    """A second gallery on the same files stands for it: its commits look the same."""
    own = gallery.collection("default", model="m", dim=8)
    store = own.desk.store

    def last() -> int:
        with store.read() as c:
            return last_seq(c)

    bell, rung = Bell(store.version, last, every=0.001), Queue[int]()
    with Gallery(tmp_path / "own", Keyring([bytes(range(32))])) as other:
        with bell.heard(lambda: rung.put(last())):
            assert rung.get(timeout=LONG) == 0
            other.open_collection("default").sightings.note([entered(None)])
            while rung.get(timeout=LONG) == 0:
                pass
        bell.stop()
