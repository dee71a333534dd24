"""Questions proposed from an archive: by templates, with their gold, to be judged by people.

No model is asked. Each answer is quoted from a sentence that says it whole; where several
sentences or documents say it, all are gold. Where they disagree, the question is asked of
a year, if the documents are of different years, and else not at all.
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

from eval.propose.absent import Body, near_misses
from eval.propose.archive import content_stems
from eval.propose.settle import Found, ReadArchive, settled
from eval.propose.wordings.sentence import comparable
from rag.text.dates import parse_date
from rag.types import Document, Span

__all__ = ["Evidence", "Proposal", "propose_questions"]

_PER_DOCUMENT = 4
_PER_TYPE = 2
_ANSWERABLE_A_NEAR_MISS = 3
_CONTEXT = 160
_LEAST_STEMS = 2
_SLUG_WORDS = 5
_SLUG_STOP = re.compile(r"who|what|when|where|how|many|is|are|was|were|did|does|do|the|of|a|by|in")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Gold: ``quote`` is ``Document.text[start:end]`` of the document named."""

    document: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question of the schema of eval/questions/README.md, and what helps to judge it.

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

    The first N cover as many documents as they can. Documents in English and Chinese are
    read, others passed over. A document is named by its first source relative to
    ``root``, or by its file name where it does not lie below it. After each few answerable
    questions comes one that the archive cannot answer, if one was found; those need a
    look, for only words were searched. Gold is what templates and shared words found: a
    document that says it in other words, or in the other language, is not among it. The
    same documents give the same proposals.
    """
    archive = ReadArchive(documents, root)
    by_document: defaultdict[int, list[tuple[float, Proposal]]] = defaultdict(list)
    for group in settled(archive):
        best = max(group, key=lambda found: found.draft.quality)
        by_document[best.document].append((best.draft.quality, _proposal(best, group, archive)))
    kept = [_best(by_document[number]) for number in range(len(documents))]
    answerable = [p for turn in zip_longest(*kept) for p in turn if p is not None]
    misses = _near_misses(archive)
    for count, proposal in enumerate(answerable, start=1):
        yield proposal
        if count % _ANSWERABLE_A_NEAR_MISS == 0 and (miss := next(misses, None)) is not None:
            yield miss


# --- From drafts to proposals -------------------------------------------------------


def _best(proposals: list[tuple[float, Proposal]]) -> list[Proposal]:
    """The best of a document, not too many of one type."""
    types: Counter[str] = Counter()
    kept: list[Proposal] = []
    for _, proposal in sorted(proposals, key=lambda scored: -scored[0]):
        types[proposal.type] += 1
        if types[proposal.type] <= _PER_TYPE and len(kept) < _PER_DOCUMENT:
            kept.append(proposal)
    return kept


def _proposal(best: Found, group: Sequence[Found], archive: ReadArchive) -> Proposal:
    draft, document = best.draft, archive.documents[best.document]
    evidence = _evidence(best, group, archive)
    answers = _answers([best, *group], archive)
    start = max(0, draft.evidence.start - _CONTEXT)
    return Proposal(
        id=_id(draft.type, draft.question),
        question=draft.question,
        language=document.language,
        type=draft.type,
        answerable=True,
        gold_evidence=evidence,
        answers=answers,
        derived=_derived(answers, evidence),
        document=archive.names[best.document],
        title=document.title,
        shown=document.text[start : draft.evidence.end + _CONTEXT],
        evidence=Span(draft.evidence.start - start, draft.evidence.end - start),
        answer=Span(draft.answer.start - start, draft.answer.end - start),
    )


def _answers(group: Sequence[Found], archive: ReadArchive) -> tuple[str, ...]:
    """The ways the answer is written, the best draft's first; a full date also as ISO."""
    written: dict[str, str] = {}
    for found in group:
        raw = found.draft.answer.of(archive.documents[found.document].text)
        said = found.draft.said
        # A line break within it, or a zero-width space: quoted first, then readable.
        for answer in (raw, said) if comparable(raw) != comparable(said) else (said,):
            written.setdefault(comparable(answer), answer)
    first = group[0].draft
    parsed = parse_date(first.said) if first.type == "factoid_date" else None
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


def _evidence(best: Found, group: Sequence[Found], archive: ReadArchive) -> tuple[Evidence, ...]:
    """What supports the answer: the drafts' own, then sentences that share its words."""
    places = [(found.document, found.draft.evidence) for found in (best, *group)]
    question = content_stems(best.draft.question)
    # Not for offices: "Co-Director" and "Deputy Director" share the words of "Director".
    searched = archive.documents[best.document].language == "en" and not best.draft.role
    if searched and len(question) >= _LEAST_STEMS:
        wanted = question | content_stems(best.draft.said)
        places += [(place.document, place.span) for place in archive.index.with_all(wanted)]
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
    offices: defaultdict[str, Counter[str]] = defaultdict(Counter)
    bodies: dict[str, Body] = {}
    for number, draft in ((found.document, found.draft) for found in archive.found):
        language = archive.documents[number].language
        if draft.role:
            offices[language][draft.role] += 1
        if draft.entity and language == archive.language:
            name = draft.entity.removeprefix("the ")
            alias = archive.aliases.get(name, "")
            bodies.setdefault(name, Body(draft.entity, alias, language, number))
    common = {
        language: [office for office, _ in counted.most_common()]
        for language, counted in offices.items()
    }
    asked: set[int] = set()
    for miss in near_misses(list(bodies.values()), common, archive.index):
        if miss.body.document not in asked:
            asked.add(miss.body.document)
            yield _unanswerable(miss.question, miss.body, archive)


def _unanswerable(question: str, body: Body, archive: ReadArchive) -> Proposal:
    document = archive.documents[body.document]
    at = max(0, document.text.find(body.name.removeprefix("the ")))
    start = max(0, at - _CONTEXT)
    return Proposal(
        id=_id("unanswerable", question),
        question=question,
        language=body.language,
        type="unanswerable_near_miss",
        answerable=False,
        gold_evidence=(),
        answers=(),
        derived=(),
        document=archive.names[body.document],
        title=document.title,
        shown=document.text[start : at + len(body.name) + _CONTEXT],
        evidence=Span(0, 0),
        answer=Span(0, 0),
    )


def _id(kind: str, question: str) -> str:
    """The kind, the words of the question that tell it from others, and a short hash."""
    words = re.findall(r"[a-z0-9]+", question.casefold())
    told = [word for word in words if not _SLUG_STOP.fullmatch(word)][:_SLUG_WORDS]
    digest = hashlib.sha256(question.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return "-".join([kind.removeprefix("factoid_"), *told, digest])
