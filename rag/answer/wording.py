"""How a claim is worded beside its source: its parts, its subject, whose words it uses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher

from rag.answer.check import check_support
from rag.answer.facts import FUNCTION_WORDS, find_calendar_dates, find_names
from rag.answer.rules.support import name_is_among
from rag.answer.sense import is_turned
from rag.question.analysis import analyse_question, stem_tokens
from rag.text.normalise import search_text
from rag.text.numbers import find_figures
from rag.types import Citation, Span

__all__ = ["is_about", "is_said", "mixes_clauses", "split_parts"]

# Share of a part's words, names and figures aside, that must be among those cited.
_PART_WORDS = 0.6
# From which share of like letters on two words are one: "organised", "organized".
_ALIKE = 0.8
# At a sentence's beginning or end, more words than these are told elsewhere, not exchanged.
_FEW_WORDS = 3
# Words of a claim by those of a source; ``is_turned`` withholds what is longer.
_MOST_PAIRS = 160_000
_HAN = re.compile("[\u3400-\u9fff]")
_CHINESE_GRAMMAR = re.compile(r"[的了在是和与同跟于及等将已曾并也就都还而被把其之为以由从\W]")
_SUBORDINATE = re.compile(
    r"[;；。]|\b(?:before|after|when|until|till|while|where|whereas)\b|之前|之后|以前|以后"
)
# Words that add nothing to what stands around them.
_LIGHT_CHINESE = re.compile(
    "进行|一共|总共|其中|分别|期间|属于|方面|目前|按照|根据|这些|那些|该|此|所|表示|认为|指出|称|说"
)
_MARKS = ".,;:!?()[]\"'“”‘’"
_JOINTS = re.compile(
    r"[;；，]|,?\s(?:and|but|while|whereas|although|though)\s|,\s(?=(?:which|who|where)\b)|(?:并且|而且|但是?|而)"
)
# Stems of words that join what is said and add nothing to it.
_LIGHT = frozenset(
    stem
    for word in """
    located situated based held took taken place called named known titled entitled according
    stated described mentioned says stands means refers passage archive text source date name one
    well use serve
    """.split()  # noqa: SIM905
    for stem in stem_tokens(word)
)
_CAPITALISED = re.compile(r"(?<=[^\W_])\W{1,3}([A-Z][^\W_]+)")


def split_parts(text: str, least: int = 2) -> list[str]:
    """The parts of a compound sentence, each of at least so many content words."""
    parts: list[str] = []
    at = 0
    for joint in [*_JOINTS.finditer(text), None]:
        end = joint.start() if joint else len(text)
        part = text[at:end].strip()
        if len(analyse_question(part).content) < least and parts:
            # "Austria and Benin": no part of its own.
            parts[-1] = text[text.rindex(parts[-1]) : end].strip()
        elif part:
            parts.append(part)
        at = joint.end() if joint else end
    return parts


def _subject(text: str) -> frozenset[str]:
    """Stems of the claim's first name, else of its first content word."""
    plain = search_text(text)
    names = find_names(plain)
    if names:
        first = names[0].run
        return frozenset(s for name in names if name.run == first for s in name.stems)
    content = analyse_question(text).content
    return frozenset([s for s in stem_tokens(plain) if s in content][:1])


def is_about(claim: str, stems: Collection[str]) -> bool:
    """Whether the subject of a claim is among these stems of its source."""
    subject = _subject(claim)
    return bool(subject) and all(s in stems or name_is_among(s, stems) for s in subject)


def mixes_clauses(claim: str, sentence: str) -> bool:
    """Whether a claim takes a date or figure from a clause that is about another.

    "Gong came in 2020, and met Müller in July" does not say that Müller did anything in
    2020: the clause names somebody else, and he comes only after it.
    """
    plain, clauses = search_text(claim), [search_text(part) for part in split_parts(sentence, 1)]
    subject = _subject(plain)
    if len(clauses) < 2 or not find_names(plain):
        return False
    own = frozenset(stem_tokens(plain))
    for fact in _dates_and_figures(plain):
        places = [at for at, clause in enumerate(clauses) if _has_fact(clause, fact)]
        if places and all(_is_of_another(clauses, at, subject, own) for at in places):
            return True
    return False


def _moves_a_date(claim: str, sentence: str) -> bool:
    """Whether a claim has the date of a clause, and nothing else that the clause says.

    "Li became a minister in June 2013" of one who had been that before he moved to Vienna in
    June 2013.
    """
    if sentence.startswith(claim.strip(" .。")):
        return False
    clauses = _SUBORDINATE.split(sentence)
    words = frozenset(stem_tokens(claim))
    for date in _years_and_dates(claim):
        dated = [clause for clause in clauses if _has_fact(clause, date)]
        if len(dated) == 1 and len(clauses) > 1:
            names = {s for name in find_names(dated[0]) for s in name.stems}
            when = {s for other in _years_and_dates(dated[0]) for s in stem_tokens(other)}
            said = _words_of(dated[0]).union(names) - when
            if said and not said & words:
                return True
    return False


def _years_and_dates(text: str) -> list[str]:
    years = [figure.text for figure in find_figures(text) if figure.year]
    return [*(date.text for date in find_calendar_dates(text)), *years]


def _is_of_another(
    clauses: Sequence[str], at: int, subject: frozenset[str], own: frozenset[str]
) -> bool:
    named = frozenset(s for name in find_names(clauses[at]) for s in name.stems)
    before = frozenset(stem_tokens(" ".join(clauses[: at + 1])))
    return bool(named - own) and not any(s in before or name_is_among(s, before) for s in subject)


def _dates_and_figures(text: str) -> list[str]:
    dates = find_calendar_dates(text)
    figures = [
        figure.text
        for figure in find_figures(text)
        if not figure.idle
        and not any(Span(figure.start, figure.end).overlaps(date.span) for date in dates)
    ]
    return [*(date.text for date in dates), *figures]


def _has_fact(clause: str, fact: str) -> bool:
    check = check_support(fact, [clause])
    return not (check.missing_dates or check.missing_numbers)


def is_said(
    claim: str,
    citations: Sequence[Citation],
    *,
    given: Collection[str] = frozenset(),
) -> bool:
    """Whether each part of a claim, names and figures aside, is in words that are cited.

    The check's score counts names and figures, and rare ones most: with those alone a claim
    could say anything of them. Words ``given`` need not be cited. No word may stand in
    another's place, and none may be added that says anything: "illegally moved" of one that
    moved.
    """
    quotes = [search_text(citation.quote) for citation in citations]
    titles = [search_text(citation.title) for citation in citations]
    cited = frozenset(stem for quote in quotes for stem in stem_tokens(quote))
    known = cited | frozenset(stem for title in titles for stem in stem_tokens(title))
    plain = search_text(claim)
    names = {name.text for name in find_names(plain)}
    names.update(word for date in find_calendar_dates(plain) for word in date.text.split())
    # A capital that tells no name by itself ("the Relations"), but is new: a name after all.
    strange = any(
        word not in names and not all(s in known or name_is_among(s, known) for s in stems)
        for word in _CAPITALISED.findall(plain)
        if (stems := [s for s in stem_tokens(word) if s not in FUNCTION_WORDS])
    )
    if (
        strange
        or is_turned(plain, quotes)
        or any(_moves_a_date(plain, quote) for quote in quotes)
        or _exchanges_words(plain, quotes, given)
        or _adds_words(claim, "".join([*quotes, *titles]), known.union(given))
    ):
        return False
    parts = [claim, *split_parts(claim, 1)]
    return all(_share_said(part, cited, given) >= _PART_WORDS for part in parts)


def _adds_words(claim: str, written: str, known: frozenset[str]) -> bool:
    """Whether a claim has a word that is neither known nor says nothing; of Chinese pairs of
    characters, which stand side by side by chance, only one with a strange character."""
    claim = _LIGHT_CHINESE.sub(" ", claim)
    return any(
        not _HAN.search(word) or any(c not in written for c in _CHINESE_GRAMMAR.sub("", word))
        for word in _words_of(claim) - known - _LIGHT
    )


def _exchanges_words(claim: str, quotes: Sequence[str], given: Collection[str]) -> bool:
    """Whether a claim has, within words of a sentence cited, another word in a word's place.

    "The library [closed] on Mill Street in 1988" of one that moved there: nothing here knows
    which words mean the same, so none is taken for another. Spellings of one word are.
    """
    said = _words_in_order(claim)
    for source in quotes:
        cited = _words_in_order(source)
        for new, old in _replaced(said, cited):
            own = _missing_from(source, _stems_of(new)).difference(given)
            lost = _missing_from(claim, _stems_of(old))
            if own and lost and not any(_spells_alike(a, b) for a in own for b in lost):
                return True
    return False


def _missing_from(text: str, stems: frozenset[str]) -> frozenset[str]:
    missing = stems.difference(stem_tokens(text))
    return frozenset(stem for stem in missing if not (_HAN.search(stem) and stem in text))


def _words_in_order(text: str) -> list[str]:
    """Words, each Chinese character one."""
    return _HAN.sub(r" \g<0> ", text).split()


def _replaced(said: Sequence[str], cited: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What stands in the claim between words of the source, or beside them at its beginning or
    end, and what the source has there."""
    if len(said) * len(cited) > _MOST_PAIRS:
        return
    matcher = SequenceMatcher(None, _keys(said), _keys(cited), autojunk=False)
    for kind, start, end, first, last in matcher.get_opcodes():
        within = start > 0 and end < len(said) and first > 0 and last < len(cited)
        if kind == "replace" and (within or max(end - start, last - first) <= _FEW_WORDS):
            yield " ".join(said[start:end]), " ".join(cited[first:last])


def _stems_of(words: str) -> frozenset[str]:
    """Stems of the content words, names among them; of a Chinese stretch itself."""
    if _HAN.search(words):
        bare = _CHINESE_GRAMMAR.sub("", words)
        return frozenset((bare,)) if len(bare) > 1 else frozenset()
    terms = analyse_question(words)
    return terms.content - terms.numbers


def _keys(words: Sequence[str]) -> list[str]:
    return [word.strip(_MARKS).casefold() for word in words]


def _spells_alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other).ratio() >= _ALIKE


def _share_said(part: str, cited: frozenset[str], given: Collection[str]) -> float:
    words = _words_of(part).difference(given, _LIGHT - cited)
    return len(words & cited) / len(words) if words else 1.0


def _words_of(text: str) -> frozenset[str]:
    """Stems of its content words that are no names and no figures."""
    plain = search_text(text)
    terms = analyse_question(plain)
    names = {stem for name in find_names(plain) for stem in name.stems}
    return terms.content - names - terms.names - terms.numbers
