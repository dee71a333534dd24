"""A claim in the words of the sentence that it is compared with, where those mean the same.

What follows compares words: this is what it takes for one word. Only single words and
phrasal verbs are exchanged, each for one that stands in the source and not yet in the claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rag.answer.facts import FUNCTION_WORDS, find_calendar_dates, find_names
from rag.lexicon import Lexicon, load_lexicon
from rag.question.analysis import is_chinese, stem_tokens
from rag.text.normalise import search_text
from rag.text.numbers import Figure, find_figures
from rag.thesaurus import UNCHANGED, Thesaurus, load_thesaurus
from rag.types import Span

__all__ = ["NO_WORDBOOKS", "Wordbooks", "in_words_of", "load_wordbooks"]

_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_QUOTED = re.compile(r'"[^"]*"')
_QUOTED_CHINESE = re.compile(r'"[^"]*"|[“「『《][^”」』》]*[”」』》]')
_ORDER = re.compile(r"(?:\dst|nd|rd|th|first)$", re.IGNORECASE)
# What a verb's plain form follows: "plans to set up", "did not cut".
_PLAIN_FORM = re.compile(
    r"\b(?:to|will|would|shall|should|can|could|may|might|must|do|does|did)\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)
_PARTICLES = frozenset("up on out off over down in back away together place part apart".split())  # noqa: SIM905
# Nearly so many: either says that the number is not exact.
_ROUGHLY = frozenset(("about", "around", "approximately", "roughly", "circa"))
# Words too general to stand for one of their synonyms: "give" has forty-four meanings.
_VAGUE = frozenset(
    stem
    for word in """
    be have do make get take give go come put set keep let see say tell use work thing part
    """.split()  # noqa: SIM905
    for stem in stem_tokens(word)
)


@dataclass(frozen=True, slots=True)
class Wordbooks:
    """What knows which words mean the same, of English and of Chinese; None where nothing."""

    english: Thesaurus | None
    chinese: Lexicon | None


NO_WORDBOOKS = Wordbooks(None, None)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A word, or a verb with its particle."""

    text: str
    span: Span
    stems: frozenset[str]
    # Whether it is a verb that only what stands before it tells from its past, and is none.
    plain: bool


def load_wordbooks(*, chinese: bool) -> Wordbooks:
    """Those that are installed; of Chinese only where it is wanted.

    Raises:
        ModelError: a file of theirs cannot be read or was altered.
    """
    return Wordbooks(load_thesaurus(), load_lexicon() if chinese else None)


def in_words_of(source: str, claim: str, wordbooks: Wordbooks) -> str:
    """The claim with each word that the source lacks exchanged for one of the same meaning
    that the source has and the claim lacks; pure.

    Names and what is quoted stay as they are, and a verb stays in its tense. A number
    written another way is given as the source writes it.
    """
    plain, there = search_text(claim), search_text(source)
    if plain == there:
        return claim
    swaps = dict(_figures(plain, there))
    if is_chinese(plain):
        if wordbooks.chinese is not None:
            swaps.update(_chinese_words(plain, there, wordbooks.chinese, tuple(swaps)))
    elif wordbooks.english is not None:
        swaps.update(_words(plain, there, wordbooks.english, tuple(swaps)))
    if not swaps:
        return claim
    text = plain
    for span in sorted(swaps, reverse=True):
        text = text[: span.start] + swaps[span] + text[span.end :]
    return text


def _figures(claim: str, source: str) -> Iterator[tuple[Span, str]]:
    known = find_figures(source)
    fixed = [date.span for date in find_calendar_dates(claim)]
    fixed += [Span(*match.span()) for match in _QUOTED_CHINESE.finditer(claim)]
    for figure in find_figures(claim):
        span = Span(figure.start, figure.start + len(figure.text))
        if figure.year or any(span.overlaps(other) for other in fixed):
            continue
        same = [
            other.text
            for other in known
            if figure.agrees(other) and not other.year and _is_order(figure) == _is_order(other)
        ]
        if same and figure.text not in same and figure.text == span.of(claim):
            yield span, same[0]


def _is_order(figure: Figure) -> bool:
    """Whether it says which one, not how many."""
    return bool(_ORDER.search(figure.text))


def _words(
    claim: str, source: str, thesaurus: Thesaurus, taken: tuple[Span, ...]
) -> Iterator[tuple[Span, str]]:
    has, needs = (frozenset(stem_tokens(text)) - FUNCTION_WORDS for text in (claim, source))
    free = [phrase for phrase in _phrases(source) if not phrase.stems & has]
    done: list[Span] = list(taken)
    for phrase in _phrases(claim):
        if phrase.stems & needs or any(phrase.span.overlaps(s) for s in done):
            continue
        for other in free:
            if _mean_the_same(phrase, other, thesaurus):
                yield phrase.span, other.text
                done.append(phrase.span)
                free = [each for each in free if not each.span.overlaps(other.span)]
                break


def _chinese_words(
    claim: str, source: str, lexicon: Lexicon, taken: tuple[Span, ...]
) -> Iterator[tuple[Span, str]]:
    quoted = [Span(*m.span()) for m in _QUOTED_CHINESE.finditer(claim)]
    free = [
        word
        for span in lexicon.segment(source)
        if len(word := span.of(source)) > 1 and word not in claim
    ]
    for span in lexicon.segment(claim):
        word = span.of(claim)
        if len(word) < 2 or word in source or lexicon.is_name(word):
            continue
        if any(span.overlaps(other) for other in (*taken, *quoted)):
            continue
        other = next((each for each in free if lexicon.mean_the_same(word, each)), None)
        if other is not None:
            yield span, other
            free = [each for each in free if each != other]


def _mean_the_same(one: _Phrase, other: _Phrase, thesaurus: Thesaurus) -> bool:
    words = (one.text.lower(), other.text.lower())
    if _ROUGHLY.issuperset(words):
        return True
    if any(word in FUNCTION_WORDS for word in words):
        return False
    if any(a.plain and thesaurus.tense(b.text.lower()) for a, b in ((one, other), (other, one))):
        return False
    if thesaurus.are_forms_of_one(*words):
        return True
    vague = one.stems <= _VAGUE or other.stems <= _VAGUE
    return not vague and thesaurus.mean_the_same(*words)


def _phrases(text: str) -> list[_Phrase]:
    """Words that are no names, those of two parts first, each kind in reading order."""
    quoted = [Span(*m.span()) for m in _QUOTED.finditer(text)]
    names = [Span(name.start, name.start + len(name.text)) for name in find_names(text)]
    words = [
        match
        for match in _WORD.finditer(text)
        if not any(Span(*match.span()).overlaps(span) for span in (*quoted, *names))
    ]
    pairs = [
        Span(verb.start(), particle.end())
        for verb, particle in pairwise(words)
        if particle[0].lower() in _PARTICLES
        and text[verb.end() : particle.start()].isspace()
        and verb[0].lower() not in FUNCTION_WORDS
    ]
    spans = [*pairs, *(Span(*match.span()) for match in words)]
    return [
        _Phrase(
            span.of(text),
            span,
            frozenset(stem_tokens(span.of(text))),
            span.of(text).split()[0].lower() in UNCHANGED
            and bool(_PLAIN_FORM.search(text, 0, span.start)),
        )
        for span in spans
    ]
