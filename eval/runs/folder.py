"""Run folders: the three files of a run, read back and replaced."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from eval.errors import RunError
from eval.records import SCHEMA_VERSION, Manifest, QuestionRecord, Summary

MANIFEST = "run.json"
QUESTIONS = "questions.jsonl"
SUMMARY = "summary.json"

Record = TypeVar("Record", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run; ``records`` are in the order in which the questions were asked."""

    folder: Path
    manifest: Manifest
    records: tuple[QuestionRecord, ...]
    summary: Summary

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.resolve().name


def read_run(folder: Path) -> Run:
    """Read the folder of a finished run.

    Raises:
        RunError: it is not a run, is not finished, has another schema version, or is damaged.
    """
    manifest = read_manifest(folder)
    if not (folder / SUMMARY).is_file():
        raise RunError(
            f"run '{folder}' is not finished",
            remedy=f"resume it: 'footnote eval --out {folder}' with the same options",
        )
    summary = read_file(Summary, folder / SUMMARY)
    records = read_records(folder, finished=True)
    if summary.asked != len(records):
        raise RunError(
            f"run '{folder}' is damaged: its summary counts {summary.asked} questions, "
            f"{QUESTIONS} has {len(records)}",
            remedy="run the questions again",
        )
    return Run(folder, manifest, records, summary)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run, finished or not. Raises RunError as ``read_run`` does."""
    if not (folder / MANIFEST).is_file():
        raise RunError(
            f"'{folder}' is not a run: it has no {MANIFEST}", remedy="make one with 'footnote eval'"
        )
    return read_file(Manifest, folder / MANIFEST)


def read_file(kind: type[Record], path: Path) -> Record:
    """A JSON file of a run. Raises RunError as ``read_run`` does."""
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


def read_records(folder: Path, *, finished: bool) -> tuple[QuestionRecord, ...]:
    """The records of a run; of an unfinished one, a truncated last line is dropped.

    Raises:
        RunError: a line is damaged, or a question is recorded twice.
    """
    path = folder / QUESTIONS
    lines = path.read_bytes().split(b"\n") if path.is_file() else [b""]
    # An editor may have removed the newline at the end of a finished run.
    kept = lines if finished and lines[-1].strip() else lines[:-1]
    records: list[QuestionRecord] = []
    for number, line in enumerate(kept, start=1):
        try:
            records.append(QuestionRecord.model_validate_json(line))
        except ValidationError as error:
            raise RunError(f"'{path}', line {number}, is damaged: {_first(error)}") from error
    ids = Counter(record.id for record in records)
    doubled = next((key for key, times in ids.items() if times > 1), None)
    if doubled is not None:
        raise RunError(f"run '{folder}' is damaged: question '{doubled}' is recorded twice")
    return tuple(records)


def _first(error: ValidationError) -> str:
    detail = error.errors()[0]
    return f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}".lstrip(": ")


def write_run(folder: Path, records: Sequence[QuestionRecord], summary: Summary) -> None:
    """Replace the records and the summary of a finished run, each file atomically."""
    _replace(folder / QUESTIONS, "".join(f"{record.model_dump_json()}\n" for record in records))
    write_file(folder / SUMMARY, summary)


def write_file(path: Path, record: BaseModel) -> None:
    """Write a JSON file of a run atomically."""
    _replace(path, record.model_dump_json(indent=2) + "\n")


def _replace(path: Path, text: str) -> None:
    """Write a file atomically: a crash leaves either the old or the new one."""
    scratch = path.with_suffix(".new")
    with scratch.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
