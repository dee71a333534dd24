"""Suites: public question sets, a folder each with corpus.jsonl and queries.jsonl.

A document row has ``id``, ``title``, ``text`` and optionally ``lang``, ``date``, ``source``;
a query row ``id``, ``question``, ``answers``, ``gold_doc_ids``, ``unanswerable``, ``lang``
and optionally ``type``, ``gold_evidence`` (quotes), ``history``, ``question_date``. Other
single values become attributes for --filter; a run lists the fields that are not used.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

from eval.errors import QuestionSetError
from eval.questions.cases import Case, Evidence, Gold, QuestionSet, iso_day
from eval.questions.library import Library
from eval.questions.locate import locate_quote
from rag.read.blocks import covering
from rag.read.plain import read_plain
from rag.text.dates import parse_iso
from rag.text.language import language_of
from rag.text.normalise import search_text
from rag.types import Document, DocumentDate, Passage, Span, Turn

CORPUS = "corpus.jsonl"
QUERIES = "queries.jsonl"

# Where `--suite NAME` looks after NAME itself.
SUITE_FOLDERS = (Path("suites"), Path("../shared/data"))

_USED = frozenset(
    (
        "id",
        "question",
        "answers",
        "gold_doc_ids",
        "unanswerable",
        "lang",
        "type",
        "gold_evidence",
        "history",
        "question_date",
    )
)
# Why a field is not used; any other unused field is not a single value.
_REASONS: Mapping[str, str] = {
    "standalone_question": "the published rewrite; Footnote rewrites follow-ups itself",
    "related_doc_ids": "documents that an unanswerable question was written for",
    "cited_doc_ids": "the cited article, whatever the label",
    "supporting_sentence_sets": "of single claims, not of questions",
    "gold_doc_ids_same_lang": "gold_doc_ids holds both languages; restrict with --documents",
    "gold_doc_ids_cross_lang": "gold_doc_ids holds both languages; restrict with --documents",
    "answers_cross_lang": "only answers in the question's language are compared",
    "evidence_doc_ids": "the documents of gold_evidence; gold_doc_ids are used",
}
# Longer values are texts, not attributes.
_ATTRIBUTE_CHARACTERS = 60
UNLOCATED = "gold quotes not found in their documents"
NO_GOLD = "questions neither marked unanswerable nor with a gold document in the corpus"


@dataclass(frozen=True, slots=True)
class SuiteFiles:
    """Which files of a suite folder to use, and of the corpus only which documents:
    those whose row fields equal ``documents``."""

    folder: Path
    corpus: str = CORPUS
    queries: str = QUERIES
    documents: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The folder's name, with whatever differs from the default files."""
        parts = [self.folder.resolve().name]
        parts += [Path(self.corpus).stem] if self.corpus != CORPUS else []
        parts += [Path(self.queries).stem] if self.queries != QUERIES else []
        parts += [f"{key}-{value}" for key, value in self.documents]
        # Used as the name of a folder.
        return re.sub(r"[^\w.-]+", "-", ".".join(parts))


def find_suite(name: str) -> Path:
    """The folder of a suite given by path or by name.

    Raises:
        QuestionSetError: there is no such folder.
    """
    places = [Path(name), *(folder / name for folder in SUITE_FOLDERS)]
    for place in places:
        if place.is_dir():
            return place
    looked = ", ".join(str(place) for place in places)
    raise QuestionSetError(f"no suite '{name}' in {looked}", remedy="give the path of its folder")


def read_corpus(
    folder: Path, file: str = CORPUS, *, documents: Sequence[tuple[str, str]] = ()
) -> list[Document]:
    """The suite's documents in file order; ``sources`` holds the suite's own id.

    Raises:
        QuestionSetError: the file is missing, or a line is malformed.
    """
    found = [
        _document(row, f"{folder / file}, line {number}")
        for number, row in _lines(folder / file)
        if all(str(row.get(key)) == value for key, value in documents)
    ]
    if not found:
        said = " ".join(f"with {key}={value}" for key, value in documents)
        raise QuestionSetError(f"{folder / file} has no documents {said}".rstrip())
    repeated = [key for key, n in Counter(d.sources[0] for d in found).items() if n > 1]
    if repeated:
        raise QuestionSetError(f"{folder / file}: document id '{repeated[0]}' occurs twice")
    return found


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for line in lines:
                if line.strip():
                    row = json.loads(line)
                    # Raises for a lone surrogate, which JSON can write but UTF-8 cannot.
                    json.dumps(row, ensure_ascii=False).encode()
                    if not isinstance(row, dict):
                        raise QuestionSetError(f"{path}, line {number + 1}: not a JSON object")
                    yield number + 1, row
                number += 1
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionSetError(f"suite file '{path}' cannot be read: {error}") from error
    except (ValueError, RecursionError) as error:
        raise QuestionSetError(f"{path}, line {number + 1}: invalid JSON: {error}") from error


_KINDS = {str: "string", bool: "boolean", list: "list"}


def _field(row: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    value = row.get(key)
    if not isinstance(value, kind):
        raise QuestionSetError(f"{where}: '{key}' is missing or not a {_KINDS[kind]}")
    if isinstance(value, str) and not value.strip() and key != "text":
        raise QuestionSetError(f"{where}: '{key}' is blank")
    return value


def _texts(row: Mapping[str, Any], key: str, where: str) -> list[str]:
    """A list of strings; none where the field is missing or null."""
    value = row.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise QuestionSetError(f"{where}: '{key}' is not a list of strings")
    return value


def _document(row: dict[str, Any], where: str) -> Document:
    text = cast("str", _field(row, "text", str, where))
    key = cast("str", _field(row, "id", str, where))
    published = _published(row.get("date"))
    if published and row.get("source"):
        # The questions ask by outlet and day, which a press page would show.
        text = f"{row['source']} | {row['date']}\n\n{text}"
    # With the suite's id: suites have the same text under two ids.
    digest = hashlib.sha256(f"{key}\n{text}".encode()).hexdigest()
    return Document(
        id=digest[:16],
        sources=(key,),
        title=str(row.get("title") or ""),
        text=text,
        content_hash=digest,
        language=str(row.get("lang") or language_of(text)),
        dates=(published,) if published else (),
        metadata={},
        blocks=covering(text, read_plain(text).blocks),
    )


def _published(value: object) -> DocumentDate | None:
    day = iso_day(value)
    if day is None:
        return None
    return DocumentDate(day.year, day.month, day.day, "published", "suite field 'date'")


def read_suite(files: SuiteFiles, library: Library) -> QuestionSet:
    """The suite's questions in file order.

    Gold documents outside a restricted corpus are dropped; a question without any left is
    left out and counted.

    Raises:
        QuestionSetError: a line is malformed, or no question is left.
    """
    path = files.folder / files.queries
    # Only a restricted corpus may lack gold documents.
    restricted = bool(files.documents) or files.corpus != CORPUS
    cases: list[Case] = []
    left_out = 0
    ignored: dict[str, str] = {}
    digest = hashlib.sha256()
    for number, row in _lines(path):
        digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False).encode())
        case = _case(row, library, f"{path}, line {number}", restricted=restricted)
        if case.answerable and not case.gold.documents:
            left_out += 1
        else:
            cases.append(case)
        ignored |= {key: _reason(key, value) for key, value in row.items() if _unused(key, value)}
    repeated = [key for key, n in Counter(case.id for case in cases).items() if n > 1]
    if repeated:
        raise QuestionSetError(f"{path}: question id '{repeated[0]}' occurs twice")
    if not cases:
        raise QuestionSetError(f"{path} has no usable questions: {left_out} {NO_GOLD}")
    pieces = [piece for case in cases for piece in case.gold.evidence]
    left = {NO_GOLD: left_out, UNLOCATED: sum(piece.span is None for piece in pieces)}
    return QuestionSet(
        name=files.name,
        kind="suite",
        sha256=digest.hexdigest(),
        cases=tuple(cases),
        ignored_fields=ignored,
        left_out={reason: n for reason, n in left.items() if n},
    )


def _is_attribute(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _ATTRIBUTE_CHARACTERS and "\n" not in value
    return isinstance(value, bool | int)


def _unused(key: str, value: object) -> bool:
    return key not in _USED and (key in _REASONS or isinstance(value, list | dict))


def _reason(key: str, value: object) -> str:
    return _REASONS.get(key, f"a {type(value).__name__}, not a single value")


def _case(row: dict[str, Any], library: Library, where: str, *, restricted: bool) -> Case:
    question = cast("str", _field(row, "question", str, where))
    unanswerable = cast("bool", _field(row, "unanswerable", bool, where))
    _field(row, "gold_doc_ids", list, where)
    named = _texts(row, "gold_doc_ids", where)
    keys = tuple(dict.fromkeys(key for name in named if (key := library.find(name))))
    unknown = [name for name in named if library.find(name) is None]
    if unknown and not restricted:
        raise QuestionSetError(f"{where}: gold_doc_ids: {library.explain(unknown[0])}")
    quotes = _texts(row, "gold_evidence", where)
    history = _history(row.get("history") or [], where)
    kind = str(row.get("type") or row.get("variant") or "question")
    language = str(row.get("lang") or "und")
    attributes = {
        key: _plain(value)
        for key, value in row.items()
        if key not in _REASONS and key != "question" and _is_attribute(value)
    }
    return Case(
        id=str(_field(row, "id", str, where)),
        question=question,
        history=history,
        language=language,
        type=kind,
        attributes={
            **attributes,
            "type": kind,
            "language": language,
            "answerable": _plain(not unanswerable),
            "turn": "follow-up" if history else "first",
        },
        as_of=_asked_on(row.get("question_date")),
        answerable=not unanswerable,
        gold=Gold(
            # The reply to an unanswerable question is not an answer.
            answers=() if unanswerable else tuple(_texts(row, "answers", where)),
            match="any",
            documents=() if unanswerable else keys,
            evidence=() if unanswerable else _evidence(quotes, keys, library),
        ),
    )


def _asked_on(value: object) -> date | None:
    """The last day that a field names as YYYY[-M[-D]]."""
    try:
        return parse_iso(str(value))[1]
    except ValueError:
        return None


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _history(turns: Sequence[Mapping[str, Any]], where: str) -> tuple[Turn, ...]:
    try:
        found = tuple(Turn(turn["role"], str(turn["text"])) for turn in turns)
        if not all(turn.role in ("user", "assistant") for turn in found):
            raise TypeError
        return found
    except (KeyError, TypeError) as error:
        raise QuestionSetError(
            f"{where}: 'history' is not a list of objects with role and text"
        ) from error


def _evidence(quotes: Sequence[str], keys: Sequence[str], library: Library) -> tuple[Evidence, ...]:
    """Each quote with its span in the first gold document that contains it."""
    found: list[Evidence] = []
    for quote in quotes:
        places = ((key, locate_quote(quote, library.text(key))) for key in keys)
        at = next(((key, span) for key, span in places if span is not None), None)
        if at is not None:
            found.append(Evidence(at[0], at[1], at[1].of(library.text(at[0]))))
        else:
            found.append(Evidence(keys[0] if keys else "", None, quote))
    return tuple(found)


def one_passage(document: Document) -> tuple[Passage, ...]:
    """The whole document as a single passage, as retrieval benchmarks define it.

    An encoder reads only its beginning, as in the published figures.
    """
    return (
        Passage(
            id=f"{document.id}:0-{len(document.text)}",
            document_id=document.id,
            span=Span(0, len(document.text)),
            headings=(),
            title=document.title,
            search_text=search_text(document.text),
        ),
    )
