import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visavis.audit import Action, AuditEntry
from visavis.errors import (
    BrokenAudit,
    ConfigError,
    GalleryError,
    InputError,
    ModelMismatch,
    UnknownSubject,
    WrongKey,
)
from visavis.gallery import key_store_of
from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.keystore import KeyStore
from visavis.gallery.records import Records
from visavis.gallery.vault import Keyring
from visavis.types import Embedding

Draw = Callable[[], Embedding]


def enrol(people: Collection, subject: str, *embeddings: Embedding) -> None:
    people.enrol(subject, embeddings, qualities=[0.5] * len(embeddings))


def open_people(gallery: Gallery) -> Collection:
    return gallery.collection("people", model="m", dim=128)


def test_opens_again_with_all_that_was_stored(home: Path, keyring: Keyring, draw: Draw) -> None:
    probes = {f"s{i}": draw() for i in range(20)}
    with Gallery(home, keyring) as gallery:
        for subject, probe in probes.items():
            enrol(open_people(gallery), subject, probe)
    with Gallery(home, keyring) as gallery:
        for subject, probe in probes.items():
            assert open_people(gallery).search(probe, 1)[0].subject == subject


def test_files_are_private(home: Path, gallery: Gallery, people: Collection, draw: Draw) -> None:
    enrol(people, "ada", draw())
    files = [path for path in home.parent.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"gallery.db", "keys.db"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert home.stat().st_mode & 0o777 == 0o700


def test_the_key_store_may_be_elsewhere(tmp_path: Path, keyring: Keyring, draw: Draw) -> None:
    keys = tmp_path / "safe" / "keys.db"
    for _ in range(2):
        with Gallery(tmp_path / "g", keyring, keys=keys) as gallery:
            open_people(gallery)
    assert keys.exists()
    assert [path.name for path in (tmp_path / "g").iterdir()] == ["gallery.db"]


def test_a_collection_holds_one_model(gallery: Gallery, people: Collection) -> None:
    with pytest.raises(ModelMismatch, match=r"holds vectors of m .*not of other"):
        gallery.collection("people", model="other", dim=128)
    with pytest.raises(ModelMismatch, match=r"128.*64"):
        gallery.collection("people", model="m", dim=64)
    assert gallery.collection("people", model="m", dim=128) is people
    assert gallery.open_collection("people") is people
    with pytest.raises(UnknownSubject, match="'others'"):
        gallery.open_collection("others")
    with pytest.raises(InputError):
        gallery.collection("", model="m", dim=128)


def test_lists_its_collections(gallery: Gallery, people: Collection, draw: Draw) -> None:
    gallery.collection("a", model="n", dim=2, keep_crops=True)
    enrol(people, "ada", draw(), draw())
    one, two = gallery.collections()
    assert (one.name, one.model, one.dim, one.keep_crops) == ("a", "n", 2, True)
    assert (two.name, two.subjects, two.templates) == ("people", 1, 2)


def test_who_asked_for_a_collection_is_recorded(gallery: Gallery) -> None:
    def open_staff(**given: Any) -> Collection:
        return gallery.collection("staff", model="m", dim=128, **given)

    keys = gallery.keys.owners()
    with pytest.raises(InputError, match="list"):
        open_staff(details={"vector": [1.0]})
    assert gallery.collections() == []
    assert gallery.keys.owners() == keys
    open_staff(details={"request": "r1", "model": "another"})
    assert gallery.audit_tail(1)[0].details == {"request": "r1", "model": "m"}
    open_staff(keep_crops=True, details={"request": "r2"})
    assert gallery.audit_tail(1)[0].details == {"request": "r2", "keep_crops": True}
    open_staff(keep_crops=True, details={"request": "r3"})
    assert gallery.audit_tail(1)[0].details["request"] == "r2"


def test_keeping_crops_can_be_changed(gallery: Gallery, people: Collection) -> None:
    gallery.collection("people", model="m", dim=128, keep_crops=True)
    assert people.keep_crops
    assert gallery.audit_tail(1)[0].details == {"keep_crops": True}


def test_collections_do_not_see_each_others_subjects(gallery: Gallery, draw: Draw) -> None:
    one, two = (gallery.collection(name, model="m", dim=128) for name in ("one", "two"))
    probe = draw()
    enrol(one, "ada", probe)
    assert two.search(probe, 1) == ()
    enrol(two, "ada", draw())
    one.forget("ada")
    assert "ada" in two


def test_a_wrong_key_opens_nothing(home: Path, keyring: Keyring, draw: Draw) -> None:
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ada", draw())
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    with pytest.raises(WrongKey):
        Gallery(home, Keyring([bytes(32)]))
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_another_gallerys_key_store_is_refused(
    home: Path, tmp_path: Path, keyring: Keyring, draw: Draw
) -> None:
    for path in (home, tmp_path / "other"):
        with Gallery(path, keyring) as gallery:
            enrol(open_people(gallery), "ada", draw())
    with pytest.raises(WrongKey, match="does not hold the key"):
        Gallery(home, keyring, keys=key_store_of(tmp_path / "other"))
    with Gallery(tmp_path / "other", keyring) as gallery:
        assert "ada" in open_people(gallery)


def test_a_missing_half_is_an_error_and_no_key_is_swept(
    home: Path, keyring: Keyring, draw: Draw
) -> None:
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ada", draw())
    keys, rows = key_store_of(home).parent, home / "gallery.db"
    keys.rename(home.parent / "keys")
    with pytest.raises(ConfigError, match="key store"):
        Gallery(home, keyring)
    assert not keys.exists()
    (home.parent / "keys").rename(keys)
    rows.rename(home.parent / "rows")
    with pytest.raises(ConfigError, match="database is missing"):
        Gallery(home, keyring)
    assert not rows.exists()
    (home.parent / "rows").rename(rows)
    with Gallery(home, keyring) as gallery:
        assert "ada" in open_people(gallery)


def test_keys_without_rows_are_swept_at_open(home: Path, keyring: Keyring, draw: Draw) -> None:
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ada", draw())
        enrol(open_people(gallery), "ben", draw())
        open_people(gallery).merge("ben", "ada")
        used = gallery.keys.owners()
        gallery.keys.create_many(["stray", "another"])
    with Gallery(home, keyring) as gallery:
        assert gallery.keys.owners() == used


def test_an_enrolment_under_way_is_neither_swept_nor_waited_for(
    home: Path, keyring: Keyring
) -> None:
    with Gallery(home, keyring) as gallery:
        open_people(gallery)
        with gallery._store.write():
            gallery.keys.create("under way")
            with Gallery(home, keyring) as other:
                assert open_people(other).search(Embedding.of([1] * 128, "m"), 1) == ()
                assert "under way" in other.keys.owners()


def test_rows_without_a_key_are_reported_and_not_loaded(
    home: Path, keyring: Keyring, draw: Draw
) -> None:
    lost, merged, kept = draw(), draw(), draw()
    with Gallery(home, keyring) as gallery:
        people = open_people(gallery)
        for subject, probe in (("lost", lost), ("merged", merged), ("kept", kept)):
            enrol(people, subject, probe)
        people.merge("merged", "kept")
        assert gallery.orphans() == []
        with people.desk.store.read() as c:
            uids = [people.desk.find(c, "lost").uid]
            uids += people.desk.open(c, "kept")[2].merged
        gallery.keys.destroy(uids)
    with Gallery(home, keyring) as gallery:
        assert {o.owner for o in gallery.orphans()} == set(uids)
        assert {(o.collection, o.templates) for o in gallery.orphans()} == {("people", 1)}
        people = open_people(gallery)
        assert len(people) == 1
        assert people.search(kept, 5)[0].subject == "kept"
        assert [s.id for s in people.subjects()] == ["kept"]
        for call in (people.subject, people.templates, lambda i: enrol(people, i, draw())):
            with pytest.raises(GalleryError, match="data key"):
                call("lost")
        receipt = people.forget("lost")
        assert (receipt.templates, receipt.keys_destroyed) == (1, 0)
        assert gallery.clear_orphans() == (1, 0)
        assert gallery.orphans() == []
        assert gallery.audit_verify()
        assert people.search(kept, 5)[0].subject == "kept"


def test_a_forget_that_was_cut_off_can_be_repeated(
    people: Collection, gallery: Gallery, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(people, "ada", draw())
    with monkeypatch.context() as patch:
        patch.setattr("visavis.gallery.rows.drop_subjects", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            people.forget("ada")
    assert [o.templates for o in gallery.orphans()] == [1]
    assert people.forget("ada").keys_destroyed == 0
    assert gallery.orphans() == []


def test_rotation_changes_the_key_and_nothing_else(
    home: Path, keyring: Keyring, draw: Draw
) -> None:
    probe, steps, rotated = draw(), [], keyring.rotated()
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ada", probe)
        assert gallery.rotate(rotated, lambda done, total: steps.append((done, total))) == 3
        assert steps[-1] == (3, 3)
        assert gallery.audit_tail(1)[0].action == "keys_rotated"
        enrol(open_people(gallery), "ben", draw())
    with Gallery(home, rotated.only_active()) as gallery:
        assert open_people(gallery).search(probe, 1)[0].subject == "ada"
        gallery.audit_verify()
    with pytest.raises(WrongKey):
        Gallery(home, keyring)


def test_an_edited_audit_log_is_seen(gallery: Gallery, people: Collection, draw: Draw) -> None:
    enrol(people, "ada", draw())
    people.forget("ada")
    assert gallery.audit_verify().anchored
    with people.desk.store.write() as c:
        c.exec_driver_sql("UPDATE audit SET action = 'enrol' WHERE action = 'forget'")
    with pytest.raises(BrokenAudit, match="record 3"):
        gallery.audit_verify()


def test_a_cut_tail_stays_seen_whatever_comes_after(
    home: Path, keyring: Keyring, draw: Draw
) -> None:
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ada", draw())
    with sqlite3.connect(home / "gallery.db") as db:
        db.execute("DELETE FROM audit WHERE action = 'enrol'")
    with Gallery(home, keyring) as gallery:
        with pytest.raises(BrokenAudit):
            gallery.audit_verify()
        for number in range(3):
            gallery.audit(AuditEntry(Action.POLICY, details={"number": number}))
    with Gallery(home, keyring) as gallery, pytest.raises(BrokenAudit):
        gallery.audit_verify()


def test_a_copy_put_back_by_hand_is_seen_and_loses_no_keys(
    home: Path, keyring: Keyring, draw: Draw
) -> None:
    probe = draw()
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ada", draw())
    shutil.copy(home / "gallery.db", home / "older")
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ben", probe)
    shutil.copy(home / "gallery.db", home / "newer")
    os.replace(home / "older", home / "gallery.db")
    with Gallery(home, keyring) as gallery, pytest.raises(BrokenAudit):
        gallery.audit_verify()
    os.replace(home / "newer", home / "gallery.db")
    with Gallery(home, keyring) as gallery:
        assert open_people(gallery).search(probe, 1)[0].subject == "ben"
        gallery.audit_verify()


def test_records_are_on_disk_soon_without_waiting(
    home: Path, gallery: Gallery, people: Collection
) -> None:
    def stored() -> int:
        with sqlite3.connect(home / "gallery.db") as db:
            return db.execute("SELECT count(*) FROM audit WHERE action = 'verify'").fetchone()[0]

    for _ in range(100):
        people.record("verify", None, {})
    thread = gallery._records._thread
    assert thread is not None
    thread.join(0.5)  # it goes on; this only gives it time
    assert stored() == 100


def test_pages_of_the_audit_log(gallery: Gallery, people: Collection, draw: Draw) -> None:
    for number in range(5):
        details = {"request": f"r{number}"}
        people.enrol(f"s{number}", [draw()], qualities=[1], details=details)
        people.record("verify", f"s{number}", {"request": f"r{number}"})
    gallery.record(AuditEntry(Action.COMPARE, details={"request": "r4"}))
    seqs: list[int] = []
    before = None
    while page := gallery.audit_page(before=before, limit=4):
        seqs += [record.seq for record in page]
        before = page[-1].seq
    assert seqs == list(range(12, 0, -1))  # what was queued is among them
    assert len(gallery.audit_page()) == 12

    def found(**asked: Any) -> list[str]:
        return [record.action for record in gallery.audit_page(**asked)]

    assert found(action="compare") == ["compare"]
    assert found(request="r4") == ["compare", "verify", "enrol"]
    assert found(request="r4", collection="people") == ["verify", "enrol"]
    assert found(request="r4", limit=1) == ["compare"]
    assert found(subject=people.pseudonym("s1")) == ["verify", "enrol"]
    assert found(subject=people.pseudonym("s1"), request="r2") == []
    assert found(collection="others") == []
    with pytest.raises(InputError, match="got 0"):
        gallery.audit_page(limit=0)


def test_a_record_is_found_by_a_detail(gallery: Gallery, people: Collection, draw: Draw) -> None:
    assert gallery.audit_find("idempotency", "one") is None
    people.enrol("ada", [draw()], qualities=[1], details={"idempotency": "one"})
    people.record("verify", "ada", {"idempotency": "two"})
    one, two = (gallery.audit_find("idempotency", value) for value in ("one", "two"))
    assert one is not None
    assert two is not None
    assert (one.action, one.subject) == ("enrol", people.pseudonym("ada"))
    assert (two.action, two.seq) == ("verify", one.seq + 1)
    assert gallery.audit_find("idempotency", "one", limit=1) is None
    assert gallery.audit_find("request", "one") is None


def test_an_enrolment_that_failed_is_not_found(
    gallery: Gallery, people: Collection, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("visavis.gallery.rows.add_templates", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            people.enrol("ada", [draw()], qualities=[1], details={"idempotency": "one"})
    assert gallery.audit_find("idempotency", "one") is None


def test_a_record_of_no_subject_is_written_soon(gallery: Gallery) -> None:
    entry = AuditEntry(Action.KEY_CREATED, details={"key": "k1"})
    gallery.record(entry)
    [record] = gallery.audit_tail(1)
    assert (record.action, record.collection, record.subject) == ("api_key_created", None, None)
    assert record.details == {"key": "k1"}
    assert gallery.audit_verify().anchored


def test_closing_writes_what_is_queued(home: Path, keyring: Keyring) -> None:
    with Gallery(home, keyring) as gallery:
        people = open_people(gallery)
        people.record("verify", None, {})
    with Gallery(home, keyring) as gallery:
        assert gallery.audit_tail(1)[0].action == "verify"
        assert gallery.audit_verify().anchored


def test_records_that_cannot_be_written_are_kept_and_then_refused(
    gallery: Gallery, people: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = Records(gallery._store, gallery.keys, gallery._records.chain)
    monkeypatch.setattr("visavis.gallery.records.MOST_WAITING", 3)
    monkeypatch.setattr("visavis.gallery.records.RETRY_SECONDS", 0.01)

    def full(*_: object) -> None:
        raise GalleryError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(records.chain, "append", full)
        records.put(AuditEntry("verify"))
        with pytest.raises(GalleryError, match="full"):
            records.flush()
        records.put(AuditEntry("verify"))
        records.put(AuditEntry("verify"))
        with pytest.raises(GalleryError, match=r"audit log.*full"):
            records.put(AuditEntry("verify"))
    records.close()
    assert [r.action for r in gallery.audit_tail(9)].count("verify") == 3


def test_the_key_store_is_the_gallerys_own_property(gallery: Gallery) -> None:
    assert isinstance(gallery.keys, KeyStore)


def test_a_process_that_does_not_close_still_writes_its_records(
    home: Path, keyring: Keyring
) -> None:
    code = """
import sys
from pathlib import Path
from visavis.gallery.gallery import Gallery
from visavis.gallery.vault import Keyring
people = Gallery(Path(sys.argv[1]), Keyring([bytes(range(32))])).collection("p", model="m", dim=2)
people.record("verify", None, {})
"""
    subprocess.run([sys.executable, "-c", code, str(home)], check=True, timeout=60)
    with Gallery(home, keyring) as gallery:
        assert gallery.audit_tail(1)[0].action == "verify"
        assert gallery.audit_verify().anchored


def test_a_gallery_of_an_older_schema_keeps_everything(
    home: Path, keyring: Keyring, draw: Draw
) -> None:
    probe = draw()
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ada", probe)
    with sqlite3.connect(home / "gallery.db") as db:
        for table in ("receivers", "sighting_events", "shots", "sightings", "crops"):
            db.execute(f"DROP TABLE {table}")
        db.execute("ALTER TABLE collections DROP COLUMN keep_crops")
        db.execute("UPDATE meta SET value = '1' WHERE key = 'schema'")
    with Gallery(home, keyring) as gallery:
        people = gallery.collection("people", model="m", dim=128, keep_crops=True)
        assert people.search(probe, 1)[0].subject == "ada"
        picture = np.zeros((4, 4, 3), np.uint8)
        people.enrol("ada", [draw()], qualities=[1], crops=[picture])
        assert len(list(people.crops("ada"))) == 1
        people.forget("ada")
        gallery.audit_verify()
