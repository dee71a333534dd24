"""Question sets in the suite layout: a folder with corpus.jsonl and queries.jsonl."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.normalise import search_text
from rag.types import Document, Passage, Span

__all__ = ["Query", "one_passage", "read_corpus", "read_queries"]


@dataclass(frozen=True, slots=True)
class Query:
    """A question of a suite and the ids of the documents that answer it."""

    id: str
    text: str
    relevant: frozenset[str]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    yield json.loads(line)
                except json.JSONDecodeError as error:
                    raise ValueError(f"{path}, line {number}: {error}") from error


def read_corpus(folder: Path) -> list[Document]:
    """The suite's documents in file order; ``sources`` holds the suite's own id."""
    return [_document(row) for row in _lines(folder / "corpus.jsonl")]


def _document(row: dict[str, Any]) -> Document:
    text = str(row["text"])
    # The suite's id goes into the hash: suites hold the same text under two ids.
    digest = hashlib.sha256(f"{row['id']}\n{text}".encode()).hexdigest()
    return Document(
        id=digest[:16],
        sources=(str(row["id"]),),
        title=str(row.get("title") or ""),
        text=text,
        content_hash=digest,
        language=str(row.get("lang") or "en"),
        dates=(),
        metadata={},
    )


def read_queries(folder: Path) -> list[Query]:
    """The suite's questions in file order."""
    return [
        Query(str(row["id"]), str(row["question"]), frozenset(map(str, row["gold_doc_ids"])))
        for row in _lines(folder / "queries.jsonl")
    ]


def one_passage(document: Document) -> tuple[Passage, ...]:
    """The whole document as a single passage, as retrieval benchmarks define it.

    Longer than an encoder reads: it sees the beginning, as in the published figures.
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
