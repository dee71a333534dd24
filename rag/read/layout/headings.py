"""Which lines of a plain text are headings, and of which level."""

from __future__ import annotations

import re

from rag.read.layout.lines import (
    FIELD,
    NO_GAP,
    PAGE,
    asks,
    ended,
    is_rule,
    label_of,
    leads_in,
    width,
)
from rag.read.layout.survey import Survey

HASHES = re.compile(r"#{1,6}[ \t]+(?=\S)")
# What a caption begins with: a word and a number.
CAPTION = re.compile(r"\W?[^\W\d_]{1,12}\.?\s?\d")
_BOLD = re.compile(r"(\*\*|__)(?=\S)(?:(?!\1).)+\1\s*(?:\([^)]*\))?[:：]?")
_BRACKETED = re.compile(r"[【〔［][^】〕］]{1,30}[】〕］]")
_PARENTHESIS = re.compile(r"[(（][^)）]*[)）]|\[[^\]]*\]")
_SECTION = re.compile(
    r"(?:第\s?[〇零一二三四五六七八九十百\d]+[章节節条條編篇部]|\d{1,3}(?:\.\d{1,3})+)(?=\s|\w)"
)
_DASHED = re.compile(r"[-=*_~]{3,}\s*\S.*?\s*[-=*_~]{3,}")
_INNER_END = re.compile(r"[^\W\d_]{3}[.!?]\s+(?=[^\W\d_a-z])|[。！？](?=.)")
_DAY = re.compile(r"\b\d{1,2}[^\W\d]{0,2}\b.*\b\d{4}\W?$")
_WORDS = re.compile(r"[^\W\d_]+")
_DRAWN = "■□◆◇●○▲△▶►★☆♦※"
_PARTING = ",;，；،؛"
_UNFINISHED = tuple(",;，；、،؛")
_TITLE_WIDTH, _HEADING_WIDTH, _LONG = 160, 80, 60


def _goes_on_after_page(known: Survey, at: int) -> bool:
    """Whether a page ends behind the line in the middle of its sentence."""
    below = at + 1
    while below in known.furniture:
        below += 1
    if below >= len(known.lines) or not known.lines[below].text[0].islower():
        return False
    return below > at + 1 or known.lines[below].gap == PAGE


def heading_at(known: Survey, at: int) -> tuple[int, bool] | None:
    """The level of the heading that a line is, and whether more than its place makes it one.

    None where it is none. Levels: 1 for the title, 2 and more, by its marks, for others.
    """
    line = known.lines[at]
    text = line.text
    if len(text) > 2 * _TITLE_WIDTH:
        return None
    if (hashes := HASHES.match(text)) and _is_hash_heading(known, at):
        return max(hashes[0].count("#"), 1 if at == 0 else 2), True
    if at == 0:
        return (1, True) if _is_title(known) else None
    if _goes_on_after_page(known, at):
        return None
    if known.underlined(at) or (_DASHED.fullmatch(text) and _WORDS.search(text)):
        return 2, True
    if known.goes_on[at] or leads_in(text) or at in known.series or at in known.defined:
        return None
    if at + 1 == len(known.lines) or (_is_enumerated(known, at) and not _is_capitals(text)):
        return None
    if width(text) <= _HEADING_WIDTH and (_BOLD.fullmatch(text) or _is_drawn(known, at)):
        return 2, False
    if not _may_head(known, at):
        return None
    if known.marks[at] is not None or _SECTION.match(text):
        return _numbered(known, at)
    if _is_capitals(text) and not known.shouted:
        return 2, True
    captions = at + 1 in known.tables and CAPTION.match(text) and not _is_capitals(label_of(text))
    return None if not line.gap or captions else (2, False)


def _is_hash_heading(known: Survey, at: int) -> bool:
    """Whether a line behind number signs is a heading: one sign may begin a remark."""
    below = at + 1 == len(known.lines) or known.lines[at + 1].gap > NO_GAP
    return known.lines[at].text.startswith("##") or below


def _is_title(known: Survey) -> bool:
    """Whether the first line looks like a title: no sentence, no field."""
    if len(known.lines) == 1:
        return False
    text, below = known.lines[0].text, known.lines[1]
    if not _is_short(text, _TITLE_WIDTH) or leads_in(text):
        return False
    if known.underlined(0):
        return True
    if (
        0 in known.roles
        or 0 in known.tables
        or 0 in known.defined
        or known.marks[0]
        or text[0] == ">"
        or is_rule(text)
    ):
        return False
    if len(_WORDS.findall(text)) < 5 and _is_date(text):
        return False
    heads = below.gap > NO_GAP or (not known.goes_on[1] and _heads_below(known, 0))
    if (label := FIELD.match(text)) is not None:
        value = text[label.end() :]
        fields = below.gap == NO_GAP and label_of(below.text)
        short = width(value) <= 12 and " " not in (label[1] or " ")
        return heads and not (fields or short or value[:1].isdigit())
    return heads


def _may_head(known: Survey, at: int) -> bool:
    """Whether the line is short, begins a stanza and has something below it."""
    line, mark, below = known.lines[at], known.marks[at], known.lines[at + 1]
    section = _SECTION.match(line.text)
    text = line.text[mark.end :] if mark else line.text[section.end() :] if section else line.text
    capitals = _is_capitals(line.text) and not known.shouted
    if not _is_short(text.strip(), _HEADING_WIDTH):
        return False
    if not (line.gap or capitals or mark or section) or is_rule(below.text):
        return False
    if text[0].islower() and not (mark or section):
        return False
    label = label_of(line.text)
    if label and not (line.gap and (label[-1].isdigit() or capitals)):
        return False
    if below.gap == NO_GAP:
        return not known.goes_on[at + 1] and _heads_below(known, at)
    if not line.gap and not capitals:
        return False
    return _stands_alone(known, at) and not _is_date(text)


def _heads_below(known: Survey, at: int) -> bool:
    """Whether what stands directly below the line is longer, or of another kind."""
    line, below = known.lines[at], known.lines[at + 1]
    following = at + 1
    if (
        following in known.tables
        or following in known.roles
        or following in known.code
        or following in known.furniture
        or following in known.series
        or following in known.questions
        or known.marks[following] is not None
        or below.text[0] == ">"
    ):
        return True
    if below.indent > line.indent + 1:
        return False
    if line.gap and _is_capitals(line.text) and not _is_capitals(below.text):
        return True
    if label_of(below.text) or following in known.defined:
        return True
    size = width(below.text)
    return size >= 1.5 * width(line.text) and (size >= _LONG or ended(below.text))


def _stands_alone(known: Survey, at: int) -> bool:
    """Whether a line between blank lines is no member of a run of such lines."""
    alone = {
        place
        for place in range(max(1, at - 1), min(at + 3, len(known.lines) - 1))
        if known.lines[place].gap and known.lines[place + 1].gap
        if _is_short(known.lines[place].text, _HEADING_WIDTH)
    }
    first = at - 1 if at - 1 in alone else at
    return not {first, first + 1, first + 2} <= alone


def _is_enumerated(known: Survey, at: int) -> bool:
    """Whether the line goes on in the items below it, which commas or semicolons part."""
    last = at + 1
    if known.marks[last] is None:
        return False
    while last + 1 < len(known.lines) and known.goes_on[last + 1]:
        last += 1
    return known.lines[last].text[-1] in _PARTING


def _is_drawn(known: Survey, at: int) -> bool:
    """Whether a line in brackets, or behind a drawn mark, heads those directly below."""
    line, mark, below = known.lines[at], known.marks[at], known.lines[at + 1]
    if not line.gap or below.gap or known.goes_on[at + 1] or at + 1 in known.roles:
        return False
    if mark is None or mark.style not in _DRAWN:
        return _BRACKETED.fullmatch(line.text) is not None
    other = known.marks[at + 1]
    alike = other is not None and other.style == mark.style
    return not alike and _is_short(line.text[mark.end :], _HEADING_WIDTH)


def _numbered(known: Survey, at: int) -> tuple[int, bool] | None:
    """The level of a numbered heading: text, and not the next number, is below it."""
    line, mark, below = known.lines[at], known.marks[at], known.lines[at + 1]
    if mark is None:
        section = _SECTION.match(line.text)
        return (2 + section[0].count("."), True) if section else None
    other = known.marks[at + 1]
    if (
        not mark.path
        or _counts_on(known, at)
        or (other is not None and (other.style == mark.style or not line.gap))
    ):
        return None
    # Without blank lines only a long line below tells a heading from an item.
    if not line.gap and not below.gap and width(below.text) < 2 * width(line.text):
        return None
    return 1 + len(mark.path) + ("（" in mark.style or "(" in mark.style), True


def _counts_on(known: Survey, at: int) -> bool:
    """Whether the item right above has the number before, so that the line is the next."""
    before = at - 1
    while before > 0 and known.goes_on[before]:
        before -= 1
    above, mark = known.marks[before], known.marks[at]
    return (
        above is not None
        and mark is not None
        and above.style == mark.style
        and above.path[:-1] == mark.path[:-1]
        and above.value + 1 == mark.value
    )


def _is_short(text: str, limit: int) -> bool:
    """Whether the line may be a heading by itself: short, and no sentence."""
    if not text or width(text) > limit or text.endswith(_UNFINISHED) or not _WORDS.search(text):
        return False
    capitals = width(text) <= _HEADING_WIDTH // 2 and _is_capitals(text)
    title = limit == _TITLE_WIDTH
    if ended(text) and not (
        asks(text) or (title and text[-1] in "!！") or (capitals and text[-1] in ".!")
    ):
        return False
    return title or not (_INNER_END.search(text) or _PARENTHESIS.fullmatch(text))


def _is_date(text: str) -> bool:
    """Whether the line is mostly figures, or a place and a day."""
    words = _WORDS.findall(text)
    if 0.5 * sum(map(width, words)) <= min(sum(map(str.isdecimal, text)), 6):
        return True
    return _DAY.search(text) is not None and (len(words) < 5 or "," in text or "،" in text)


def _is_capitals(text: str) -> bool:
    """Whether the line is set in capitals, and in letters that have small ones."""
    if not text.isupper():
        return False
    letters = [letter for letter in text if letter.isalpha()]
    return len(letters) > 2 and all(letter.isupper() for letter in letters)
