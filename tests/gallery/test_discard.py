"""A deleted collection: nothing of it can be read, found or served again, by whoever held it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sighted import entered
from visavis.errors import GalleryError, InputError, UnknownSubject, WrongKey
from visavis.gallery import schema
from visavis.gallery.collection import Collection
from visavis.gallery.exact import ExactIndex
from visavis.gallery.gallery import Gallery
from visavis.gallery.keystore import KeyStore
from visavis.gallery.vault import Keyring
from visavis.types import Embedding, Floats

Draw = Callable[[], Embedding]


def enrol(people: Collection, subject: str, *embeddings: Embedding) -> None:
    people.enrol(subject, embeddings, qualities=[0.5] * len(embeddings))


def fill(people: Collection, draw: Draw) -> None:
    """Three subjects of five templates under four keys, one of them removed already."""
    for subject in ("ada", "ben", "cas", "dot", "eve"):
        enrol(people, subject, draw())
    people.merge("eve", "dot")
    people.forget("cas")
    enrol(people, "ada", draw())


def test_the_audit_log_confirms_a_deletion(
    gallery: Gallery, people: Collection, draw: Draw
) -> None:
    fill(people, draw)
    people.record("verify", "ada")
    done = gallery.delete_collection("people", {"request": "r1", "subjects": "many"})
    assert (done.collection, done.subjects, done.templates) == ("people", 3, 5)
    assert done.keys_destroyed == 5  # of four subjects, one of them merged, and the collection's
    assert datetime.now(UTC) - done.at < timedelta(minutes=1)
    assert any("key store" in text for text in done.beyond_reach)
    assert not any("write-ahead log" in text for text in done.beyond_reach)
    verified, record = gallery.audit_tail(2)
    assert (verified.action, record.action) == ("verify", "collection_deleted")
    assert (record.seq, record.collection, record.subject) == (done.audit_seq, "people", None)
    assert record.details == {"request": "r1", "subjects": 3, "templates": 5, "keys": 5}
    assert len(gallery.keys.owners()) == 1  # the gallery's own
    assert (gallery.collections(), gallery.orphans()) == ([], [])
    assert gallery.audit_verify().anchored


def test_no_row_is_left(gallery: Gallery, draw: Draw) -> None:
    people = gallery.collection("people", model="m", dim=128, keep_crops=True)
    picture = np.zeros((4, 4, 3), np.uint8)
    people.enrol("kept crop", [draw()], qualities=[1], crops=[picture])
    fill(people, draw)
    people.sightings.note([entered("ada"), entered(None, shot=picture)])
    people.sightings.delivered("hook", 1)
    gallery.delete_collection("people")
    with people.desk.store.read() as c:
        for table in schema.metadata.tables.keys() - {"meta"}:
            assert c.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0, table


def test_other_collections_stay_as_they_are(
    gallery: Gallery, people: Collection, draw: Draw
) -> None:
    others, probe = gallery.collection("others", model="m", dim=128), draw()
    fill(others, draw)
    enrol(others, "ada", probe)
    fill(people, draw)
    gallery.delete_collection("people")
    assert [s.id for s in others.subjects()] == ["ada", "ben", "dot"]
    assert others.search(probe, 1)[0].subject == "ada"
    assert len(others.templates("dot")) == 2
    assert gallery.open_collection("others") is others


def test_there_must_be_one(gallery: Gallery, people: Collection) -> None:
    with pytest.raises(UnknownSubject, match="no collection 'nobodies'"):
        gallery.delete_collection("nobodies")
    gallery.delete_collection("people")
    with pytest.raises(UnknownSubject, match="'people'"):
        gallery.delete_collection("people")
    with pytest.raises(UnknownSubject, match="'people'"):
        gallery.open_collection("people")


def check_gone(people: Collection, probe: Embedding) -> None:
    """Whoever holds the collection is told so, whatever they ask of it."""
    calls: list[Callable[[], Any]] = [
        people.load,
        people.__len__,
        lambda: people.search(probe, 1),
        lambda: enrol(people, "new", probe),
        lambda: list(people.subjects()),
        lambda: people.subject("ada"),
        lambda: people.templates("ada"),
        lambda: people.crops("ada"),
        lambda: people.pseudonym("ada"),
        lambda: people.rename("ada", "a"),
        lambda: people.update("ada", name="A"),
        lambda: people.merge("ada", "ben"),
        lambda: people.remove_template("ada", "0"),
        lambda: people.forget("ada"),
        lambda: people.purge(datetime.now(UTC)),
        lambda: people.reembed("n", 2, lambda _: Embedding.of([1, 0], "n")),
        lambda: people.model,
        lambda: people.dim,
        lambda: people.keep_crops,
    ]
    for call in calls:
        with pytest.raises(UnknownSubject):
            call()
    assert "ada" not in people


def test_who_still_holds_it_is_told(gallery: Gallery, people: Collection, draw: Draw) -> None:
    probe = draw()
    enrol(people, "ada", probe)
    assert people.search(probe, 1)
    gallery.delete_collection("people")
    assert len(people._roster._state.entries) == len(people._roster._state.index) == 0
    check_gone(people, probe)
    check_gone(people, probe)


def test_who_holds_it_in_another_process_is_told(home: Path, keyring: Keyring, draw: Draw) -> None:
    probe = draw()
    with Gallery(home, keyring) as one, Gallery(home, keyring) as two:
        here, there = (g.collection("people", model="m", dim=128) for g in (one, two))
        enrol(here, "ada", probe)
        assert there.search(probe, 1)
        one.delete_collection("people")
        check_gone(there, probe)
        assert len(there._roster._state.entries) == 0
        anew = two.collection("people", model="m", dim=128)
        assert anew is not there
        assert anew.search(probe, 1) == ()
        check_gone(there, probe)


def test_its_name_can_be_used_again(gallery: Gallery, people: Collection, draw: Draw) -> None:
    probe = draw()
    enrol(people, "ada", probe)
    gallery.delete_collection("people")
    anew = gallery.collection("people", model="other", dim=2)
    assert gallery.open_collection("people") is anew
    anew.enrol("ada", [Embedding.of([1, 0], "other")], qualities=[1])
    assert [s.id for s in anew.subjects()] == ["ada"]
    check_gone(people, probe)


def test_a_search_under_way_gives_nobody_away(
    gallery: Gallery, people: Collection, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = draw()
    enrol(people, "ada", probe)
    people.load()
    search = ExactIndex.search

    def slow(index: ExactIndex, vector: Floats, k: int) -> object:
        found = search(index, vector, k)
        monkeypatch.undo()
        gallery.delete_collection("people")
        return found

    monkeypatch.setattr(ExactIndex, "search", slow)
    with pytest.raises(UnknownSubject):
        people.search(probe, 1)


def test_what_cannot_be_recorded_destroys_nothing(
    gallery: Gallery, people: Collection, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = draw()
    enrol(people, "ada", probe)
    with pytest.raises(InputError, match="list"):
        gallery.delete_collection("people", {"vector": [1.0]})  # type: ignore[dict-item]
    with monkeypatch.context() as patch:
        patch.setattr(gallery._records.chain, "append", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            gallery.delete_collection("people")
    assert people.search(probe, 1)[0].subject == "ada"
    assert people.subject("ada").templates == 1


def test_a_deletion_that_was_cut_off_can_be_repeated(
    home: Path, keyring: Keyring, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    destroy = KeyStore.destroy

    def cut_off(keys: KeyStore, owners: list[str]) -> int:
        destroy(keys, owners)
        raise GalleryError("cut off")

    with Gallery(home, keyring) as gallery:
        enrol(gallery.collection("people", model="m", dim=128), "ada", draw())
        with monkeypatch.context() as patch:
            patch.setattr(KeyStore, "destroy", cut_off)
            with pytest.raises(GalleryError, match="cut off"):
                gallery.delete_collection("people")
    with Gallery(home, keyring) as gallery:
        with pytest.raises(WrongKey, match=r"'people'.*delete it again"):
            gallery.open_collection("people")
        done = gallery.delete_collection("people")
        assert (done.subjects, done.templates, done.keys_destroyed) == (1, 1, 0)
        assert (gallery.collections(), gallery.orphans()) == ([], [])
        assert len(gallery.collection("people", model="m", dim=128)) == 0


def test_an_older_backup_brings_nobody_back(
    home: Path, tmp_path: Path, keyring: Keyring, draw: Draw
) -> None:
    with Gallery(home, keyring) as gallery:
        enrol(gallery.collection("people", model="m", dim=128), "ada", draw())
        gallery.backup(tmp_path / "backup")
        gallery.delete_collection("people")
    (home / "gallery.db").unlink()
    Gallery.restore(tmp_path / "backup", home, keyring)
    with Gallery(home, keyring) as gallery:
        assert [o.collection for o in gallery.orphans()] == ["people"]
        with pytest.raises(WrongKey, match="'people'"):
            gallery.open_collection("people")
        assert gallery.delete_collection("people").subjects == 1
        assert gallery.collections() == []


def test_a_reader_in_the_way_is_named(
    gallery: Gallery, people: Collection, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visavis.gallery.store.CUT_SECONDS", 0.05)
    enrol(people, "ada", draw())
    with people.desk.store.read() as c:
        c.exec_driver_sql("SELECT count(*) FROM templates").one()
        done = gallery.delete_collection("people")
    assert any("write-ahead log" in text for text in done.beyond_reach)
