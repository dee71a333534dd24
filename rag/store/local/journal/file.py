"""The journal's database: its connections, its transactions, and damage to it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from rag.errors import StoreError
from rag.store.local.connection import connect, transaction, translated, unusable
from rag.store.local.journal.schema import JOURNAL
from rag.store.local.readers import ReaderPool

REMEDY = (
    "restore it from a backup, or move it away: conversations, feedback, keys and waiting "
    "uploads then start empty, and the documents are not affected"
)
# After a large upload the log is cut back to this.
_LOG_BYTES = 4 * 1024 * 1024


class JournalFile:
    """A SQLite file of the data directory; created by the first thing written to it."""

    def __init__(self, data_dir: Path) -> None:
        # A second file: a turn never waits for an ingest.
        self._database = data_dir / "journal.db"
        self._pool = ReaderPool(self._database, JOURNAL)
        self._writing = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._closed = False

    def close(self) -> None:
        """Release the connections. Safe to call twice."""
        self._pool.close()
        with self._writing:
            self._closed = True
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        """A connection in a read transaction: one state, whatever is written meanwhile."""
        with translated(self._database, REMEDY), self._pool.snapshot() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """The writing connection in a transaction of its own."""
        with self._connected() as connection, transaction(connection):
            yield connection

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """The writing connection, for one thread at a time."""
        with self._writing, translated(self._database, REMEDY):
            if self._closed:
                raise StoreError("the store is closed", remedy="open it again")
            if self._writer is None:
                self._writer = self._open()
            yield self._writer

    def _open(self) -> sqlite3.Connection:
        try:
            self._database.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(self._database.parent, "written", error) from error
        # What people asked is not for every user of the machine.
        with suppress(FileExistsError, PermissionError):
            os.close(os.open(self._database, os.O_CREAT | os.O_EXCL, 0o600))
        connection = connect(self._database, create=True, shrinks=True)
        try:
            connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
            # What was deleted is overwritten, not only unlinked.
            connection.execute("PRAGMA secure_delete = ON")
            JOURNAL.migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def iso(moment: datetime | None = None) -> str:
    """A moment, or now, as the journal writes it: ISO 8601 in UTC, to the second."""
    return (moment or datetime.now(UTC)).isoformat(timespec="seconds")
