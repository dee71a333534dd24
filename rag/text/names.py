"""Names of persons and places in a sentence as read, told by their form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from rag.text.tables import language_table
from rag.types import Span

_WORDS = language_table("en").names
_CHINESE_WORDS = language_table("zh").names
_TITLES = "|".join(_WORDS.titles)
_TITLE = re.compile(rf"(?:{_TITLES})\.?")
_TITLES_ONLY = re.compile(rf"(?:(?:Vice|Deputy|Managing|Acting|{_TITLES})\s?)+")
_PARTICLE = f"(?:{'|'.join(_WORDS.particles)})"
_CAPITAL = "[A-ZÀ-ÖØ-ÞŁŚŠŽČĆÖÜ]"
# A letter, or an accent that stands behind its letter as a mark: text from macOS.
_LETTER = "(?:[^\\W\\d_]|[\u0300-\u036f])"
_WORD = rf"{_CAPITAL}(?:\.|{_LETTER}*(?:['’\-]{_LETTER}+)*)"
_RUN = re.compile(rf"(?<![^\W_]){_WORD}(?:[ \t\xa0]?(?:{_PARTICLE}\s)?\s?{_WORD}(?![^\W_]))*")
_BODY = re.compile(rf"\b(?:{'|'.join(_WORDS.bodies)})")
_PLACED = re.compile(rf"\b(?:{'|'.join(_WORDS.place_words)})\b")
# Before a place; "of" is left out: what follows it is as often something else.
_PLACE_BEFORE = re.compile(
    r"(?<!\w)(?:in|at|near|from|to|into|outside|around|through|throughout|across"
    r"|towards?|over|between|visit(?:ed|s|ing)?|city of|town of|capital of)\s+"
    r"(?:the\s+|(?:city|town|state|province|village)\s+of\s+)?$",
    re.IGNORECASE,
)
_OF = re.compile(r"(?<!\w)(?:of|in|at|from)\s(?:the\s)?$")
_PLACE_RUN = re.compile(rf"(?<![^\W_]){_WORD}(?:(?:\s(?:of\s(?:the\s)?)?|,\s){_WORD})*")
_DATELINE = re.compile(r"^\W{0,2}([A-Z]{3,}(?: [A-Z]{3,})?)(?=,)")
_BASED = re.compile(rf"(?<![^\W_])({_WORD})(?=[- ]based)")

_CHINESE_NAME = f"([{''.join(_CHINESE_WORDS.surnames)}][一-鿿]{{1,2}}?)"
_ROLE = "|".join(_CHINESE_WORDS.roles)
_DOES = "|".join(_CHINESE_WORDS.verbs)
_AFTER_NAME = (
    rf"[，。、；：（）“”！？,;:()在和与及说对向从将为于是的等先同率由任就也还曾]|{_DOES}|$"
)
_CHINESE_PERSON = re.compile(
    rf"(?:{_ROLE}){_CHINESE_NAME}(?={_AFTER_NAME})"
    rf"|(?<![一-鿿]){_CHINESE_NAME}(?=(?:{_ROLE}|{_DOES}))"
)
_CHINESE_PLACE = re.compile(
    r"(?:在|位于|来自|抵达|访问|总部设在|于)([一-鿿]{2,6}?)(?=举行|召开|举办|成立|设立|开幕|停留|正式|[，。、；]|的)"
    r"|([一-鿿]{2,3}(?:市|省|县))"
)


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of capitalised words; ``opens`` is whether it begins the sentence."""

    span: Span
    text: str
    opens: bool


def find_persons(sentence: str) -> list[Span]:
    """Names of persons in reading order, titles left off.

    A capitalised run that names no place, organisation, month or nationality; of one that
    opens the sentence a lone word is left out, for every sentence opens with a capital.
    """
    places = set(find_places(sentence))
    found = [
        run.span
        for run in map(_without_office, _runs(sentence))
        if not _BODY.search(run.text)
        and not _PLACED.search(run.text)
        and run.text not in _WORDS.countries
        and run.span not in places
        and not _TITLES_ONLY.fullmatch(run.text)
        and (" " in run.text or not _alone_is_doubtful(run, sentence))
    ]
    return sorted([*found, *_grouped(_CHINESE_PERSON, sentence)])


def _without_office(run: _Run) -> _Run:
    """Gerd Müller of "Gerd Müller of UNIDO"; William of Orange stays whole."""
    name, of, rest = run.text.partition(" of ")
    if not of or (" " not in name and not rest.isupper()):
        return run
    return _Run(Span(run.span.start, run.span.start + len(name)), name, run.opens)


def _alone_is_doubtful(run: _Run, sentence: str) -> bool:
    """Whether a lone word more likely opens the sentence, abbreviates, or names a place."""
    return run.opens or run.text.isupper() or bool(_OF.search(sentence[: run.span.start]))


def _runs(sentence: str) -> Iterator[_Run]:
    """Capitalised runs without what is no name at their ends: titles, months, articles."""
    for match in _RUN.finditer(sentence):
        start, end = match.span()
        opens = not sentence[:start].strip(" “\"'(‘«#*-–—•\t\n")
        while first := re.match(rf"({_WORD}|{_PARTICLE})\s*", sentence[start:end]):
            if not (_is_no_name(first[1]) or _TITLE.fullmatch(first[1])):
                break
            start += first.end()
            opens = False
            if start >= end:
                break
        while words := sentence[start:end].split():
            if not (_is_no_name(words[-1]) or re.fullmatch(_PARTICLE, words[-1])):
                break
            end = start + len(sentence[start : end - len(words[-1])].rstrip())
        text = _without_possessive(sentence[start:end])
        if len(text) > 1 and not text.endswith("-"):
            yield _Run(Span(start, start + len(text)), text, opens)


def _without_possessive(text: str) -> str:
    return text.removesuffix("'s").removesuffix("’s")


def _is_no_name(word: str) -> bool:
    return word.casefold().rstrip(".") in _no_names()


@cache
def _no_names() -> frozenset[str]:
    """Words that open sentences, and others written with a capital that are no names."""
    table = language_table("en")
    dates = {*table.dates.full_months, *table.dates.weekdays}
    function_words = (table.stop_words | table.function_words) - table.names.names_too
    return function_words | table.names.no_names | {word.lower() for word in dates}


def find_places(sentence: str) -> list[Span]:
    """Names of places in reading order: after "in", "at", "from" and the like, with the
    larger place that follows after a comma; countries wherever they stand; datelines."""
    found: list[Span] = []
    for match in _PLACE_RUN.finditer(sentence):
        span = _place_in(sentence, Span(*match.span()))
        if span is not None and (
            _PLACE_BEFORE.search(sentence[max(0, span.start - 40) : span.start])
            or span.of(sentence) in _WORDS.countries
        ):
            found.append(span)
    for pattern in (_DATELINE, _BASED, _CHINESE_PLACE):
        others = _grouped(pattern, sentence)
        found += [span for span in others if not any(map(span.overlaps, found))]
    return sorted(found)


def _place_in(sentence: str, span: Span) -> Span | None:
    """The part of a run that may be a place: up to a word that is no name."""
    end = span.start
    for word in re.finditer(_WORD, span.of(sentence)):
        if _is_no_name(word[0]):
            break
        end = span.start + word.end()
    text = _without_possessive(sentence[span.start : end]).rstrip(",. ")
    if len(text) < 2 or (_BODY.search(text) and not _PLACED.search(text)):
        return None
    return Span(span.start, span.start + len(text))


def _grouped(pattern: re.Pattern[str], sentence: str) -> list[Span]:
    """Where the one group of each match that took part stands."""
    return [Span(*match.span(match.lastindex or 0)) for match in pattern.finditer(sentence)]
