"""What of a collection is in memory: who there is, and the index. Rebuilt from the store."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from visavis.errors import InputError, ModelMismatch, UnknownSubject
from visavis.gallery import rows
from visavis.gallery.exact import ExactIndex
from visavis.gallery.keystore import KeyStore
from visavis.gallery.sealing import Seals, check_owner, template_id, unpack_templates
from visavis.gallery.store import Store
from visavis.gallery.vault import DataKey
from visavis.protocols import VectorIndex
from visavis.types import Embedding, Floats, Match

NEVER = -1


class _Entry(NamedTuple):
    """A subject in memory, with the numbers of its templates."""

    id: str
    expires_at: datetime | None
    templates: list[int]


@dataclass(frozen=True, slots=True)
class _News:
    """Changed subjects by row number, and all their templates that opened, with whose they are."""

    entries: dict[int, _Entry] = field(default_factory=dict)
    templates: list[int] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    vectors: list[Floats] = field(default_factory=list)


@dataclass(slots=True)
class _State:
    """One model's subjects and vectors, as of a revision of the collection."""

    model: str
    index: VectorIndex
    revision: int = NEVER
    entries: dict[int, _Entry] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    subjects: dict[int, int] = field(default_factory=dict)  # by template

    def apply(self, gone: Sequence[int], news: _News) -> None:
        """Replaces the named subjects; templates that only changed hands stay in the index."""
        before = self._drop([*gone, *news.entries])
        after = np.array(news.templates, np.int64)
        kept = np.array(sorted(before), np.int64)
        if len(lost := np.setdiff1d(kept, after)):
            self.index.remove(lost)
        new = np.isin(after, kept, invert=True)
        if new.any():
            self.index.add(after[new], np.concatenate(news.vectors)[new])
        self.subjects.update(zip(news.templates, news.owners, strict=True))
        self.ids.update((entry.id, subject) for subject, entry in news.entries.items())
        self.entries.update(news.entries)

    def _drop(self, subjects: Sequence[int]) -> set[int]:
        """Forgets subjects and returns their templates, which are still in the index."""
        templates: set[int] = set()
        for subject in subjects:
            entry = self.entries.pop(subject, None)
            if entry is not None:
                templates.update(entry.templates)
                if self.ids.get(entry.id) == subject:
                    del self.ids[entry.id]
        for template in templates:
            del self.subjects[template]
        return templates


class Roster:
    """The searchable copy of one collection; follows what any process writes. Thread-safe.

    Every method first takes in what has been committed. Raises TamperedTemplate, and takes in
    nothing, when a row does not open; UnknownSubject once the collection was deleted. Rows whose
    key is gone are left out.
    """

    def __init__(self, store: Store, keys: KeyStore, seals: Seals, collection: int) -> None:
        self._store = store
        self._keys = keys
        self._seals = seals
        self._collection = collection
        self._lock = RLock()
        self._version: int | None = None  # of the store, when last looked
        self._state = _State("", ExactIndex(0))

    @property
    def loaded(self) -> bool:
        return self._version is not None

    def refresh(self) -> _State:
        """Takes in what was committed since the last call: a few microseconds if nothing was."""
        with self._lock:
            version = self._store.version()
            if version != self._version:
                with self._store.read() as connection:
                    self._catch_up(connection)
                self._version = version
            return self._state

    def clear(self) -> None:
        """Empties the memory; the next call reads everything anew."""
        with self._lock:
            self._version, self._state = None, _State("", ExactIndex(0))

    def __len__(self) -> int:
        return len(self.refresh().index)

    def members(self) -> list[tuple[str, int]]:
        """Everybody's id and row number, in no order."""
        with self._lock:
            return list(self.refresh().ids.items())

    def search(self, embedding: Embedding, k: int) -> tuple[Match, ...]:
        """The k best subjects by their best template, best first; nobody who has expired.

        Raises ModelMismatch for a vector of another model.
        """
        if k < 1:
            raise InputError(f"a search must ask for 1 or more subjects, got {k}")
        state = self.refresh()
        if embedding.model != state.model:
            raise ModelMismatch(f"the gallery holds {state.model}, the probe is {embedding.model}")
        wanted = 2 * k + 16
        while True:
            keys, scores = state.index.search(embedding.vector, wanted)
            found = self._best(state, keys.tolist(), scores.tolist(), k)
            if len(found) == k or wanted >= len(state.index):
                if state is not self._state:  # replaced while we searched: maybe deleted
                    self.refresh()
                return found
            wanted *= 8

    def _best(
        self, state: _State, keys: list[int], scores: list[float], k: int
    ) -> tuple[Match, ...]:
        """The first template of each of the first k subjects."""
        now = datetime.now(UTC)
        found: dict[int, Match] = {}
        with self._lock:
            for template, score in zip(keys, scores, strict=True):
                subject = state.subjects.get(template)  # None: forgotten while we searched
                if subject is None or subject in found:
                    continue
                entry = state.entries[subject]
                if entry.expires_at is None or entry.expires_at > now:
                    found[subject] = Match(entry.id, score, template_id(template))
                if len(found) == k:
                    break
        return tuple(found.values())

    def _catch_up(self, c: Connection) -> None:
        """Brings the state to the collection's revision, or leaves it as it was."""
        try:
            head = rows.collection(c, self._collection)
        except UnknownSubject:
            self.clear()
            raise
        state = self._state
        if head.model != state.model:
            state = _State(head.model, ExactIndex(head.dim))
        if head.revision == state.revision:
            return
        gone = rows.removed_subjects(c, self._collection, state.revision)
        news = _News()
        with _all_at_once():
            alone = state.revision == NEVER and len(rows.all_collections(c)) == 1
            everything = self._keys.all() if alone else None  # a third quicker than by name
            for part in rows.changes(c, self._collection, state.revision):
                self._open(head, part, everything or self._keys_of(part), news)
        state.apply(gone, news)
        state.revision = head.revision
        self._state = state

    def _keys_of(self, part: Sequence[rows.ChangeRow]) -> dict[str, DataKey]:
        owners = {row[1] for row in part} | {row[5] for row in part}
        return self._keys.get_many([owner for owner in owners if owner is not None])

    def _open(
        self,
        head: rows.CollectionRow,
        part: Sequence[rows.ChangeRow],
        keys: dict[str, DataKey],
        news: _News,
    ) -> None:
        """Adds what the keys open of these rows; the rest is left out."""
        opened: list[bytes] = []
        last, ready = "", None
        for subject, uid, expires_at, profile, template, owner, sealed in part:
            if uid not in keys:
                continue
            if uid != last or ready is None:
                last, ready = uid, keys[uid].ready()
            if subject not in news.entries:
                name = self._seals.open_id(ready, uid, profile)
                expiry = datetime.fromisoformat(expires_at) if expires_at else None
                news.entries[subject] = _Entry(name, expiry, [])
            if template is None or owner not in keys or sealed is None:
                continue
            if owner != uid:
                check_owner(owner, uid, self._seals.open_profile(ready, uid, profile))
            key = ready if owner == uid else keys[owner]
            opened.append(self._seals.open_template(key, owner, template, head.model, sealed))
            news.entries[subject].templates.append(template)
            news.templates.append(template)
            news.owners.append(subject)
        news.vectors.append(unpack_templates(opened, head.dim)[0])


@contextmanager
def _all_at_once() -> Iterator[None]:
    """Spares a bulk load the garbage collector, which finds nothing in it and takes a quarter of
    its time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
