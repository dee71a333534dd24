"""SQLite connections: how they are opened, shared between threads, and how they fail."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rag.errors import StoreDamagedError, StoreError
from rag.store.local.migrations import APPLICATION_ID, STEPS, Step, migrate, schema_version

__all__ = [
    "BUSY_SECONDS",
    "DATABASE_NAME",
    "ReaderPool",
    "connect",
    "exists",
    "may_write",
    "transaction",
    "translated",
    "unusable",
]

DATABASE_NAME = "footnote.db"
BUSY_SECONDS = 10.0
_CACHE_KIB = 16_384
# What SQLite and Python say of rows and tables that Footnote never wrote so.
_IMPOSSIBLE = (
    "Could not decode to UTF-8",
    "no such table",
    "no such fts5 table",
    "no such column",
)


_RESTORE = "restore it from a backup, or move it away and run 'footnote ingest' again"


@contextmanager
def translated(database: Path, remedy: str = _RESTORE) -> Iterator[None]:
    """Raise SQLite's failures inside the block as errors that say what to do.

    ``remedy`` is what helps when the file is damaged.

    Raises:
        StoreDamagedError: the file is damaged or is no database.
        StoreError: the disk is full, or the file cannot be opened, read or written.
    """
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.Error as error:
        # The low byte is the kind; the rest of an extended code is detail.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise _damaged(database, error, remedy) from error
        # Python quotes the whole text that it could not decode.
        message, _, _ = str(error).partition(" with text ")
        if message.startswith(_IMPOSSIBLE):
            raise StoreDamagedError(
                f"{database} is damaged ({message})",
                remedy="run 'footnote doctor' to see what is wrong",
            ) from error
        if code == sqlite3.SQLITE_FULL:
            raise StoreError(
                f"the disk of {database} is full: this change was refused and nothing stored "
                "before was lost",
                remedy="free some space and run it again",
            ) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreError(
                f"{database} was kept busy by another process for {BUSY_SECONDS:.0f} s",
                remedy="try again",
            ) from error
        raise StoreError(
            f"{database} cannot be used ({error})", remedy="check its permissions and its disk"
        ) from error


def _damaged(database: Path, error: Exception, remedy: str = _RESTORE) -> StoreDamagedError:
    return StoreDamagedError(f"{database} is damaged ({error})", remedy=remedy)


def unusable(directory: Path, verb: str, error: OSError) -> StoreError:
    """The error of a data directory that cannot be 'read' or 'written'."""
    reason = "not a directory" if isinstance(error, FileExistsError) else error.strerror or error
    return StoreError(
        f"the data directory {directory} cannot be {verb} ({reason})",
        remedy="change that, or name another one with --data",
    )


def exists(database: Path) -> bool:
    """Whether there is a database; none where the data directory is missing.

    Raises:
        StoreError: the directory cannot be read, or is none.
    """
    try:
        database.stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unusable(database.parent, "read", error) from error
    return True


def may_write(database: Path) -> bool:
    """Whether this user may change the database."""
    return os.access(database, os.W_OK) and os.access(database.parent, os.W_OK)


def _is_archived(database: Path) -> bool:
    """Whether SQLite can read the database only when told that no one writes to it.

    In a directory that cannot be written it could not create the files by which a
    reader and a writer tell each other what they do.
    """
    if os.access(database.parent, os.W_OK):
        return False
    log = database.with_name(f"{database.name}-wal")
    return not (log.exists() and log.stat().st_size)


def connect(
    database: Path, *, create: bool = False, archived: bool = False, shrinks: bool = False
) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any one thread at a time.

    ``archived``: no one writes meanwhile, and no file can be created beside the database.
    ``shrinks``: a file created now gives back the space of what is deleted.

    Raises:
        StoreDamagedError: the schema is not even text.
    """
    mode = "ro&immutable=1" if archived else "rwc" if create else "rw"
    connection = sqlite3.connect(
        f"{database.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        if shrinks:
            # Before the journal mode, which writes the first page and thereby settles it.
            connection.execute("PRAGMA auto_vacuum = FULL")
        if create:
            connection.execute("PRAGMA journal_mode = WAL")
            # FULL: an acknowledged commit survives a power cut, not only a crash.
            connection.execute("PRAGMA synchronous = FULL")
    except UnicodeDecodeError as error:
        # Python's, of the message in which SQLite quotes what it cannot parse.
        connection.close()
        raise _damaged(database, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: committed at the end of the block, undone if it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself rolls back on some failures, such as a full disk.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class ReaderPool:
    """Read-only connections for concurrent readers, each used by one thread at a time."""

    def __init__(
        self,
        database: Path,
        steps: Sequence[Step] = STEPS,
        *,
        application_id: int = APPLICATION_ID,
    ) -> None:
        """Of a database whose schema ``steps`` make."""
        self._database = database
        self._steps = steps
        self._application_id = application_id
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection in a read transaction: one state, whatever is written meanwhile."""
        with self.borrow() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def borrow(self) -> Iterator[sqlite3.Connection]:
        """A connection to the database, or to an empty one where none was written yet."""
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed", remedy="open it again")
            connection = self._idle.pop() if self._idle else None
        reusable = True
        if connection is None:
            connection, reusable = self._open()
        try:
            yield connection
        finally:
            with self._lock:
                if reusable and not self._closed and not connection.in_transaction:
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
                if self._version(connection) > 0:
                    # So far a step only adds tables and columns: where this user may only
                    # read, an older database is read as it is.
                    if may_write(self._database):
                        self._migrate(connection)
                    connection.execute("PRAGMA query_only = ON")
                    return connection, not archived
            except BaseException:
                connection.close()
                raise
            connection.close()
        empty = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._migrate(empty)
        return empty, False

    def _version(self, connection: sqlite3.Connection) -> int:
        return schema_version(connection, len(self._steps), application_id=self._application_id)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        migrate(connection, self._steps, application_id=self._application_id)

    def close(self) -> None:
        """Close idle connections now and borrowed ones when they come back."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
