"""Evidence: the statements of the best passages, each judged as an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from embeddings.types import Reranker
from rag.answer.retrieval import Found
from rag.answer.rules.currency import sentence_currency
from rag.answer.rules.similarity import (
    is_foreign,
    similarities,
    support_by_similarity,
    unread_pairs,
)
from rag.answer.rules.support import ranking_features, read_features, shifted, support_score
from rag.models import Models
from rag.question.analysis import QuestionTerms
from rag.settings import SupportWeights
from rag.text.normalise import search_text
from rag.text.statements import find_statements, visible_text
from rag.types import Candidate, Document, Features, Hit, Span, Statement

KEPT = "kept"
# What they say is context of what answers.
_NO_ANSWERS = frozenset(("header", "question"))


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A statement with what it is read with: ``words`` is its search text, ``lead`` that
    of its context, ``scored`` what the cross-encoder sees, ``around`` (title, date, passage)
    where the question's names and numbers may stand."""

    hit: Hit
    place: int
    statement: Statement
    quote: str
    words: str
    lead: str
    scored: str
    around: str
    dated: bool
    language: str


def judge_sentences(
    found: Found, models: Models, weights: SupportWeights, *, as_of: date | None, most: int | None
) -> list[Candidate]:
    """The likeliest sentences of the passages read, with their support scores, best first.

    At most ``most`` are judged: a cross-encoder's time is spent on those that hold words
    of the question and the type of thing asked for, in the better passages. Reading all,
    not 12, chose another best sentence for 13 of 1,271 questions of seven sets.
    The logit of a pair that the reranker cannot read is 0; the cosine of an encoder that
    reads both counts instead. Ties by document id and span. All verdicts are "kept"; what
    is decided against gets another.
    """
    question = found.terms
    ranking = ranking_features(found.hits)
    sentences = [
        sentence
        for place, hit in enumerate(found.read)
        for sentence in _sentences(hit, found.documents[hit.passage.document_id], place)
    ]
    features = [
        read_features(
            question,
            sentence.words,
            lead=sentence.lead,
            around=sentence.around,
            sentence_logit=0.0,
            passage_logit=sentence.hit.reranked.score if sentence.hit.reranked else 0.0,
            ranking=ranking,
            currency=sentence_currency(question, sentence.words, dated=sentence.dated, as_of=as_of),
            names_known=found.names_known,
        )
        for sentence in sentences
    ]
    read = _likeliest(sentences, features, most)
    if not read:
        return []
    sentences, features = [sentences[at] for at in read], [features[at] for at in read]
    words = [sentence.words for sentence in sentences]
    languages = [sentence.language for sentence in sentences]
    unread = unread_pairs(question.text, words, languages, models.reranker)
    logits = _logits(question.text, sentences, unread, models.reranker)
    pairs = [
        (f"{sentence.lead} {sentence.words}".strip(), sentence.scored) for sentence in sentences
    ]
    cosines = similarities(question.text, pairs, languages, unread, models.encoder)
    candidates = [
        _judged(question, sentence, replace(known, sentence_logit=logit, similarity=near), weights)
        for sentence, known, logit, near in zip(sentences, features, logits, cosines, strict=True)
    ]
    return sorted(_notes_after(candidates), key=lambda c: (-c.support, c.document_id, c.span))


def _notes_after(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """The candidates, no footnote before a statement of its document that is nearly as good."""
    best: dict[str, float] = {}
    for each in candidates:
        if each.statement.kind != "note":
            best[each.document_id] = max(each.support, best.get(each.document_id, 0.0))
    for each in candidates:
        other = best.get(each.document_id, 0.0)
        beside = each.statement.kind == "note" and other >= each.support / 2
        yield replace(each, support=min(each.support, other)) if beside else each


def _likeliest(
    sentences: Sequence[_Sentence], features: Sequence[Features], most: int | None
) -> list[int]:
    """Positions of the sentences worth a cross-encoder's time, in order."""

    def promise(at: int) -> float:
        found = features[at]
        return (
            2.0 * found.sentence_coverage
            + float(found.type_match)
            + 0.1 * found.passage_logit
            - 0.15 * sentences[at].place
            + found.currency
        )

    order = sorted(range(len(sentences)), key=lambda at: (-promise(at), at))
    return sorted(order[:most])


def without_premise(candidates: Sequence[Candidate], weights: SupportWeights) -> list[Candidate]:
    """The candidates, in order, where the question takes for granted what nothing near says."""
    return [
        replace(
            candidate,
            features=replace(candidate.features, premise_stated=False),
            support=shifted(candidate.support, -weights.premise_stated),
        )
        for candidate in candidates
    ]


def _logits(
    question: str, sentences: Sequence[_Sentence], unread: frozenset[int], reranker: Reranker
) -> list[float]:
    read = [at for at in range(len(sentences)) if at not in unread]
    logits = [0.0] * len(sentences)
    scores = reranker.score(question, [sentences[at].scored for at in read])
    for at, logit in zip(read, scores.tolist(), strict=True):
        logits[at] = logit
    return logits


def _sentences(hit: Hit, document: Document, place: int) -> list[_Sentence]:
    passage = hit.passage
    published = document.published.isoformat() if document.published else ""
    around = f"{passage.title} {published} {' '.join(passage.headings)} {passage.search_text}"
    title = "" if _begins_with_title(document) else search_text(document.title)
    found: list[_Sentence] = []
    for statement in find_statements(
        document.text, document.blocks, document.language, passage.span
    ):
        words = _words(document, statement.span)
        # The title is context for every statement; beside them it answers nothing.
        is_title = statement.kind == "heading" and words.casefold() == title.casefold()
        if statement.kind in _NO_ANSWERS or is_title or not any(map(str.isalnum, words)):
            continue
        lead = " ".join(_words(document, span) for span in statement.context)
        # Pronouns and "the visit" get their meaning from the title.
        read = (title if words.casefold() != title.casefold() else "", lead)
        # Of a statement too long for a passage the part in this one.
        start = max(statement.span.start, passage.span.start)
        span = Span(start, max(start, min(statement.span.end, passage.span.end)))
        found.append(
            _Sentence(
                hit=hit,
                place=place,
                statement=replace(statement, span=span),
                quote=span.of(document.text),
                words=words,
                lead=lead,
                scored="".join(f"{part}. " for part in read if part) + words,
                around=around,
                dated=bool(published),
                language=document.language,
            )
        )
    return found


def _begins_with_title(document: Document) -> bool:
    """Whether the title is but the first sentence of the text, which may say anything."""
    if not document.title or not document.text.lstrip().startswith(document.title):
        return False
    start = len(document.text) - len(document.text.lstrip())
    first = find_statements(
        document.text, document.blocks, document.language, Span(start, start + 1)
    )
    return any(
        each.kind != "heading" and each.span.of(document.text) == document.title for each in first
    )


def _words(document: Document, span: Span) -> str:
    return search_text(visible_text(document.text, span, document.blocks, document.language))


def _judged(
    question: QuestionTerms, sentence: _Sentence, features: Features, weights: SupportWeights
) -> Candidate:
    support = support_score(features, weights)
    if (similarity := features.similarity) is not None:
        support = support_by_similarity(
            features,
            similarity,
            place=sentence.place,
            foreign=is_foreign(question.text, sentence.words, sentence.language),
        )
    return Candidate(
        document_id=sentence.hit.passage.document_id,
        passage_id=sentence.hit.passage.id,
        statement=sentence.statement,
        quote=sentence.quote,
        features=features,
        support=support,
        verdict=KEPT,
    )
