"""Documents that are handed over by name and content: checked, kept, then taken in.

What was acknowledged stands in the journal with its bytes until it is in the archive, so
a crash loses none of it. A name never becomes a path.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import PurePosixPath

from embeddings.types import ModelLoadError
from rag.errors import (
    FootnoteError,
    NameTakenError,
    ReadError,
    StoreLockedError,
    UnreadableTypeError,
)
from rag.index.indexer import Indexer
from rag.index.ingest import IngestEvent, RawSource, file_hash_of, ingest_sources
from rag.journal.base import JobRecord, Journal
from rag.read.reader import read_document, supported_suffixes
from rag.store.base import ReadView, Store, Writer
from rag.types import UPLOAD_PREFIX

MAX_NAME_CHARACTERS = 200
# A file over which a process died this often is not tried again.
MAX_ATTEMPTS = 3
# Characters that draw nothing, or turn round how the others are drawn.
_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def upload_name(given: str) -> str:
    """The file name in what a client calls a file: its last component, composed (NFC).

    Raises:
        UnreadableTypeError: no reader takes its ending.
        ReadError: it is empty, too long, or has characters that cannot be seen.
    """
    name = unicodedata.normalize("NFC", given.replace("\\", "/")).rpartition("/")[2].strip()
    if not name:
        raise ReadError(f"{given[:80]!r} is not a name for an uploaded file")
    if len(name) > MAX_NAME_CHARACTERS:
        raise ReadError(
            f"a file name of {len(name)} characters is too long",
            remedy=f"at most {MAX_NAME_CHARACTERS} can be kept",
        )
    if any(unicodedata.category(c) in _UNSEEN or c in _TURNING for c in name):
        raise ReadError(f"the file name {name!r} has control characters", remedy="rename the file")
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in supported_suffixes():
        known = ", ".join(sorted(supported_suffixes()))
        raise UnreadableTypeError(
            f"no reader for '{suffix or name}' files", remedy=f"what can be uploaded: {known}"
        )
    return name


def accept_upload(
    store: Store, files: Sequence[tuple[str, bytes]], *, owner: str, replace: bool
) -> JobRecord:
    """Keep files, by (name, content), for ``run_upload``; all or none.

    Raises:
        ReadError: there is no file, or a name cannot be taken.
        NameTakenError: a name is given twice, or another text was uploaded under it and
            ``replace`` is not set.
    """
    if not files:
        raise ReadError("the upload holds no file")
    named = [(upload_name(name), content) for name, content in files]
    names = [name for name, _ in named]
    for name in names:
        if names.count(name) > 1:
            raise NameTakenError(f"the upload holds two files named '{name}'", remedy="rename one")
    if not replace:
        with store.read() as view:
            for name, content in named:
                _refuse_other(view, name, content)
    return store.journal.add_job(named, owner, replace)


def _refuse_other(view: ReadView, name: str, content: bytes) -> None:
    source = UPLOAD_PREFIX + name
    record = view.source(source)
    if record is None or record.file_hash == file_hash_of(content):
        return
    try:
        same = read_document(source, content).id == record.document_id
    except ReadError:
        return  # it will be reported as such, and replaces nothing
    if not same:
        raise NameTakenError(
            f"another text was uploaded as '{name}' before",
            remedy="send it with replace to put it in that one's place, or rename the file",
        )


def waiting_files(journal: Journal, job_id: str) -> list[RawSource]:
    """The files of a job that are not taken in yet, as sources; none is read yet.

    Raises:
        UnknownJobError: there is no such job.
    """
    return [
        (UPLOAD_PREFIX + file.name, partial(journal.job_file, job_id, position))
        for position, file in enumerate(journal.job(job_id).files)
        if file.outcome is None
    ]


def run_upload(
    store: Store,
    job_id: str,
    indexer: Callable[[], Indexer],
    *,
    stop: Callable[[], bool] = lambda: False,
) -> JobRecord:
    """Take the files of a job into the archive, and return what became of it.

    Between two files ``stop`` may end it; the job is then queued again with the rest. One
    that was finished meanwhile is returned as it is.

    Raises:
        StoreLockedError: another process is writing; the job stays queued and says so.
        IndexMismatchError, ModelLoadError, StoreError: likewise, until that is fixed.
        UnknownJobError: there is no such job.
    """
    journal = store.journal
    try:
        with store.write() as writer:
            # The lock is free, so no one else is running the job.
            job = journal.job(job_id)
            if job.finished_at is not None:
                return job
            if job.attempts >= MAX_ATTEMPTS:
                # Files that got in before stay in.
                died = f"given up after {job.attempts} attempts, none of which finished"
                for position, file in enumerate(job.files):
                    if file.outcome is None:
                        journal.finish_file(job_id, position, "failed", None, died)
                return journal.update_job(job_id, "failed", died)
            job = journal.update_job(job_id, "running")
            try:
                _ingest_files(store, writer, job, indexer, stop)
            except (FootnoteError, ModelLoadError) as error:
                # No fault of the files: they were acknowledged, so they wait.
                journal.update_job(job_id, "queued", f"waiting: {error}")
                raise
            return _conclude(journal, journal.job(job_id))
    except StoreLockedError as error:
        if journal.job(job_id).state == "queued":
            journal.update_job(job_id, "queued", f"waiting: {error}")
        raise


def _ingest_files(
    store: Store,
    writer: Writer,
    job: JobRecord,
    indexer: Callable[[], Indexer],
    stop: Callable[[], bool],
) -> None:
    """Ingest the files of a job that remain, recording each once it is durable."""
    positions = {UPLOAD_PREFIX + file.name: place for place, file in enumerate(job.files)}

    def waiting() -> Iterator[tuple[str, Callable[[], bytes]]]:
        for source, position in positions.items():
            if stop():
                return
            if job.files[position].outcome is None:
                yield source, partial(content, position)

    def content(position: int) -> bytes:
        found = store.journal.job_file(job.id, position)
        if not job.replace:
            # Again: another text may have been uploaded since it was accepted.
            with store.read() as view:
                try:
                    _refuse_other(view, job.files[position].name, found)
                except NameTakenError as error:
                    raise ReadError(str(error)) from error
        return found

    def record(event: IngestEvent) -> None:
        with store.read() as view:
            known = view.source(event.source)
        failed = event.outcome == "failed"
        store.journal.finish_file(
            job.id,
            positions[event.source],
            event.outcome,
            None if failed or known is None else known.document_id,
            event.reason or None,
        )

    ingest_sources(waiting(), store, writer, indexer, record)


def _conclude(journal: Journal, job: JobRecord) -> JobRecord:
    outcomes = [file.outcome for file in job.files]
    if None in outcomes:
        return journal.update_job(job.id, "queued", "stopped; it will be resumed")
    failed = outcomes.count("failed")
    said = f"{failed} of {len(outcomes)} files could not be read" if failed else ""
    return journal.update_job(job.id, "failed" if failed == len(outcomes) else "done", said)
