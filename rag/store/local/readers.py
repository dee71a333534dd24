"""Read-only connections, shared between threads."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import StoreError
from rag.store.local.connection import connect, exists, may_write
from rag.store.local.schema import Schema


class ReaderPool:
    """Connections for concurrent readers, each used by one thread at a time."""

    def __init__(self, database: Path, schema: Schema) -> None:
        self._database = database
        self._schema = schema
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection in a read transaction: one state, whatever is written meanwhile.

        To an empty database where none was written yet.
        """
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed", remedy="open it again")
            connection = self._idle.pop() if self._idle else None
        reusable = True
        if connection is None:
            connection, reusable = self._open()
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            # SQLite itself ends a transaction on some failures.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            with self._lock:
                if reusable and not self._closed:
                    self._idle.append(connection)
                else:
                    connection.close()

    def _open(self) -> tuple[sqlite3.Connection, bool]:
        """A connection, and whether later readers may use it too.

        Not an empty stand-in, and not one opened on the promise that no one writes: the
        next reader looks again.
        """
        if exists(self._database):
            archived = _is_archived(self._database)
            connection = connect(self._database, archived=archived)
            try:
                if self._schema.version(connection):
                    # A step only adds tables and columns: where this user may only read,
                    # an older database is read as it is.
                    if may_write(self._database):
                        self._schema.migrate(connection)
                    connection.execute("PRAGMA query_only = ON")
                    return connection, not archived
            except BaseException:
                connection.close()
                raise
            connection.close()
        empty = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._schema.migrate(empty)
        return empty, False

    def close(self) -> None:
        """Close idle connections now and borrowed ones when they come back."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()


def _is_archived(database: Path) -> bool:
    """Whether SQLite can read the database only when told that no one writes to it.

    In a directory that cannot be written it could not create the files by which a
    reader and a writer tell each other what they do.
    """
    if os.access(database.parent, os.W_OK):
        return False
    log = database.with_name(f"{database.name}-wal")
    return not (log.exists() and log.stat().st_size)
