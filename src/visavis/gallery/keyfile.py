"""Keys under a passphrase: the copy to keep where neither the gallery nor its keys are.

The file is one line of JSON (format, version, Argon2id costs, salt, nonce), which is
authenticated, and then the keys under AES-256-GCM, as bytes.
"""

import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag

from visavis.errors import ConfigError, WrongKey
from visavis.gallery.keystore import KeyStore
from visavis.gallery.passphrase import COSTS, cipher
from visavis.gallery.vault import NONCE_BYTES, Keyring, private_file

FORMAT = {"format": "visavis-keys", "version": 1}


def export_keys(path: Path, passphrase: str, keyring: Keyring, store: KeyStore | None) -> None:
    """Writes the master keys and, with `store`, its wrapped data keys to a new file of mode 0600.

    Raises ConfigError for an empty passphrase or an existing file, and WrongKey if `keyring` does
    not open every key of the store: an export that would be of no use is not written.
    """
    if not passphrase:
        raise ConfigError("an export of keys needs a passphrase, got an empty one")
    rows = {} if store is None else store.snapshot()
    for owner, (kek, wrapped) in rows.items():
        keyring.unwrap(kek, wrapped, owner)
    salt, nonce = os.urandom(16), os.urandom(NONCE_BYTES)
    header = json.dumps(FORMAT | COSTS | {"salt": salt.hex(), "nonce": nonce.hex()}).encode()
    data = {owner: (kek, wrapped.hex()) for owner, (kek, wrapped) in rows.items()}
    body = json.dumps({"master": keyring.dump(), "data": data}).encode()
    sealed = cipher(passphrase, salt, COSTS).encrypt(nonce, body, header)
    try:
        with private_file(path, replace=False) as temporary:
            temporary.write_bytes(header + b"\n" + sealed)
    except FileExistsError:
        raise ConfigError(f"{path} exists; an export of keys is never overwritten") from None


def import_keys(path: Path, passphrase: str) -> tuple[Keyring, dict[str, tuple[str, bytes]]]:
    """The keyring of an export and its wrapped data keys by owner, as `KeyStore.restore` takes.

    Raises WrongKey for another passphrase or a changed file, ConfigError for one of another kind.
    """
    try:
        header, _, sealed = path.read_bytes().partition(b"\n")
        fields = json.loads(header)
        if {name: fields[name] for name in FORMAT} != FORMAT:
            raise ValueError("another format or version")
        nonce = bytes.fromhex(fields["nonce"])
        opener = cipher(passphrase, bytes.fromhex(fields["salt"]), fields)
        body = json.loads(opener.decrypt(nonce, sealed, header))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except InvalidTag:
        raise WrongKey(f"{path} does not open: another passphrase, or a changed file") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{path} is not an export of keys ({FORMAT})") from None
    data = {owner: (kek, bytes.fromhex(wrapped)) for owner, (kek, wrapped) in body["data"].items()}
    return Keyring.parse(body["master"]), data
