"""No file of a used gallery shows what is in it, and forgetting removes even the ciphertext."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from visavis.gallery import rows, sealedfile
from visavis.gallery.collection import Collection
from visavis.gallery.gallery import Gallery
from visavis.gallery.transfer import export
from visavis.gallery.vault import Keyring
from visavis.types import Embedding

Draw = Callable[[], Embedding]
WINDOW = 16


def files(*folders: Path) -> dict[str, bytes]:
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in paths}


def windows(data: bytes) -> set[bytes]:
    """All runs of 16 bytes in what is not to be found, in steps that no copy slips through."""
    return {data[i : i + WINDOW] for i in range(len(data) - WINDOW + 1)}


def seen(secrets: Iterable[bytes], where: dict[str, bytes]) -> list[tuple[str, bytes]]:
    """Which secrets, or parts of 16 bytes of them, stand in which files."""
    wanted = {part for secret in secrets for part in (windows(secret) or {secret})}
    short = {secret for secret in wanted if len(secret) < WINDOW}
    long = wanted - short
    found = [(name, secret) for name, data in where.items() for secret in short if secret in data]
    for name, data in where.items():
        here = {data[i : i + WINDOW] for i in range(len(data) - WINDOW + 1)}
        found += [(name, part) for part in here & long]
    return found


def test_the_search_itself_finds_what_is_there() -> None:
    secret = bytes(range(64))
    assert seen([secret], {"f": b"xxx" + secret[20:36] + b"yyy"})
    assert seen([b"short"], {"f": b"a short text"})
    assert not seen([secret], {"f": b"xxx" + secret[20:35] + b"yyy"})


def busy(gallery: Gallery, draw: Draw) -> list[bytes]:
    """Uses all that a gallery can do; returns what must not be seen."""
    people = gallery.collection("people", model="m", dim=128, keep_crops=True)
    picture = np.random.default_rng(3).integers(0, 256, (20, 20, 3), np.uint8)
    secrets: list[bytes] = [picture.tobytes()]
    for i in range(12):
        embeddings = [draw(), draw()]
        people.enrol(
            f"subject-id-{i}",
            embeddings,
            qualities=[0.123456789, 0.987654321],
            crops=[picture, None],
            name=f"Display Name {i}",
            metadata={f"metadata-key-{i}": f"metadata-value-{i}"},
            consent_ref=f"consent-form-{i}",
            expires_at=datetime(2100, 1, 1, tzinfo=UTC),
        )
        for embedding in embeddings:
            secrets.append(embedding.vector.tobytes())
            secrets.append(embedding.vector.astype(np.float64).tobytes())
        for text in ("subject-id", "Display Name", "metadata-key", "metadata-value", "consent"):
            secrets.append(text.encode())
        people.record("verify", f"subject-id-{i}", {"accepted": True})
    people.rename("subject-id-0", "renamed-subject")
    people.update("renamed-subject", name="Changed Name")
    people.merge("subject-id-1", "subject-id-2")
    people.search(draw(), 5)
    people.forget("subject-id-3")
    return [*secrets, b"renamed-subject", b"Changed Name"]


def test_no_file_shows_templates_names_or_metadata(
    home: Path, tmp_path: Path, keyring: Keyring, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = {"iterations": 1, "lanes": 1, "memory_cost": 8}
    monkeypatch.setattr(sealedfile, "COSTS", costs)
    with Gallery(home, keyring) as gallery:
        secrets = busy(gallery, draw)
        out = tmp_path / "out"
        gallery.backup(out / "backup")
        gallery.backup(out / "backup with keys", with_keys=True)
        export(gallery, "people", out / "export", "passphrase")
        used = files(home.parent)
        names = {Path(name).name for name in used}
        assert {"gallery.db", "gallery.db-wal", "gallery.db-shm", "keys.db"} <= names
        assert {"backup", "backup with keys", "export"} <= names
        assert seen(secrets, used) == []
    assert seen(secrets, files(home.parent)) == []
    assert seen([bytes(range(32)), b"passphrase"], used) == []


def sealed(people: Collection, subject: str) -> list[bytes]:
    """The ciphertext that is stored for a subject, and its wrapped keys."""
    with people.desk.store.read() as c:
        row, _, profile = people.desk.open(c, subject)
        stored = c.exec_driver_sql(f"SELECT sealed FROM templates WHERE subject = {row.id}")
        crops = c.exec_driver_sql(
            "SELECT crops.sealed FROM crops JOIN templates ON templates.id = crops.template "
            f"WHERE subject = {row.id}"
        )
        blobs = [row.profile, *(s for (s,) in stored), *(s for (s,) in crops)]
    keys = people.desk.keys.snapshot()
    return [*blobs, *(keys[uid][1] for uid in (row.uid, *profile.merged) if uid in keys)]


def test_forgetting_removes_ciphertext_and_keys_from_all_files(
    home: Path, gallery: Gallery, draw: Draw
) -> None:
    people = gallery.collection("people", model="m", dim=128, keep_crops=True)
    picture = np.zeros((40, 40, 3), np.uint8)
    for i in range(60):
        people.enrol(f"s{i}", [draw(), draw()], qualities=[1, 1], crops=[picture, None])
    for i in range(0, 60, 7):
        people.update(f"s{i}", name="a name", metadata={"k": "v" * 40})
    people.merge("s1", "s2")
    people.rename("s3", "s100")
    gone = [f"s{i}" for i in (0, 2, 4, 5, 14, 59)] + ["s100"]
    blobs = [blob for subject in gone for blob in sealed(people, subject)]
    assert len(blobs) == 7 * 5 + 4
    assert len({name for name, _ in seen(blobs, files(home.parent))}) >= 2
    for subject in gone:
        people.forget(subject)
    assert seen(blobs, files(home.parent)) == []
    assert {s.id for s in people.subjects()}.isdisjoint(gone)


def test_deleting_a_collection_removes_ciphertext_and_keys_from_all_files(
    home: Path, gallery: Gallery, draw: Draw
) -> None:
    people = gallery.collection("people", model="m", dim=128, keep_crops=True)
    picture = np.zeros((40, 40, 3), np.uint8)
    for i in range(20):
        people.enrol(f"s{i}", [draw(), draw()], qualities=[1, 1], crops=[picture, None])
    people.merge("s1", "s2")
    blobs = [blob for i in (0, 2, 19) for blob in sealed(people, f"s{i}")]
    with people.desk.store.read() as c:
        uid = rows.collection(c, people.desk.collection).uid
    blobs.append(gallery.keys.snapshot()[uid][1])
    assert len(blobs) == 3 * 5 + 4 + 1
    assert len({name for name, _ in seen(blobs, files(home.parent))}) >= 2
    gallery.delete_collection("people")
    assert seen(blobs, files(home.parent)) == []


def test_removing_a_template_removes_its_ciphertext(
    home: Path, people: Collection, draw: Draw
) -> None:
    first, _ = people.enrol("ada", [draw(), draw()], qualities=[1, 1])
    with people.desk.store.read() as c:
        number = int(first.id, 16)
        (blob,) = c.exec_driver_sql(f"SELECT sealed FROM templates WHERE id = {number}").one()
    people.remove_template("ada", first.id)
    assert seen([blob], files(home.parent)) == []


def test_purging_removes_ciphertext_too(home: Path, people: Collection, draw: Draw) -> None:
    people.enrol("ada", [draw()], qualities=[1], expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    blobs = sealed(people, "ada")
    assert seen(blobs, files(home.parent))
    assert len(people.purge(datetime.now(UTC))) == 1
    assert seen(blobs, files(home.parent)) == []


def test_a_reader_in_the_way_is_named_by_the_receipt(
    people: Collection, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visavis.gallery.store.CUT_SECONDS", 0.05)
    people.enrol("ada", [draw()], qualities=[1])
    people.enrol("ben", [draw()], qualities=[1])
    with people.desk.store.read() as c:
        c.exec_driver_sql("SELECT count(*) FROM templates").one()
        receipt = people.forget("ada")
    assert any("write-ahead log" in text for text in receipt.beyond_reach)
    assert not any("write-ahead log" in text for text in people.forget("ben").beyond_reach)
