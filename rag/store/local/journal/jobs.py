"""Uploads on their way into the archive: their bytes are kept until they are in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rag.errors import UnknownJobError
from rag.journal.base import FileOutcome, JobFile, JobRecord, JobState, new_id
from rag.store.local.journal.file import JournalFile, iso
from rag.store.local.journal.outcomes import storable

_COLUMNS = 'id, owner, "replace", state, message, attempts, created_at, finished_at'
_KEPT = timedelta(days=7)


class JournalJobs(JournalFile):
    """The uploads of a Journal."""

    def add_job(self, files: Sequence[tuple[str, bytes]], owner: str, replace: bool) -> JobRecord:
        """Store an upload of (name, bytes); jobs that finished a week ago are dropped."""
        job_id = new_id()
        with self._write() as connection:
            connection.execute(
                "DELETE FROM jobs WHERE finished_at < ?", (iso(datetime.now(UTC) - _KEPT),)
            )
            row = connection.execute(
                'INSERT INTO jobs (id, owner, "replace", state, message, attempts, created_at)'
                " VALUES (?, ?, ?, 'queued', '', 0, ?)",
                (job_id, owner, replace, iso()),
            ).lastrowid
            connection.executemany(
                "INSERT INTO job_files (job, position, name, content) VALUES (?, ?, ?, ?)",
                (
                    (row, position, storable(name), content)
                    for position, (name, content) in enumerate(files)
                ),
            )
            return _load(connection, job_id)

    def job(self, job_id: str) -> JobRecord:
        """One job. Raises UnknownJobError when there is none."""
        with self._read() as connection:
            return _load(connection, job_id)

    def next_job(self) -> JobRecord | None:
        """The oldest job that is not finished, or None."""
        with self._read() as connection:
            found = connection.execute(
                "SELECT id FROM jobs WHERE finished_at IS NULL ORDER BY row LIMIT 1"
            ).fetchone()
            return None if found is None else _load(connection, found[0])

    def waiting_jobs(self) -> int:
        """How many jobs are not finished."""
        with self._read() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM jobs WHERE finished_at IS NULL"
            ).fetchone()
        return int(count)

    def job_file(self, job_id: str, position: int) -> bytes:
        """The bytes of a file. Raises UnknownJobError when they are gone, or never were."""
        with self._read() as connection:
            found = connection.execute(
                "SELECT content FROM job_files JOIN jobs ON jobs.row = job"
                " WHERE jobs.id = ? AND position = ? AND content IS NOT NULL",
                (storable(job_id), position),
            ).fetchone()
        if found is None:
            raise _unknown(job_id, position)
        return bytes(found[0])

    def update_job(self, job_id: str, state: JobState, message: str = "") -> JobRecord:
        """Record a job's state. Raises UnknownJobError when there is none."""
        finished = state in ("done", "failed")
        known = storable(job_id)
        with self._write() as connection:
            connection.execute(
                "UPDATE jobs SET state = ?1, message = ?2, finished_at = ?3, attempts = CASE ?1"
                " WHEN 'running' THEN attempts + 1 WHEN 'queued' THEN 0 ELSE attempts END"
                " WHERE id = ?4",
                (state, storable(message), iso() if finished else None, known),
            )
            if finished:
                connection.execute(
                    "UPDATE job_files SET content = NULL"
                    " WHERE job = (SELECT row FROM jobs WHERE id = ?)",
                    (known,),
                )
            return _load(connection, job_id)

    def finish_file(
        self,
        job_id: str,
        position: int,
        outcome: FileOutcome,
        document_id: str | None,
        reason: str | None,
    ) -> None:
        """Record what became of a file and drop its bytes. Raises UnknownJobError."""
        reason = None if reason is None else storable(reason)
        with self._write() as connection:
            changed = connection.execute(
                "UPDATE job_files SET outcome = ?, document_id = ?, reason = ?, content = NULL"
                " WHERE job = (SELECT row FROM jobs WHERE id = ?) AND position = ?",
                (outcome, document_id, reason, storable(job_id), position),
            )
            if not changed.rowcount:
                raise _unknown(job_id, position)


def _load(connection: sqlite3.Connection, job_id: str) -> JobRecord:
    """One job, without its bytes. Raises UnknownJobError when there is none."""
    found = connection.execute(
        f"SELECT row, {_COLUMNS} FROM jobs WHERE id = ?", (storable(job_id),)
    ).fetchone()
    if found is None:
        raise _unknown(job_id)
    row, identifier, owner, replaces, *others = found
    files = connection.execute(
        "SELECT name, outcome, document_id, reason FROM job_files WHERE job = ? ORDER BY position",
        (row,),
    )
    outcomes = tuple(JobFile(*fields) for fields in files)
    return JobRecord(*[identifier, owner, bool(replaces), *others, outcomes])


def _unknown(job_id: str, position: int | None = None) -> UnknownJobError:
    if position is None:
        return UnknownJobError(f"no upload '{job_id}'", remedy="finished ones are kept for a week")
    return UnknownJobError(f"upload '{job_id}' no longer has the bytes of a file {position}")
