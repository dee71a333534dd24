"""What the archive lacks for a question: its subject, or the fact."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.question.analysis import QuestionTerms, content_words, named_words
from rag.text.words import lexical_tokens, name_is_among, stem_tokens
from rag.types import AbstentionKind, Candidate, Hit

# Shares of the question's words, weighted by rarity. Below the first no passage speaks of
# the subject, unless the reading model finds one about it; a known name makes half enough.
# Of Chinese pairs of characters many straddle words and stand nowhere.
_SUBJECT_SHARE = 0.4
_CHINESE_SUBJECT_SHARE = 0.1
_SUBJECT_LOGIT = -6.0
# Passages in which a name of the question is looked for.
_NEAR = 4
_MOST_MENTIONS = 3
# A heading or a date line says nothing of anybody.
_FEWEST_WORDS = 5


@dataclass(frozen=True, slots=True)
class WordCounts:
    """In how many of an archive's passages each content word of a question stands."""

    passages: int
    holding: Mapping[str, int]

    def weight(self, word: str) -> float:
        """Inverse passage frequency, in nats: above 0, and higher the rarer the word.

        Sparck Jones, Journal of Documentation 1972.
        """
        return math.log(1 + (1 + self.passages) / (1 + self.holding.get(word, 0)))


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why the evidence is insufficient.

    ``unknown`` are words of the question that no passage of the archive holds, ``absent``
    names that none of the best passages holds. ``mentions`` come best first.
    """

    kind: AbstentionKind
    unknown: tuple[str, ...]
    absent: tuple[str, ...]
    mentions: tuple[Candidate, ...]


def find_shortfall(
    question: QuestionTerms, candidates: Sequence[Candidate], hits: Sequence[Hit], words: WordCounts
) -> Shortfall:
    """Tell an off-topic question from a missing fact.

    ``candidates`` are the sentences of the passages ``hits``, both best first; ``words``
    counts the question's `content_words`.
    """
    stems = content_words(question.text)
    weights = {stem: words.weight(word) for word, stem in stems.items()}
    passages = [_stems_of(hit, question.language) for hit in hits]
    near = frozenset[str]().union(*passages[:_NEAR])
    unknown = _as_written(
        question.text, [word for word in stems if words.holding.get(word, 0) == 0]
    )
    absent = dict.fromkeys(
        word
        for word, found in named_words(question.text)
        if not any(name_is_among(stem, near) for stem in found)
    )
    if _is_off_topic(question, weights, hits, passages):
        return Shortfall("off_topic", unknown, tuple(absent), mentions=())
    return Shortfall(
        "missing_fact", unknown, tuple(absent), _mentions(candidates, question.language)
    )


def _is_off_topic(
    question: QuestionTerms,
    weights: Mapping[str, float],
    hits: Sequence[Hit],
    passages: Sequence[frozenset[str]],
) -> bool:
    def share(found: frozenset[str]) -> float:
        held = sum(
            weight
            for stem, weight in weights.items()
            if stem in found or (stem in question.names and name_is_among(stem, found))
        )
        return held / sum(weights.values()) if weights else 1.0

    best = max(map(share, passages), default=0.0)
    if question.chinese:
        return best < _CHINESE_SUBJECT_SHARE
    named = any(name_is_among(name, found) for name in question.names for found in passages)
    if best >= (_SUBJECT_SHARE / 2 if named else _SUBJECT_SHARE):
        return False
    return not any(hit.reranked and hit.reranked.score >= _SUBJECT_LOGIT for hit in hits)


def _as_written(text: str, tokens: Sequence[str]) -> tuple[str, ...]:
    """The words of a text that hold these lexical tokens, each once."""
    written = {
        token: word for word in re.findall(r"\w[\w'’-]*", text) for token in lexical_tokens(word)
    }
    return tuple(dict.fromkeys(written.get(token, token) for token in tokens))


def _stems_of(hit: Hit, language: str) -> frozenset[str]:
    passage = hit.passage
    texts = (passage.title, *passage.headings, passage.search_text)
    return frozenset(stem for text in texts for stem in stem_tokens(text, language))


def _mentions(candidates: Sequence[Candidate], language: str) -> tuple[Candidate, ...]:
    """The likeliest statements, each once."""
    chosen: dict[frozenset[str], Candidate] = {}
    for candidate in candidates:
        stems = stem_tokens(candidate.quote, language)
        if len(stems) >= _FEWEST_WORDS:
            chosen.setdefault(frozenset(stems), candidate)
        if len(chosen) == _MOST_MENTIONS:
            break
    return tuple(chosen.values())
