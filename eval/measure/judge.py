"""Judge an outcome by its gold: the record of a question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from eval.measure.measures import STAGES, question_measures
from eval.measure.metrics import contains_answer
from eval.questions.answers import is_short
from eval.questions.cases import Case, Gold
from eval.questions.library import Library
from eval.records import (
    ClaimRecord,
    Criterion,
    EvidenceRecord,
    GoldRecord,
    ModelRecord,
    QuestionRecord,
    SelectionRecord,
    SentenceRecord,
    TurnRecord,
)
from rag.question.followup import standalone_question
from rag.types import Abstention, Answer, Candidate, Citation, Hit, Outcome, Span, StageScore

# Documents of a ranking that are kept: the deepest recall is at 100.
RANKING_DEPTH = 100
# Code points of the source shown before and after a citation.
CONTEXT_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges outcomes by their gold. ``count_tokens`` counts context and answer;
    ``answers`` is False for retrieval-only runs."""

    library: Library
    count_tokens: Callable[[str], int]
    answers: bool

    def answered(self, case: Case, outcome: Outcome) -> QuestionRecord:
        """The record of a question that was answered, surely or not, or refused."""
        candidates = sorted(outcome.candidates, key=lambda c: -c.support)
        first = candidates[0] if candidates else None
        best = self._sentence(first.document_id, first.span, first.quote, case) if first else None
        criterion = criterion_of(case)
        claims = outcome.claims if isinstance(outcome, Answer) else ()
        abstained = outcome if isinstance(outcome, Abstention) else None
        return self._finish(
            case,
            outcome=_name_of(outcome),
            standalone=outcome.standalone,
            reason=abstained.reason if abstained else None,
            kind=abstained.kind if abstained else None,
            explanation=abstained.explanation if abstained else None,
            claims=[
                ClaimRecord(
                    text=claim.text,
                    support=claim.support,
                    citations=self._citations(claim.citations, case),
                )
                for claim in claims
            ],
            short=_short_answer(outcome),
            composer=outcome.composer if isinstance(outcome, Answer) else None,
            selection=_selection(outcome),
            nearest=self._citations(abstained.nearest if abstained else (), case),
            best=best,
            best_right=_is_right(best, case, criterion),
            decision_score=first.support if first else 0.0,
            features=_features(first) if first else {},
            rankings=self.rankings(outcome.ranking),
            timings_ms=dict(outcome.timings_ms),
            tokens={
                "context": self._context_tokens(outcome),
                "answer": sum(self.count_tokens(claim.text) for claim in claims),
            },
        )

    def retrieved(
        self, case: Case, hits: Sequence[Hit], timings_ms: Mapping[str, float]
    ) -> QuestionRecord:
        """The record of a question in a retrieval-only run."""
        understood = standalone_question(case.question, case.history)
        return self._finish(
            case,
            outcome="searched",
            standalone=understood if understood != case.question else None,
            rankings=self.rankings(hits),
            timings_ms=dict(timings_ms),
        )

    def failed(self, case: Case, error: Exception) -> QuestionRecord:
        """The record of a question that could not be asked."""
        return self._finish(case, outcome="failed", error=str(error), rankings=self.rankings(()))

    def _finish(self, case: Case, **values: object) -> QuestionRecord:
        record = QuestionRecord.model_validate(
            {
                "id": case.id,
                "question": case.question,
                "history": [TurnRecord(role=t.role, text=t.text) for t in case.history],
                "standalone": None,
                "language": case.language,
                "type": case.type,
                "attributes": dict(case.attributes),
                "as_of": case.as_of.isoformat() if case.as_of else None,
                "answerable": case.answerable,
                "gold": _gold(case.gold),
                "reason": None,
                "kind": None,
                "explanation": None,
                "error": None,
                "claims": [],
                "short": None,
                "composer": None,
                "selection": None,
                "nearest": [],
                "best": None,
                "best_right": None,
                "criterion": criterion_of(case),
                "decision_score": 0.0,
                "features": {},
                "timings_ms": {},
                "tokens": {"context": 0, "answer": 0},
                "measures": {},
            }
            | values
        )
        return record.model_copy(
            update={"measures": question_measures(record, answers=self.answers)}
        )

    def rankings(self, hits: Sequence[Hit]) -> dict[str, list[str]]:
        """Documents by stage, each once at its best passage, best first."""
        by_stage = {
            "dense": _ordered((hit, hit.dense) for hit in hits),
            "lexical": _ordered((hit, hit.lexical) for hit in hits),
            "hybrid": _ordered((hit, hit.fused) for hit in hits),
            # In their final order.
            "reranked": list(hits),
        }
        return {stage: self._documents(by_stage[stage]) for stage in STAGES}

    def _documents(self, hits: Iterable[Hit]) -> list[str]:
        keys = dict.fromkeys(self.library.key(hit.passage.document_id) for hit in hits)
        return list(keys)[:RANKING_DEPTH]

    def _context_tokens(self, outcome: Outcome) -> int:
        read = dict.fromkeys(candidate.passage_id for candidate in outcome.candidates)
        texts = [h.passage.search_text for h in outcome.ranking if h.passage.id in read]
        return sum(self.count_tokens(text) for text in texts)

    def _citations(self, citations: Sequence[Citation], case: Case) -> list[SentenceRecord]:
        return [self._sentence(c.document_id, c.span, c.quote, case) for c in citations]

    def _sentence(self, document_id: str, span: Span, quote: str, case: Case) -> SentenceRecord:
        key = self.library.key(document_id)
        document = self.library.document(key)
        text = document.text
        return SentenceRecord(
            document=key,
            title=document.title,
            # The name in the question set, not a path of this machine.
            source=key,
            published=document.published.isoformat() if document.published else None,
            start=span.start,
            end=span.end,
            quote=quote,
            before=text[max(0, span.start - CONTEXT_CHARACTERS) : span.start],
            after=text[span.end : span.end + CONTEXT_CHARACTERS],
            exact=span.of(text) == quote,
            in_gold_evidence=_overlaps_gold(key, span, case),
            in_gold_document=key in case.gold.documents if case.gold.documents else None,
        )


def _ordered(scored: Iterable[tuple[Hit, StageScore | None]]) -> list[Hit]:
    seen = [(score.rank, hit) for hit, score in scored if score is not None]
    return [hit for _, hit in sorted(seen, key=lambda pair: pair[0])]


def _name_of(outcome: Outcome) -> str:
    if isinstance(outcome, Abstention):
        return "abstained"
    return "answered" if outcome.sure else "uncertain"


def _short_answer(outcome: Outcome) -> str | None:
    if isinstance(outcome, Abstention) or outcome.short_answer is None:
        return None
    return outcome.short_answer.shown


def _selection(outcome: Outcome) -> SelectionRecord | None:
    found = outcome.selection
    if found is None:
        return None
    took = outcome.timings_ms.get("select")
    return SelectionRecord(
        model=ModelRecord(name=found.model.name, revision=found.model.revision),
        prompt=found.prompt,
        shown=found.shown,
        chosen=list(found.chosen),
        declined=found.declined,
        failure=found.failure,
        seconds=None if took is None else round(took / 1000, 3),
    )


def _features(candidate: Candidate) -> dict[str, float]:
    values = asdict(candidate.features)
    return {name: round(float(value), 5) for name, value in values.items() if value is not None}


def criterion_of(case: Case) -> Criterion | None:
    """How the best sentence of a case is judged; None for an unanswerable one."""
    if not case.answerable:
        return None
    if any(piece.span is not None for piece in case.gold.evidence):
        return "evidence"
    if any(is_short(answer) for answer in case.gold.answers):
        return "answer"
    return "document" if case.gold.documents else None


def _is_right(best: SentenceRecord | None, case: Case, criterion: Criterion | None) -> bool | None:
    if criterion is None:
        return None
    if best is None:
        return False
    match criterion:
        case "evidence":
            return bool(best.in_gold_evidence)
        case "answer":
            # Of a list, one sentence need only contain one; slot_recall counts all.
            return contains_answer(best.quote, case.gold.answers, match="any")
        case "document":
            return bool(best.in_gold_document)


def _overlaps_gold(key: str, span: Span, case: Case) -> bool | None:
    located = [piece for piece in case.gold.evidence if piece.span is not None]
    if not located:
        return None
    return any(
        piece.document == key and piece.span is not None and piece.span.overlaps(span)
        for piece in located
    )


def _gold(gold: Gold) -> GoldRecord:
    return GoldRecord(
        answers=list(gold.answers),
        match=gold.match,
        documents=list(gold.documents),
        evidence=[
            EvidenceRecord(
                document=piece.document,
                start=piece.span.start if piece.span else None,
                end=piece.span.end if piece.span else None,
                quote=piece.quote,
            )
            for piece in gold.evidence
        ],
    )
