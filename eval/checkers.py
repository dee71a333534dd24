"""Checkers: does a text support a claim, and which of its sentences do?

The check in use, and the baselines that it has to beat: say yes to everything, count shared
words, ask the reranker.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from embeddings.types import Reranker
from rag.answer.check import check_support
from rag.answer.rules.support import name_is_among
from rag.question.analysis import QuestionTerms, analyse_question, find_numbers, stem_tokens
from rag.text.normalise import search_text

__all__ = [
    "CheckScores",
    "Checker",
    "CrossEncoder",
    "EverythingSupported",
    "FactCheck",
    "WordOverlap",
    "best_first",
]

_UNREAD = -math.inf


@dataclass(frozen=True, slots=True)
class CheckScores:
    """What a checker says of a claim and a text.

    ``sentences`` has a score for every sentence, in the text's order, -inf for one that was
    not read; ``support`` is the score of the whole. Higher is better supported. Their
    scales are the checker's own: a threshold fitted for one checker means nothing to another.
    """

    sentences: tuple[float, ...]
    support: float


class Checker(Protocol):
    """A claim and the sentences of a text to scores of support."""

    @property
    def name(self) -> str:
        """What tables and records call it."""
        ...

    def check(self, claim: str, sentences: Sequence[str]) -> CheckScores:
        """Score how well the sentences, each and together, support the claim."""
        ...


@dataclass(frozen=True, slots=True)
class EverythingSupported:
    """Says yes to every claim and every sentence: what any other checker must beat."""

    @property
    def name(self) -> str:
        """What tables and records call it."""
        return "everything"

    def check(self, claim: str, sentences: Sequence[str]) -> CheckScores:
        """1 throughout."""
        return CheckScores((1.0,) * len(sentences), 1.0)


@dataclass(frozen=True, slots=True)
class WordOverlap:
    """Share of the claim's content words, names and numbers that the sentences hold.

    Words are stemmed and weigh by their rarity in the text (inverse sentence frequency:
    Spärck Jones 1972). ``support`` is the share that the ``evidence_sentences`` best
    sentences hold together, less ``missing_fact_penalty`` times the share of the claim's
    names and numbers that they lack.
    """

    evidence_sentences: int = 4
    missing_fact_penalty: float = 0.25

    @property
    def name(self) -> str:
        """What tables and records call it."""
        return "overlap"

    def check(self, claim: str, sentences: Sequence[str]) -> CheckScores:
        """Shares in [0, 1] for sentences; support in [-missing_fact_penalty, 1].

        A claim without content words is supported by nothing: 0 throughout.
        """
        terms = analyse_question(claim)
        wanted = terms.content | terms.names | terms.numbers
        if not wanted or not sentences:
            return CheckScores((0.0,) * len(sentences), 0.0)
        held = [_terms(sentence) for sentence in sentences]
        weights = _rarities(wanted, held)
        total = math.fsum(weights.values())
        # Summed exactly: the order of a set differs from one process to the next.
        scores = [math.fsum(weights[t] for t in wanted & terms) / total for terms in held]
        best = best_first(scores)[: self.evidence_sentences]
        together = frozenset[str]().union(*(held[index] for index in best))
        share = math.fsum(weights[term] for term in wanted & together) / total
        penalty = self.missing_fact_penalty * _missing_facts(terms, together)
        return CheckScores(tuple(scores), share - penalty)


@dataclass(frozen=True, slots=True)
class FactCheck:
    """The check that gates claims in words of their own: ``rag.answer.check``."""

    @property
    def name(self) -> str:
        """What tables and records call it."""
        return "facts"

    def check(self, claim: str, sentences: Sequence[str]) -> CheckScores:
        """Shares of words in [0, 1] for sentences; support in [0, 1]."""
        found = check_support(claim, sentences)
        return CheckScores(found.sentence_words, found.score)


@dataclass(frozen=True, slots=True)
class CrossEncoder:
    """The reranker's logit of the claim and each sentence; support is the highest.

    Only the ``limit`` best sentences of ``prefilter`` are read. The reranker was trained
    to tell what is about a query, not what proves a claim.
    """

    reranker: Reranker
    prefilter: Checker
    limit: int = 30

    @property
    def name(self) -> str:
        """What tables and records call it."""
        return "cross-encoder"

    def check(self, claim: str, sentences: Sequence[str]) -> CheckScores:
        """Logits; -inf for sentences not read, and as support when none was.

        Raises:
            ModelLoadError: the reranker ran out of memory.
        """
        rough = self.prefilter.check(claim, sentences).sentences
        read = best_first(rough)[: self.limit]
        texts = [search_text(sentences[index]) for index in read]
        scores = [_UNREAD] * len(sentences)
        for index, logit in zip(
            read, self.reranker.score(search_text(claim), texts).tolist(), strict=True
        ):
            scores[index] = logit
        return CheckScores(tuple(scores), max(scores, default=_UNREAD))


def best_first(scores: Sequence[float]) -> list[int]:
    """Indexes of the scores, highest first; ties in reading order."""
    return sorted(range(len(scores)), key=lambda index: (-scores[index], index))


def _terms(sentence: str) -> frozenset[str]:
    return frozenset(stem_tokens(sentence)) | find_numbers(sentence)


def _rarities(wanted: Collection[str], held: Sequence[frozenset[str]]) -> dict[str, float]:
    """A positive weight for each wanted term, highest for those that no sentence holds."""
    counts = Counter(term for terms in held for term in terms.intersection(wanted))
    return {term: math.log((len(held) + 1) / (counts[term] + 0.5)) for term in wanted}


def _missing_facts(claim: QuestionTerms, found: frozenset[str]) -> float:
    """Share of the claim's names and numbers that are not among the terms found."""
    facts = claim.names | claim.numbers
    if not facts:
        return 0.0
    numbers = len(claim.numbers - found)
    names = sum(1 for n in claim.names - claim.numbers if not name_is_among(n, found))
    return (numbers + names) / len(facts)
