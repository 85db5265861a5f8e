"""Master keys and data keys: round trips, every kind of tampering, files, and no secret in text."""

import base64
import os
import shlex
import stat
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.errors import ConfigError, TamperedTemplate, VisavisError, WrongKey
from visavis.gallery import vault
from visavis.gallery.vault import DataKey, Keyring, length_prefixed, private_file

steady = settings(deadline=None, derandomize=True)
texts = st.text(st.characters(), max_size=12)
id_lists = st.lists(texts, max_size=5)
secrets = st.binary(min_size=32, max_size=32)

SECRET = bytes(range(100, 132))
SECRET_TEXT = base64.urlsafe_b64encode(SECRET).decode()


def decode(data: bytes) -> list[str]:
    """The inverse of `length_prefixed`, which only an injective encoding can have."""
    parts = []
    while data:
        size = int.from_bytes(data[:4], "big")
        parts.append(data[4 : 4 + size].decode("utf-8", "surrogatepass"))
        data = data[4 + size :]
    return parts


def shows_secret(text: str) -> bool:
    forms = (SECRET_TEXT.rstrip("="), SECRET.hex(), repr(SECRET)[2:-1])
    return any(form in text for form in forms)


def raised(action: Callable[[], object], error: type[VisavisError]) -> str:
    """The whole traceback of the error that `action` raises, as a log would show it."""
    with pytest.raises(error) as caught:
        action()
    return "".join(traceback.format_exception(caught.value))


@steady
@given(id_lists)
def test_encoding_can_be_read_back(parts: list[str]) -> None:
    assert decode(length_prefixed(parts)) == parts


@steady
@given(id_lists, id_lists)
def test_encoding_tells_any_two_sequences_apart(one: list[str], other: list[str]) -> None:
    assert (length_prefixed(one) == length_prefixed(other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a",), ("a", "")),
        ((), ("",)),
        (("a\0\0\0\1b",), ("a", "b")),
        (("\U00010000",), ("\ud800\udc00",)),
    ],
)
def test_encoding_tells_moved_boundaries_apart(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    assert length_prefixed(one) != length_prefixed(other)


@steady
@given(secrets, st.binary(max_size=600), id_lists)
def test_sealed_text_opens_with_the_same_ids(key: bytes, plain: bytes, ids: list[str]) -> None:
    blob = DataKey(key).seal(plain, *ids)
    assert len(blob) == len(plain) + 28
    assert DataKey(key).unseal(blob, *ids) == plain


@steady
@given(st.binary(max_size=40), st.data())
def test_every_changed_byte_is_noticed(plain: bytes, data: st.DataObject) -> None:
    key = DataKey(SECRET)
    blob = key.seal(plain, "subject", "template")
    at = data.draw(st.integers(0, len(blob) - 1))
    flip = data.draw(st.integers(1, 255))
    bad = blob[:at] + bytes([blob[at] ^ flip]) + blob[at + 1 :]
    with pytest.raises(TamperedTemplate):
        key.unseal(bad, "subject", "template")


def test_every_cut_is_noticed() -> None:
    key = DataKey(SECRET)
    blob = key.seal(b"vector", "subject")
    for end in range(len(blob)):
        with pytest.raises(TamperedTemplate):
            key.unseal(blob[:end], "subject")
    with pytest.raises(TamperedTemplate):
        key.unseal(blob + b"\0", "subject")


@pytest.mark.parametrize("blob", [None, 7, "text", [1, 2]])
def test_values_of_another_type_are_tampering(blob: object) -> None:
    with pytest.raises(TamperedTemplate):
        DataKey(SECRET).unseal(blob, "subject")  # type: ignore[arg-type]


@steady
@given(id_lists, id_lists)
def test_other_ids_do_not_open(ids: list[str], others: list[str]) -> None:
    key = DataKey(SECRET)
    blob = key.seal(b"vector", *ids)
    if ids == others:
        assert key.unseal(blob, *others) == b"vector"
    else:
        with pytest.raises(TamperedTemplate):
            key.unseal(blob, *others)


def test_another_key_does_not_open() -> None:
    blob = DataKey(SECRET).seal(b"vector", "subject")
    with pytest.raises(TamperedTemplate):
        DataKey(os.urandom(32)).unseal(blob, "subject")


def test_sealing_twice_gives_different_blobs() -> None:
    key = DataKey(SECRET)
    assert key.seal(b"vector", "a") != key.seal(b"vector", "a")


def test_nonces_do_not_repeat_over_threads() -> None:
    key, nonces = DataKey(SECRET), set()

    def work() -> None:
        nonces.update([key.seal(b"", "a")[:12] for _ in range(200)])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(nonces) == 1600


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_data_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ConfigError, match=f"got {size}"):
        DataKey(bytes(size))


def test_derived_keys_are_pinned_and_apart() -> None:
    """The figures are RFC 5869 with an empty salt, computed with the standard library below."""
    import hmac

    def hkdf(info: bytes) -> bytes:
        extracted = hmac.digest(bytes(32), SECRET, "sha256")
        return hmac.digest(extracted, info + b"\1", "sha256")

    key = DataKey(SECRET)
    assert key.derive("index") == hkdf(b"index")
    assert key.derive("index") != key.derive("audit") != SECRET
    expected = hmac.digest(hkdf(b"visavis/pseudonym"), "Zoë".encode(), "sha256")[:16].hex()
    assert key.pseudonym("Zoë") == expected


def test_pseudonyms_depend_on_key_and_text() -> None:
    key = DataKey(SECRET)
    assert key.pseudonym("ada") == DataKey(SECRET).pseudonym("ada")
    assert key.pseudonym("ada") != key.pseudonym("adb")
    assert key.pseudonym("ada") != DataKey(bytes(32)).pseudonym("ada")


@steady
@given(secrets, st.lists(secrets, max_size=3), texts)
def test_wrapped_keys_open_for_their_owner_alone(
    key: bytes, others: list[bytes], owner: str
) -> None:
    ring = Keyring([key, *others])
    kek_id, wrapped = ring.wrap(SECRET, owner)
    assert kek_id == ring.active_id
    assert ring.unwrap(kek_id, wrapped, owner) == SECRET
    with pytest.raises(WrongKey):
        ring.unwrap(kek_id, wrapped, owner + "x")


def test_every_changed_byte_of_a_wrapped_key_is_noticed() -> None:
    ring = Keyring([SECRET])
    kek_id, wrapped = ring.wrap(bytes(32), "owner")
    for at in range(len(wrapped)):
        bad = wrapped[:at] + bytes([wrapped[at] ^ 0x40]) + wrapped[at + 1 :]
        with pytest.raises(WrongKey):
            ring.unwrap(kek_id, bad, "owner")
        with pytest.raises(WrongKey):
            ring.unwrap(kek_id, wrapped[:at], "owner")


def test_a_keyring_without_the_key_says_which_is_missing() -> None:
    kek_id, wrapped = Keyring([SECRET]).wrap(bytes(32), "owner")
    other = Keyring([os.urandom(32)])
    with pytest.raises(WrongKey, match=f"{kek_id}.*holds {other.active_id}"):
        other.unwrap(kek_id, wrapped, "owner")


def test_rotation_puts_a_new_key_first_and_keeps_the_old() -> None:
    old = Keyring([SECRET])
    kek_id, wrapped = old.wrap(bytes(32), "owner")
    both = old.rotated()
    assert both.ids == (both.active_id, old.active_id)
    assert both.unwrap(kek_id, wrapped, "owner") == bytes(32)
    new = both.only_active()
    assert new.ids == (both.active_id,)
    assert new.unwrap(*both.wrap(bytes(32), "owner"), "owner") == bytes(32)


@pytest.mark.parametrize("keys", [[], [b""], [bytes(31)], [bytes(32), bytes(16)]])
def test_keyring_refuses_keys_of_another_size(keys: list[bytes]) -> None:
    with pytest.raises(ConfigError):
        Keyring(keys)


@steady
@given(st.lists(secrets, min_size=1, max_size=4, unique=True), st.sampled_from("\n,"))
def test_dumped_keys_parse_in_order(keys: list[bytes], separator: str) -> None:
    ring = Keyring(keys)
    assert Keyring.parse(ring.dump()).dump() == ring.dump()
    bare = separator.join(word.rstrip("=") for word in ring.dump().split())
    assert Keyring.parse(f" {bare}\r\n").ids == ring.ids


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n,",
        SECRET_TEXT[:-2],
        SECRET_TEXT + "A",
        SECRET_TEXT[:20] + "+" + SECRET_TEXT[21:],
        SECRET_TEXT[:20] + " " + SECRET_TEXT[20:],
        f"{SECRET_TEXT};{SECRET_TEXT}",
        "\N{FULLWIDTH LATIN SMALL LETTER A}" * 43,
    ],
)
def test_junk_is_refused_without_repeating_it(text: str) -> None:
    log = raised(lambda: Keyring.parse(text), ConfigError)
    assert not shows_secret(log)
    assert SECRET_TEXT[:16] not in log.replace(str(__file__), "")


def test_keys_never_show_in_text() -> None:
    ring, key = Keyring([SECRET]), DataKey(SECRET)
    kek_id, wrapped = ring.wrap(SECRET, "owner")
    logs = [
        raised(lambda: key.unseal(wrapped, "another"), TamperedTemplate),
        raised(lambda: ring.unwrap(kek_id, wrapped, "another"), WrongKey),
        raised(lambda: ring.unwrap("0" * 16, wrapped, "owner"), WrongKey),
        raised(lambda: Keyring([SECRET, SECRET[:-1]]), ConfigError),
        raised(lambda: DataKey(SECRET + b"\0"), ConfigError),
    ]
    for text in (repr(ring), str(ring), f"{ring!s:>99}", repr(key), str(key), *logs):
        assert not shows_secret(text)
    assert shows_secret(ring.dump())


def test_created_key_file_is_private_and_loads(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deeper" / "master.key"
    before = os.umask(0)
    try:
        made = Keyring.create(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700
    assert Keyring.load(path).dump() == made.dump()
    assert os.listdir(path.parent) == ["master.key"]


def test_created_keys_differ(tmp_path: Path) -> None:
    assert Keyring.create(tmp_path / "a").ids != Keyring.create(tmp_path / "b").ids


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    made = Keyring.create(tmp_path / "master.key")
    with pytest.raises(ConfigError, match="exists"):
        Keyring.create(tmp_path / "master.key")
    assert Keyring.load(tmp_path / "master.key").ids == made.ids
    assert os.listdir(tmp_path) == ["master.key"]


def test_of_many_creators_one_wins_and_all_can_load(tmp_path: Path) -> None:
    path, rings = tmp_path / "master.key", []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        try:
            rings.append(Keyring.create(path).ids)
        except ConfigError:
            rings.append(Keyring.load(path).ids)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rings) == 8
    assert len(set(rings)) == 1


def test_saving_replaces_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    both = Keyring.create(path).rotated()
    both.save(path)
    assert Keyring.load(path).ids == both.ids
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["master.key"]


def test_a_failure_while_saving_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "master.key"
    old = Keyring.create(path)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vault.os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        old.rotated().save(path)
    assert Keyring.load(path).ids == old.ids
    assert os.listdir(tmp_path) == ["master.key"]


def test_file_and_directory_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []

    def record(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)

    monkeypatch.setattr(vault.os, "fsync", record)
    Keyring.create(tmp_path / "master.key")
    assert synced == [(tmp_path / "master.key").stat().st_ino, tmp_path.stat().st_ino]


def test_a_file_in_the_way_of_a_directory_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write"):
        Keyring.create(tmp_path / "file" / "master.key")


def test_an_abandoned_private_file_leaves_nothing(tmp_path: Path) -> None:
    def abandon() -> None:
        with private_file(tmp_path / "a", replace=True) as temporary:
            temporary.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        abandon()
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o644, 0o666, 0o777])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    Keyring([SECRET]).save(path)
    path.chmod(mode)
    log = raised(lambda: Keyring.load(path), ConfigError)
    assert f"got {mode:04o}" in log
    assert not shows_secret(log)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_file_of_a_strict_mode_loads(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    Keyring([SECRET]).save(path)
    path.chmod(mode)
    assert Keyring.load(path).ids == Keyring([SECRET]).ids


def test_what_is_not_a_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ConfigError, match=r"regular file|Is a directory"):
            Keyring.load(path)
    with pytest.raises(ConfigError, match="cannot read"):
        Keyring.load(tmp_path / "missing")


def test_a_key_file_of_junk_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(b"\xff\xfe" + SECRET_TEXT.encode())
    path.chmod(0o600)
    assert not shows_secret(raised(lambda: Keyring.load(path), ConfigError))


def python(code: str) -> str:
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"


def test_keys_from_a_command() -> None:
    ring = Keyring([SECRET, bytes(32)])
    assert Keyring.from_command(python(f"print({ring.dump()!r})")).dump() == ring.dump()


def test_a_command_is_not_given_to_a_shell(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        Keyring.from_command(f"echo {SECRET_TEXT} > {tmp_path}/out")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (python(f"import sys; print('{SECRET_TEXT}'); sys.exit('{SECRET_TEXT}')"), "status 1"),
        (python(f"print('{SECRET_TEXT}x')"), "base64url"),
        (python(f"print('{SECRET_TEXT}'); import time; time.sleep(60)"), "within 0.3 seconds"),
        (f"/no/such/program {SECRET_TEXT}", "cannot be started"),
        (f"cat '{SECRET_TEXT}", "quoted"),
        ("", "must be a program"),
        (f"cat {SECRET_TEXT}\0", "must be a program"),
    ],
)
def test_a_failing_command_says_why_and_no_more(
    command: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "sleep" in command:
        monkeypatch.setattr(vault, "COMMAND_SECONDS", 0.3)
    log = raised(lambda: Keyring.from_command(command), ConfigError)
    assert what in log
    assert not shows_secret(log)


@steady
@given(st.text(max_size=20), st.text(max_size=20))
def test_pseudonyms_of_different_texts_differ(one: str, other: str) -> None:
    key = DataKey(SECRET)
    assert (key.pseudonym(one) == key.pseudonym(other)) == (one == other)
