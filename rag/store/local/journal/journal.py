"""The journal of the embedded store: conversations, feedback, keys and uploads.

A second SQLite file beside the documents', with transactions of its own: a turn is saved
while an ingest holds the writer lock, and documents can be rebuilt without it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typing_extensions import override

from rag.errors import StoreDamagedError, StoreError, StoreVersionError
from rag.journal.base import (
    Conversation,
    ConversationSummary,
    FeedbackRecord,
    FileOutcome,
    JobRecord,
    JobState,
    Journal,
    KeyRecord,
    NewKey,
    NewTurn,
    Scope,
    TurnRecord,
    Verdict,
)
from rag.store.local.connection import ReaderPool, connect, transaction, translated, unusable
from rag.store.local.journal import jobs as journal_jobs
from rag.store.local.journal import keys as journal_keys
from rag.store.local.journal import turns as journal_turns
from rag.store.local.journal.rows import KEY_COLUMNS, key_from_row, load_outcome
from rag.store.local.journal.schema import JOURNAL_APPLICATION_ID, JOURNAL_NAME, JOURNAL_STEPS
from rag.store.local.migrations import migrate
from rag.store.records import Finding

__all__ = ["LocalJournal"]

_REMEDY = (
    "restore it from a backup, or move it away: conversations, feedback, keys and waiting "
    "uploads then begin anew, and the documents are as they were"
)
_JOBS_KEPT = timedelta(days=7)
# After a large upload the log is cut back to this.
_LOG_BYTES = 4 * 1024 * 1024


class LocalJournal(Journal):
    """A Journal in the data directory; created by the first thing written to it."""

    def __init__(self, data_dir: Path) -> None:
        self._database = data_dir / JOURNAL_NAME
        self._pool = ReaderPool(
            self._database, JOURNAL_STEPS, application_id=JOURNAL_APPLICATION_ID
        )
        self._writing = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._closed = False

    # -- conversations

    @override
    def add_turn(self, conversation_id: str | None, turn: NewTurn) -> TurnRecord:
        with self._write() as connection:
            return journal_turns.add_turn(connection, conversation_id, turn, _now())

    @override
    def turn(self, turn_id: str) -> TurnRecord:
        with self._read() as connection:
            return journal_turns.load_turn(connection, turn_id)

    @override
    def conversation(self, conversation_id: str, *, last: int | None = None) -> Conversation:
        with self._read() as connection:
            return journal_turns.load_conversation(connection, conversation_id, last)

    @override
    def conversations(
        self, *, owner: str | None, limit: int, offset: int = 0
    ) -> list[ConversationSummary]:
        with self._read() as connection:
            return journal_turns.list_conversations(connection, owner, limit, offset)

    @override
    def count_conversations(self, owner: str | None) -> int:
        with self._read() as connection:
            return journal_turns.count_conversations(connection, owner)

    @override
    def remove_conversation(self, conversation_id: str) -> bool:
        with self._write() as connection:
            removed = journal_turns.remove_conversation(connection, conversation_id)
        if removed:
            with self._connected() as connection:
                # What was overwritten with zeros still stands in the log until it is copied
                # back; a reader in its way only delays that.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return removed

    # -- feedback

    @override
    def add_feedback(
        self, turn_id: str, verdict: Verdict, note: str, footnote: int | None, owner: str
    ) -> str:
        with self._write() as connection:
            return journal_turns.add_feedback(
                connection,
                turn_id,
                verdict,
                note=note,
                footnote=footnote,
                owner=owner,
                now=_now(),
            )

    @override
    def feedback(self) -> list[FeedbackRecord]:
        with self._read() as connection:
            return journal_turns.list_feedback(connection)

    # -- keys

    @override
    def add_key(self, name: str, scope: Scope) -> NewKey:
        with self._write() as connection:
            return journal_keys.add_key(connection, name, scope, _now())

    @override
    def keys(self) -> list[KeyRecord]:
        with self._read() as connection:
            rows = connection.execute(f"SELECT {KEY_COLUMNS} FROM keys ORDER BY row")
            return [key_from_row(row) for row in rows]

    @override
    def revoke_key(self, id_or_name: str) -> bool:
        with self._write() as connection:
            return journal_keys.revoke_key(connection, id_or_name, _now())

    @override
    def find_key(self, secret: str) -> KeyRecord | None:
        with self._read() as connection:
            key = journal_keys.find_key(connection, secret)
        if key is not None and journal_keys.is_worth_noting(key, datetime.now(UTC)):
            # A key is right even where its use cannot be noted.
            with suppress(StoreError), self._write() as connection:
                journal_keys.note_use(connection, key.id, _now())
        return key

    @override
    def has_keys(self) -> bool:
        with self._read() as connection:
            return journal_keys.has_keys(connection)

    # -- uploads

    @override
    def add_job(self, files: Sequence[tuple[str, bytes]], owner: str, replace: bool) -> JobRecord:
        with self._write() as connection:
            journal_jobs.drop_finished(connection, _text(datetime.now(UTC) - _JOBS_KEPT))
            return journal_jobs.add_job(connection, files, owner, replace=replace, now=_now())

    @override
    def job(self, job_id: str) -> JobRecord:
        with self._read() as connection:
            return journal_jobs.load_job(connection, job_id)

    @override
    def next_job(self) -> JobRecord | None:
        with self._read() as connection:
            return journal_jobs.next_job(connection)

    @override
    def waiting_jobs(self) -> int:
        with self._read() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM jobs WHERE finished_at IS NULL"
            ).fetchone()
        return int(count)

    @override
    def job_file(self, job_id: str, position: int) -> bytes:
        with self._read() as connection:
            return journal_jobs.file_bytes(connection, job_id, position)

    @override
    def update_job(self, job_id: str, state: JobState, message: str = "") -> JobRecord:
        with self._write() as connection:
            return journal_jobs.update_job(connection, job_id, state, message, _now())

    @override
    def finish_file(
        self,
        job_id: str,
        position: int,
        outcome: FileOutcome,
        document_id: str | None,
        reason: str | None,
    ) -> None:
        with self._write() as connection:
            journal_jobs.finish_file(connection, job_id, position, outcome, document_id, reason)

    # -- the file

    def check(self) -> list[Finding]:
        """Everything wrong with the journal, all of the code ``journal.damaged``."""
        try:
            with self._read() as connection:
                found = [row[0] for row in connection.execute("PRAGMA integrity_check(10)")]
                reasons = [str(row) for row in found if row != "ok"]
                orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
                if orphans:
                    reasons.append(f"{len(orphans)} rows refer to rows that do not exist")
                reasons += _unreadable_turns(connection)
        except StoreDamagedError as error:
            reasons = [str(error)]
        return [
            Finding("journal.damaged", str(self._database), reason, _REMEDY, repairable=False)
            for reason in reasons
        ]

    @override
    def close(self) -> None:
        self._pool.close()
        with self._writing:
            self._closed = True
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        """A connection in a read transaction: one state, whoever writes meanwhile."""
        with translated(self._database, _REMEDY), self._pool.snapshot() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """The writing connection in a transaction of its own."""
        with self._connected() as connection, transaction(connection):
            yield connection

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """The writing connection, for one thread at a time."""
        with self._writing, translated(self._database, _REMEDY):
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
            migrate(connection, JOURNAL_STEPS, application_id=JOURNAL_APPLICATION_ID)
        except BaseException:
            connection.close()
            raise
        return connection


def _now() -> str:
    return _text(datetime.now(UTC))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _unreadable_turns(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute(
        "SELECT t.id, c.id, t.outcome FROM turns AS t"
        " JOIN conversations AS c ON c.row = t.conversation ORDER BY t.row"
    )
    for turn_id, conversation_id, outcome in rows:
        try:
            load_outcome(outcome)
        except (StoreDamagedError, StoreVersionError) as error:
            yield f"turn {turn_id} of conversation {conversation_id}: {error}"
