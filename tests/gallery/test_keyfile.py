"""Passphrase exports: they bring a lost gallery back, and tell a thief nothing."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.errors import ConfigError, VisavisError, WrongKey
from visavis.gallery import keyfile
from visavis.gallery.keyfile import export_keys, import_keys
from visavis.gallery.keystore import KeyStore
from visavis.gallery.vault import Keyring

PASSPHRASE = "correct horse battery staple"
SECRET = bytes(range(100, 132))


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least that Argon2id allows, so that the tests are quick."""
    monkeypatch.setattr(keyfile, "COSTS", {"iterations": 1, "lanes": 1, "memory_cost": 8})


@pytest.fixture
def ring() -> Keyring:
    return Keyring([SECRET, bytes(32)])


@pytest.fixture
def store(tmp_path: Path, ring: Keyring) -> Iterator[KeyStore]:
    store = KeyStore(tmp_path / "store" / "keys.db", ring)
    yield store
    store.close()


def test_an_export_brings_a_lost_gallery_back(
    store: KeyStore, ring: Keyring, tmp_path: Path
) -> None:
    blobs = {owner: key.seal(b"vector") for owner, key in store.create_many(["a", "ö"]).items()}
    export_keys(tmp_path / "keys.export", PASSPHRASE, ring, store)
    found, rows = import_keys(tmp_path / "keys.export", PASSPHRASE)
    assert found.dump() == ring.dump()
    assert rows == store.snapshot()
    fresh = KeyStore(tmp_path / "fresh.db", found)
    assert fresh.restore(rows) == 2
    assert {o: k.unseal(blobs[o]) for o, k in fresh.all().items()} == dict.fromkeys(
        ("a", "ö"), b"vector"
    )
    fresh.close()


def test_master_keys_alone(ring: Keyring, tmp_path: Path) -> None:
    export_keys(tmp_path / "keys.export", PASSPHRASE, ring, None)
    found, rows = import_keys(tmp_path / "keys.export", PASSPHRASE)
    assert (found.dump(), rows) == (ring.dump(), {})


def test_the_file_is_private_and_tells_nothing(
    store: KeyStore, ring: Keyring, tmp_path: Path
) -> None:
    store.create("zoe-subject")
    path = tmp_path / "new" / "keys.export"
    export_keys(path, PASSPHRASE, ring, store)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    data = path.read_bytes()
    for secret in (SECRET, SECRET.hex().encode(), ring.dump()[:40].encode(), b"zoe-subject"):
        assert secret not in data
    assert PASSPHRASE.encode() not in data
    assert os.listdir(path.parent) == ["keys.export"]


def test_exports_are_salted(ring: Keyring, tmp_path: Path) -> None:
    headers = []
    for name in ("one", "two"):
        export_keys(tmp_path / name, PASSPHRASE, ring, None)
        headers.append(json.loads((tmp_path / name).read_bytes().partition(b"\n")[0]))
    assert headers[0]["salt"] != headers[1]["salt"]
    assert headers[0]["nonce"] != headers[1]["nonce"]


def test_costs_are_those_of_rfc_9106(
    ring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    export_keys(tmp_path / "keys.export", PASSPHRASE, ring, None)
    header = json.loads((tmp_path / "keys.export").read_bytes().partition(b"\n")[0])
    assert (header["iterations"], header["lanes"], header["memory_cost"]) == (3, 4, 65536)
    assert import_keys(tmp_path / "keys.export", PASSPHRASE)[0].dump() == ring.dump()


@pytest.mark.parametrize("wrong", ["", "Correct horse battery staple", PASSPHRASE + " "])
def test_a_wrong_passphrase_is_a_wrong_key(ring: Keyring, tmp_path: Path, wrong: str) -> None:
    export_keys(tmp_path / "keys.export", PASSPHRASE, ring, None)
    with pytest.raises(WrongKey) as caught:
        import_keys(tmp_path / "keys.export", wrong)
    assert PASSPHRASE not in str(caught.value)


def test_a_passphrase_opens_however_its_accents_are_typed(ring: Keyring, tmp_path: Path) -> None:
    export_keys(tmp_path / "keys.export", "Zo\u00eb", ring, None)
    assert import_keys(tmp_path / "keys.export", "Zoe\u0308")[0].dump() == ring.dump()


def test_an_empty_passphrase_is_refused(ring: Keyring, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="passphrase"):
        export_keys(tmp_path / "keys.export", "", ring, None)
    assert os.listdir(tmp_path) == []


def test_an_export_is_never_overwritten(ring: Keyring, tmp_path: Path) -> None:
    path = tmp_path / "keys.export"
    export_keys(path, PASSPHRASE, ring, None)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="exists"):
        export_keys(path, PASSPHRASE, ring, None)
    assert path.read_bytes() == before


def test_an_export_that_would_not_open_is_not_written(store: KeyStore, tmp_path: Path) -> None:
    store.create("ada")
    with pytest.raises(WrongKey):
        export_keys(tmp_path / "keys.export", PASSPHRASE, Keyring([bytes(32)]), store)
    assert not (tmp_path / "keys.export").exists()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "keys.export"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyfile, "COSTS", {"iterations": 1, "lanes": 1, "memory_cost": 8})
        export_keys(path, PASSPHRASE, Keyring([SECRET]), None)
    return path


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.data())
def test_every_changed_byte_is_noticed(exported: Path, data: st.DataObject) -> None:
    whole = exported.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    flip = data.draw(st.integers(1, 255))
    bad = exported.with_name("bad")
    bad.write_bytes(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
    with pytest.raises((WrongKey, ConfigError)):
        import_keys(bad, PASSPHRASE)


def test_every_cut_is_noticed(exported: Path) -> None:
    whole = exported.read_bytes()
    bad = exported.with_name("bad")
    for end in range(len(whole)):
        bad.write_bytes(whole[:end])
        with pytest.raises((WrongKey, ConfigError)):
            import_keys(bad, PASSPHRASE)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "another"},
        {"version": 2},
        {"iterations": 0},
        {"iterations": 17},
        {"iterations": 1.5},
        {"iterations": "1"},
        {"lanes": 65},
        {"memory_cost": 2**30},
        {"memory_cost": 1},
        {"salt": "00"},
        {"salt": 7},
        {"nonce": "00"},
        {"nonce": "not hexadecimal"},
        {"nonce": None},
    ],
)
def test_headers_of_another_kind_are_refused(exported: Path, change: dict[str, object]) -> None:
    header, _, sealed = exported.read_bytes().partition(b"\n")
    bad = exported.with_name("bad")
    bad.write_bytes(json.dumps(json.loads(header) | change).encode() + b"\n" + sealed)
    with pytest.raises(ConfigError):
        import_keys(bad, PASSPHRASE)


@pytest.mark.parametrize("content", [b"", b"\n", b"[]\n", b"7\n", b'{"format": 1}\n', b"\xff\n"])
def test_files_of_another_kind_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(ConfigError, match="not an export"):
        import_keys(tmp_path / "other", PASSPHRASE)


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        import_keys(tmp_path / "missing", PASSPHRASE)


def test_the_header_is_authenticated(exported: Path) -> None:
    """A field that changes no key still cannot be added."""
    header, _, sealed = exported.read_bytes().partition(b"\n")
    bad = exported.with_name("bad")
    bad.write_bytes(json.dumps(json.loads(header) | {"note": ""}).encode() + b"\n" + sealed)
    with pytest.raises(WrongKey):
        import_keys(bad, PASSPHRASE)


def test_errors_hold_no_secret(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_text(PASSPHRASE)
    for path, passphrase in ((exported, "wrong"), (tmp_path / "other", PASSPHRASE)):
        with pytest.raises(VisavisError) as caught:
            import_keys(path, passphrase)
        assert PASSPHRASE not in str(caught.value)
        assert "wrong" not in str(caught.value)
