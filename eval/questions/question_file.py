"""Question files: the user's own questions, one JSON object per line.

A file is checked completely before anything runs: every problem is reported with its line.
``README.md`` beside this module describes the fields.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.errors import QuestionSetError
from eval.questions.answers import normalise_answer
from eval.questions.cases import Case, Evidence, Gold, QuestionSet, iso_day
from eval.questions.library import Library
from rag.assistant import MAX_QUESTION_CHARACTERS
from rag.types import Span, Turn

BUNDLED_ARCHIVE = Path(__file__).parents[1] / "archive"
BUNDLED_QUESTIONS = Path(__file__).parent / "sample.jsonl"

# More problems than this are only counted.
SHOWN_PROBLEMS = 20


class _Piece(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    document: str
    start: int = Field(ge=0)
    end: int
    quote: str = Field(min_length=1)


class _TurnRow(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    role: Literal["user", "assistant"]
    text: str


class _Row(BaseModel):
    """A line of a question file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(min_length=1)
    question: str = Field(min_length=1, max_length=MAX_QUESTION_CHARACTERS)
    language: str = "und"
    type: str = "question"
    answerable: bool
    gold_documents: list[str] = []
    gold_evidence: list[_Piece] = []
    answers: list[str] = []
    derived: list[str] = []
    match: Literal["any", "all"] = "any"
    as_of: str | None = None
    history: list[_TurnRow] = []
    # For people only.
    note: str = ""


def read_question_file(path: Path, library: Library, *, bundled: bool = False) -> QuestionSet:
    """The questions of a file, checked against the archive that ``library`` names.

    Raises:
        QuestionSetError: the file cannot be read, or lines of it are not valid JSON, lack
            gold, repeat an id, name an unknown document or quote what is not at the span;
            every such line is listed with the reason.
    """
    try:
        # Not splitlines: a string may contain U+2028.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionSetError(f"question file '{path}' cannot be read: {error}") from error
    problems: list[str] = []
    cases: list[Case] = []
    first_line: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row, found = _parse(line)
        if row is not None:
            found = _check(row, library)
            if first_line.setdefault(row.id, number) != number:
                found.append(f"id '{row.id}' is that of line {first_line[row.id]}")
            cases.append(_case(row, library))
        problems += [f"{path}, line {number}: {problem}" for problem in found]
    if problems:
        raise QuestionSetError(_listed(problems), remedy="correct the file and run again")
    if not cases:
        raise QuestionSetError(f"question file '{path}' has no questions")
    return QuestionSet(
        name="sample" if bundled else path.stem,
        kind="bundled" if bundled else "questions",
        sha256=hashlib.sha256("\n".join(line.strip() for line in lines).encode()).hexdigest(),
        cases=tuple(cases),
        ignored_fields={},
        left_out={},
    )


def _listed(problems: Sequence[str]) -> str:
    shown = list(problems[:SHOWN_PROBLEMS])
    if len(problems) > len(shown):
        shown.append(f"and {len(problems) - len(shown)} more")
    return "\n".join(shown)


def _parse(line: str) -> tuple[_Row | None, list[str]]:
    try:
        value: Any = json.loads(line)
    except json.JSONDecodeError as error:
        return None, [f"invalid JSON: {error.msg} at column {error.colno}"]
    except (ValueError, RecursionError) as error:
        return None, [f"invalid JSON: {error}"]
    if not isinstance(value, dict):
        return None, ["not a JSON object"]
    try:
        return _Row.model_validate(value), []
    except ValidationError as error:
        return None, [
            f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors()
        ]


def _check(row: _Row, library: Library) -> list[str]:
    problems: list[str] = []
    if row.answerable and not row.gold_documents and not row.gold_evidence:
        problems.append("answerable, but without gold_documents or gold_evidence")
    if not row.answerable and (row.gold_documents or row.gold_evidence or row.answers):
        problems.append("not answerable, but with gold_documents, gold_evidence or answers")
    if row.match == "all" and not row.answers:
        problems.append('match is "all", but answers is empty')
    problems += [
        f"{name} is blank" for name in ("id", "question") if not getattr(row, name).strip()
    ]
    problems += [
        f"answers: {answer!r} has no words to compare"
        for answer in row.answers
        if not normalise_answer(answer)
    ]
    problems += [
        f"derived: {answer!r} is not among the answers"
        for answer in row.derived
        if answer not in row.answers
    ]
    if row.as_of is not None and iso_day(row.as_of) is None:
        problems.append(f"as_of: '{row.as_of}' is not a date (YYYY-MM-DD)")
    for name in dict.fromkeys(row.gold_documents):
        if library.find(name) is None:
            problems.append(f"gold_documents: {library.explain(name)}")
    for piece in row.gold_evidence:
        problems += _check_piece(piece, library)
    return problems


def _check_piece(piece: _Piece, library: Library) -> list[str]:
    key = library.find(piece.document)
    if key is None:
        return [f"gold_evidence: {library.explain(piece.document)}"]
    text = library.text(key)
    where = f"gold_evidence: [{piece.start}, {piece.end}) of '{piece.document}'"
    if not piece.start < piece.end <= len(text):
        return [f"{where} is outside its {len(text)} characters or empty"]
    said = text[piece.start : piece.end]
    if said == piece.quote:
        return []
    at = text.find(piece.quote)
    hint = f"; the quote is at [{at}, {at + len(piece.quote)})" if at >= 0 else ""
    return [f"{where} is {_short(said)}, not {_short(piece.quote)}{hint}"]


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:40]}…{text[-15:]}")


def _case(row: _Row, library: Library) -> Case:
    documents = [*row.gold_documents, *(piece.document for piece in row.gold_evidence)]
    # An unknown document is reported by the check; then the case is not used.
    keys = dict.fromkeys(library.find(name) or name for name in documents)
    return Case(
        id=row.id,
        question=row.question,
        history=tuple(Turn(turn.role, turn.text) for turn in row.history),
        language=row.language,
        type=row.type,
        attributes=_attributes(row),
        as_of=iso_day(row.as_of) if row.as_of else None,
        answerable=row.answerable,
        gold=Gold(
            answers=tuple(row.answers),
            match=row.match,
            documents=tuple(keys),
            evidence=tuple(
                Evidence(
                    library.find(piece.document) or piece.document,
                    Span(min(piece.start, piece.end), piece.end),
                    piece.quote,
                )
                for piece in row.gold_evidence
                if piece.end >= 0
            ),
        ),
    )


def _attributes(row: _Row) -> Mapping[str, str]:
    return {
        "id": row.id,
        "type": row.type,
        "language": row.language,
        "answerable": str(row.answerable).lower(),
        "match": row.match,
        "turn": "follow-up" if row.history else "first",
    }
