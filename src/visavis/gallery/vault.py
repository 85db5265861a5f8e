"""Master keys, data keys and the private files that hold them.

A master key (key-encryption key) wraps data keys; a data key seals templates, names and crops.
Both are AES-256-GCM keys used with a random 96-bit nonce for every message (NIST SP 800-38D),
which is sound for 2^32 messages a key. A blob is nonce (12 bytes), ciphertext, tag (16 bytes).
"""

import base64
import hmac
import os
import re
import shlex
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from visavis.errors import ConfigError, TamperedTemplate, WrongKey

KEY_BYTES = 32
NONCE_BYTES = 12
COMMAND_SECONDS = 10.0


def length_prefixed(parts: Iterable[str]) -> bytes:
    """The parts as UTF-8, each behind its length (4 bytes, big-endian).

    Injective: no two different sequences give the same bytes. Lone surrogates are encoded too.
    """
    pieces = []
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        pieces += [len(text).to_bytes(4, "big"), text]
    return b"".join(pieces)


@contextmanager
def private_file(path: Path, *, replace: bool) -> Iterator[Path]:
    """An empty temporary file of mode 0600 that becomes `path`, complete and synced, or nothing.

    Fill it inside the block; missing parent directories are made with mode 0700. With `replace`
    false an existing `path` is left alone and FileExistsError raised. Raises ConfigError where
    the file system refuses; whatever is raised, no part of the file stays behind.
    """
    try:
        for parent in reversed([path.parent, *path.parent.parents]):
            parent.mkdir(mode=0o700, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        try:
            yield Path(name)
            _sync(name, os.O_RDWR)
            (os.replace if replace else os.link)(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
        if os.name == "posix":
            _sync(path.parent, os.O_RDONLY)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.exists():
            raise
        raise ConfigError(f"cannot write {path}: {error.strerror}") from None


def _open_at_once(path: str, flags: int) -> int:
    """Opens without waiting for somebody to write, should `path` be a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _sync(path: Path | str, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class DataKey:
    """One random 32-byte key of an owner: a subject, a collection or the gallery. Thread-safe.

    The cipher is set up for each call: kept with 100,000 keys, ciphers take 240 MB, and the time
    to allocate them is longer than what keeping them saves.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ConfigError(f"a data key has {KEY_BYTES} bytes, got {len(key)}")
        self._key = key

    def seal(self, plaintext: bytes, *ids: str) -> bytes:
        """The plaintext encrypted and bound to `ids`, in their order: 28 bytes longer."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._key).encrypt(nonce, plaintext, length_prefixed(ids))

    def unseal(self, blob: bytes, *ids: str) -> bytes:
        """The plaintext that was sealed for the same `ids`.

        Raises TamperedTemplate for other ids, another key or a changed, cut or missing blob.
        """
        return self.ready().unseal(blob, *ids)

    def ready(self) -> "ReadyKey":
        """The key with its cipher set up, to unseal several blobs in a row: half the time."""
        return ReadyKey(AESGCM(self._key))

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, by HKDF-SHA256 (RFC 5869) with `purpose` as info."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(self._key)

    def pseudonym(self, text: str) -> str:
        """32 hexadecimal digits that stand for `text`, and tell nothing without this key.

        HMAC-SHA256, first 16 bytes, under a derived key; the same text gives the same pseudonym.
        """
        key = self.derive("visavis/pseudonym")
        return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")[:16].hex()


class ReadyKey:
    """A data key that unseals, with its cipher set up. Made by `DataKey.ready`; not for keeping."""

    __slots__ = ("_aead",)

    def __init__(self, aead: AESGCM) -> None:
        self._aead = aead

    def unseal(self, blob: bytes, *ids: str) -> bytes:
        """As `DataKey.unseal`."""
        try:
            return self._aead.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], length_prefixed(ids))
        except (InvalidTag, ValueError, TypeError):
            raise TamperedTemplate(
                "stored ciphertext fails authentication: it was changed, or sealed for other ids "
                "or under another key"
            ) from None


class Keyring:
    """Master keys, 32 bytes each. The first is active; the others only unwrap. Thread-safe.

    `ids` name the keys, the active one first: 16 hexadecimal digits of an HMAC, not secret.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Raises ConfigError for no key or one of another size."""
        sizes = [len(key) for key in keys]
        if not sizes or set(sizes) != {KEY_BYTES}:
            raise ConfigError(f"a keyring needs keys of {KEY_BYTES} bytes, got sizes {sizes}")
        self._keys = {hmac.digest(k, b"visavis/kek-id", "sha256")[:8].hex(): k for k in keys}
        self._aeads = {kek_id: AESGCM(key) for kek_id, key in self._keys.items()}
        self.ids = tuple(self._keys)
        self.active_id = self.ids[0]

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self.ids)})"

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """Keys of 43 base64url characters (`=` may follow), separated by newlines or commas.

        Raises ConfigError for anything else, without repeating it.
        """
        words = [word.strip() for word in re.split(r"[\n,]", text) if word.strip()]
        for at, word in enumerate(words, 1):
            if not re.fullmatch(r"[A-Za-z0-9_-]{43}=?", word):
                raise ConfigError(
                    f"master key {at} of {len(words)} must be 43 characters of base64url "
                    f"(32 bytes), got {len(word)} characters or a character outside base64url"
                )
        return cls([base64.urlsafe_b64decode(word[:43] + "=") for word in words])

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """The keys in a file. Raises ConfigError if it is missing, not a regular file, open to
        group or others (mode wider than 0600), or holds no keys.
        """
        try:
            with open(path, "rb", opener=_open_at_once) as file:
                mode = os.fstat(file.fileno()).st_mode
                if not stat.S_ISREG(mode):
                    raise ConfigError(f"the key file {path} must be a regular file")
                if os.name == "posix" and mode & 0o077:
                    raise ConfigError(
                        f"the key file {path} must have mode 0600 or stricter, "
                        f"got {stat.S_IMODE(mode):04o}; run: chmod 600 {shlex.quote(str(path))}"
                    )
                return cls.parse(file.read().decode("ascii", "replace"))
        except OSError as error:
            raise ConfigError(f"cannot read the key file {path}: {error.strerror}") from None

    @classmethod
    def create(cls, path: Path) -> "Keyring":
        """A new random key in a new file of mode 0600, synced before it returns.

        Raises ConfigError if the file exists: a key is never overwritten.
        """
        keyring = cls([os.urandom(KEY_BYTES)])
        keyring._write(path, replace=False)
        return keyring

    @classmethod
    def from_command(cls, command: str) -> "Keyring":
        """The keys that a command prints: no shell, 10 seconds.

        Raises ConfigError if it fails, without repeating its arguments or its output.
        """
        try:
            done = subprocess.run(
                shlex.split(command),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=COMMAND_SECONDS,
                check=True,
            )
        except subprocess.TimeoutExpired:
            failure = f"gave no keys within {COMMAND_SECONDS:g} seconds"
        except subprocess.CalledProcessError as error:
            failure = f"ended with status {error.returncode}"
        except OSError as error:
            failure = f"cannot be started: {error.strerror}"
        except (ValueError, IndexError):
            failure = "must be a program and its arguments, quoted as for a shell"
        else:
            return cls.parse(done.stdout.decode("ascii", "replace"))
        raise ConfigError(f"the key command {failure}")

    def dump(self) -> str:
        """The keys as text that `parse` reads, the active one first. Secret."""
        return "".join(f"{base64.urlsafe_b64encode(key).decode()}\n" for key in self._keys.values())

    def save(self, path: Path) -> None:
        """Replaces the file in one step: mode 0600, file and directory synced."""
        self._write(path, replace=True)

    def wrap(self, data_key: bytes, owner: str) -> tuple[str, bytes]:
        """The active key's id, and the data key encrypted under it for `owner`."""
        nonce = os.urandom(NONCE_BYTES)
        aead = self._aeads[self.active_id]
        return self.active_id, nonce + aead.encrypt(nonce, data_key, length_prefixed((owner,)))

    def unwrap(self, kek_id: str, wrapped: bytes, owner: str) -> bytes:
        """The data key of `owner`.

        Raises WrongKey if that master key is not here or the bytes do not authenticate.
        """
        aead = self._aeads.get(kek_id)
        if aead is None:
            raise WrongKey(
                f"a data key is wrapped under master key {kek_id}; "
                f"the keyring holds {', '.join(self.ids)}"
            )
        try:
            nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
            return aead.decrypt(nonce, sealed, length_prefixed((owner,)))
        except (InvalidTag, ValueError, TypeError):
            raise WrongKey(
                f"the data key of {owner} does not open under master key {kek_id}: "
                "the key store was changed"
            ) from None

    def rotated(self) -> "Keyring":
        """A keyring with a new random key in front; the present ones still unwrap."""
        return Keyring([os.urandom(KEY_BYTES), *self._keys.values()])

    def only_active(self) -> "Keyring":
        """A keyring of the active key alone: for when nothing is wrapped under the others."""
        return Keyring([self._keys[self.active_id]])

    def _write(self, path: Path, *, replace: bool) -> None:
        try:
            with private_file(path, replace=replace) as temporary:
                temporary.write_text(self.dump(), encoding="ascii")
        except FileExistsError:
            raise ConfigError(f"{path} exists; a master key is never overwritten") from None
