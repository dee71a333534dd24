"""Where sentences begin and end in text that is not always clean, and where one may be cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise

import regex
import sentencex

from rag.text.tables import language_table
from rag.types import Span

# Atomic: \r and \n given back one by one would make one line end a blank line.
_BREAK = r"(?>\r\n|[\n\r\v\f\u0085\u2028\u2029])"
_BLANK_LINES = re.compile(rf"{_BREAK}(?:[^\S\n\r\v\f\u0085\u2028\u2029]*{_BREAK})+|\f|\u2029")
_LINE_END = re.compile(r"\r\n|[\n\r\v\u0085\u2028]")

# sentencex knows a space and a line feed as white space and never ends a sentence
# inside a quotation, however long. It is shown the text with other spaces and double
# quotes blanked out, one character for one, so that its offsets hold.
_BLANKED = re.compile('[\\s"“”„‟«»＂\u0000\u200b-\u200d\u2060\ufeff]')
# No document holds one, but a question might, and sentencex takes only valid UTF-8.
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_OPENING_QUOTES = "“„«「『"

# Possessive: giving back the closing quote would end the sentence before it.
_CJK_END = re.compile(r"[。！？]++[”’」』）】》\")]*+(?![，、；：,;:])")
_NEVER_BEGINS = tuple("，、；：。！？,;.!?%)]”’」』）】》")
_BRACKETED_END = re.compile(r"(?<=[a-z\d][a-z\d])[.!?][)\]]+\s+(?=[A-Z\"“(])")
# "region.You": a word, the end mark, a capitalised word, no space. Not "Node.js" (no
# capital), "U.S." and "Ph.D" (one letter), "Out.print(" or "Yahoo.Com/x" (what follows).
_GLUED = re.compile(
    r"(?:(?<=[a-z)\]\d][a-z)\]\d])|(?<=[A-Z][A-Z]))[.!?][)\]”\"’']{0,2}"
    r"(?=[“\"(]?(?:[A-Z][a-z]+|[A-Z]{2,}|[AI](?=\s))(?:[\s,;:'’”\"-]|\.?$|\.\s|[A-Z]))"
)
_TITLES = ("Mr", "Mrs", "Dr", "Prof", "St", "No", "Vol", "Fig", "Gen", "Col", "Capt", "Jr", "Sr")
_ADDRESS = re.compile(r"://|www\.|@|\w/\w")

_LIST_ITEM = re.compile(r"\s*(?:[▲•●○◦■□◆◇▪▶►※·*+–—-]\s|#{1,6}\s|\||>\s|```|~~~)")
_NUMBERED_ITEM = re.compile(
    r"\s*(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)、]|[一二三四五六七八九十]{1,3}、)\s*\S"
)
_LABELLED = re.compile(r"\s*[^\W\d_][\w ]{0,30}[:：]\s*\S")
_ENDED = re.compile(r"[.!?。！？…][)\]”\"’'」』）]*\s*$")
_SHORT_LINE = 80


def split_sentences(text: str, language: str = "en") -> list[Span]:
    """The sentences of ``text`` as spans of code points, in order and never overlapping.

    Each is trimmed of surrounding white space and none is empty; together they cover
    every character that is no white space. Blank lines always end a sentence; a single
    line break does where the line stands by itself (heading, list item, field). An
    unknown ``language`` code is split by general rules.
    """
    return [
        Span(start + span.start, start + span.end)
        for start, end in _paragraphs(text, language)
        for span in sentences_of(text[start:end], language)
    ]


def sentences_of(text: str, language: str) -> list[Span]:
    """The sentences of one block's text as spans of code points, in order.

    Each is trimmed of surrounding white space and none is empty; together they cover
    every character that is no white space. Lines may be wrapped: a line break alone ends
    no sentence. An unknown ``language`` code is split by general rules.
    """
    spans = []
    for start, end in pairwise([0, *_cuts(text, language), len(text)]):
        part = text[start:end]
        if trimmed := part.strip():
            begin = start + len(part) - len(part.lstrip())
            spans.append(Span(begin, begin + len(trimmed)))
    return spans


@cache
def _wrapped_tail(language: str) -> re.Pattern[str]:
    """What ends a line, but no sentence."""
    unfinished = language_table(language).unfinished or language_table("en").unfinished
    words = "|".join(sorted(unfinished))
    return re.compile(rf"(?:[,;，、；(\[&/“-]|\b(?:{words}))\s*$", re.IGNORECASE)


def _cuts(piece: str, language: str) -> list[int]:
    """Offsets in ``piece`` at which a new sentence begins, in order, 0 left out."""
    found: set[int] = set()
    seen = _LONE_SURROGATE.sub("x", _BLANKED.sub(" ", piece))
    for boundary in sentencex.get_sentence_boundaries(language, seen):
        start = int(boundary["start_index"])
        # An end mark with no space after it is judged below: it may be "Node.Js".
        if start and seen[start - 1] in ".!?":
            continue
        cut = _before_opening_quotes(piece, start)
        if piece[cut : cut + 1] not in _NEVER_BEGINS and not _continues_quotation(piece, cut):
            found.add(cut)
    for pattern in (_CJK_END, _BRACKETED_END):
        found.update(match.end() for match in pattern.finditer(piece))
    for match in _GLUED.finditer(piece):
        if not (_inside_address(piece, match.start()) or _after_title(piece, match.start())):
            found.add(match.end())
    return sorted(cut for cut in found if 0 < cut < len(piece))


def _before_opening_quotes(piece: str, cut: int) -> int:
    """Move a cut that fell behind an opening quote to before it."""
    while cut > 0 and (
        piece[cut - 1] in _OPENING_QUOTES
        or (piece[cut - 1] in '"＂' and (cut == 1 or piece[cut - 2].isspace()))
    ):
        cut -= 1
    return cut


def _continues_quotation(piece: str, cut: int) -> bool:
    """Whether the cut is in ``"Why?" she asked``: a quote closed, then a small letter."""
    before = piece[max(0, cut - 8) : cut].rstrip()
    return before[-1:] in tuple('"”»') and piece[cut : cut + 1].islower()


def _after_title(piece: str, at: int) -> bool:
    """Whether the full stop at ``at`` belongs to "Dr." or the like."""
    words = re.findall(r"[A-Za-z]+", piece[max(0, at - 6) : at])
    return bool(words) and words[-1] in _TITLES


def _inside_address(piece: str, at: int) -> bool:
    """Whether the unbroken run of characters around ``at`` is a URL or e-mail address."""
    # Addresses are short; the window keeps a text without spaces from costing O(n²).
    before = piece[max(0, at - 80) : at].split()
    after = piece[at : at + 80].split(maxsplit=1)
    run = (before[-1] if before and not piece[at - 1].isspace() else "") + after[0]
    return _ADDRESS.search(run) is not None


def _paragraphs(text: str, language: str) -> Iterator[tuple[int, int]]:
    """Stretches of text that no sentence crosses, in order, together all of ``text``."""
    start = 0
    for match in _BLANK_LINES.finditer(text):
        yield from _lines_joined(text, start, match.start(), language)
        start = match.end()
    yield from _lines_joined(text, start, len(text), language)


def _lines_joined(text: str, start: int, end: int, language: str) -> Iterator[tuple[int, int]]:
    """Join the lines of [start, end) that run on; yield what stands by itself."""
    begin, line_start, fresh = start, start, True
    for match in _LINE_END.finditer(text, start, end):
        following = _LINE_END.search(text, match.end(), end)
        following_end = following.start() if following else end
        line = text[line_start : match.start()]
        next_line = text[match.end() : following_end]
        alone = _stands_alone(line, next_line, first=fresh, wrapped=_wrapped_tail(language))
        if alone:
            yield begin, match.end()
            begin = match.end()
        fresh = alone or _ENDED.search(line) is not None
        line_start = match.end()
    if begin < end:
        yield begin, end


def _stands_alone(line: str, following: str, *, first: bool, wrapped: re.Pattern[str]) -> bool:
    """Whether the break between two lines of one block also ends a sentence.

    ``first``: the line begins a sentence, as far as line breaks tell; ``wrapped`` is what
    no sentence ends with. Text from web pages
    is broken at any word, so that a line is short proves nothing.
    """
    if _LIST_ITEM.match(following) or line.lstrip().startswith("#"):
        return True
    if _ENDED.search(line):
        return False  # sentencex decides: it knows "Dr." from an end
    if _NUMBERED_ITEM.match(following) and (first or _NUMBERED_ITEM.match(line)):
        return len(line.strip()) <= _SHORT_LINE or _NUMBERED_ITEM.match(line) is not None
    opening = following.lstrip()[:1]
    if not opening or opening.islower() or opening in _NEVER_BEGINS or wrapped.search(line):
        return False
    if _LABELLED.match(following) and len(following) <= _SHORT_LINE and opening.isupper():
        return True
    if not first:
        return False
    content = line.strip()
    if len(content) > _SHORT_LINE:
        return False
    return _LABELLED.match(line) is not None or _is_title(content)


def _is_title(line: str) -> bool:
    """Whether every word of weight is capitalised, or it is a few CJK characters."""
    if any("\u4e00" <= character <= "\u9fff" for character in line):
        return len(line) <= 30 and line[-1].isalnum()
    words = [word for word in re.findall(r"[^\W_]+", line) if len(word) > 3 or word[0].isupper()]
    return bool(words) and all(word[0].isupper() or word[0].isdigit() for word in words)


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


def heading_words(rest: str) -> str:
    """The words of a Markdown heading, given what follows its opening marks.

    Closing number signs count only after a space: "Notes on C#" has none. Plain string
    work, because Python 3.11.2's possessive patterns get this wrong.
    """
    words = rest.rstrip(" \t")
    bare = words.rstrip("#")
    return bare.rstrip(" \t") if not bare or bare[-1] in " \t" else words
