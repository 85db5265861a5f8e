"""How far the work on a film is, kept on disk so that a run that was killed can go on."""

import base64
import json
import os
from pathlib import Path
from typing import Any, Final

import numpy as np

from visavis.errors import TamperedTemplate
from visavis.gallery.collection import Collection
from visavis.gallery.vault import DataKey
from visavis.types import Embedding
from visavis.video.appearances import Appearance, Part

_HEAD: Final = 4  # bytes that say how long a part is
_PURPOSE: Final = "visavis/film"


class Notebook:
    """The finished parts of one film, each added to a file at once and synced. Not thread-safe.

    They hold times, names and faces as vectors, and are sealed under the collection's key: nobody
    reads them without the gallery, and they are lost with it. What was cut off by a crash is
    dropped. `about` is all that the result hangs on: other words, another file.
    """

    def __init__(self, folder: Path, collection: Collection, about: str) -> None:
        self._key = _key(collection)
        self._about = self._key.pseudonym(about)
        self._path = folder / f"{self._about}.film"
        self._parts = 0

    def read(self) -> list[Part]:
        """The parts that are done, in order; what does not open any more is dropped."""
        data = self._path.read_bytes() if self._path.exists() else b""
        found: list[Part] = []
        at = 0
        while (part := self._open(data, at, len(found))) is not None:
            found.append(part)
            at += _HEAD + int.from_bytes(data[at : at + _HEAD], "big")
        if at < len(data):
            os.truncate(self._path, at)
        self._parts = len(found)
        return found

    def add(self, part: Part) -> None:
        """Keeps a part; call `read` before the first."""
        sealed = self._key.seal(_packed(part), self._about, str(self._parts))
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "ab") as file:
            file.write(len(sealed).to_bytes(_HEAD, "big") + sealed)
            file.flush()
            os.fsync(file.fileno())
        self._parts += 1

    def drop(self) -> None:
        """The film is through, or is to be begun anew."""
        self._path.unlink(missing_ok=True)
        self._parts = 0

    def _open(self, data: bytes, at: int, number: int) -> Part | None:
        size = int.from_bytes(data[at : at + _HEAD], "big")
        sealed = data[at + _HEAD : at + _HEAD + size]
        if not sealed or len(sealed) < size:
            return None
        try:
            return _unpacked(self._key.unseal(sealed, self._about, str(number)))
        except TamperedTemplate:
            return None


def _key(collection: Collection) -> DataKey:
    """A key of the collection's for this end alone."""
    key = collection.desk.keys.get(collection.desk.head().uid)
    assert key is not None  # a collection does not open without it
    return DataKey(key.derive(_PURPOSE))


def _packed(part: Part) -> bytes:
    """As JSON; shots are not kept."""
    fields = {
        "number": part.number,
        "span": part.span,
        "appearances": [_fields(one) for one in part.appearances],
    }
    return json.dumps(fields).encode()


def _fields(one: Appearance) -> dict[str, Any]:
    return {
        "spans": one.spans,
        "frames": one.frames,
        "subject": one.subject,
        "score": one.score,
        "decision": one.decision,
        "quality": one.quality,
        "model": one.embedding.model,
        "vector": base64.b64encode(one.embedding.vector.astype("<f4").tobytes()).decode(),
    }


def _unpacked(data: bytes) -> Part:
    fields = json.loads(data)
    made = tuple(_appearance(one) for one in fields["appearances"])
    return Part(fields["number"], tuple(fields["span"]), made)


def _appearance(fields: dict[str, Any]) -> Appearance:
    vector = np.frombuffer(base64.b64decode(fields["vector"]), "<f4").astype(np.float32)
    return Appearance(
        tuple((first, last) for first, last in fields["spans"]),
        tuple(fields["frames"]),
        fields["subject"],
        fields["score"],
        fields["decision"],
        fields["quality"],
        Embedding(vector, fields["model"]),
    )
