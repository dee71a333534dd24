"""Write a run question by question, and resume one that was interrupted."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock, Timeout

from eval.errors import RunError
from eval.records import Manifest, QuestionRecord, Summary
from eval.runs.folder import (
    MANIFEST,
    QUESTIONS,
    SUMMARY,
    read_file,
    read_manifest,
    read_records,
    write_file,
)

LOCK = ".lock"


def check_out(folder: Path | None) -> None:
    """Raise what RunWriter would raise later, before the documents are indexed.

    Raises:
        RunError: the folder has a finished run or other files in it, or is not a folder.
    """
    if folder is not None and folder.exists() and not _is_empty(folder):
        _unfinished(folder)


class RunWriter:
    """Appends questions to a run folder; each is durable once ``add`` returns."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Start the folder, or resume the unfinished run of the same identity in it.

        Raises:
            RunError: the folder has other files, a finished run, or a run of another
                identity in it.
        """
        self.folder = folder
        self.done: list[QuestionRecord] = []
        self._lock = FileLock(folder / LOCK)
        if folder.exists() and not _is_empty(folder):
            _check_same(folder, manifest)
            self._take_lock()
            # Again: another process may have written until the lock was taken.
            _check_same(folder, manifest)
            self.done = list(read_records(folder, finished=False))
            self._truncate()
        else:
            folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            write_file(folder / MANIFEST, manifest)
        self._file = (folder / QUESTIONS).open("ab")

    def _take_lock(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise RunError(
                f"another process is writing to '{self.folder}'",
                remedy="wait until it ends, or choose another --out",
            ) from error

    def _truncate(self) -> None:
        """Drop a truncated last line."""
        path = self.folder / QUESTIONS
        if path.is_file():
            data = path.read_bytes()
            whole = data.rfind(b"\n") + 1
            if whole < len(data):
                os.truncate(path, whole)

    def add(self, record: QuestionRecord) -> None:
        """Append the record of a question."""
        self._file.write(record.model_dump_json().encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.done.append(record)

    def finish(self, summary: Summary) -> None:
        """Write the summary, which completes the run."""
        write_file(self.folder / SUMMARY, summary)

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._file.close()
        self._lock.release()
        (self.folder / LOCK).unlink(missing_ok=True)


def _is_empty(folder: Path) -> bool:
    if not folder.is_dir():
        raise RunError(f"'{folder}' is not a folder", remedy="choose another --out")
    return all(path.name == LOCK for path in folder.iterdir())


def _unfinished(folder: Path) -> Manifest:
    """The manifest of the unfinished run in a folder."""
    manifest = read_manifest(folder)
    if (folder / SUMMARY).exists():
        raise RunError(f"'{folder}' has a finished run in it", remedy="choose another --out")
    return manifest


def _check_same(folder: Path, manifest: Manifest) -> None:
    found = _unfinished(folder)
    if found.identity == manifest.identity:
        return
    names = ("questions", "settings", "models", "prompts", "mode", "code", "seed")
    differing = [name for name in names if getattr(found, name) != getattr(manifest, name)]
    raise RunError(
        f"'{folder}' has an unfinished run of '{found.questions.name}' with other "
        f"{', '.join(differing) or 'contents'} in it",
        remedy="choose another --out, or delete it",
    )


def find_unfinished(folder: Path, identity: str) -> Path | None:
    """The latest unfinished run with this identity in a folder of runs, or None."""
    found: list[tuple[str, Path]] = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if (path / MANIFEST).is_file() and not (path / SUMMARY).exists():
            try:
                manifest = read_file(Manifest, path / MANIFEST)
            except RunError:
                # A run of another version cannot be resumed.
                continue
            if manifest.identity == identity and not _is_locked(path):
                found.append((manifest.started, path))
    return max(found)[1] if found else None


def _is_locked(folder: Path) -> bool:
    """Whether another process is writing to the run."""
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False
