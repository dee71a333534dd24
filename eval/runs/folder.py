"""Run folders: written question by question, read back complete."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from eval.errors import RunError
from eval.records import SCHEMA_VERSION, Manifest, QuestionRecord, Summary

__all__ = ["Run", "RunWriter", "check_out", "find_unfinished", "read_run", "write_run"]

MANIFEST = "run.json"
QUESTIONS = "questions.jsonl"
SUMMARY = "summary.json"
LOCK = ".lock"

Record = TypeVar("Record", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as read from its folder; ``summary`` is None while it is unfinished.

    ``records`` are in the order in which the questions were asked.
    """

    folder: Path
    manifest: Manifest
    records: tuple[QuestionRecord, ...]
    summary: Summary | None

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.resolve().name


def read_run(folder: Path, *, finished: bool = True) -> Run:
    """Read a run folder.

    Raises:
        RunError: it is not a run, has another schema version, is damaged, or (unless
            ``finished`` is False) is not finished.
    """
    if not (folder / MANIFEST).is_file():
        raise RunError(
            f"'{folder}' is not a run: it has no {MANIFEST}", remedy="make one with 'footnote eval'"
        )
    manifest = _read(Manifest, folder / MANIFEST)
    summary = _read(Summary, folder / SUMMARY) if (folder / SUMMARY).is_file() else None
    if finished and summary is None:
        raise RunError(
            f"run '{folder}' is not finished",
            remedy=f"resume it: 'footnote eval --out {folder}' with the same options",
        )
    records = tuple(_records(folder / QUESTIONS, finished=summary is not None))
    _check_complete(folder, records, summary)
    return Run(folder, manifest, records, summary)


def _check_complete(
    folder: Path, records: Sequence[QuestionRecord], summary: Summary | None
) -> None:
    """Raise RunError when records are missing or doubled."""
    ids = Counter(record.id for record in records)
    doubled = next((key for key, times in ids.items() if times > 1), None)
    if doubled is not None:
        raise RunError(f"run '{folder}' is damaged: question '{doubled}' is recorded twice")
    if summary is not None and summary.asked != len(records):
        raise RunError(
            f"run '{folder}' is damaged: its summary counts {summary.asked} questions, "
            f"{QUESTIONS} has {len(records)}",
            remedy="run the questions again",
        )


def write_run(run: Run) -> None:
    """Replace the records and the summary of a finished run, each file atomically."""
    lines = "".join(f"{record.model_dump_json()}\n" for record in run.records)
    _replace(run.folder / QUESTIONS, lines)
    if run.summary is not None:
        _write_atomically(run.folder / SUMMARY, run.summary)


def _read(kind: type[Record], path: Path) -> Record:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"'{path}' cannot be read: {error}") from error
    version = value.get("schema_version") if isinstance(value, dict) else None
    if isinstance(version, int) and version != SCHEMA_VERSION:
        raise RunError(
            f"'{path}' has schema version {version}, this Footnote reads {SCHEMA_VERSION}",
            remedy="run the questions again",
        )
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise RunError(f"'{path}' is damaged: {_first(error)}") from error


def _records(path: Path, *, finished: bool) -> Iterator[QuestionRecord]:
    """The records of all complete lines; of an unfinished run, a truncated last line is
    dropped."""
    if not path.is_file():
        return
    lines = path.read_bytes().split(b"\n")
    # An editor may have removed the newline at the end of a finished run.
    kept = lines if finished and lines[-1].strip() else lines[:-1]
    for number, line in enumerate(kept, start=1):
        try:
            yield QuestionRecord.model_validate_json(line)
        except ValidationError as error:
            raise RunError(f"'{path}', line {number}, is damaged: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    detail = error.errors()[0]
    return f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}".lstrip(": ")


def check_out(folder: Path | None) -> None:
    """Raise what RunWriter would raise later, before the documents are indexed.

    Raises:
        RunError: the folder has a finished run or other files in it, or is not a folder.
    """
    if folder is None or not folder.exists() or not _holds_anything(folder):
        return
    if read_run(folder, finished=False).summary is not None:
        raise RunError(f"'{folder}' has a finished run in it", remedy="choose another --out")


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
        if folder.exists() and _holds_anything(folder):
            self.done = _resumable(folder, manifest)
            self._take_lock()
            # Again: another process may have written until the lock was taken.
            self.done = _resumable(folder, manifest)
            self._truncate()
        else:
            folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            _write_atomically(folder / MANIFEST, manifest)
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
                with path.open("r+b") as file:
                    file.truncate(whole)

    def add(self, record: QuestionRecord) -> None:
        """Append the record of a question."""
        self._file.write(record.model_dump_json().encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.done.append(record)

    def finish(self, summary: Summary) -> None:
        """Write the summary, which completes the run."""
        _write_atomically(self.folder / SUMMARY, summary)

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._file.close()
        self._lock.release()
        (self.folder / LOCK).unlink(missing_ok=True)


def _holds_anything(folder: Path) -> bool:
    if not folder.is_dir():
        raise RunError(f"'{folder}' is not a folder", remedy="choose another --out")
    return any(path.name != LOCK for path in folder.iterdir())


def _resumable(folder: Path, manifest: Manifest) -> list[QuestionRecord]:
    run = read_run(folder, finished=False)
    if run.summary is not None:
        raise RunError(f"'{folder}' has a finished run in it", remedy="choose another --out")
    if run.manifest.identity != manifest.identity:
        raise RunError(
            f"'{folder}' has an unfinished run of '{run.manifest.questions.name}' with other "
            f"{_differences(run.manifest, manifest)} in it",
            remedy="choose another --out, or delete it",
        )
    return list(run.records)


def _differences(one: Manifest, other: Manifest) -> str:
    names = ("questions", "settings", "models", "prompts", "mode", "code", "seed")
    differing = [name for name in names if getattr(one, name) != getattr(other, name)]
    return ", ".join(differing) or "contents"


def find_unfinished(folder: Path, identity: str) -> Path | None:
    """The latest unfinished run with this identity in a folder of runs, or None."""
    found: list[tuple[str, Path]] = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if (path / MANIFEST).is_file() and not (path / SUMMARY).exists():
            try:
                manifest = _read(Manifest, path / MANIFEST)
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


def _write_atomically(path: Path, record: BaseModel) -> None:
    _replace(path, record.model_dump_json(indent=2) + "\n")


def _replace(path: Path, text: str) -> None:
    """Write a file atomically: a crash leaves either the old or the new one."""
    scratch = path.with_suffix(".new")
    with scratch.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
