"""Questions proposed from an archive: made from templates, with gold, for a person to review.

No model is used. Each answer is quoted from a sentence that states it completely; where
several sentences or documents state it, all are gold. Where they disagree, the question is
asked of a year, if the documents are of different years, and otherwise dropped.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from eval.propose.agreement import ReadArchive, agreed_questions
from eval.propose.archive import content_stems
from eval.propose.templates.sentence import SentenceQuestion, comparable
from eval.propose.unanswerable import near_misses
from rag.text.dates import parse_date
from rag.text.tables import language_table
from rag.types import Document, Span

_PER_DOCUMENT = 4
_PER_TYPE = 2
_ANSWERABLE_A_NEAR_MISS = 3
_CONTEXT = 160
_LEAST_STEMS = 2
_SLUG_WORDS = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """Gold: ``quote`` is ``Document.text[start:end]`` of the document named."""

    document: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question in the format of eval/questions/README.md, and what helps to review it.

    ``document`` and ``title`` are those of the first evidence; of a question without an
    answer, those of a document that names what it asks about. ``shown`` is text of that
    document, ``evidence`` and ``answer`` are the ranges of it to be highlighted, each
    empty where there is none.
    """

    id: str
    question: str
    language: str
    type: str
    answerable: bool
    gold_evidence: tuple[Evidence, ...]
    answers: tuple[str, ...]
    derived: tuple[str, ...]
    document: str
    title: str
    shown: str
    evidence: Span
    answer: Span

    @property
    def gold_documents(self) -> tuple[str, ...]:
        """Names of the documents of the evidence, in its order, each once."""
        return tuple(dict.fromkeys(piece.document for piece in self.gold_evidence))

    def with_answers(self, answers: Sequence[str]) -> Proposal:
        """The same question with other answers; those that no evidence quotes are derived."""
        return replace(self, answers=tuple(answers), derived=_derived(answers, self.gold_evidence))

    def row(self) -> dict[str, Any]:
        """The question as a line of a question file; ``derived`` only where there is any."""
        row: dict[str, Any] = {
            "id": self.id,
            "question": self.question,
            "language": self.language,
            "type": self.type,
            "answerable": self.answerable,
            "gold_documents": list(self.gold_documents),
            "gold_evidence": [
                {"document": p.document, "start": p.start, "end": p.end, "quote": p.quote}
                for p in self.gold_evidence
            ],
            "answers": list(self.answers),
        }
        return row | {"derived": list(self.derived)} if self.derived else row


def propose_questions(
    documents: Sequence[Document], *, root: Path | None = None
) -> Iterator[Proposal]:
    """Proposed questions, the best of each document first, documents in turn.

    The first N cover as many documents as possible. Documents in English and Chinese are
    used, others skipped. A document is named by its first source relative to ``root``, or
    by its file name outside it. Every few answerable questions are followed by one that the
    archive cannot answer, if one was found; review those with care, since only words were
    searched. Gold is what templates and shared words found: a document that states the
    answer in other words, or in the other language, is missing. The same documents give the
    same proposals.
    """
    archive = ReadArchive(documents, root)
    by_document: defaultdict[int, list[tuple[float, Proposal]]] = defaultdict(list)
    for group in agreed_questions(archive):
        best = max(group, key=lambda question: question.quality)
        by_document[best.document].append((best.quality, _proposal(best, group, archive)))
    kept = [_best(by_document[number]) for number in range(len(documents))]
    answerable = [p for turn in zip_longest(*kept) for p in turn if p is not None]
    misses = _near_misses(archive)
    for count, proposal in enumerate(answerable, start=1):
        yield proposal
        if count % _ANSWERABLE_A_NEAR_MISS == 0 and (miss := next(misses, None)) is not None:
            yield miss


# --- From questions to proposals ----------------------------------------------------


def _best(proposals: list[tuple[float, Proposal]]) -> list[Proposal]:
    """The best of a document, not too many of one type."""
    types: Counter[str] = Counter()
    kept: list[Proposal] = []
    for _, proposal in sorted(proposals, key=lambda scored: -scored[0]):
        types[proposal.type] += 1
        if types[proposal.type] <= _PER_TYPE and len(kept) < _PER_DOCUMENT:
            kept.append(proposal)
    return kept


def _proposal(
    best: SentenceQuestion, group: Sequence[SentenceQuestion], archive: ReadArchive
) -> Proposal:
    document = archive.documents[best.document]
    evidence = _evidence(best, group, archive)
    answers = _answers([best, *group], archive)
    start = max(0, best.evidence.start - _CONTEXT)
    return Proposal(
        id=_id(best.type, best.question),
        question=best.question,
        language=document.language,
        type=best.type,
        answerable=True,
        gold_evidence=evidence,
        answers=answers,
        derived=_derived(answers, evidence),
        document=archive.names[best.document],
        title=document.title,
        shown=document.text[start : best.evidence.end + _CONTEXT],
        evidence=Span(best.evidence.start - start, best.evidence.end - start),
        answer=Span(best.answer.start - start, best.answer.end - start),
    )


def _answers(group: Sequence[SentenceQuestion], archive: ReadArchive) -> tuple[str, ...]:
    """The ways the answer is written, the best question's first; a full date also as ISO."""
    written: dict[str, str] = {}
    for question in group:
        quoted = question.answer.of(archive.documents[question.document].text)
        readable = question.answer_text
        # They differ by a line break, or a zero-width space.
        same = comparable(quoted) == comparable(readable)
        for answer in (readable,) if same else (quoted, readable):
            written.setdefault(comparable(answer), answer)
    first = group[0]
    parsed = parse_date(first.answer_text) if first.type == "factoid_date" else None
    if parsed is not None:
        year, month, day = parsed
        iso = f"{year}-{month:02d}-{day:02d}" if year and month and day else None
        shorter = iso or (str(year) if year and not month else None)
        if shorter is not None:
            written.setdefault(comparable(shorter), shorter)
    return tuple(written.values())


def _derived(answers: Sequence[str], evidence: Sequence[Evidence]) -> tuple[str, ...]:
    quotes = [comparable(piece.quote) for piece in evidence]
    return tuple(a for a in answers if not any(comparable(a) in quote for quote in quotes))


def _evidence(
    best: SentenceQuestion, group: Sequence[SentenceQuestion], archive: ReadArchive
) -> tuple[Evidence, ...]:
    """What supports the answer: the questions' own sentences, then others with their words."""
    places = [(question.document, question.evidence) for question in (best, *group)]
    stems = content_stems(best.question)
    # Not for offices: "Co-Director" and "Deputy Director" share the words of "Director".
    searched = archive.documents[best.document].language == "en" and not best.role
    if searched and len(stems) >= _LEAST_STEMS:
        places += archive.index.with_all(stems | content_stems(best.answer_text))
    pieces: dict[tuple[str, str], Evidence] = {}
    taken: defaultdict[int, list[Span]] = defaultdict(list)
    for number, span in places:
        quote = span.of(archive.documents[number].text)
        name = archive.names[number]
        if not any(span.overlaps(other) for other in taken[number]):
            taken[number].append(span)
            pieces.setdefault((name, quote), Evidence(name, span.start, span.end, quote))
    return tuple(pieces.values())


def _near_misses(archive: ReadArchive) -> Iterator[Proposal]:
    """Questions that the archive cannot answer, at most one for each document."""
    asked: set[int] = set()
    for miss in near_misses(archive):
        if miss.document in asked:
            continue
        asked.add(miss.document)
        document = archive.documents[miss.document]
        at = max(0, document.text.find(miss.name))
        yield Proposal(
            id=_id("unanswerable", miss.question),
            question=miss.question,
            language=document.language,
            type="unanswerable_near_miss",
            answerable=False,
            gold_evidence=(),
            answers=(),
            derived=(),
            document=archive.names[miss.document],
            title=document.title,
            shown=document.text[max(0, at - _CONTEXT) : at + len(miss.name) + _CONTEXT],
            evidence=Span(0, 0),
            answer=Span(0, 0),
        )


def _id(kind: str, question: str) -> str:
    """The kind, the words of the question that tell it from others, and a short hash."""
    words = re.findall(r"[a-z0-9]+", question.casefold())
    english = language_table("en")
    empty = english.stop_words | english.function_words
    told = [word for word in words if word not in empty][:_SLUG_WORDS]
    digest = hashlib.sha256(question.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return "-".join([kind.removeprefix("factoid_"), *told, digest])
