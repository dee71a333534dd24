"""The extractive composer: the supported sentences themselves, footnoted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag.answer.rules.evidence import KEPT
from rag.answer.rules.support import MONTHS, NUMBER_WORD
from rag.answer.settings import AnswerSettings
from rag.answer.verify import cite, verify_claim
from rag.errors import CitationError
from rag.question.analysis import find_numbers, stem_tokens
from rag.types import Candidate, Claim, Document

__all__ = ["Draft", "compose_extractive"]

# Share of words two sentences have in common (Jaccard) from which on one repeats the other.
NEAR_DUPLICATE = 0.8

# Words that two sentences saying the same may differ in.
_HARMLESS = frozenset(("a", "an", "the", "of", "in", "on", "at", "to", "for", "by", "with", "also"))
_TELLING = re.compile(
    rf"\b(?:not|no|never|none|neither|nor|without|un\w+|\w+n['’]t|{NUMBER_WORD}|{MONTHS})\b|[不没未无非否]"
)
_NAME = re.compile(r"(?<![.!?“\"] )(?<!^)\b[A-ZÀ-Þ][\w’'-]*")


@dataclass(frozen=True, slots=True)
class Draft:
    """Verified claims in the order they are said (none: nothing is supported), and
    every candidate with its verdict."""

    claims: tuple[Claim, ...]
    candidates: tuple[Candidate, ...]


@dataclass(slots=True)
class _Group:
    """A sentence that will be said, with the others that say the same."""

    best: Candidate
    words: frozenset[str]
    repeats: list[Candidate] = field(default_factory=list)


def compose_extractive(
    candidates: Sequence[Candidate],
    documents: Mapping[str, Document],
    settings: AnswerSettings,
    *,
    leading: Sequence[Candidate] = (),
) -> Draft:
    """Choose, deduplicate, order, cite and verify.

    ``candidates`` come best first. The best sentence leads; the others follow in reading
    order, grouped by document. A sentence that says the same in the same words becomes a
    further citation; one that differs in a figure, a name or a "not" is a statement of
    its own. ``leading`` candidates (values in conflict, items of a list) are said
    whatever the settings say of how many and how good, first and in the order given.
    """
    groups: list[_Group] = []
    judged: list[Candidate] = []
    for candidate in candidates:
        verdict = _verdict(candidate, groups, settings, pinned=leading)
        judged.append(replace(candidate, verdict=verdict))
    claims: list[Claim] = []
    for group in _reading_order(groups, first=leading):
        claim = _claim(group, documents)
        try:
            verify_claim(claim, documents)
        except CitationError as error:
            judged = [
                replace(c, verdict=f"failed verification: {error}") if c == group.best else c
                for c in judged
            ]
            continue
        claims.append(claim)
    return Draft(tuple(claims), tuple(judged))


def _verdict(
    candidate: Candidate,
    groups: list[_Group],
    settings: AnswerSettings,
    *,
    pinned: Sequence[Candidate],
) -> str:
    """Decide on one candidate, adding it to ``groups`` when it will be said."""
    words = frozenset(stem_tokens(candidate.quote))
    if candidate in pinned:
        groups.append(_Group(candidate, words))
        return KEPT
    if candidate.support < settings.min_support:
        return f"support {candidate.support:.2f} is below {settings.min_support:.2f}"
    for group in groups:
        if _jaccard(words, group.words) < NEAR_DUPLICATE:
            continue
        if _contradicts(candidate.quote, group.best.quote):
            # Nearly the same words with another figure, name or negation is another
            # statement: it supports nothing but itself.
            continue
        if not (words ^ group.words) <= _HARMLESS:
            return "near-duplicate of a sentence said"
        if all(c.document_id != candidate.document_id for c in [group.best, *group.repeats]):
            group.repeats.append(candidate)
            return "repeats a sentence said; cited beside it"
        return "repeats a sentence said"
    if groups and candidate.support < groups[0].best.support - settings.keep_within:
        return f"more than {settings.keep_within:.2f} below the best sentence"
    if len(groups) >= settings.max_claims:
        return f"the answer already has {settings.max_claims} sentences"
    groups.append(_Group(candidate, words))
    return KEPT


def _contradicts(one: str, other: str) -> bool:
    """Whether the figures, months, number words or negations of two sentences differ, or
    each names something that the other does not."""
    if find_numbers(one) != find_numbers(other):
        return True
    if _TELLING.findall(one.casefold()) != _TELLING.findall(other.casefold()):
        return True
    names, other_names = set(_NAME.findall(one)), set(_NAME.findall(other))
    return bool(names - other_names) and bool(other_names - names)


def _reading_order(groups: list[_Group], *, first: Sequence[Candidate]) -> list[_Group]:
    leading = sorted((g for g in groups if g.best in first), key=lambda g: first.index(g.best))
    others = [group for group in groups if group.best not in first]
    if not leading:
        leading, others = others[:1], others[1:]
    rank_of_document = {
        document_id: rank
        for rank, document_id in enumerate(dict.fromkeys(g.best.document_id for g in groups))
    }
    rest = sorted(others, key=lambda g: (rank_of_document[g.best.document_id], g.best.span))
    return [*leading, *rest]


def _claim(group: _Group, documents: Mapping[str, Document]) -> Claim:
    cited = [group.best, *group.repeats]
    return Claim(
        text=group.best.quote,
        citations=tuple(cite(documents[c.document_id], c.span.start, c.span.end) for c in cited),
        support=group.best.support,
    )


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    union = one | other
    return len(one & other) / len(union) if union else 1.0
