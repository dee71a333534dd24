"""SQLite connections: how they are opened, and how they fail."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import StoreDamagedError, StoreError

DATABASE_NAME = "footnote.db"
_BUSY_SECONDS = 10.0
_CACHE_KIB = 16_384
# What SQLite and Python say of rows and tables that Footnote never wrote so.
_IMPOSSIBLE = (
    "Could not decode to UTF-8",
    "no such table",
    "no such fts5 table",
    "no such column",
)
DOCTOR = "run 'footnote doctor' to see what is wrong"
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
        # Python quotes the whole text that it could not decode.
        message, _, _ = str(error).partition(" with text ")
        if message.startswith(_IMPOSSIBLE):
            remedy = DOCTOR
        elif code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise _refused(database, code, error) from error
        raise StoreDamagedError(f"{database} is damaged ({message})", remedy=remedy) from error


def _refused(database: Path, code: int, error: sqlite3.Error) -> StoreError:
    if code == sqlite3.SQLITE_FULL:
        return StoreError(
            f"the disk of {database} is full: this change was refused and nothing stored "
            "before was lost",
            remedy="free some space and run it again",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(
            f"{database} was kept busy by another process for {_BUSY_SECONDS:.0f} s",
            remedy="try again",
        )
    return StoreError(
        f"{database} cannot be used ({error})", remedy="check its permissions and its disk"
    )


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
        timeout=_BUSY_SECONDS,
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
        raise StoreDamagedError(f"{database} is damaged ({error})", remedy=_RESTORE) from error
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


class Session:
    """A connection that is lent for a ``with`` block."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._lent: sqlite3.Connection | None = connection

    def end(self) -> None:
        """Refuse further use: the block is over."""
        self._lent = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._lent is None:
            raise StoreError(
                "this view or writer of the store has ended",
                remedy="use it inside its 'with' block",
            )
        return self._lent
