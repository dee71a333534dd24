"""A question's way to its outcome, stage by stage, from top to bottom.

    understand -> retrieve -> read -> decide -> compose -> verify -> finish

Each stage takes values and returns values. The pipeline tells what happens as events, which
every way in consumes; closing the iterator cancels the question. The store is read in one
stage only, and its view is closed before anything is composed or a language model chooses.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import replace

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
from rag.answer.judge import judge_statements
from rag.answer.query import QueryContext
from rag.answer.reading import PassagesRead, read_passages
from rag.answer.retrieval import Found, find_passages
from rag.answer.rules.lists import MOST_ITEMS, asks_list, counts_items, find_list_items
from rag.answer.short import find_short_answer
from rag.answer.shortfall import Shortfall, WordCounts, find_shortfall
from rag.answer.verify import verify_claim
from rag.generate.select import Offer, select_statements
from rag.generate.standalone import standalone_with_model
from rag.question.followup import standalone_question
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
    Ranked,
    Read,
    Selection,
    Understood,
    Waiting,
)

# Longer ones leave no room for the passage.
MAX_QUESTION_CHARACTERS = 1000


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
    found = find_passages(context, understood)
    with context.time("read"):
        read = read_passages(
            found.terms.text, found.hits, found.read, found.documents, context.models
        )
    found = replace(found, hits=read.hits)
    yield Ranked(found.hits)
    with context.time("judge"):
        candidates = judge_statements(
            found, read.passages, context.settings.support, as_of=context.question.as_of
        )
    yield Read(tuple(candidates))
    decision = yield from _decide(context, found, candidates)
    outcome: Outcome
    if decision.quotations:
        outcome = _answer(context, found, read, decision)
    else:
        outcome = _abstain(context, found, read, decision)
    timings = {**context.laps, "total": (time.perf_counter() - started) * 1000}
    outcome = replace(outcome, timings_ms=timings)
    if isinstance(outcome, Answer):
        for claim in outcome.claims:
            yield Claimed(claim, outcome.sure)
    yield Finished(outcome)


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
    with context.time("rewrite"):
        reworded = yield from standalone_with_model(
            question.text,
            question.history,
            model,
            deadline_seconds=context.settings.language_model.timeout_seconds,
            limit=MAX_QUESTION_CHARACTERS,
        )
    return reworded or by_rules


def _decide(
    context: QueryContext, found: Found, candidates: Sequence[Candidate]
) -> Generator[Waiting, None, Decision]:
    """Which sentences answer: those that a language model chooses, where one is configured
    and replies, else by their support."""
    settings = context.settings.answer
    judged = (found.terms, candidates, found.documents)
    conflicting = find_conflict(*judged, min_support=settings.min_support)
    selection = yield from _select(context, found, candidates)
    if selection is not None and selection.failure is None:
        return decide_by_choice(candidates, selection, conflicting=conflicting)
    items = () if conflicting else find_list_items(*judged, min_support=settings.min_support)
    decision = decide_by_support(candidates, settings, conflicting=conflicting, items=items)
    counts = len(items) > 1 and counts_items(found.terms, candidates[0])
    return replace(decision, selection=selection, counts=counts)


def _select(
    context: QueryContext, found: Found, candidates: Sequence[Candidate]
) -> Generator[Waiting, None, Selection | None]:
    """A language model's choice, None where none is configured or there is nothing to choose."""
    model = context.models.language_model
    if model is None:
        return None
    most = context.settings.answer.max_claims
    offers = [
        Offer(candidate.quote, _heading(found.documents[candidate.document_id]))
        for candidate in candidates
        if candidate.support >= context.settings.language_model.min_support
    ]
    if not offers:
        return None
    with context.time("select"):
        return (
            yield from select_statements(
                found.terms.text,
                offers,
                model,
                context.settings.language_model,
                most=max(most, MOST_ITEMS) if asks_list(found.terms) else most,
            )
        )


def _heading(document: Document) -> str:
    published = document.published
    dated = published.isoformat() if published else ""
    return ", ".join(filter(None, (document.title, dated)))


def _answer(context: QueryContext, found: Found, read: PassagesRead, decision: Decision) -> Answer:
    """The claims, each with its citations verified."""
    with context.time("compose"):
        quotes = compose_quotes(decision.quotations, found.documents)
        claims = add_context(found.terms, decision.quotations, quotes, found.documents)
        for claim in claims:
            verify_claim(claim, found.documents)
        # One value would hide the others, and an unsure one would look sure.
        alone = decision.sure and not decision.conflict
        best = decision.quotations[0].best
        short = find_short_answer(best, quotes[0], found.documents) if alone else None
    return Answer(
        question=context.question,
        standalone=_standalone(context, found),
        claims=claims,
        ranking=found.hits,
        candidates=decision.candidates,
        models=_models(context, read, decision),
        generation=found.generation,
        timings_ms={},
        short_answer=short,
        counted=len(claims) if decision.counts else None,
        conflict=decision.conflict,
        selection=decision.selection,
        sure=decision.sure,
    )


def _abstain(
    context: QueryContext, found: Found, read: PassagesRead, decision: Decision
) -> Abstention:
    """Why the archive does not answer, and what it does say."""
    reason: AbstentionReason = found.nothing or "insufficient_evidence"
    if decision.selection is not None and decision.selection.declined:
        reason = "none_chosen"
    shortfall = _shortfall(context, found, read, decision.candidates)
    scope = context.question.scope
    # Where filters kept passages away, nothing is known of what the archive lacks.
    explained = reason == "insufficient_evidence" or (reason == "no_match" and not scope)
    return Abstention(
        question=context.question,
        standalone=_standalone(context, found),
        reason=reason,
        kind=shortfall.kind if explained else None,
        explanation=(
            explain_shortfall(found.terms, shortfall)
            if explained
            else explain_abstention(reason, scope, chinese=found.terms.chinese)
        ),
        mentions=(
            cite_mentions(shortfall.mentions, found.documents)
            if explained or reason == "none_chosen"
            else ()
        ),
        nearest=nearest_passages(found.hits[: context.settings.answer.nearest], found.documents),
        ranking=found.hits,
        candidates=decision.candidates,
        models=_models(context, read, decision),
        generation=found.generation,
        timings_ms={},
        selection=decision.selection,
    )


def _shortfall(
    context: QueryContext, found: Found, read: PassagesRead, candidates: Sequence[Candidate]
) -> Shortfall:
    judged = {candidate.passage_id for candidate in candidates}
    hits = [each.hit for each in read.passages if each.hit.passage.id in judged]
    return find_shortfall(
        found.terms,
        candidates,
        hits or found.hits[: context.settings.answer.passages],
        WordCounts(found.passage_count, found.frequencies),
    )


def _standalone(context: QueryContext, found: Found) -> str | None:
    return found.terms.text if found.terms.text != context.question.text else None


def _models(
    context: QueryContext, read: PassagesRead, decision: Decision
) -> dict[str, ModelIdentity]:
    """The models that took part."""
    chose = {"language_model": decision.selection.model} if decision.selection else {}
    return {**context.models_used(), **read.models, **chose}
