"""What a sentence states that can be checked: dates, names, quotations, negations.

Numbers are in ``rag.text.numbers``. Everything here expects ``search_text``: Unicode
NFKC with straight quotes and plain hyphens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.question.analysis import stem_tokens
from rag.text.dates import find_dates
from rag.types import Span

__all__ = [
    "FUNCTION_WORDS",
    "CalendarDate",
    "Name",
    "acronym_windows",
    "chinese_names",
    "count_negations",
    "find_calendar_dates",
    "find_names",
    "find_quotations",
    "negated_stems",
]

_MONTHS = "January February March April May June July August September October November December"
_MONTH_OF = {name: number for number, name in enumerate(_MONTHS.split(), start=1)}
# "may" and "march" are verbs too: only what stands before them makes them months.
_MONTH_ALONE = re.compile(
    rf"\b(?P<clear>{'|'.join(m for m in _MONTH_OF if m not in ('May', 'March'))})\b"
    r"|\b(?:in|of|since|until|by|during|from|to|last|early|late|mid|and|through)[ -]"
    r"(?P<doubtful>May|March)\b"
    r"|(?<!\d)(?P<chinese>1[0-2]|[1-9])[ ]?月(?!\d)"
)
FUNCTION_WORDS = frozenset(
    """
    a about above according across after afterwards again against all along already also although
    among an and another any anyone are around as at be because been before behind being below
    beneath beside besides between beyond both but by can currently despite did do does doing down
    due during each earlier early either even eventually every everyone few finally following for
    formerly from further furthermore had has have having he hence her here his how however i if in
    indeed initially inside instead into is it its itself just last late later least like many may
    meanwhile might more moreover most mr mrs ms dr much must my near nearly neither nevertheless
    next no nobody none nor not nothing notably now of off often on once one only onto or other
    others otherwise our out outside over overall own per perhaps previously prior rather recently
    regarding same several she should similarly since so some someone something sometimes soon
    still subsequently such than that the their them then there therefore these they this those
    though through throughout thus to today together too toward towards two under unlike until up
    upon us use used using various very via was we well were what when where whereas whether which
    while who whom whose why will with within without would yet you your
    """.split()  # noqa: SIM905
)
# Of an opening word: a capital there says nothing, and what ends so is seldom a name.
_ORDINARY_ENDING = re.compile(r"(?:[^s]s|ed|ing|ly|ion|ment|ity)$")
_NAME_WORD = re.compile(r"(?<!\w)(?:(?:[A-Z]\.){2,}|[^\W\d_][\w'&]*(?:[.-][^\W_][\w'&]*)*)")
_CAPITAL = re.compile(r"[^\W\d_a-z]")
_CONNECTOR = re.compile(
    r"\s+(?:(?:of|for|and|the|de|di|da|von|van|der|la|le|du|on|in)\s+){0,3}|-", re.IGNORECASE
)
_OPENS = re.compile(r"(?:^|[.!?:]['\")\]]*\s|[\"(•])\s*$")
_TITLE = re.compile(r"《([^》]{1,60})》")
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁"
    "任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫"
    "孔向汤习温"
)
_SURNAME = re.compile(rf"[{_SURNAMES}]")
# A character that is a surname too: 位于, 双方. What follows a name: 表示.
_NO_SURNAME = re.compile(
    "(?:[成位等由关属处对终始源至用归限鉴基在]于|[双各对一多两三]方|[共协相]同)$"
)
_SAYS = re.compile("表示|认为|指出|强调|介绍|说|称|在|和|与|同|于")
_HAN = re.compile("[一-鿿]")
_NEW_STRETCH = re.compile(r"[一-鿿]{2,6}")
_PLACE_ENDINGS = frozenset("省市县区国州镇村岛")
_QUOTATION = re.compile(r'"([^"\n]{2,400})"|「([^」\n]{2,400})」|『([^』\n]{2,400})』')
_NEGATION = re.compile(
    r"\b(?:not(?! only\b)|no(?!\.)|never|none|neither|nor|without|cannot|refus\w+|den(?:y|ied|ies)"
    r"|fail(?:s|ed)?(?= to\b)|unable|declin(?:e[sd]?|ing)(?= to\b)|hardly|reject(?:s|ed)?)\b|n't\b"
    r"|[不没未无非否](?![仅但断同久久错])|拒绝",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[,;:.!?()，。；：！？]|\b(?:but|because|although)\b")
# A negation governs nothing further away.
_SCOPE_CHARACTERS = 80
_NEGATED_WORDS = 3


@dataclass(frozen=True, slots=True)
class CalendarDate:
    """A date at the precision given, where it stands and as written."""

    year: int | None
    month: int | None
    day: int | None
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A capitalised word (or Chinese name) as written, with its stems.

    ``run`` is where the whole run of names around it stands ("United Nations").
    """

    text: str
    stems: frozenset[str]
    start: int
    run: Span


def find_calendar_dates(text: str) -> list[CalendarDate]:
    """The dates of ``text`` in reading order, lone months among them, bare years not."""
    dates = [
        CalendarDate(d.year, d.month, d.day, d.span, d.span.of(text))
        for d in find_dates(text)
        if d.span is not None
    ]
    for match in _MONTH_ALONE.finditer(text):
        group = match.lastgroup or ""
        span = Span(match.start(group), match.end())
        if not any(span.overlaps(date.span) for date in dates):
            month = int(match[group]) if group == "chinese" else _MONTH_OF[match[group]]
            dates.append(CalendarDate(None, month, None, span, span.of(text)))
    return sorted(dates, key=lambda date: date.span)


def find_names(text: str) -> list[Name]:
    """The words that ``text`` writes as names or acronyms, in reading order.

    An opening word counts where more than its capital tells a name: another capitalised
    word after it, capitals inside, or an ending that ordinary words seldom have.
    """
    words = [m for m in _NAME_WORD.finditer(text) if _is_capitalised(m[0])]
    runs = list(_runs(text, words))
    names = [
        Name(word[0], frozenset(stem_tokens(word[0])), word.start(), span)
        for span, run in runs
        for position, word in enumerate(run)
        if position or len(run) > 1 or not _OPENS.search(text, 0, word.start()) or _is_telling(word)
    ]
    names += [
        Name(m[1], frozenset((m[1],)), m.start(1), Span(m.start(1), m.end(1)))
        for m in _TITLE.finditer(text)
    ]
    return sorted((name for name in names if name.stems), key=lambda name: name.start)


def _is_capitalised(word: str) -> bool:
    if not (_CAPITAL.match(word) and word[0].isupper()) and not word[1:2].isupper():
        return False
    plain = word.lower().removesuffix("'s")
    if plain in FUNCTION_WORDS:
        # US, IT: acronyms that spell a word.
        return len(word) > 1 and word.isupper() and plain in ("us", "it", "who")
    return len(plain) > 1 and plain.capitalize() not in _MONTH_OF


def _is_telling(word: re.Match[str]) -> bool:
    text = word[0]
    return any(c.isupper() or c.isdigit() for c in text[1:]) or not _ORDINARY_ENDING.search(text)


def _runs(text: str, words: list[re.Match[str]]) -> Iterator[tuple[Span, list[re.Match[str]]]]:
    """Capitalised words that stand together, "of", "and" and the like between them allowed."""
    run: list[re.Match[str]] = []
    for word in words:
        if run and not _CONNECTOR.fullmatch(text, run[-1].end(), word.start()):
            yield Span(run[0].start(), run[-1].end()), run
            run = []
        run.append(word)
    if run:
        yield Span(run[0].start(), run[-1].end()), run


def acronym_windows(names: list[Name]) -> Iterator[tuple[str, tuple[Name, ...]]]:
    """Initials of two to eight names standing together, lower case, with these names."""
    by_run: dict[Span, list[Name]] = {}
    for name in names:
        by_run.setdefault(name.run, []).append(name)
    for run in by_run.values():
        for start in range(len(run)):
            for end in range(start + 2, min(start + 8, len(run)) + 1):
                window = tuple(run[start:end])
                yield "".join(name.text[0] for name in window).lower(), window


def find_quotations(text: str) -> list[str]:
    """What stands between double or corner quotation marks, without closing punctuation."""
    found = ("".join(group or "" for group in m.groups()) for m in _QUOTATION.finditer(text))
    return [quoted for each in found if (quoted := each.strip(" .,;:!?。，！？"))]


def negated_stems(text: str) -> frozenset[str]:
    """Stems of the few words that each negation of ``text`` governs."""
    negated: set[str] = set()
    for match in _NEGATION.finditer(text):
        furthest = match.end() + _SCOPE_CHARACTERS
        end = _CLAUSE_END.search(text, match.end(), furthest)
        scope = text[match.end() : end.start() if end else furthest]
        stems = [s for s in stem_tokens(scope) if s not in FUNCTION_WORDS]
        negated.update(stems[:_NEGATED_WORDS])
    return frozenset(negated)


def count_negations(text: str) -> int:
    """How often ``text`` denies something."""
    return sum(1 for _ in _NEGATION.finditer(text))


def chinese_names(text: str, known: frozenset[str]) -> list[str]:
    """Names of people and places in Chinese ``text`` of which the ``known`` pairs have no part.

    A capital does not tell them: a surname does, or a word such as "province" after them.
    """
    new = "".join(
        character if text[at - 1 : at + 1] not in known and text[at : at + 2] not in known else " "
        for at, character in enumerate(text)
    )
    people = (
        _person(text, new, m.start())
        for m in _SURNAME.finditer(new)
        if _HAN.match(text, m.end()) and not _NO_SURNAME.search(text, 0, m.end())
    )
    places = (text[m.start() : m.end() + 1] for m in _NEW_STRETCH.finditer(new))
    return [*people, *(place for place in places if place[-1] in _PLACE_ENDINGS)]


def _person(text: str, new: str, start: int) -> str:
    end = start + 1
    while end < start + 3 and new[end : end + 1].strip() and not _SAYS.match(text, end):
        end += 1
    return text[start : max(end, start + 2)]
