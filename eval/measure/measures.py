"""The metrics of a run by name: what each means, where it comes from, how it is taken."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eval.errors import EvalError
from eval.measure.metrics import (
    Place,
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

__all__ = ["HEADLINE", "MEASURES", "STAGES", "Measure", "check_metric", "question_measures"]

STAGES = ("dense", "lexical", "hybrid", "reranked")
RECALL_DEPTHS = (1, 3, 5, 10, 20, 100)

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
    """The values of one question by metric name; those not defined for it are left out.

    ``answers`` False: it was only searched for, so nothing was to be answered or refused.
    """
    found: dict[str, float | None] = {}
    if record.answerable and record.gold.documents:
        found |= _retrieval(record)
    if not answers:
        return found
    return found | _answer(record) | _citations(record) | _refusal(record) | _draft(record)


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
    claims = [claim.text for claim in record.claims]
    answers, found = record.gold.answers, dict[str, float | None]()
    right = bool(claims) and _is_right(record)
    if record.answerable and answers:
        said = "\n".join(claims)
        if any(is_short(answer) for answer in answers):
            contains = float(contains_answer(said, answers, match=record.gold.match))
            wants_all = record.gold.match == "all"
            found["answer.contains_gold"] = contains
            found["answer.slot_recall"] = slot_recall(said, answers) if wants_all else contains
            found["answer.exact_match"] = float(any(exact_match(it, answers) for it in claims))
        found["answer.token_f1"] = max((token_f1(claim, answers) for claim in claims), default=0.0)
        found["answer.token_recall"] = token_recall(said, answers)
    if record.answerable and record.criterion is not None:
        found["answer.first_right"] = float(right)
    if claims:
        found["answer.precision"] = float(record.answerable and right)
    return found


def _is_right(record: QuestionRecord) -> bool:
    """Whether the best-supported sentence said is right; a model's is its own."""
    if record.composer != "generative":
        return bool(record.best_right)
    first = max(record.claims, key=lambda claim: claim.support)
    match record.criterion:
        case "evidence":
            return any(cited.in_gold_evidence for cited in first.citations)
        case "answer":
            return contains_answer(first.text, record.gold.answers, match="any")
        case "document":
            return any(cited.in_gold_document for cited in first.citations)
    return False


def _citations(record: QuestionRecord) -> dict[str, float | None]:
    cited = [citation for claim in record.claims for citation in claim.citations]
    located = [
        (piece.document, piece.start, piece.end)
        for piece in record.gold.evidence
        if piece.start is not None and piece.end is not None
    ]
    found: dict[str, float | None] = {}
    if record.answerable and located:
        places: list[Place] = [(c.document, c.start, c.end) for c in cited]
        found["citation.recall"] = evidence_recall(places, located)
        if cited:
            found["citation.precision_evidence"] = _share(c.in_gold_evidence for c in cited)
    if record.answerable and record.gold.documents and cited:
        found["citation.precision_document"] = _share(c.in_gold_document for c in cited)
    if record.claims:
        found["citation.exactness"] = _share(c.exact for c in cited) if cited else 0.0
        found["citation.sentence_coverage"] = _share(bool(c.citations) for c in record.claims)
    return found


def _share(flags: Iterable[bool | None]) -> float:
    values = [bool(flag) for flag in flags]
    return sum(values) / len(values)


def _refusal(record: QuestionRecord) -> dict[str, float | None]:
    refused = float(_refused(record))
    found: dict[str, float | None] = {}
    found["abstention.false_refusal" if record.answerable else "abstention.recall"] = refused
    if refused:
        found["abstention.precision"] = float(not record.answerable)
    return found


def _refused(record: QuestionRecord) -> bool:
    """A failure counts as the wrong thing: of an answerable question, as a refusal."""
    return record.outcome == "abstained" or (record.outcome == "failed" and record.answerable)


def _draft(record: QuestionRecord) -> dict[str, float | None]:
    draft = record.draft
    if draft is None:
        return {}
    found: dict[str, float | None] = {
        "draft.said": float(record.composer == "generative"),
        "draft.declined": float(draft.declined),
    }
    if draft.sentences:
        withheld = (each.verdict not in ("found", "misattributed") for each in draft.sentences)
        found["draft.withheld"] = _share(withheld)
        found["draft.misattributed"] = _share(e.verdict == "misattributed" for e in draft.sentences)
    return found


# --- Metrics that are no mean over questions ---------------------------------------


def _refusal_f1(records: Sequence[QuestionRecord], weights: Weights) -> Floats:
    from eval.measure.aggregates import weighted_ratio

    refused = [float(_refused(r)) for r in records]
    silent = [float(not r.answerable) for r in records]
    both = [2 * one * other for one, other in zip(refused, silent, strict=True)]
    return weighted_ratio(both, [a + b for a, b in zip(refused, silent, strict=True)], weights)


def _scores(records: Sequence[QuestionRecord]) -> list[float]:
    return [record.decision_score for record in records]


def _right(records: Sequence[QuestionRecord]) -> list[float]:
    """Whether the best sentence would be a right answer, said or not."""
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
        "answerable questions whose answer holds a gold answer (all of them where the set "
        "asks for all), normalised as SQuAD does; characters for Chinese; of sets with gold "
        "answers of at most twelve words",
        _SQUAD,
        binary=True,
    ),
    "answer.slot_recall": Measure(
        "share of the gold answers of a list that the answer holds; for other questions as "
        "contains_gold",
        _OURS,
    ),
    "answer.exact_match": Measure(
        "answerable questions with a sentence that equals a gold answer; low for whole sentences",
        _SQUAD,
        binary=True,
    ),
    "answer.token_f1": Measure(
        "F1 of the words (Chinese: characters) of the sentence nearest to a gold answer",
        _SQUAD,
    ),
    "answer.token_recall": Measure(
        "share of the words (Chinese: characters) of a gold answer that the answer holds; for "
        "gold answers in prose",
        "Adlakha et al., TACL 2024",
    ),
    "answer.first_right": Measure(
        "answerable questions that are answered, with the best-supported sentence right: on "
        "gold evidence, else holding a gold answer, else from a gold document",
        _OURS,
        binary=True,
    ),
    "answer.precision": Measure(
        "answered questions whose best-supported sentence is right; answering where the archive "
        "is silent is wrong",
        _SELECTIVE,
        binary=True,
    ),
}
_CITATIONS: Mapping[str, Measure] = {
    "citation.precision_evidence": Measure(
        "citations of an answerable question that overlap gold evidence",
        "Gao et al., EMNLP 2023, with gold spans for the judge",
    ),
    "citation.precision_document": Measure(
        "citations of an answerable question that are of a gold document",
        "Gao et al., EMNLP 2023, with gold documents for the judge",
    ),
    "citation.recall": Measure(
        "share of the gold evidence that citations overlap, also of evidence that repeats or "
        "translates other; nothing is covered where nothing is said",
        "Gao et al., EMNLP 2023, with gold spans for the judge",
    ),
    "citation.exactness": Measure(
        "citations whose quote is what the stored text says at their span; must be 1", _OURS
    ),
    "citation.sentence_coverage": Measure(
        "sentences of answers that have a citation; must be 1", _OURS
    ),
}
_ABSTENTION: Mapping[str, Measure] = {
    "abstention.precision": Measure(
        "refused questions that the archive indeed does not answer", _SELECTIVE, binary=True
    ),
    "abstention.recall": Measure(
        "questions that the archive does not answer, refused", _SELECTIVE, binary=True
    ),
    "abstention.f1": Measure(
        "harmonic mean of the two", "van Rijsbergen 1979", aggregate=_refusal_f1
    ),
    "abstention.false_refusal": Measure(
        "answerable questions that are refused", _SELECTIVE, higher_is_better=False, binary=True
    ),
    "abstention.auroc": Measure(
        "chance that an answerable question has a higher decision score than one that is not",
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
        "largest share of questions a threshold answers with at most 5% wrong, in hindsight",
        _SELECTIVE,
        aggregate=_coverage_at(0.05),
    ),
    "abstention.coverage_at_10": Measure(
        "largest share of questions a threshold answers with at most 10% wrong, in hindsight",
        _SELECTIVE,
        aggregate=_coverage_at(0.10),
    ),
}

_DRAFTS: Mapping[str, Measure] = {
    "draft.said": Measure(
        "questions that a language model wrote for whose answer is in its words", _OURS, binary=True
    ),
    "draft.declined": Measure(
        "questions that a language model wrote for of which it said that the passages do not "
        "answer",
        _OURS,
        higher_is_better=False,
        binary=True,
    ),
    "draft.withheld": Measure(
        "share of the sentences of a draft that were withheld, for want of support",
        _OURS,
        higher_is_better=False,
    ),
    "draft.misattributed": Measure(
        "share of the sentences of a draft that were said with another citation than the "
        "language model's",
        _OURS,
        higher_is_better=False,
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
    **_DRAFTS,
    **_retrieval_measures(),
}

# What a table without room for all shows.
HEADLINE = (
    "answer.contains_gold",
    "answer.token_recall",
    "answer.first_right",
    "answer.precision",
    "citation.precision_evidence",
    "citation.recall",
    "citation.exactness",
    "abstention.recall",
    "abstention.false_refusal",
    "abstention.auroc",
    "abstention.aurc",
    "retrieval.hybrid.recall@10",
    "retrieval.reranked.ndcg@10",
)


def check_metric(name: str) -> str:
    """The name, if it is one of a metric.

    Raises:
        EvalError: it is none; the message names the nearest.
    """
    if name not in MEASURES:
        close = difflib.get_close_matches(name, MEASURES, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise EvalError(f"no metric '{name}'{hint}")
    return name
