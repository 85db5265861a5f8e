"""Audit records of decisions, written in groups by a thread, and the anchor of the audit chain."""

import atexit
import time
from threading import Condition, Lock, Thread

from visavis.audit import AuditChain, AuditEntry
from visavis.errors import BrokenAudit, GalleryError
from visavis.gallery.keystore import KeyStore
from visavis.gallery.store import Store

WINDOW_SECONDS = 0.03
RETRY_SECONDS = 1.0
MOST_WAITING = 10_000


class Records:
    """Takes audit records without waiting for the disk: they are written together, 30 ms later.

    After every write it notes the head of the chain in the key store. Thread-safe.
    """

    def __init__(self, store: Store, keys: KeyStore, chain: AuditChain) -> None:
        self.chain = chain
        self._store = store
        self._keys = keys
        self._waiting: list[AuditEntry] = []
        self._pending = Condition()  # guards the four below it and `_waiting`
        self._moved = False
        self._closing = False
        self._failure: GalleryError | None = None
        self._thread: Thread | None = None
        self._flushing = Lock()

    def put(self, entry: AuditEntry) -> None:
        """Queues one record. Raises GalleryError when the log cannot be written for so long that
        10,000 records wait: what leaves no trace is not to be done.
        """
        with self._pending:
            if self._failure is not None and len(self._waiting) >= MOST_WAITING:
                raise GalleryError(f"the audit log cannot be written: {self._failure}")
            self._waiting.append(entry)
            self._wake()

    def moved(self) -> None:
        """Tells that a transaction appended to the chain: the anchor is to follow."""
        with self._pending:
            self._moved = True
            self._wake()

    def flush(self) -> None:
        """Writes what is queued before it returns."""
        with self._flushing:
            with self._pending:
                entries, self._waiting = self._waiting, []
                moved, self._moved = self._moved, False
            try:
                if entries:
                    with self._store.write() as connection:
                        self.chain.append(connection, entries)
                if entries or moved:
                    entries = []
                    self._anchor()
            except GalleryError as error:
                with self._pending:
                    self._waiting, self._moved = entries + self._waiting, True
                    self._failure = error
                raise
            self._failure = None

    def close(self) -> None:
        """Writes what is queued and ends the thread."""
        with self._pending:
            self._closing = True
            self._pending.notify_all()
        if self._thread is not None:
            self._thread.join()
            atexit.unregister(self.close)
        self.flush()

    def _anchor(self) -> None:
        """Notes the head of the chain, unless the chain was cut back: that evidence stays."""
        anchor = self._keys.anchor()
        with self._store.read() as connection:
            if anchor is not None:
                try:
                    self.chain.check(connection, anchor)
                except BrokenAudit:
                    return
            last = self.chain.tail(connection, 1)
        if last:
            self._keys.set_anchor(last[0].seq, last[0].mac)

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name="visavis-audit", daemon=True)
            self._thread.start()
            atexit.register(self.close)
        self._pending.notify_all()

    def _run(self) -> None:
        while True:
            with self._pending:
                self._pending.wait_for(lambda: self._waiting or self._moved or self._closing)
                if self._closing:
                    return
            time.sleep(WINDOW_SECONDS)
            try:
                self.flush()
            except GalleryError:  # kept for `put`, `flush` and `close` to raise
                time.sleep(RETRY_SECONDS)
