"""The key store: durable, shared by threads and processes, resumable, and final in deletion."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from visavis.errors import GalleryError, TamperedTemplate, WrongKey
from visavis.gallery import keystore
from visavis.gallery.keystore import KeyStore
from visavis.gallery.vault import DataKey, Keyring

MASTER = bytes(range(32))


@pytest.fixture
def ring() -> Keyring:
    return Keyring([MASTER])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys.db"


@pytest.fixture
def store(path: Path, ring: Keyring) -> Iterator[KeyStore]:
    store = KeyStore(path, ring)
    yield store
    store.close()


def same(one: DataKey | None, other: DataKey | None) -> bool:
    """Whether two handles hold one key."""
    assert one is not None
    assert other is not None
    return one.derive("test") == other.derive("test")


def names(count: int) -> list[str]:
    return [
        uuid.UUID(int=n * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128).hex for n in range(count)
    ]


def on_disk(path: Path) -> bytes:
    """All that another process could read: the file, its write-ahead log, its shared memory."""
    found = b"".join(p.read_bytes() for p in sorted(path.parent.iterdir()))
    assert len(found) > 0
    return found


def script(path: Path, code: str) -> "subprocess.Popen[str]":
    """Another process with the store open as `store`."""
    head = (
        "from pathlib import Path\n"
        "from visavis.gallery.vault import Keyring\n"
        "from visavis.gallery.keystore import KeyStore\n"
        f"store = KeyStore(Path({str(path)!r}), Keyring([{MASTER!r}]))\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", head + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_created_key_is_found_again(store: KeyStore, path: Path, ring: Keyring) -> None:
    blob = store.create("ada").seal(b"vector", "ada")
    store.close()
    again = KeyStore(path, ring)
    found = again.get("ada")
    assert found is not None
    assert found.unseal(blob, "ada") == b"vector"
    assert again.get("bob") is None
    again.close()


def test_bulk_and_single_access_agree(store: KeyStore) -> None:
    made = store.create_many(["ada", "bob", "eve", "ada"])
    made["zoë"] = store.create("zoë")
    assert store.owners() == set(made) == {"ada", "bob", "eve", "zoë"}
    everything, some = store.all(), store.get_many(["zoë", "bob", "nobody"])
    assert set(everything) == set(made)
    assert set(some) == {"zoë", "bob"}
    for owner, key in made.items():
        assert same(key, everything[owner])
        assert same(key, store.get(owner))
    assert not same(made["ada"], made["bob"])


def test_creating_again_gives_the_key_that_is_there(store: KeyStore) -> None:
    ada = store.create("ada")
    assert same(ada, store.create("ada"))
    both = store.create_many(["bob", "ada"])
    assert same(ada, both["ada"])
    assert not same(ada, both["bob"])


def test_many_owners_at_once(store: KeyStore) -> None:
    owners = names(40_000)  # more than SQLite takes as parameters
    made = store.create_many(owners)
    assert len(store.get_many(owners)) == len(made) == 40_000


def test_no_owners(store: KeyStore) -> None:
    assert store.create_many([]) == store.get_many([]) == store.all() == {}
    assert store.owners() == set()
    assert store.destroy([]) == 0
    assert store.snapshot() == {}


def test_files_are_private(store: KeyStore, path: Path) -> None:
    store.create("ada")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    files = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    assert files == {"keys.db": 0o600, "keys.db-wal": 0o600, "keys.db-shm": 0o600}


def test_the_connection_is_durable_and_erases(store: KeyStore) -> None:
    for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1)):
        assert store._db.execute(f"PRAGMA {pragma}").fetchone() == (value,)


def test_data_keys_are_not_on_disk_in_clear(store: KeyStore, path: Path, ring: Keyring) -> None:
    store.create("ada")
    ((kek, wrapped),) = store.snapshot().values()
    assert wrapped in on_disk(path)
    assert ring.unwrap(kek, wrapped, "ada") not in on_disk(path)


def test_a_committed_key_survives_a_killed_process(store: KeyStore, path: Path) -> None:
    code = "import os, signal\nstore.create('ada')\nos.kill(os.getpid(), signal.SIGKILL)"
    other = script(path, code)
    other.communicate(timeout=60)
    assert other.returncode == -9
    assert store.owners() == {"ada"}


def test_threads_and_processes_create_together(store: KeyStore, path: Path) -> None:
    code = (
        "import os\n"
        "input()\n"
        "for n in range(60):\n"
        "    store.create(f'shared-{n}')\n"
        "    store.create(f'process-{os.getpid()}-{n}')\n"
    )
    others = [script(path, code) for _ in range(2)]
    failures: list[Exception] = []

    def work(name: int) -> None:
        try:
            for n in range(60):
                store.create(f"shared-{n}")
                store.create(f"thread-{name}-{n}")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for other in others:
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.communicate(timeout=120)
    assert failures == []
    assert [other.returncode for other in others] == [0, 0]
    assert len(store.owners()) == 60 + 60 * (8 + 2)
    assert len(store.all()) == 660


def test_one_shared_key_whoever_comes_first(store: KeyStore, path: Path, ring: Keyring) -> None:
    stores = [KeyStore(path, ring) for _ in range(4)]
    barrier, keys = threading.Barrier(4), []

    def work(own: KeyStore) -> None:
        barrier.wait()
        keys.append(own.create("gallery").derive("test"))

    threads = [threading.Thread(target=work, args=(own,)) for own in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for own in stores:
        own.close()
    assert len(keys) == 4
    assert len(set(keys)) == 1


def test_processes_that_make_the_store_together_share_one(path: Path, ring: Keyring) -> None:
    others = [script(path, f"store.create('owner-{n}')") for n in range(4)]
    for other in others:
        other.communicate(timeout=120)
    assert [other.returncode for other in others] == [0] * 4
    store = KeyStore(path, ring)
    assert len(store.all()) == 4
    store.close()
    assert os.listdir(path.parent) == ["keys.db"]


def test_destroyed_keys_are_gone_from_every_file(store: KeyStore, path: Path) -> None:
    owners = names(3000)
    for start in range(0, len(owners), 100):
        store.create_many(owners[start : start + 100])
    before = store.snapshot()
    doomed = [*owners[::3], *owners[1000:1400]]
    assert store.destroy([*doomed, "nobody"]) == len(set(doomed))
    rest = on_disk(path)
    for owner, (_, wrapped) in before.items():
        gone = wrapped not in rest and wrapped[:20] not in rest and wrapped[-20:] not in rest
        assert gone == (owner in set(doomed))
    assert store.owners() == set(owners) - set(doomed)


def test_a_destroyed_key_does_not_come_back(store: KeyStore, path: Path, ring: Keyring) -> None:
    blob = store.create("ada").seal(b"vector")
    kept = store.create("bob")
    assert store.destroy(["ada"]) == 1
    assert store.destroy(["ada"]) == 0
    assert store.get("ada") is None
    assert same(kept, store.get("bob"))
    with pytest.raises(TamperedTemplate):
        store.create("ada").unseal(blob)


def test_erasure_blocked_by_a_reader_is_reported_and_can_be_finished(
    store: KeyStore, path: Path, ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create_many(["ada", "bob"])
    store.destroy(["bob"])  # everything is in the file now, nothing in the log
    monkeypatch.setattr(keystore, "BUSY_SECONDS", 0.05)
    hasty = KeyStore(path, ring)
    _, wrapped = hasty.snapshot()["ada"]
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM keys").fetchall()
    with pytest.raises(GalleryError, match="repeat the call"):
        hasty.destroy(["ada"])
    assert hasty.get("ada") is None
    reader.close()
    assert hasty.destroy(["ada"]) == 0
    assert wrapped not in on_disk(path)
    hasty.close()


def test_rewrap_moves_every_key_and_keeps_what_it_sealed(
    store: KeyStore, path: Path, ring: Keyring
) -> None:
    blobs = {owner: key.seal(owner.encode()) for owner, key in store.create_many(names(50)).items()}
    old = store.snapshot()
    both = ring.rotated()
    steps: list[tuple[int, int]] = []
    assert store.rewrap(both, lambda *step: steps.append(step), batch=20) == 50
    assert steps == [(20, 50), (40, 50), (50, 50)]
    assert {kek for kek, _ in store.snapshot().values()} == {both.active_id}
    assert not any(wrapped in on_disk(path) for _, wrapped in old.values())
    store.close()
    new = KeyStore(path, both.only_active())
    assert {owner: key.unseal(blobs[owner]) for owner, key in new.all().items()} == {
        owner: owner.encode() for owner in blobs
    }
    new.close()
    with pytest.raises(WrongKey):
        KeyStore(path, ring)


@pytest.mark.parametrize("batch", [1, 7])
def test_an_interrupted_rewrap_goes_on(
    store: KeyStore, path: Path, ring: Keyring, batch: int
) -> None:
    made = store.create_many(names(30))
    both = ring.rotated()

    def stop(done: int, total: int) -> None:
        if done >= 14:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.rewrap(both, stop, batch=batch)
    keks = [kek for kek, _ in store.snapshot().values()]
    assert (keks.count(both.active_id), keks.count(ring.active_id)) == (14, 16)
    store.close()
    for half in (ring, both.only_active()):
        with pytest.raises(WrongKey):
            KeyStore(path, half)
    again = KeyStore(path, both)
    assert all(same(made[owner], key) for owner, key in again.all().items())
    assert again.rewrap(both, batch=batch) == 16
    assert again.rewrap(both, batch=batch) == 0
    again.close()
    last = KeyStore(path, both.only_active())
    assert all(same(made[owner], key) for owner, key in last.all().items())
    last.close()


def test_a_killed_rewrap_goes_on(store: KeyStore, path: Path, ring: Keyring) -> None:
    made = store.create_many(names(30))
    both = ring.rotated()
    code = (
        "import os, signal\n"
        f"both = Keyring.parse({both.dump()!r})\n"
        "store.rewrap(both, lambda *_: os.kill(os.getpid(), signal.SIGKILL), batch=10)"
    )
    other = script(path, code)
    other.communicate(timeout=60)
    assert other.returncode == -9
    assert store.rewrap(both) == 20
    assert all(same(made[owner], key) for owner, key in store.all().items())


def test_rewrap_is_online(store: KeyStore, path: Path, ring: Keyring) -> None:
    """Another process with both keys reads, creates and destroys between the batches."""
    made = store.create_many(names(40))
    both = ring.rotated()
    other = KeyStore(path, Keyring.parse(",".join(reversed(both.dump().split()))))
    doomed, added = sorted(made)[-1], []

    def meanwhile(done: int, total: int) -> None:
        assert all(same(made[owner], key) for owner, key in other.all().items() if owner in made)
        if done == 10:
            other.destroy([doomed])
            added.extend(["!first", "~last"])  # under the old key, before and behind the batch
            made.update(other.create_many(added))

    assert store.rewrap(both, meanwhile, batch=10) == 41
    other.close()
    store.close()
    new = KeyStore(path, both.only_active())
    assert new.owners() == set(made) - {doomed}
    assert all(same(made[owner], key) for owner, key in new.all().items())
    new.close()


def test_keys_made_after_rotation_are_under_the_new_key(store: KeyStore, ring: Keyring) -> None:
    both = ring.rotated()
    store.rewrap(both)
    store.create("ada")
    assert store.snapshot()["ada"][0] == both.active_id


def test_rewrap_with_a_stranger_changes_nothing(store: KeyStore) -> None:
    made = store.create("ada")
    before = store.snapshot()
    with pytest.raises(WrongKey):
        store.rewrap(Keyring([os.urandom(32)]))
    assert store.snapshot() == before
    assert same(made, store.get("ada"))


def test_the_canary_knows_the_wrong_master_key(store: KeyStore, path: Path) -> None:
    store.check()
    stranger = Keyring([os.urandom(32)])
    with pytest.raises(WrongKey):
        store.check(stranger)
    with pytest.raises(WrongKey):
        KeyStore(path, stranger)
    assert store.owners() == set()


def test_a_master_key_with_the_right_name_and_wrong_bytes_fails(
    store: KeyStore, path: Path, ring: Keyring
) -> None:
    """The canary is opened, not only looked at: a changed canary fails."""
    ((kek, wrapped),) = store._rows("SELECT kek, wrapped FROM canary")
    bad = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    store._db.execute("UPDATE canary SET wrapped = ?", (bad,))
    with pytest.raises(WrongKey, match=kek):
        KeyStore(path, ring)
    store._db.execute("DELETE FROM canary")
    with pytest.raises(WrongKey, match="canary"):
        KeyStore(path, ring)


@pytest.mark.parametrize("value", [b"", b"x" * 60, "text", 7])
def test_a_changed_row_is_noticed(store: KeyStore, value: object) -> None:
    store.create_many(["ada", "bob"])
    store._db.execute("UPDATE keys SET wrapped = ? WHERE owner = 'ada'", (value,))
    for action in (store.all, lambda: store.get("ada")):
        with pytest.raises(WrongKey, match="ada"):
            action()
    assert store.get("bob") is not None


def test_swapped_rows_are_noticed(store: KeyStore) -> None:
    store.create_many(["ada", "bob"])
    for owner, (_, wrapped) in store.snapshot().items():
        other = {"ada": "bob", "bob": "ada"}[owner]
        store._db.execute("UPDATE keys SET wrapped = ? WHERE owner = ?", (wrapped, other))
    with pytest.raises(WrongKey):
        store.get("ada")


def test_the_anchor_never_moves_backwards(store: KeyStore, path: Path, ring: Keyring) -> None:
    assert store.anchor() is None
    other = KeyStore(path, ring)
    store.set_anchor(5, "five")
    other.set_anchor(4, "four")
    other.set_anchor(5, "another five")
    assert store.anchor() == other.anchor() == (5, "five")
    other.set_anchor(6, "six")
    other.close()
    store.close()
    again = KeyStore(path, ring)
    assert again.anchor() == (6, "six")
    again.close()


def test_a_snapshot_restores_a_lost_store(store: KeyStore, tmp_path: Path, ring: Keyring) -> None:
    made = store.create_many(["ada", "bob", "eve"])
    fresh = KeyStore(tmp_path / "fresh.db", ring)
    kept = fresh.create("eve")
    assert fresh.restore(store.snapshot()) == 2
    assert fresh.restore(store.snapshot()) == 0
    found = fresh.all()
    assert set(found) == set(made)
    assert same(found["ada"], made["ada"])
    assert same(found["eve"], kept)
    fresh.close()


def test_a_bad_snapshot_restores_nothing(store: KeyStore, ring: Keyring) -> None:
    good, foreign = ring.wrap(bytes(32), "ada"), Keyring([bytes(32)]).wrap(bytes(32), "bob")
    for bad in ({"bob": foreign}, {"bob": good}):
        with pytest.raises(WrongKey):
            store.restore({"ada": good} | bad)
    assert store.owners() == set()


def test_a_failure_inside_a_transaction_rolls_back(
    store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(size: int) -> bytes:
        raise NotImplementedError

    monkeypatch.setattr(keystore.os, "urandom", broken)
    with pytest.raises(NotImplementedError):
        store.create_many(["ada"])
    monkeypatch.undo()
    assert store.create_many(["bob"])
    assert store.owners() == {"bob"}


def test_a_full_disk_is_a_typed_error_and_loses_nothing(store: KeyStore) -> None:
    made = store.create("ada")
    store._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(GalleryError, match="full"):
        store.create_many(names(500))
    store._db.execute("PRAGMA max_page_count = 1000000")
    assert store.owners() == {"ada"}
    assert same(made, store.get("ada"))


def test_another_file_is_refused(tmp_path: Path, ring: Keyring) -> None:
    junk = tmp_path / "junk.db"
    junk.write_bytes(b"no database at all" * 100)
    with pytest.raises(GalleryError, match="not a database"):
        KeyStore(junk, ring)
    assert junk.read_bytes() == b"no database at all" * 100
    (tmp_path / "empty.db").touch()
    with pytest.raises(GalleryError, match=r"empty\.db"):
        KeyStore(tmp_path / "empty.db", ring)
    with pytest.raises(GalleryError, match="cannot be used"):
        KeyStore(tmp_path, ring)


def test_a_closed_store_is_a_typed_error(store: KeyStore) -> None:
    store.close()
    with pytest.raises(GalleryError, match="closed"):
        store.create("ada")
    with pytest.raises(GalleryError, match="closed"):
        store.all()


def test_closing_leaves_one_file(store: KeyStore, path: Path) -> None:
    store.create("ada")
    store.close()
    assert os.listdir(path.parent) == ["keys.db"]
