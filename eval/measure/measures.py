"""The metrics of a run by name: meaning, source and computation."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eval.errors import EvalError
from eval.measure.metrics import (
    DocumentSpan,
    average_precision,
    contains_answer,
    evidence_recall,
    exact_match,
    ndcg_at,
    recall_at,
    reciprocal_rank_at,
    slot_recall,
    token_f1,
    token_recall,
)
from eval.questions.answers import is_short

if TYPE_CHECKING:
    from eval.measure.aggregates import Floats, Weights
    from eval.records import QuestionRecord

STAGES = ("dense", "lexical", "hybrid", "reranked")
RECALL_DEPTHS = (1, 3, 4, 5, 10, 20, 100)

Aggregate = Callable[[Sequence["QuestionRecord"], "Weights"], "Floats"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric of a run.

    ``aggregate`` takes the records and resampling weights of shape (b, len(records)) and
    returns shape (b,); None for the mean of the per-question values of that name.
    ``binary``: each question's value is 0 or 1.
    """

    description: str
    source: str
    higher_is_better: bool = True
    binary: bool = False
    aggregate: Aggregate | None = None


def question_measures(record: QuestionRecord, *, answers: bool) -> dict[str, float | None]:
    """The values of one question by metric name, without those undefined for it.

    ``answers`` False: a retrieval-only run, in which nothing was answered.
    """
    found: dict[str, float | None] = {}
    if record.answerable and record.gold.documents:
        found |= _retrieval(record)
    if not answers:
        return found
    return found | _answer(record) | _citations(record) | _abstention(record) | _selection(record)


def _retrieval(record: QuestionRecord) -> dict[str, float | None]:
    relevant = record.gold.documents
    found: dict[str, float | None] = {}
    for stage in STAGES:
        ranking = record.rankings.get(stage, [])
        for k in RECALL_DEPTHS:
            found[f"retrieval.{stage}.recall@{k}"] = recall_at(k, ranking, relevant)
        found[f"retrieval.{stage}.ndcg@10"] = ndcg_at(10, ranking, relevant)
        found[f"retrieval.{stage}.mrr@10"] = reciprocal_rank_at(10, ranking, relevant)
        found[f"retrieval.{stage}.map"] = average_precision(ranking, relevant)
    return found


def _answer(record: QuestionRecord) -> dict[str, float | None]:
    claims = [claim.text for claim in record.sure_claims]
    answers, found = record.gold.answers, dict[str, float | None]()
    shown_right = bool(record.claims) and _is_right(record)
    right = bool(claims) and shown_right
    if record.answerable and answers:
        said = "\n".join(claims)
        if any(is_short(answer) for answer in answers):
            contains = float(contains_answer(said, answers, match=record.gold.match))
            wants_all = record.gold.match == "all"
            found["answer.contains_gold"] = contains
            found["answer.slot_recall"] = slot_recall(said, answers) if wants_all else contains
            found["answer.exact_match"] = float(any(exact_match(it, answers) for it in claims))
            if record.short is not None:
                short_right = contains_answer(record.short, answers, match="any")
                found["answer.short_right"] = float(short_right)
        found["answer.token_f1"] = max((token_f1(claim, answers) for claim in claims), default=0.0)
        found["answer.token_recall"] = token_recall(said, answers)
    if record.answerable and record.criterion is not None:
        found["answer.first_right"] = float(right)
        found["answer.first_right_shown"] = float(shown_right)
    if claims:
        found["answer.precision"] = float(record.answerable and right)
    return found


def _is_right(record: QuestionRecord) -> bool:
    """Whether the first claim is right; without a language model it is the best sentence."""
    if record.selection is None or record.selection.failure is not None:
        return bool(record.best_right)
    first = record.claims[0]
    match record.criterion:
        case "evidence":
            return any(cited.in_gold_evidence for cited in first.citations)
        case "answer":
            return contains_answer(first.text, record.gold.answers, match="any")
        case "document":
            return any(cited.in_gold_document for cited in first.citations)
    return False


def _citations(record: QuestionRecord) -> dict[str, float | None]:
    cited = [citation for claim in record.sure_claims for citation in claim.citations]
    located = [
        (piece.document, piece.start, piece.end)
        for piece in record.gold.evidence
        if piece.start is not None and piece.end is not None
    ]
    found: dict[str, float | None] = {}
    if record.answerable and located:
        places: list[DocumentSpan] = [(c.document, c.start, c.end) for c in cited]
        found["citation.recall"] = evidence_recall(places, located)
        if cited:
            found["citation.precision_evidence"] = _share(c.in_gold_evidence for c in cited)
    if record.answerable and record.gold.documents and cited:
        found["citation.precision_document"] = _share(c.in_gold_document for c in cited)
    if record.claims:
        shown = [citation for claim in record.claims for citation in claim.citations]
        found["citation.exactness"] = _share(c.exact for c in shown) if shown else 0.0
        found["citation.sentence_coverage"] = _share(bool(c.citations) for c in record.claims)
    return found


def _share(flags: Iterable[bool | None]) -> float:
    values = [bool(flag) for flag in flags]
    return sum(values) / len(values)


def _abstention(record: QuestionRecord) -> dict[str, float | None]:
    abstained = float(_abstained(record))
    found: dict[str, float | None] = {}
    if record.answerable:
        found["abstention.false_refusal"] = abstained
    else:
        found["abstention.not_answered_as_sure"] = float(abstained or record.outcome == "uncertain")
        found["abstention.refused_outright"] = abstained
    if abstained:
        found["abstention.precision"] = float(not record.answerable)
    return found


def _abstained(record: QuestionRecord) -> bool:
    """Whether it was refused outright. Failures count as wrong: of an answerable question, as
    an abstention."""
    return record.outcome == "abstained" or (record.outcome == "failed" and record.answerable)


def _selection(record: QuestionRecord) -> dict[str, float | None]:
    found = record.selection
    if found is None:
        return {}
    return {
        "selection.declined": float(found.declined),
        "selection.failed": float(found.failure is not None),
    }


# --- Metrics that are not means over questions -------------------------------------


def _abstention_f1(records: Sequence[QuestionRecord], weights: Weights) -> Floats:
    from eval.measure.aggregates import weighted_ratio

    abstained = [float(_abstained(r)) for r in records]
    unanswerable = [float(not r.answerable) for r in records]
    both = [2 * one * other for one, other in zip(abstained, unanswerable, strict=True)]
    return weighted_ratio(
        both, [a + b for a, b in zip(abstained, unanswerable, strict=True)], weights
    )


def _scores(records: Sequence[QuestionRecord]) -> list[float]:
    return [record.decision_score for record in records]


def _right(records: Sequence[QuestionRecord]) -> list[float]:
    """Whether the best sentence is a right answer, shown or not."""
    return [float(record.answerable and bool(record.best_right)) for record in records]


def _auroc(records: Sequence[QuestionRecord], weights: Weights) -> Floats:
    from eval.measure.aggregates import auroc

    return auroc(_scores(records), [float(r.answerable) for r in records], weights)


def _aurc(records: Sequence[QuestionRecord], weights: Weights) -> Floats:
    from eval.measure.aggregates import area_under_risk_coverage

    return area_under_risk_coverage(_scores(records), _right(records), weights)


def _coverage_at(risk: float) -> Aggregate:
    def aggregate(records: Sequence[QuestionRecord], weights: Weights) -> Floats:
        from eval.measure.aggregates import coverage_at_risk

        return coverage_at_risk(_scores(records), _right(records), weights, risk=risk)

    return aggregate


# --- The registry ------------------------------------------------------------------

_SQUAD = "Rajpurkar et al., EMNLP 2016"
_SELECTIVE = "El-Yaniv & Wiener, JMLR 2010"
_OURS = "Footnote"

_ANSWERS: Mapping[str, Measure] = {
    "answer.contains_gold": Measure(
        "answerable questions whose answer contains a gold answer (all of them where the set "
        "requires all), normalised as in SQuAD, Chinese by character; for gold answers of at most "
        "twelve words",
        _SQUAD,
        binary=True,
    ),
    "answer.slot_recall": Measure(
        "share of the gold answers of a list that the answer contains; for other questions as "
        "contains_gold",
        _OURS,
    ),
    "answer.exact_match": Measure(
        "answerable questions with a sentence that equals a gold answer; low for whole sentences",
        _SQUAD,
        binary=True,
    ),
    "answer.short_right": Measure(
        "short answers given to answerable questions that contain a gold answer, as of "
        "contains_gold",
        _OURS,
        binary=True,
    ),
    "answer.token_f1": Measure(
        "F1 of the words (Chinese: characters) of the sentence nearest to a gold answer",
        _SQUAD,
    ),
    "answer.token_recall": Measure(
        "share of the words (Chinese: characters) of a gold answer that the answer contains; for "
        "gold answers in prose",
        "Adlakha et al., TACL 2024",
    ),
    "answer.first_right": Measure(
        "answerable questions answered with the best-supported sentence right (of a language "
        "model's choice, the first): it overlaps gold evidence, else contains a gold answer, "
        "else is from a gold document; sure answers only",
        _OURS,
        binary=True,
    ),
    "answer.first_right_shown": Measure(
        "the same, counting uncertain answers too", _OURS, binary=True
    ),
    "answer.precision": Measure(
        "questions given a sure answer with that sentence right; answering an unanswerable "
        "question is wrong",
        _SELECTIVE,
        binary=True,
    ),
}
_CITATIONS: Mapping[str, Measure] = {
    "citation.precision_evidence": Measure(
        "citations of answerable questions that overlap gold evidence",
        "Gao et al., EMNLP 2023, with gold spans for the judge",
    ),
    "citation.precision_document": Measure(
        "citations of answerable questions that are of a gold document",
        "Gao et al., EMNLP 2023, with gold documents for the judge",
    ),
    "citation.recall": Measure(
        "share of the gold evidence that citations overlap, including evidence that repeats or "
        "translates other evidence; 0 for an abstention",
        "Gao et al., EMNLP 2023, with gold spans for the judge",
    ),
    "citation.exactness": Measure(
        "citations whose quote is the stored text at their span; must be 1", _OURS
    ),
    "citation.sentence_coverage": Measure(
        "sentences of answers that have a citation; must be 1", _OURS
    ),
}
_ABSTENTION: Mapping[str, Measure] = {
    "abstention.not_answered_as_sure": Measure(
        "unanswerable questions refused, or given an uncertain answer", _SELECTIVE, binary=True
    ),
    "abstention.refused_outright": Measure(
        "unanswerable questions refused, which is the recall of abstention",
        _SELECTIVE,
        binary=True,
    ),
    "abstention.precision": Measure(
        "refused questions that are unanswerable", _SELECTIVE, binary=True
    ),
    "abstention.f1": Measure(
        "harmonic mean of refused_outright and precision",
        "van Rijsbergen 1979",
        aggregate=_abstention_f1,
    ),
    "abstention.false_refusal": Measure(
        "answerable questions refused: given neither a sure answer nor an uncertain one",
        _SELECTIVE,
        higher_is_better=False,
        binary=True,
    ),
    "abstention.auroc": Measure(
        "probability that an answerable question has a higher decision score than an "
        "unanswerable one",
        "Hanley & McNeil, Radiology 1982",
        aggregate=_auroc,
    ),
    "abstention.aurc": Measure(
        "area under the risk-coverage curve of the decision score: mean share of wrong answers "
        "over all thresholds",
        "Geifman & El-Yaniv, NIPS 2017",
        higher_is_better=False,
        aggregate=_aurc,
    ),
    "abstention.coverage_at_5": Measure(
        "largest share of questions that some threshold answers with at most 5% wrong",
        _SELECTIVE,
        aggregate=_coverage_at(0.05),
    ),
    "abstention.coverage_at_10": Measure(
        "largest share of questions that some threshold answers with at most 10% wrong",
        _SELECTIVE,
        aggregate=_coverage_at(0.10),
    ),
}

_SELECTION: Mapping[str, Measure] = {
    "selection.declined": Measure(
        "questions put to a language model of which it chose no statement",
        _OURS,
        higher_is_better=False,
        binary=True,
    ),
    "selection.failed": Measure(
        "questions put to a language model that gave no usable choice",
        _OURS,
        higher_is_better=False,
        binary=True,
    ),
}


def _retrieval_measures() -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    for stage in STAGES:
        for k in RECALL_DEPTHS:
            found[f"retrieval.{stage}.recall@{k}"] = Measure(
                f"gold documents among the first {k}", "Manning et al. 2008, chapter 8"
            )
        found[f"retrieval.{stage}.ndcg@10"] = Measure(
            "gold documents among the first 10, discounted by rank, over the ideal ranking",
            "Järvelin & Kekäläinen, TOIS 2002",
        )
        found[f"retrieval.{stage}.mrr@10"] = Measure(
            "1 / rank of the first gold document among the first 10", "Voorhees, TREC-8 1999"
        )
        found[f"retrieval.{stage}.map"] = Measure(
            "precision at each gold document among the first 100, averaged",
            "Buckley & Voorhees, SIGIR 2000",
        )
    return found


# In the order in which they are shown.
MEASURES: Mapping[str, Measure] = {
    **_ANSWERS,
    **_CITATIONS,
    **_ABSTENTION,
    **_SELECTION,
    **_retrieval_measures(),
}

# Shown where there is no room for all.
HEADLINE = (
    "answer.contains_gold",
    "answer.token_recall",
    "answer.first_right",
    "answer.first_right_shown",
    "answer.precision",
    "citation.precision_evidence",
    "citation.recall",
    "citation.exactness",
    "abstention.not_answered_as_sure",
    "abstention.refused_outright",
    "abstention.false_refusal",
    "abstention.auroc",
    "abstention.aurc",
    "retrieval.hybrid.recall@10",
    "retrieval.reranked.ndcg@10",
)


def check_metric(name: str) -> str:
    """The name, if it is one of a metric.

    Raises:
        EvalError: it is not; the message suggests the closest.
    """
    if name not in MEASURES:
        close = difflib.get_close_matches(name, MEASURES, n=1)
        raise EvalError(
            f"no metric '{name}'", remedy=f"did you mean '{close[0]}'?" if close else None
        )
    return name
