import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from visavis.errors import (
    BrokenAudit,
    ConfigError,
    DuplicateSubject,
    ModelMismatch,
    TamperedTemplate,
    UnknownSubject,
    VisavisError,
    WrongKey,
)
from visavis.gallery import key_store_of, sealedfile
from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.transfer import Transfer, export, import_
from visavis.gallery.vault import Keyring
from visavis.types import Embedding

Draw = Callable[[], Embedding]
FUTURE = datetime(2100, 1, 1, tzinfo=UTC)


def enrol(people: Collection, subject: str, *embeddings: Embedding) -> None:
    people.enrol(subject, embeddings, qualities=[0.5] * len(embeddings))


def open_people(gallery: Gallery) -> Collection:
    return gallery.collection("people", model="m", dim=128)


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = {"iterations": 1, "lanes": 1, "memory_cost": 8}
    monkeypatch.setattr(sealedfile, "COSTS", costs)


@pytest.fixture
def other(tmp_path: Path) -> Gallery:
    return Gallery(tmp_path / "other", Keyring([bytes(32)]))


def test_backup_and_restore(home: Path, keyring: Keyring, tmp_path: Path, draw: Draw) -> None:
    probe, copy = draw(), tmp_path / "backups" / "gallery.backup"
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ada", probe)
        open_people(gallery).record("verify", "ada", {})
        gallery.backup(copy)
        with pytest.raises(ConfigError, match="never overwritten"):
            gallery.backup(copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="move that gallery away"):
        Gallery.restore(copy, home, keyring)
    (home / "gallery.db").unlink()
    Gallery.restore(copy, home, keyring)
    with Gallery(home, keyring) as gallery:
        assert open_people(gallery).search(probe, 1)[0].subject == "ada"
        assert [r.action for r in gallery.audit_tail(2)] == ["verify", "import"]
        assert gallery.audit_verify().anchored


def test_restoring_an_old_backup_brings_nobody_back(
    home: Path, keyring: Keyring, tmp_path: Path, draw: Draw
) -> None:
    probes = {name: draw() for name in ("kept", "forgotten", "newer")}
    for with_keys in (False, True):
        directory, copy = home / str(with_keys), tmp_path / f"copy {with_keys}"
        with Gallery(directory, keyring) as gallery:
            enrol(open_people(gallery), "kept", probes["kept"])
            enrol(open_people(gallery), "forgotten", probes["forgotten"])
            gallery.backup(copy, with_keys=with_keys)
            open_people(gallery).forget("forgotten")
            enrol(open_people(gallery), "newer", probes["newer"])
        (directory / "gallery.db").rename(directory / "newer.db")
        Gallery.restore(copy, directory, keyring)
        for _ in range(2):
            with Gallery(directory, keyring) as gallery:
                people = open_people(gallery)
                assert [s.id for s in people.subjects()] == ["kept"]
                assert {m.subject for m in people.search(probes["forgotten"], 9)} == {"kept"}
                assert [o.templates for o in gallery.orphans()] == [1]
                assert gallery.audit_verify().anchored
                restored = gallery.audit_tail(1)[0]
                assert restored.action == "import"
                assert restored.details["anchor_seq"] > 0
        with Gallery(directory, keyring) as gallery:
            assert "newer" not in open_people(gallery)
        (directory / "gallery.db").unlink()
        (directory / "newer.db").rename(directory / "gallery.db")
        with Gallery(directory, keyring) as gallery:  # its keys were not swept meanwhile
            assert open_people(gallery).search(probes["newer"], 1)[0].subject == "newer"


def test_orphans_and_strays_of_a_restore_are_cleared_on_demand(
    home: Path, keyring: Keyring, tmp_path: Path, draw: Draw
) -> None:
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "forgotten", draw())
        gallery.backup(tmp_path / "copy")
        open_people(gallery).forget("forgotten")
        enrol(open_people(gallery), "newer", draw())
    (home / "gallery.db").unlink()
    Gallery.restore(tmp_path / "copy", home, keyring)
    with Gallery(home, keyring) as gallery:
        assert gallery.clear_orphans() == (1, 1)
        assert gallery.orphans() == []
        assert len(gallery.keys.owners()) == 2
        gallery.audit_verify()


def test_a_backup_with_keys_restores_alone(
    home: Path, keyring: Keyring, tmp_path: Path, draw: Draw
) -> None:
    probe, copy, target = draw(), tmp_path / "copy", tmp_path / "elsewhere"
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ada", probe)
        gallery.backup(copy, with_keys=True)
    with pytest.raises(WrongKey):
        Gallery.restore(copy, target, Keyring([bytes(32)]))
    assert not [path for path in target.rglob("*") if path.is_file()]
    Gallery.restore(copy, target, keyring)
    with Gallery(target, keyring) as gallery:
        assert open_people(gallery).search(probe, 1)[0].subject == "ada"
        receipt = open_people(gallery).forget("ada")
        assert receipt.keys_destroyed == 1
        gallery.audit_verify()


def test_a_backup_with_keys_is_not_opened_in_place(
    home: Path, keyring: Keyring, tmp_path: Path, draw: Draw
) -> None:
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ada", draw())
        gallery.backup(tmp_path / "copy", with_keys=True)
    shutil.copy(tmp_path / "copy", home / "gallery.db")
    with pytest.raises(ConfigError, match="restore it"):
        Gallery(home, keyring)


def test_restore_refuses_what_does_not_fit_and_leaves_nothing(
    home: Path, keyring: Keyring, tmp_path: Path, draw: Draw
) -> None:
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ada", draw())
        gallery.backup(tmp_path / "copy")
    with Gallery(tmp_path / "other", keyring) as gallery:
        enrol(open_people(gallery), "ben", draw())
    target = tmp_path / "target"
    damaged = tmp_path / "damaged"
    damaged.write_bytes((tmp_path / "copy").read_bytes()[:-9000])
    (tmp_path / "text").write_text("no database" * 999)
    others = key_store_of(tmp_path / "other")
    before = others.read_bytes()
    for backup, keys, error in (
        (tmp_path / "none", None, ConfigError),
        (tmp_path / "text", None, ConfigError),
        (damaged, None, ConfigError),
        (tmp_path / "copy", None, ConfigError),
        (tmp_path / "copy", others, WrongKey),
    ):
        with pytest.raises(error):
            Gallery.restore(backup, target, keyring, keys=keys)
        assert not [path for path in target.rglob("*") if path.is_file()]
    assert others.read_bytes() == before
    assert {path.name for path in others.parent.iterdir()} == {"keys.db"}


def test_a_backup_while_others_write_is_one_state(
    gallery: Gallery, people: Collection, keyring: Keyring, tmp_path: Path, draw: Draw
) -> None:
    enrol(people, "ada", draw())
    gallery.backup(tmp_path / "copy", with_keys=True)
    enrol(people, "ben", draw())
    Gallery.restore(tmp_path / "copy", tmp_path / "target", keyring)
    with Gallery(tmp_path / "target", keyring) as restored:
        assert [s.id for s in open_people(restored).subjects()] == ["ada"]


def fill(gallery: Gallery, draw: Draw) -> Collection:
    """A kept-crops collection with a merge, every field, and an expiry."""
    people = gallery.collection("people", model="m", dim=128, keep_crops=True)
    picture = np.random.default_rng(1).integers(0, 256, (9, 9, 3), np.uint8)
    people.enrol(
        "ada",
        [draw(), draw()],
        qualities=[0.1, 0.2],
        crops=[picture, None],
        name="Ada\nLovelace",
        metadata={"team": "engines"},
        consent_ref="form",
        expires_at=FUTURE,
    )
    enrol(people, "countess", draw())
    enrol(people, "ben", draw())
    people.merge("countess", "ada")
    return people


def same(one: Collection, two: Collection) -> None:
    for a, b in zip(one.subjects(), two.subjects(), strict=True):
        assert a == b
        ta, tb = (
            [(t.embedding.vector.tobytes(), t.quality, t.enrolled_at) for t in c.templates(a.id)]
            for c in (one, two)
        )
        assert ta == tb
        for (_, x), (_, y) in zip(one.crops(a.id), two.crops(a.id), strict=True):
            np.testing.assert_array_equal(x, y)


def test_an_export_carries_everything(
    gallery: Gallery, other: Gallery, tmp_path: Path, draw: Draw
) -> None:
    people, path = fill(gallery, draw), tmp_path / "people.export"
    assert export(gallery, "people", path, "pass phrase") == Transfer(2, 4)
    assert path.stat().st_mode & 0o777 == 0o600
    assert import_(other, "people", path, "pass phrase") == Transfer(2, 4)
    same(people, other.open_collection("people"))
    assert len(list(other.open_collection("people").crops("ada"))) == 1
    (told,) = [r.details for r in gallery.audit_records() if r.action == "export"]
    assert told == {"subjects": 2, "templates": 4}
    assert [r.action for r in other.audit_records()] == ["collection_created", "import"]
    other.audit_verify()


def test_who_asked_for_a_transfer_is_recorded(
    gallery: Gallery, other: Gallery, tmp_path: Path, draw: Draw
) -> None:
    fill(gallery, draw)
    origin = {"request": "r1", "subjects": "own wins"}
    export(gallery, "people", tmp_path / "x", "p", details=origin)
    import_(other, "people", tmp_path / "x", "p", details=origin)
    counts = {"request": "r1", "subjects": 2, "templates": 4}
    assert gallery.audit_tail(1)[0].details == counts
    made, imported = other.audit_tail(2)
    assert (made.action, made.details["request"]) == ("collection_created", "r1")
    assert imported.details == {**counts, "existing": "refuse"}


def test_a_collection_deleted_during_its_export_leaves_no_file(
    gallery: Gallery, tmp_path: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(gallery, draw)
    close = sealedfile.SealedWriter.close

    def late(writer: sealedfile.SealedWriter) -> None:
        close(writer)
        gallery.delete_collection("people")

    monkeypatch.setattr(sealedfile.SealedWriter, "close", late)
    with pytest.raises(UnknownSubject):
        export(gallery, "people", tmp_path / "x", "p")
    assert {p.name for p in tmp_path.iterdir()} == {"gallery", "gallery-keys"}


def test_an_export_of_many_chunks(
    gallery: Gallery,
    other: Gallery,
    tmp_path: Path,
    draw: Draw,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sealedfile, "CHUNK", 1000)
    people = fill(gallery, draw)
    for i in range(8):
        enrol(people, f"s{i}", draw())
    export(gallery, "people", tmp_path / "x", "p")
    import_(other, "people", tmp_path / "x", "p")
    same(people, other.open_collection("people"))


def test_an_empty_collection_travels(
    gallery: Gallery, people: Collection, other: Gallery, tmp_path: Path
) -> None:
    assert export(gallery, "people", tmp_path / "x", "p") == Transfer(0, 0)
    assert import_(other, "people", tmp_path / "x", "p") == Transfer(0, 0)


def test_export_refuses_and_leaves_nothing(
    gallery: Gallery, people: Collection, tmp_path: Path
) -> None:
    path = tmp_path / "x"
    with pytest.raises(UnknownSubject):
        export(gallery, "others", path, "p")
    with pytest.raises(ConfigError, match="passphrase"):
        export(gallery, "people", path, "")
    assert not path.exists()
    assert {p.name for p in tmp_path.iterdir()} == {"gallery", "gallery-keys"}
    path.write_text("mine")
    with pytest.raises(ConfigError, match="never overwritten"):
        export(gallery, "people", path, "p")
    assert path.read_text() == "mine"


@pytest.fixture
def parcel(gallery: Gallery, tmp_path: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An export of several chunks."""
    monkeypatch.setattr(sealedfile, "CHUNK", 1000)
    fill(gallery, draw)
    export(gallery, "people", tmp_path / "parcel", "p")
    return tmp_path / "parcel"


def chunks(data: bytes) -> tuple[bytes, list[bytes]]:
    start = data.index(b"\n") + 1
    header, found = data[:start], []
    while start < len(data):
        end = start + 4 + int.from_bytes(data[start : start + 4], "big")
        found.append(data[start:end])
        start = end
    return header, found


def spoilt(data: bytes) -> dict[str, bytes]:
    header, parts = chunks(data)
    assert len(parts) > 3
    flipped = [bytes([*data[:i], data[i] ^ 1, *data[i + 1 :]]) for i in (0, 40, len(data) // 2)]
    return {
        "cut by a byte": data[:-1],
        "without its last chunk": header + b"".join(parts[:-1]),
        "without its first": header + b"".join(parts[1:]),
        "without one inside": header + b"".join(parts[:1] + parts[2:]),
        "reordered": header + b"".join([parts[1], parts[0], *parts[2:]]),
        "a chunk twice": header + b"".join([*parts[:2], *parts[1:]]),
        "with more at its end": data + b"x",
        "another header": header.replace(b'"version": 1', b'"version":  1') + b"".join(parts),
        "the header alone": header,
        "nothing": b"",
        **{f"changed byte {n}": text for n, text in enumerate(flipped)},
    }


def test_a_spoilt_export_is_refused_whole(parcel: Path, other: Gallery, tmp_path: Path) -> None:
    people = open_people(other)
    owners, records = other.keys.owners(), len(list(other.audit_records()))
    for what, data in spoilt(parcel.read_bytes()).items():
        (tmp_path / "spoilt").write_bytes(data)
        with pytest.raises((WrongKey, TamperedTemplate, ConfigError)):
            import_(other, "people", tmp_path / "spoilt", "p")
        with pytest.raises(VisavisError):
            import_(other, "new", tmp_path / "spoilt", "p")
        assert len(people) == 0, what
        assert (other.keys.owners(), len(list(other.audit_records()))) == (owners, records), what
    assert [info.name for info in other.collections()] == ["people"]
    assert import_(other, "people", parcel, "p").subjects == 2


def test_import_refuses_a_wrong_passphrase_another_file_and_another_model(
    parcel: Path, other: Gallery, tmp_path: Path
) -> None:
    with pytest.raises(WrongKey, match="passphrase"):
        import_(other, "people", parcel, "q")
    with pytest.raises(ConfigError, match="cannot read"):
        import_(other, "people", tmp_path / "none", "p")
    (tmp_path / "text").write_text('{"format": "visavis-keys"}\n')
    with pytest.raises(ConfigError, match="not an export"):
        import_(other, "people", tmp_path / "text", "p")
    other.collection("people", model="n", dim=128)
    with pytest.raises(ModelMismatch, match=r"holds vectors of n .*export has m"):
        import_(other, "people", parcel, "p")


def test_costs_that_a_file_asks_for_are_bounded(parcel: Path, other: Gallery) -> None:
    data = parcel.read_bytes().replace(b'"memory_cost": 8', b'"memory_cost": 99999999')
    parcel.write_bytes(data)
    with pytest.raises(ConfigError):
        import_(other, "people", parcel, "p")


def test_subjects_that_exist(parcel: Path, gallery: Gallery, other: Gallery, draw: Draw) -> None:
    people = open_people(other)
    people.enrol("ada", [draw()], qualities=[1], name="Another Ada")
    with pytest.raises(DuplicateSubject, match="'ada'"):
        import_(other, "people", parcel, "p")
    assert [s.id for s in people.subjects()] == ["ada"]
    assert import_(other, "people", parcel, "p", existing="skip") == Transfer(1, 1, skipped=1)
    assert people.subject("ada").templates == 1
    assert import_(other, "people", parcel, "p", existing="merge") == Transfer(2, 3)
    ada = people.subject("ada")
    assert (ada.templates, ada.name) == (4, "Another Ada")
    assert import_(other, "people", parcel, "p", existing="merge").templates == 0
    source = gallery.open_collection("people").templates("ada")
    for template in source:
        assert people.search(template.embedding, 1)[0].subject == "ada"


def test_restore_does_not_hide_a_cut_log(
    home: Path, keyring: Keyring, tmp_path: Path, draw: Draw
) -> None:
    """The anchor of a restored log is its new head: from there on, cuts are seen again."""
    with Gallery(home, keyring) as gallery:
        enrol(open_people(gallery), "ada", draw())
        gallery.backup(tmp_path / "copy")
    (home / "gallery.db").unlink()
    Gallery.restore(tmp_path / "copy", home, keyring)
    with Gallery(home, keyring) as gallery:
        with gallery._store.write() as c:
            c.exec_driver_sql("DELETE FROM audit WHERE action = 'import'")
        with pytest.raises(BrokenAudit):
            gallery.audit_verify()
