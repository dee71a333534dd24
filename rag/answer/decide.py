"""The decision: which sentences answer, if any does. Everything else follows from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rag.answer.judge import KEPT
from rag.settings import AnswerSettings
from rag.text.dates import month_numbers
from rag.text.numbers import find_numbers
from rag.text.words import stem_tokens
from rag.types import Candidate, Selection, Span

# Share of words two sentences have in common (Jaccard) from which on one repeats the other.
NEAR_DUPLICATE = 0.8

# Words that two sentences saying the same may differ in.
_HARMLESS = frozenset(("a", "an", "the", "of", "in", "on", "at", "to", "for", "by", "with", "also"))
_TELLING = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|un\w+|\w+n['’]t|half|quarter|once|twice|several"
    rf"|hundreds|thousands|millions|billions|{'|'.join(month_numbers())})\b|[不没未无非否]"
)
_NAME = re.compile(r"(?<![.!?“\"] )(?<!^)\b[A-ZÀ-Þ][\w’'-]*")


@dataclass(slots=True)
class Quotation:
    """A sentence that will be quoted, with the others that say the same."""

    best: Candidate
    words: frozenset[str]
    repeats: list[Candidate] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Decision:
    """The quotations of the answer, in order; none: abstain. ``candidates`` are all that
    were judged, each with its verdict; ``conflict`` is whether the first quotations give
    different values for what is asked. ``selection`` is what a language model chose, None
    without one. ``counts`` is whether the quotations are counted. Quotations that are not
    ``sure`` may answer, or not."""

    quotations: tuple[Quotation, ...]
    candidates: tuple[Candidate, ...]
    conflict: bool
    selection: Selection | None = None
    counts: bool = False
    sure: bool = True


def decide_by_support(
    candidates: Sequence[Candidate],
    settings: AnswerSettings,
    *,
    conflicting: Sequence[Candidate] = (),
    items: Sequence[Candidate] = (),
) -> Decision:
    """Decide by the support score: quote what reaches ``min_support``; where nothing does, the
    best that reach ``min_uncertain``, best first, which is no sure answer.

    ``candidates`` come best first. The best sentence of a sure answer leads; the others follow
    in reading order, grouped by document. A sentence that says the same in the same words becomes a
    further citation; one that differs in a figure, a name or a "not" is a quotation of
    its own. Candidates ``conflicting`` in what is asked, else the ``items`` of a list, are
    quoted whatever the settings say of how many and how good, first and in the order given.
    """
    leading = conflicting or items
    sure = bool(leading) or any(each.support >= settings.min_support for each in candidates)
    if not sure:
        least = min(settings.min_uncertain, settings.min_support)
        settings = replace(settings, min_support=least, keep_within=1.0)
    quotations: list[Quotation] = []
    judged: list[Candidate] = []
    for candidate in (*candidates, *(item for item in items if item not in candidates)):
        verdict = _verdict(candidate, quotations, settings, pinned=leading)
        judged.append(replace(candidate, verdict=verdict))
    ordered = _reading_order(quotations, first=leading) if sure else quotations
    return Decision(tuple(ordered), tuple(judged), conflict=bool(conflicting), sure=sure)


def decide_by_choice(
    candidates: Sequence[Candidate],
    selection: Selection,
    *,
    conflicting: Sequence[Candidate] = (),
) -> Decision:
    """Decide as a language model chose: quote its statements in its order.

    Its numbers count the ``candidates`` from 1.
    One that repeats an earlier one, and the same words in another document, become further
    citations. Where it chose one of several quotations ``conflicting`` in what is asked, all
    of those are quoted first.
    """
    chosen = [candidates[number - 1] for number in selection.chosen]
    conflict = any(each in conflicting for each in chosen)
    wanted = dict.fromkeys((*(conflicting if conflict else ()), *chosen))
    said = {each.quote for each in wanted}
    wanted |= dict.fromkeys(each for each in candidates if each.quote in said)
    quotations: list[Quotation] = []
    verdicts = {each: _joined(each, quotations) or _added(each, quotations) for each in wanted}
    judged = (
        replace(each, verdict=verdicts.get(each, "not chosen by the language model"))
        for each in candidates
    )
    return Decision(tuple(quotations), tuple(judged), conflict, selection)


def _verdict(
    candidate: Candidate,
    quotations: list[Quotation],
    settings: AnswerSettings,
    *,
    pinned: Sequence[Candidate],
) -> str:
    """Decide on one candidate, adding it to ``quotations`` when it will be quoted."""
    if candidate in pinned:
        return _added(candidate, quotations)
    if candidate.support < settings.min_support:
        return f"support {candidate.support:.2f} is below {settings.min_support:.2f}"
    if verdict := _joined(candidate, quotations):
        return verdict
    if quotations and candidate.support < quotations[0].best.support - settings.keep_within:
        return f"more than {settings.keep_within:.2f} below the best sentence"
    if len(quotations) >= settings.max_claims:
        return f"the answer already has {settings.max_claims} sentences"
    return _added(candidate, quotations)


def _added(candidate: Candidate, quotations: list[Quotation]) -> str:
    quotations.append(Quotation(candidate, frozenset(stem_tokens(candidate.quote))))
    return KEPT


def _joined(candidate: Candidate, quotations: Sequence[Quotation]) -> str | None:
    """What becomes of a candidate that repeats a quotation, None where it repeats none."""
    words = frozenset(stem_tokens(candidate.quote))
    for quotation in quotations:
        if _jaccard(words, quotation.words) < NEAR_DUPLICATE:
            continue
        if _contradicts(candidate.quote, quotation.best.quote):
            # Nearly the same words with another figure, name or negation is another
            # quotation: it supports nothing but itself.
            continue
        if not (words ^ quotation.words) <= _HARMLESS:
            return "near-duplicate of a sentence quoted"
        cited = [quotation.best, *quotation.repeats]
        if all(each.document_id != candidate.document_id for each in cited):
            quotation.repeats.append(candidate)
            return "repeats a sentence quoted; cited beside it"
        return "repeats a sentence quoted"
    return None


def _contradicts(one: str, other: str) -> bool:
    """Whether the numbers, months or negations of two sentences differ, or each names
    something that the other does not."""
    if {n.plain for n in find_numbers(one)} != {n.plain for n in find_numbers(other)}:
        return True
    if _TELLING.findall(one.casefold()) != _TELLING.findall(other.casefold()):
        return True
    names, other_names = set(_NAME.findall(one)), set(_NAME.findall(other))
    return bool(names - other_names) and bool(other_names - names)


def _reading_order(
    quotations: Sequence[Quotation], *, first: Sequence[Candidate]
) -> list[Quotation]:
    """Those of ``first`` (else the best one), then the others by document and place."""
    leading = [*first] or [each.best for each in quotations[:1]]
    documents = [*dict.fromkeys(each.best.document_id for each in quotations)]

    def place(quotation: Quotation) -> tuple[bool, int, Span]:
        best = quotation.best
        if best in leading:
            return False, leading.index(best), best.span
        return True, documents.index(best.document_id), best.span

    return sorted(quotations, key=place)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    union = one | other
    return len(one & other) / len(union) if union else 1.0
