"""What the archive lacks for a question: its subject, the fact, or what it takes for granted."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answer.rules.support import holds_answer_type, name_is_among
from rag.question.analysis import QuestionTerms, content_words, named_words
from rag.text.words import lexical_tokens, stem_tokens, verb_forms
from rag.types import AbstentionKind, Candidate, Hit

# Shares of the question's words, weighted by rarity. Below the first no passage speaks of
# the subject, unless the cross-encoder's logit says so; a known name makes half enough.
# Of Chinese pairs of characters many straddle words and stand nowhere.
_SUBJECT_SHARE = 0.4
_CHINESE_SUBJECT_SHARE = 0.1
_SUBJECT_LOGIT = -6.0
# A mention holds at least this share of what the best one holds.
_MENTION_SHARE = 0.6
_MOST_MENTIONS = 3
_FEWEST_WORDS = 5

# What a question takes for granted of a name: the verb after it, or the role.
_PREMISE = re.compile(
    r"\b(?P<auxiliary>did|does|do|was|were|is|are|has|have|had)\s+(?:the\s+)?"
    r"(?P<subject>[A-ZÀ-Þ][\w’'&.-]*(?:\s+[A-ZÀ-Þ][\w’'&.-]*)*)\s+(?P<said>[a-zà-ÿ]{3,})\b"
)
_CHINESE_PREMISE = re.compile(
    r"(?:为什么|为何|何时|什么时候)(?:要|会|没有|被|是|在)?(?P<said>[一-鿿]{2})"
)
_TAKES_FOR_GRANTED = re.compile(r"^\W*(?:why|when|since when|in (?:which|what) years?)\b", re.I)
# A sentence with such a cross-encoder's logit may state the premise in other words.
_STATED_LOGIT = 6.0
# A role stands this near to who holds it, in words.
_ROLE_WITHIN = 5


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
    names that none of the passages read holds; ``unstated`` is the verb or role that the
    question takes for granted of a name and no sentence read says of it. ``lacks_type`` is
    whether no mention holds the type of thing asked for. ``mentions`` come best first.
    """

    kind: AbstentionKind
    unknown: tuple[str, ...]
    absent: tuple[str, ...]
    unstated: str | None
    lacks_type: bool
    mentions: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class _Words:
    """The question's content words as stems with their weights, and its names' stems."""

    weights: Mapping[str, float]
    names: frozenset[str]

    def share(self, found: frozenset[str]) -> float:
        """Weighted share of the words that are found."""
        held = sum(weight for stem, weight in self.weights.items() if self.holds(stem, found))
        return held / sum(self.weights.values()) if self.weights else 1.0

    def holds(self, stem: str, found: frozenset[str]) -> bool:
        """Whether the stem, or of a name a near relative, is found."""
        return stem in found or (stem in self.names and name_is_among(stem, found))


def find_shortfall(
    question: QuestionTerms, candidates: Sequence[Candidate], hits: Sequence[Hit], words: WordCounts
) -> Shortfall:
    """Tell an off-topic question from a missing fact and from a premise that is not stated.

    ``candidates`` are the sentences of the passages ``hits``, both best first; ``words``
    counts the question's `content_words`. A premise is told with precision first: where
    in doubt, it is a missing fact.
    """
    stems = content_words(question.text)
    asked = _Words({stem: words.weight(word) for word, stem in stems.items()}, question.names)
    passages = {hit.passage.id: _stems_of(hit, question.language) for hit in hits}
    near = frozenset(stem for found in passages.values() for stem in found)
    unknown = _as_written(
        question.text, [word for word in stems if words.holding.get(word, 0) == 0]
    )
    absent = dict.fromkeys(
        word
        for word, found in named_words(question.text)
        if not any(name_is_among(stem, near) for stem in found)
    )
    if _is_off_topic(question, asked, hits, passages):
        return Shortfall("off_topic", unknown, tuple(absent), None, False, ())
    mentions = _mentions(asked, candidates, passages, question.language)
    premise = None if absent else _unstated(question, candidates, near)
    return Shortfall(
        kind="premise" if premise else "missing_fact",
        unknown=unknown,
        absent=tuple(absent),
        unstated=premise,
        lacks_type=not any(
            holds_answer_type(c.quote, question) for c in mentions or candidates[:1]
        ),
        mentions=mentions,
    )


def _is_off_topic(
    question: QuestionTerms,
    asked: _Words,
    hits: Sequence[Hit],
    passages: Mapping[str, frozenset[str]],
) -> bool:
    best = max((asked.share(found) for found in passages.values()), default=0.0)
    if question.chinese:
        return best < _CHINESE_SUBJECT_SHARE
    named = any(
        name_is_among(name, found) for name in question.names for found in passages.values()
    )
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


def _mentions(
    asked: _Words,
    candidates: Sequence[Candidate],
    passages: Mapping[str, frozenset[str]],
    language: str,
) -> tuple[Candidate, ...]:
    """The sentences that say most of what the question's words name, each once."""
    known = frozenset(stem for found in passages.values() for stem in found)
    subject = [name for name in sorted(asked.names) if asked.holds(name, known)]
    scored: list[tuple[float, Candidate]] = []
    for candidate in candidates:
        tokens = stem_tokens(candidate.quote, language)
        # A heading or a date line says nothing of anybody.
        if len(tokens) < _FEWEST_WORDS:
            continue
        found = frozenset(tokens)
        if subject and not any(asked.holds(name, found) for name in subject):
            continue
        share = asked.share(found) + 0.25 * asked.share(passages.get(candidate.passage_id, found))
        scored.append((share, candidate))
    scored.sort(key=lambda item: (-item[0], -item[1].support, item[1].document_id, item[1].span))
    chosen: dict[frozenset[str], Candidate] = {}
    for share, candidate in scored:
        if share < _MENTION_SHARE * scored[0][0] or len(chosen) == _MOST_MENTIONS:
            break
        chosen.setdefault(frozenset(stem_tokens(candidate.quote)), candidate)
    return tuple(chosen.values())


def _unstated(
    question: QuestionTerms, candidates: Sequence[Candidate], near: frozenset[str]
) -> str | None:
    """The verb or role that is taken for granted of a name and not said near the question."""
    if question.chinese:
        match = _CHINESE_PREMISE.search(question.text)
        return match["said"] if match and near.isdisjoint(stem_tokens(match["said"])) else None
    match = _PREMISE.search(question.text)
    if match is None or not _TAKES_FOR_GRANTED.search(question.text):
        return None
    said, subject = verb_forms(match["said"]), frozenset(stem_tokens(match["subject"]))
    # "was opened" is a verb, "was mayor" a role. A verb may be said of "he" or "the visit":
    # anywhere near will do. A role belongs to the name it stands beside.
    copula = match["auxiliary"] in ("is", "are", "was", "were")
    if not copula or match["said"].endswith("ed") or len(said) > 1:
        reworded = any(
            max(c.features.sentence_logit, c.features.passage_logit) >= _STATED_LOGIT
            for c in candidates
        )
        return match["said"] if near.isdisjoint(said) and not reworded else None
    for candidate in candidates:
        tokens = stem_tokens(candidate.quote)
        of = [at for at, token in enumerate(tokens) if token in subject]
        there = [at for at, token in enumerate(tokens) if token in said]
        if any(abs(a - b) <= _ROLE_WITHIN for a in of for b in there):
            return None
    return match["said"]
