"""A stream of bytes of any length under a passphrase: encrypted and read in bounded memory.

The file is one line of JSON (format, version, Argon2id costs, salt) and then chunks, each behind
its length (4 bytes, big-endian): AES-256-GCM with the header as associated data and, as nonce, the
chunk's number and whether it is the last (the STREAM construction; Hoang et al., CRYPTO 2015). The
salt makes the key the file's own. A chunk that is changed, missing or elsewhere does not open.
"""

import json
import os
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag

from visavis.errors import ConfigError, TamperedTemplate, WrongKey
from visavis.gallery.passphrase import COSTS, cipher

FORMAT = {"format": "visavis-export", "version": 1}
CHUNK = 1 << 20
TAG = 16
LONGEST_HEADER = 4096


class SealedWriter:
    """Writes to a binary file; nothing but `close` makes it complete."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        """Raises ConfigError for an empty passphrase."""
        if not passphrase:
            raise ConfigError("an export needs a passphrase, got an empty one")
        salt = os.urandom(16)
        self._header = json.dumps(FORMAT | COSTS | {"salt": salt.hex()}).encode()
        self._aead = cipher(passphrase, salt, COSTS)
        self._file = file
        self._buffer = bytearray()
        self._number = 0
        file.write(self._header + b"\n")

    def write(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) > CHUNK:
            self._seal(bytes(self._buffer[:CHUNK]), last=False)
            del self._buffer[:CHUNK]

    def close(self) -> None:
        """Writes the last chunk."""
        self._seal(bytes(self._buffer), last=True)
        self._buffer.clear()

    def _seal(self, data: bytes, *, last: bool) -> None:
        sealed = self._aead.encrypt(_nonce(self._number, last), data, self._header)
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


class SealedReader:
    """Reads what SealedWriter wrote, from the start, as often as wanted."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        """Raises ConfigError for a file of another kind."""
        self._file = file
        line = file.readline(LONGEST_HEADER)
        self._header, self._start = line.rstrip(b"\n"), len(line)
        try:
            fields = json.loads(self._header)
            if {name: fields[name] for name in FORMAT} != FORMAT:
                raise ValueError("another format or version")
            self._aead = cipher(passphrase, bytes.fromhex(fields["salt"]), fields)
        except (ValueError, KeyError, TypeError):
            raise ConfigError(f"the file is not an export of subjects ({FORMAT})") from None

    def lines(self) -> Iterator[bytes]:
        """The lines of the stream, of chunks that are genuine and in their place.

        Raises WrongKey if not even the first opens, else TamperedTemplate; a file that was cut
        short shows only at its end.
        """
        rest = b""
        for chunk in self._chunks():
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
        if rest:
            raise TamperedTemplate("the export does not end with a line")

    def _chunks(self) -> Iterator[bytes]:
        self._file.seek(self._start)
        number, size = 0, self._file.read(4)
        while True:
            length = int.from_bytes(size, "big")
            sealed = self._file.read(min(length, CHUNK + TAG))
            size = self._file.read(4)
            try:
                yield self._aead.decrypt(_nonce(number, not size), sealed, self._header)
            except (InvalidTag, ValueError):
                raise _refusal(number) from None
            if not size:
                return
            number += 1


def _refusal(number: int) -> WrongKey | TamperedTemplate:
    if number == 0:
        return WrongKey("the export does not open: another passphrase, or a changed file")
    return TamperedTemplate(f"the export was changed or cut at chunk {number}")


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
