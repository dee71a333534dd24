"""A question's way to its outcome, stage by stage, from top to bottom.

    understand -> retrieve -> read -> decide -> compose -> verify -> finish

Each stage takes values and returns values. The pipeline tells what happens as events, which
every way in consumes; closing the iterator cancels the question. The store is read in one
stage only, and its view is closed before anything is composed or a language model chooses.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from rag.answer.abstain import (
    cite_mentions,
    explain_abstention,
    explain_shortfall,
    nearest_passages,
)
from rag.answer.compose import compose_quotes
from rag.answer.conflict import find_conflict
from rag.answer.context import add_context
from rag.answer.decide import Decision, decide_by_choice, decide_by_support
from rag.answer.retrieval import Found, find_passages
from rag.answer.rules.evidence import Circumstances, judge_sentences, without_premise
from rag.answer.rules.lists import MOST_ITEMS, asks_list, find_list_items
from rag.answer.rules.short import find_short_answer
from rag.answer.rules.shortfall import Shortfall, WordCounts, find_shortfall
from rag.answer.rules.support import ranking_features
from rag.answer.stopwatch import Stopwatch
from rag.answer.verify import verify_claim
from rag.generate.base import LanguageModel
from rag.generate.select import Offer, select_statements
from rag.generate.standalone import standalone_with_model
from rag.models import Models, model_errors
from rag.question.analysis import QuestionTerms, analyse_question
from rag.question.followup import standalone_question
from rag.settings import CHINESE_WEIGHTS, Settings, SupportWeights
from rag.store.base import Store
from rag.types import (
    Abstention,
    AbstentionReason,
    Answer,
    Candidate,
    Claimed,
    Document,
    Event,
    Finished,
    ModelIdentity,
    Outcome,
    Question,
    Ranked,
    Read,
    Selection,
    Understood,
    Waiting,
)

__all__ = ["MAX_QUESTION_CHARACTERS", "QueryContext", "answer_question"]

# Longer ones leave the reranker no room for the passage.
MAX_QUESTION_CHARACTERS = 1000
# Passages whose sentences a language model may choose from.
_MODEL_READS = 8


@dataclass(frozen=True, slots=True)
class QueryContext:
    """What one question is answered with; the same for every stage.

    ``limit`` is how many of the best passages are read sentence by sentence. ``stopwatch``
    takes the wall time of each stage.
    """

    question: Question
    store: Store
    models: Models
    settings: Settings
    limit: int
    stopwatch: Stopwatch


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the best passages say: their sentences judged, best first, and what is missing."""

    candidates: tuple[Candidate, ...]
    shortfall: Shortfall


def answer_question(context: QueryContext) -> Generator[Event, None, None]:
    """Tell a question's way as events, the last of which is Finished with the outcome.

    Raises:
        IndexMismatchError: the index was built with another encoder.
        ModelError: a model could not be loaded or run.
        SettingsError: the language model's key is not set.
    """
    started = time.perf_counter()
    understood = yield from _understand(context)
    yield Understood(understood)
    terms = analyse_question(understood)
    found = _retrieve(context, understood, terms)
    yield Ranked(found.hits)
    evidence = _read(context, terms, found)
    yield Read(evidence.candidates)
    decision, selection = yield from _decide(context, terms, found, evidence)
    outcome: Outcome
    if decision.statements:
        outcome = _answer(context, terms, found, decision, selection)
    else:
        outcome = _abstain(context, terms, found, evidence, decision, selection)
    timings = {**context.stopwatch.laps, "total": (time.perf_counter() - started) * 1000}
    outcome = replace(outcome, timings_ms=timings)
    if isinstance(outcome, Answer):
        for claim in outcome.claims:
            yield Claimed(claim)
    yield Finished(outcome)


# -- understand


def _understand(context: QueryContext) -> Generator[Waiting, None, str]:
    """The question without need of its history: by rules, or in a language model's words
    where one is configured and they keep what was asked."""
    question = context.question
    by_rules = standalone_question(question.text, question.history, limit=MAX_QUESTION_CHARACTERS)
    # What the rules leave alone stands by itself; a model would take seconds to agree.
    if by_rules == question.text:
        return by_rules
    model = context.models.language_model
    if model is None:
        return by_rules
    with context.stopwatch.time("rewrite"):
        reworded = yield from standalone_with_model(
            question.text,
            question.history,
            model,
            deadline_seconds=context.settings.language_model.timeout_seconds,
            limit=MAX_QUESTION_CHARACTERS,
        )
    return reworded or by_rules


# -- retrieve


def _retrieve(context: QueryContext, understood: str, terms: QuestionTerms) -> Found:
    """The passages, with all that later stages need of the store."""
    limit = context.limit
    if context.models.language_model is not None:
        limit = max(limit, _MODEL_READS)
    return find_passages(
        context.store,
        replace(context.question, text=understood, history=()),
        terms,
        context.models,
        context.settings.retrieve,
        context.stopwatch,
        read=limit,
        nearest=context.settings.answer.nearest,
    )


# -- read


def _read(context: QueryContext, terms: QuestionTerms, found: Found) -> Evidence:
    """Judge the sentences of the passages that are read."""
    answer = context.settings.answer
    weights = _weights(context, terms)
    # An item of a list need not look like an answer, and a model chooses among all.
    whole = asks_list(terms) or context.models.language_model is not None
    with context.stopwatch.time("judge"), model_errors():
        candidates = (
            judge_sentences(
                terms,
                found.read,
                found.documents,
                context.models.reranker,
                encoder=context.models.encoder,
                circumstances=Circumstances(
                    ranking=ranking_features(found.hits),
                    names_known=found.names_known,
                    as_of=context.question.as_of,
                ),
                weights=weights,
                most=None if whole else answer.sentences,
            )
            if found.read
            else []
        )
        judged = {candidate.passage_id for candidate in candidates}
        hits = [hit for hit in found.read if hit.passage.id in judged]
        shortfall = find_shortfall(
            terms,
            candidates,
            hits or found.hits[: answer.passages],
            WordCounts(found.passage_count, found.frequencies),
        )
        if shortfall.kind == "premise":
            candidates = without_premise(candidates, weights)
    return Evidence(tuple(candidates), shortfall)


def _weights(context: QueryContext, terms: QuestionTerms) -> SupportWeights:
    return CHINESE_WEIGHTS if terms.chinese else context.settings.support


# -- decide


def _decide(
    context: QueryContext, terms: QuestionTerms, found: Found, evidence: Evidence
) -> Generator[Waiting, None, tuple[Decision, Selection | None]]:
    """Which sentences answer: those that a language model chooses, where one is configured
    and replies, else by their support."""
    settings = context.settings.answer
    candidates = evidence.candidates
    conflicting = find_conflict(
        terms, candidates, found.documents, min_support=settings.min_support
    )
    model = context.models.language_model
    selection = None
    if model is not None and candidates:
        with context.stopwatch.time("select"):
            selection = yield from _select(context, model, terms, found, candidates)
        if selection.failure is None:
            chosen = [candidates[number - 1] for number in selection.chosen]
            return decide_by_choice(candidates, chosen, conflicting=conflicting), selection
    items = (
        ()
        if conflicting
        else find_list_items(terms, candidates, found.documents, min_support=settings.min_support)
    )
    return (
        decide_by_support(candidates, settings, conflicting=conflicting, items=items),
        selection,
    )


def _select(
    context: QueryContext,
    model: LanguageModel,
    terms: QuestionTerms,
    found: Found,
    candidates: Sequence[Candidate],
) -> Generator[Waiting, None, Selection]:
    answer = context.settings.answer
    offers = [
        Offer(candidate.quote, _heading(found.documents[candidate.document_id]))
        for candidate in candidates
    ]
    return (
        yield from select_statements(
            found.question.text,
            offers,
            model,
            context.settings.language_model,
            most=max(answer.max_claims, MOST_ITEMS) if asks_list(terms) else answer.max_claims,
        )
    )


def _heading(document: Document) -> str:
    published = document.published
    dated = published.isoformat() if published else ""
    return ", ".join(filter(None, (document.title, dated)))


# -- compose, verify, finish


def _answer(
    context: QueryContext,
    terms: QuestionTerms,
    found: Found,
    decision: Decision,
    selection: Selection | None,
) -> Answer:
    with context.stopwatch.time("compose"):
        quotes = compose_quotes(decision.statements, found.documents)
        claims = add_context(quotes, found.documents)
        for claim in claims:
            verify_claim(claim, found.documents)
        # One value would hide the others.
        short = None if decision.conflict else find_short_answer(terms, quotes, found.documents)
    return Answer(
        question=context.question,
        standalone=_standalone(context, found),
        claims=claims,
        ranking=found.hits,
        candidates=decision.candidates,
        models=_models(context, found, selection),
        generation=found.generation,
        timings_ms={},
        short_answer=short,
        conflict=decision.conflict,
        selection=selection,
    )


def _abstain(
    context: QueryContext,
    terms: QuestionTerms,
    found: Found,
    evidence: Evidence,
    decision: Decision,
    selection: Selection | None,
) -> Abstention:
    reason = _reason(found, selection)
    # Where filters kept passages away, nothing is known of what the archive lacks.
    explained = reason == "insufficient_evidence" or (
        reason == "no_match" and not context.question.scope
    )
    shortfall = evidence.shortfall
    return Abstention(
        question=context.question,
        standalone=_standalone(context, found),
        reason=reason,
        kind=shortfall.kind if explained else None,
        explanation=(
            explain_shortfall(terms, shortfall)
            if explained
            else explain_abstention(reason, context.question.scope, chinese=terms.chinese)
        ),
        mentions=(
            cite_mentions(shortfall.mentions, found.documents)
            if explained or reason == "none_chosen"
            else ()
        ),
        nearest=nearest_passages(found.hits[: context.settings.answer.nearest], found.documents),
        ranking=found.hits,
        candidates=decision.candidates,
        models=_models(context, found, selection),
        generation=found.generation,
        timings_ms={},
        selection=selection,
    )


def _reason(found: Found, selection: Selection | None) -> AbstentionReason:
    if found.nothing is not None:
        return found.nothing
    return "none_chosen" if selection and selection.declined else "insufficient_evidence"


def _standalone(context: QueryContext, found: Found) -> str | None:
    understood = found.question.text
    return understood if understood != context.question.text else None


def _models(
    context: QueryContext, found: Found, selection: Selection | None
) -> dict[str, ModelIdentity]:
    """The models that took part."""
    models: dict[str, ModelIdentity] = {}
    laps = context.stopwatch.laps
    if "encode" in laps:
        identity = context.models.encoder.identity
        models["encoder"] = ModelIdentity(identity.name, identity.revision)
    if "rerank" in laps:
        reranker = context.models.reranker
        models["reranker"] = ModelIdentity(reranker.name, reranker.revision)
    if selection is not None:
        models["language_model"] = selection.model
    return models
