"""Documents, passages and vectors for the tests of the stores."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from embeddings.types import Vectors
from rag.index.indexer import passage_words
from rag.journal.base import NewTurn
from rag.read.blocks import paragraphs
from rag.store.base import ReadView, Writer
from rag.store.records import IndexedDocument, IndexedPassages, IndexSpec
from rag.text.words import INDEX_WORDS, query_terms
from rag.types import Abstention, Document, DocumentDate, Filters, Passage, Question, Span
from tests.fakes import HashingEncoder

ENCODER = HashingEncoder(64)
SPEC = IndexSpec(ENCODER.identity, "sentences.v1", INDEX_WORDS)
OTHER_ENCODER = HashingEncoder(32, name="other")
OTHER_SPEC = IndexSpec(OTHER_ENCODER.identity, "sentences.v1", INDEX_WORDS)


def document(
    text: str,
    *sources: str,
    title: str = "Untitled",
    language: str = "en",
    published: date | None = None,
) -> Document:
    """A document whose sources default to one named by its text's hash."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    dates: tuple[DocumentDate, ...] = ()
    if published is not None:
        dates = (
            DocumentDate(
                published.year, published.month, published.day, "published", "dateline", Span(0, 1)
            ),
        )
    return Document(
        id=digest[:16],
        sources=sources or (f"/archive/{digest[:8]}.txt",),
        title=title,
        text=text,
        content_hash=digest,
        language=language,
        dates=dates,
        metadata={"media type": "text/plain"},
        blocks=tuple(
            replace(block, context=(Span(0, 1),), cells=(block.span,), hidden=(Span(0, 0),))
            for block in paragraphs(text, Span(0, len(text)))
        ),
    )


def as_put(stored: Document) -> Document:
    """A document as read from a store, without the day of ingest that the store adds."""
    return replace(stored, dates=tuple(d for d in stored.dates if d.kind != "ingested"))


def passages(of: Document) -> tuple[Passage, ...]:
    """One passage a line, trimmed; lines of space make none."""
    found = []
    for match in re.finditer(r"[^\n]+", of.text):
        line = match.group()
        if line.strip():
            start = match.start() + len(line) - len(line.lstrip())
            span = Span(start, start + len(line.strip()))
            identifier = f"{of.id}:{span.start}-{span.end}"
            text = span.of(of.text)
            found.append(Passage(identifier, of.id, span, ("Part",), of.title, text))
    return tuple(found)


def indexed(of: Document, encoder: HashingEncoder = ENCODER) -> IndexedDocument:
    """The document ready to be stored."""
    file_hash = hashlib.sha256((of.text + of.title).encode()).hexdigest()
    return IndexedDocument(of, file_hash, indexed_passages(of, encoder))


def indexed_passages(of: Document, encoder: HashingEncoder = ENCODER) -> IndexedPassages:
    """The document's passages with their words and vectors."""
    made = passages(of)
    vectors = encoder.encode_passages([passage.search_text for passage in made])
    return IndexedPassages(made, tuple(passage_words(passage, "en") for passage in made), vectors)


def put(writer: Writer, *documents: Document) -> None:
    """Store documents in one transaction."""
    writer.put([indexed(of) for of in documents], SPEC)


def synthetic(count: int, *, seed: int = 0, lines: int = 3) -> Iterator[Document]:
    """Documents of random words, each with one word no other has."""
    random = np.random.default_rng(seed)
    for number in range(count):
        words = random.integers(0, 400, size=(lines, 9))
        text = "\n".join(" ".join(f"w{word}" for word in line) for line in words)
        yield document(
            f"{text} only{seed}x{number}",
            f"/archive/{number % 10}/{seed}-{number}.txt",
            title=f"Report {number}",
            language="de" if number % 4 == 3 else "en",
            published=date(2000 + number % 20, 1 + number % 12, 1 + number % 28),
        )


def query(text: str, encoder: HashingEncoder = ENCODER) -> Vectors:
    """The unit row of a query."""
    row: Vectors = encoder.encode_queries([text])[0]
    return row


def brute_force(
    items: Sequence[IndexedDocument], vector: Vectors, limit: int
) -> list[tuple[str, float]]:
    """The obvious dense search: every cosine of the float16 vectors, sorted."""
    scored = []
    for item in items:
        stored = item.index.vectors.astype(np.float16).astype(np.float64)
        stored /= np.linalg.norm(stored, axis=1, keepdims=True)
        for passage, score in zip(item.index.passages, stored @ vector, strict=True):
            scored.append((passage.id, float(score)))
    return sorted(scored, key=lambda pair: (-round(pair[1], 6), pair[0]))[:limit]


def dense_ids(view: ReadView, text: str, limit: int = 10, **filters: object) -> list[str]:
    """Ids that a dense search ranks, best first."""
    kept = Filters(**filters)  # type: ignore[arg-type]
    return [hit.passage_id for hit in view.dense_search(query(text), limit=limit, filters=kept)]


def lexical_ids(view: ReadView, text: str, limit: int = 10, **filters: object) -> list[str]:
    """Ids that a lexical search ranks, best first."""
    kept = Filters(**filters)  # type: ignore[arg-type]
    found = view.lexical_search(query_terms(text), limit=limit, filters=kept)
    return [hit.passage_id for hit in found]


def abstention(text: str) -> Abstention:
    """An outcome that the archive does not answer ``text``."""
    return Abstention(
        question=Question(text),
        standalone=None,
        reason="no_match",
        kind=None,
        explanation="Nothing speaks of it.",
        mentions=(),
        nearest=(),
        ranking=(),
        candidates=(),
        models={},
        generation="3",
        timings_ms={"total": 1.5},
    )


def asked(text: str, owner: str = "") -> NewTurn:
    """A turn for a journal."""
    return NewTurn(abstention(text), owner)
