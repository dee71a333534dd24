"""Uploads on their way into the archive: their bytes are kept until they are in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from rag.errors import UnknownJobError
from rag.journal.base import FileOutcome, JobRecord, JobState, new_id
from rag.store.local.journal.rows import JOB_COLUMNS, job_from_rows, storable

__all__ = [
    "add_job",
    "drop_finished",
    "file_bytes",
    "finish_file",
    "load_job",
    "next_job",
    "update_job",
]


def add_job(
    connection: sqlite3.Connection,
    files: Sequence[tuple[str, bytes]],
    owner: str,
    *,
    replace: bool,
    now: str,
) -> JobRecord:
    """Store an upload, in the caller's transaction."""
    job_id = new_id()
    row = connection.execute(
        'INSERT INTO jobs (id, owner, "replace", state, message, attempts, created_at)'
        " VALUES (?, ?, ?, 'queued', '', 0, ?)",
        (job_id, owner, replace, now),
    ).lastrowid
    connection.executemany(
        "INSERT INTO job_files (job, position, name, content) VALUES (?, ?, ?, ?)",
        (
            (row, position, storable(name), content)
            for position, (name, content) in enumerate(files)
        ),
    )
    return load_job(connection, job_id)


def load_job(connection: sqlite3.Connection, job_id: str) -> JobRecord:
    """One job, without its bytes. Raises UnknownJobError when there is none."""
    found = connection.execute(
        f"SELECT row, {JOB_COLUMNS} FROM jobs WHERE id = ?", (storable(job_id),)
    ).fetchone()
    if found is None:
        raise _unknown(job_id)
    row, *columns = found
    files = connection.execute(
        "SELECT name, outcome, document_id, reason FROM job_files WHERE job = ? ORDER BY position",
        (row,),
    )
    return job_from_rows(tuple(columns), files.fetchall())


def next_job(connection: sqlite3.Connection) -> JobRecord | None:
    """The oldest job that is not finished, or None."""
    found = connection.execute(
        "SELECT id FROM jobs WHERE finished_at IS NULL ORDER BY row LIMIT 1"
    ).fetchone()
    return None if found is None else load_job(connection, found[0])


def file_bytes(connection: sqlite3.Connection, job_id: str, position: int) -> bytes:
    """The bytes of a file. Raises UnknownJobError when they are gone, or never were."""
    found = connection.execute(
        "SELECT content FROM job_files JOIN jobs ON jobs.row = job"
        " WHERE jobs.id = ? AND position = ? AND content IS NOT NULL",
        (storable(job_id), position),
    ).fetchone()
    if found is None:
        raise _unknown(job_id, position)
    return bytes(found[0])


def update_job(
    connection: sqlite3.Connection, job_id: str, state: JobState, message: str, now: str
) -> JobRecord:
    """Note a job's state, in the caller's transaction."""
    finished = state in ("done", "failed")
    connection.execute(
        "UPDATE jobs SET state = ?1, message = ?2, finished_at = ?3, attempts = CASE ?1"
        " WHEN 'running' THEN attempts + 1 WHEN 'queued' THEN 0 ELSE attempts END"
        " WHERE id = ?4",
        (
            state,
            storable(message),
            now if finished else None,
            storable(job_id),
        ),
    )
    if finished:
        connection.execute(
            "UPDATE job_files SET content = NULL WHERE job = (SELECT row FROM jobs WHERE id = ?)",
            (storable(job_id),),
        )
    return load_job(connection, job_id)


def finish_file(
    connection: sqlite3.Connection,
    job_id: str,
    position: int,
    outcome: FileOutcome,
    document_id: str | None,
    reason: str | None,
) -> None:
    """Note what became of a file and drop its bytes, in the caller's transaction."""
    changed = connection.execute(
        "UPDATE job_files SET outcome = ?, document_id = ?, reason = ?, content = NULL"
        " WHERE job = (SELECT row FROM jobs WHERE id = ?) AND position = ?",
        (
            outcome,
            document_id,
            None if reason is None else storable(reason),
            storable(job_id),
            position,
        ),
    )
    if not changed.rowcount:
        raise _unknown(job_id, position)


def drop_finished(connection: sqlite3.Connection, before: str) -> None:
    """Forget jobs that finished before a time, in the caller's transaction."""
    connection.execute("DELETE FROM jobs WHERE finished_at < ?", (before,))


def _unknown(job_id: str, position: int | None = None) -> UnknownJobError:
    if position is None:
        return UnknownJobError(f"no upload '{job_id}'", remedy="finished ones are kept for a week")
    return UnknownJobError(f"upload '{job_id}' has no bytes of a file {position} any more")
