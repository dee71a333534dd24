"""Where sentences begin and end, and where one that is too long may be cut."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

import regex
import sentencex

from rag.text.tables import language_table
from rag.types import Span

# Atomic: \r and \n given back one by one would make one line end a blank line.
_BREAK = r"(?>\r\n|[\n\r\v\f\u0085\u2028\u2029])"
BLANK_LINES = re.compile(rf"{_BREAK}(?:[^\S\n\r\v\f\u0085\u2028\u2029]*{_BREAK})+|\f|\u2029")
_LINE_BREAKS = "\n\r\v\f\u0085\u2028\u2029"
_LINE = re.compile(rf"[^\s](?:[^{_LINE_BREAKS}]*\S)?")
# No line that is shorter is broken because it is full.
_LEAST_WIDTH = 60
_UNFINISHED_MARKS = frozenset(",;:，、；：(（[/&–—-")


def sentences_of(text: str, language: str, *, flowing: bool = False) -> list[Span]:
    """The sentences of one block's text as spans of code points, in order.

    Each is trimmed of surrounding white space and none is empty; together they cover
    every character that is no white space. Lines may be wrapped: a line break alone ends
    no sentence, but where each line of the block stands by itself (an address), each is
    one, unless the text is known to be ``flowing``. A blank line always ends one. An unknown
    ``language`` code is split by general rules.
    """
    spans = []
    blank_lines = [match.end() for match in BLANK_LINES.finditer(text)]
    for begin, stop in pairwise([0, *blank_lines, len(text)]):
        for start, end in pairwise([begin, *_ends(text, begin, stop, language), stop]):
            part = text[start:end]
            if trimmed := part.strip():
                first = start + len(part) - len(part.lstrip())
                spans.append(Span(first, first + len(trimmed)))
    if flowing or len(spans) > 1:
        return spans
    return _lines_of_their_own(text, language) or spans


def _lines_of_their_own(text: str, language: str) -> list[Span]:
    """The lines of a text of which none goes on in the next; none where one does.

    A line goes on where the next begins with a small letter or with a word that found no
    place behind it, and after a comma or a word that no sentence ends with. A text with an
    end mark at its end is a sentence.
    """
    if _END_MARK.search(text[-_BEFORE:]):
        return []
    lines = [match.span() for match in _LINE.finditer(text)]
    width = max([_LEAST_WIDTH, *(end - start for start, end in lines)])
    unfinished = language_table(language).unfinished
    for (start, end), (next_start, next_end) in pairwise(lines):
        line, next_word = text[start:end], text[next_start:next_end].split(maxsplit=1)[0]
        wrapped = len(line) + 1 + len(next_word) > width
        goes_on = line[-1] in _UNFINISHED_MARKS or line.split()[-1].lower() in unfinished
        if wrapped or goes_on or next_word[0].islower():
            return []
    return [Span(start, end) for start, end in lines]


# --- Where a sentence ends ---------------------------------------------------------

# A mark that may end a sentence, and the closing quotes, brackets, marks of emphasis and
# note marks that belong to it.
_MARK = regex.compile(
    r"(?P<mark>[.!?…‥؟。！？｡．।॥۔։።]++)"
    r"(?P<closing>(?:[\"'”’»›)）\]］}】」』》〉〕＂*_]|[“«](?=[\s\p{P}]|$)|\s[»›](?=[\s\p{P}]|$)"
    r"|\[\d{1,3}\](?!\()|\]\([^()\s]*+\)|[\u2070¹²³\u2074-\u2079]{1,3})*+)"
)
_END_MARK = regex.compile(rf"{_MARK.pattern}\s*$")
_OPENING = "\"'“„«‹»›‘‚(（[［{【「『《〈〔¿¡*_>–—―-"
_NEXT = regex.compile(
    rf"(?P<gap>\s*+)(?:['’]\p{{Ll}}\s(?=\p{{Lu}}))?+[{regex.escape(_OPENING)}\s]*+"
    r"(?P<word>[\p{L}\p{M}\p{Nd}]*+)(?P<point>\.?+)"
)
_STOPS = ("", ".", "．")
_NEVER_BEGINS = frozenset("，、；：。！？,;:.!?%)]”’」』）】》…।؟")
# These end a sentence whatever follows them; no word is shortened with them.
_UNMISTAKABLE = frozenset("。！？｡।॥۔։።؟")
# Scripts that have a full stop of their own, or none: there "." only shortens words.
_OWN_STOP = regex.compile("[。।॥｡։።]")
_UNCASED = regex.compile(r"\p{Lo}\p{M}*+$")
_NO_STOP = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_UNSPACED_LETTER = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
_UNSPACED_BEFORE = regex.compile(rf".*{_UNSPACED_LETTER.pattern}(?=\P{{Lo}}+$)")
# What follows a closing quote at once says what is done with it: 「はい。」と
_AFTER_QUOTE = regex.compile(r"[\p{Hiragana}\p{Hangul}]")
_BRACKETS = (("(", ")"), ("[", "]"), ("（", "）"), ("《", "》"), ("【", "】"))
_FARTHEST_BRACKET = 300
# "region.You": a word, the end mark, a capitalised word, no space. Not "Node.js" (no
# capital), "U.S." and "Ph.D" (one letter), "Out.print(" or "Yahoo.Com/x" (what follows).
_GLUED = regex.compile(
    r"(?<=[\p{Ll})\]\d]{2}|\p{Lu}{2})[.!?…]++[)\]”\"’']{0,2}+"
    r"(?=[“\"(]?(?:\p{Lu}\p{Ll}+|\p{Lu}{2,}|[AI](?=\s))(?:[\s,;:'’”\"-]|\.?$|\.\s|\p{Lu}))"
)
_ADDRESS = re.compile(r"://|www\.|@|\w/\w|[a-z]\.[a-z]")
_ROMAN = re.compile(r"[IVXLC]+|[ivx]+")
# "2", "2.1", "1st", "a", "IV"
_ENUMERATOR = regex.compile(
    r"\p{Nd}{1,3}(?:[./–-]+\p{Nd}+)*\p{L}{0,2}|[\p{Lu}\p{Ll}]|[IVXLC]+|[ivx]+"
)
_NUMBER = regex.compile(r"\p{Nd}+(?:[./–-]+\p{Nd}+)*")
# "12", "5./6", "12.06", and no time or price
_ORDINAL = regex.compile(r"\p{Nd}{1,3}(?:\.?[/–-]\p{Nd}{1,3}|\.[01]?\p{Nd})?")
_LETTERS = regex.compile(r"[\p{L}\p{M}]+")
_WORD_PARTS = re.compile(r"['’/–-]")
_VOWELS = frozenset("aeiouyæøœəıαεηιουωаеёиоуыэюяєіїў")
_BEFORE = 40
_LONGEST_PART_NUMBER = 4
_LONGEST_ABBREVIATION = 12
_LONGEST_CONSONANTS = 5

_Shortened = Literal["no", "title", "closing", "reference", "other"]


class _Place(NamedTuple):
    """What stands around a mark that may end a sentence.

    ``word`` is the one before the mark and ``previous`` the one before that, "" where there
    is none. ``numbers`` is whether ``word`` is the number of an item, at the beginning of
    the sentence or its line; ``label`` whether it is that of a part: "Section 3.". ``gap``
    is whether white space follows, ``following`` the next word, ``pointed`` whether that
    has a full stop too.
    """

    mark: str
    closing: str
    word: str
    previous: str
    numbers: bool
    label: bool
    gap: bool
    following: str
    pointed: bool


def _ends(text: str, begin: int, stop: int, language: str) -> Iterator[int]:
    """Where the sentences of [begin, stop) end but for the last, in order."""
    start = begin
    own_stop = _OWN_STOP.search(text, begin, stop) is not None
    small = text[begin : begin + _BEFORE].lstrip()[:1].islower()
    for match in _MARK.finditer(text, begin, stop):
        at, end = match.span()
        following = _NEXT.match(text, end, stop)
        assert following is not None
        next_start = following.end("gap")
        if next_start == stop:
            break
        if text[next_start] in _NEVER_BEGINS:
            continue
        if end == next_start and text[end].isdigit():
            continue  # "4.50"
        near = text[max(start, at - _BEFORE) : at]
        words = ["", "", *near.rsplit(maxsplit=2), *([""] if near[-1:].isspace() else [])]
        previous, word = words[-2], words[-1].lstrip(_OPENING)
        if not word.isascii():
            word = _UNSPACED_BEFORE.sub("", word)
        whole = at - _BEFORE <= start
        place = _Place(
            mark=match["mark"],
            closing=match["closing"],
            word=word,
            previous=previous,
            numbers=(whole or "\n" in near)
            and _ENUMERATOR.fullmatch(word) is not None
            and not any(map(str.isalnum, " ".join(near.rpartition("\n")[2].split()[:-1]))),
            label=start == begin
            and whole
            and _is_number(word.rstrip("ºª°"))
            and _is_label(near, language),
            gap=next_start > end,
            following=following["word"],
            pointed=bool(following["point"]),
        )
        if place.gap or place.mark[-1] in _UNMISTAKABLE:
            ends = _is_end(place, language, own_stop=own_stop, small=small)
        else:
            ends = _is_glued_end(text, at, place, language)
        if ends and not _inside_brackets(text, start, match, stop):
            start = end
            yield start


def _is_label(sentence: str, language: str) -> bool:
    """Whether a text begins with the number of what follows: "Section 3."."""
    words = [word.strip(_OPENING + ".") for word in sentence.split() if any(map(str.isalnum, word))]
    return (
        len(words) == 2
        and words[0].isalpha()
        and words[0][0].isupper()
        and words[0].lower() not in _months(language)
        and len(words[1]) <= _LONGEST_PART_NUMBER
        and _is_number(words[1].rstrip("ºª°"))
    )


def _is_number(word: str) -> bool:
    return (_NUMBER.fullmatch(word) or _ROMAN.fullmatch(word)) is not None


def _is_end(place: _Place, language: str, *, own_stop: bool, small: bool) -> bool:
    """Whether a mark with white space behind it, or one that needs none, ends a sentence.

    ``own_stop``: the text has full stops other than "."; ``small``: it begins with a small
    letter, as all its sentences may.
    """
    following = place.following
    if place.numbers:
        return False  # a bare number, which belongs to what follows
    if place.mark[-1] in _UNMISTAKABLE:
        return place.gap or not (place.closing and _AFTER_QUOTE.match(following))
    if not place.word and place.closing[:1] in (")", "]"):
        return False  # "(!)", "[...]"
    if place.mark not in _STOPS:
        begins = not following[:1].islower() or small
        return begins and not (place.mark[-1] in ".…" and following[:1].isdigit())
    if place.label or (_UNCASED.search(place.word) and (own_stop or _NO_STOP.match(place.word))):
        return False
    if following[:1].islower() and not following[1:2].isupper():
        return small and _shortened(place.word, language) == "no"
    return _full_stop_ends(place, language)


def _full_stop_ends(place: _Place, language: str) -> bool:
    """Whether a full stop before what may begin a sentence ends one, not only a word."""
    word, following = place.word, place.following.lower()
    begins = following in _beginnings(language) and not place.pointed
    if _NUMBER.fullmatch(word) or (len(word) > 1 and _ROMAN.fullmatch(word)):
        return _number_ends(place, begins=begins, language=language)
    shortened = _shortened(word, language)
    if following[:1].isdigit() and len(word) <= 3 and word.islower() and _is_unlisted(language):
        return False  # "ur. 12 maja", "ok. 400"
    if shortened == "no" or not following or following[0].isdigit():
        return shortened == "no"
    if shortened == "reference":
        return True
    if shortened == "title" or ("." in word and not place.previous):
        return False
    # "41 ft. Sailors": a unit behind its number, where a name would follow a title
    behind_number = place.previous[-1:].isdigit() and not (place.pointed and len(following) <= 3)
    unit = behind_number and word.islower() and "." not in word
    return begins or unit or shortened == "closing"


def _number_ends(place: _Place, *, begins: bool, language: str) -> bool:
    """Whether the full stop behind a number or Roman numeral ends a sentence.

    ``begins``: what follows is a word that begins sentences rather than a name.
    """
    following, previous = place.following.lower(), place.previous
    parts = re.split(r"\D+", place.word)
    if max(map(len, parts)) <= 2 and following in _months(language):
        return False
    in_date = previous.endswith(".") and previous[:-1].isdigit()  # "5. 3. 2017"
    if following[:1].isdigit():
        return not (in_date or place.pointed)
    if in_date and len(parts[-1]) <= 2:
        return begins
    ordinal = not parts[0] or _ORDINAL.fullmatch(place.word)
    if begins or not (ordinal and language_table(language).sentences.ordinal_point):
        return True
    # "im 19. Jahrhundert", but "Zimmer 19. Frühstück ab acht"
    return previous[:1].isupper() and previous.lower() not in _beginnings(language)


@lru_cache(maxsize=1 << 15)
def _shortened(word: str, language: str) -> _Shortened:
    """Whether a word before a full stop is an abbreviation, and of which kind.

    "title": before a name; "closing": often the last word of a sentence; "reference": only
    before a number, as it is a word of its own too ("no").
    """
    words = language_table(language).sentences
    whole = unicodedata.normalize("NFC", word).lower()
    last = _WORD_PARTS.split(whole)[-1]
    for bare in (whole, last):
        if bare in words.titles:
            return "title"
        if bare in words.closing and not (len(bare) == 1 and word.isupper()):
            return "closing"
        if bare in words.abbreviations or bare.endswith(words.compounds):
            return "other"
    parts = last.split(".")
    if len(parts) > 1 and all(len(part) <= 3 and part.isalpha() for part in parts):
        return "other"  # "U.S", "Ph.D"
    if not _LETTERS.fullmatch(last) or len(last) > _LONGEST_ABBREVIATION:
        return "no"
    if len(last) == 1:
        return "other" if "'" not in word and "’" not in word else "no"
    tail = word[-len(last) :]
    if tail[1:].islower() and len(last) <= _LONGEST_CONSONANTS and not _has_vowel(last):
        return "other"  # "Wm", "Pt", "Jh"
    if tail.isupper() or not (last in _short_months(language) or _is_listed(last, language)):
        return "no"
    return "reference" if last in _beginnings(language) else "other"


def _is_unlisted(language: str) -> bool:
    """Whether it is a language whose abbreviations no table has."""
    return language not in ("en", "und") and language_table(language) is language_table("en")


def _is_listed(word: str, language: str) -> bool:
    """Whether sentencex has the word among the abbreviations of the language."""
    return len(sentencex.segment(language, f"Zz {word}. Xx")) == 1


def _has_vowel(word: str) -> bool:
    return not _VOWELS.isdisjoint(unicodedata.normalize("NFD", word))


def _inside_brackets(text: str, start: int, match: regex.Match[str], stop: int) -> bool:
    """Whether a mark stands in brackets that the sentence from ``start`` opens and closes."""
    at, end = match.span()
    nearest = max(start, at - _FARTHEST_BRACKET)
    for opening, closing in _BRACKETS:
        opened = text.rfind(opening, nearest, at)
        if opened < 0 or text.rfind(closing, opened, end) >= 0:
            continue
        closed = text.find(closing, end, min(stop, end + _FARTHEST_BRACKET))
        # "(The end is near. All slept.)" is two sentences.
        begins = opened - start < _BEFORE and not text[start:opened].strip()
        of_sentences = begins and _MARK.match(text, closed - 1)
        if closed >= 0 and not of_sentences:
            return True
    return False


def _is_glued_end(text: str, at: int, place: _Place, language: str) -> bool:
    """Whether a sentence ends at a mark with no white space behind it."""
    if place.closing and _AFTER_QUOTE.match(place.following):
        return False
    if _UNSPACED_LETTER.match(place.following) and place.mark.strip("!?") in _STOPS:
        return _UNSPACED_LETTER.match(text, at - 1) is not None
    return (
        _GLUED.match(text, at) is not None
        and _shortened(place.word, language) == "no"
        and not _inside_address(text, at)
    )


@cache
def _beginnings(language: str) -> frozenset[str]:
    """Words that, with a capital, begin a sentence and are no part of a name."""
    table = language_table(language)
    return table.stop_words | table.function_words


@cache
def _short_months(language: str) -> frozenset[str]:
    dates = language_table(language).dates
    return frozenset(map(str.lower, {*dates.months} - {*dates.full_months}))


@cache
def _months(language: str) -> frozenset[str]:
    names = (*language_table(language).dates.months, *language_table("en").dates.months)
    return frozenset(map(str.lower, names))


def _inside_address(piece: str, at: int) -> bool:
    """Whether the unbroken run of characters around ``at`` is a URL or e-mail address."""
    # Addresses are short; the window keeps a text without spaces from costing O(n²).
    before = piece[max(0, at - 80) : at].split()
    after = piece[at : at + 80].split(maxsplit=1)
    run = (before[-1] if before and not piece[at - 1].isspace() else "") + after[0]
    return _ADDRESS.search(run) is not None


# --- Cutting what is too long ------------------------------------------------------

_WORD = re.compile(r"\S+")
# Where a run of non-spaces may be cut: beside a character of a script written without
# spaces between words, but never inside a grapheme or before closing punctuation.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003134f"
)
_CUT = regex.compile(
    rf"(?:(?=[{_UNSPACED}])|(?<=[{_UNSPACED}，。、；：！？]))(?<!\u200d)(?=\S)"
    r"(?![\p{M}\u200d\U0001f3fb-\U0001f3ff，。、；：！？）】》」』”’…—·,.;:!?)\]}%％])"
)
_GRAPHEME = regex.compile(r"\X")


def cut_to_fit(text: str, span: Span, limit: int, count: Callable[[str], int]) -> list[Span]:
    """Pieces of ``span`` in order, each of at most ``limit`` by ``count``.

    Cut at white space; in scripts without spaces also between characters, never before
    closing punctuation. A run without any such place is cut between graphemes. Pieces are
    trimmed and cover every character that is no white space; a single grapheme over the
    limit is one piece.
    """
    # Characters of Chinese recur, and each is an atom: count each but once.
    counted = cache(count)
    pieces: list[Span] = []
    total = 0
    end_before = span.start
    for atom in _atoms(text, span, limit, counted):
        size = counted(text[end_before : atom.end])
        end_before = atom.end
        if pieces and total + size <= limit:
            pieces[-1] = Span(pieces[-1].start, atom.end)
            total += size
        else:
            pieces.append(atom)
            total = size
    return pieces


def _atoms(text: str, span: Span, limit: int, count: Callable[[str], int]) -> Iterator[Span]:
    """The least pieces: words, and characters of scripts without spaces."""
    for word in _WORD.finditer(text, span.start, span.end):
        cuts = [match.start() for match in _CUT.finditer(text, word.start() + 1, word.end())]
        for start, end in pairwise([word.start(), *cuts, word.end()]):
            if count(text[start:end]) <= limit:
                yield Span(start, end)
            else:
                # A run without any such place is cut between graphemes.
                for grapheme in _GRAPHEME.finditer(text, start, end):
                    yield Span(*grapheme.span())
