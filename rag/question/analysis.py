"""What a question asks for: the type of answer, its names, numbers and content words."""

from __future__ import annotations

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import snowballstemmer

from rag.text.normalise import lexical_tokens
from rag.text.scripts import is_chinese

__all__ = [
    "AnswerType",
    "QuestionTerms",
    "analyse_question",
    "content_words",
    "find_numbers",
    "is_chinese",
    "named_words",
    "stem_tokens",
]

AnswerType = Literal["person", "date", "number", "money", "place", "reason", "definition", "other"]

# Function words and question words: they carry no evidence when they match.
_STOP_WORDS = frozenset(
    # One string, split: a list of 170 quoted words would hide them.
    """
    a about after all also am an and any are as at be been before being between both but by can
    could did do does doing done during each for from further had has have having he her here
    him his how i if in into is it its itself just many may me might more most much must my no
    nor not of off on once only or other our out over own said same she should since so some
    such tell than that the their them then there these they this those through to too under
    until up upon us very was we were what when where which while who whom whose why will with
    within would you your year years date day month time city country place name person people
    number amount called named known mean meaning defined definition define describe explain
    give please
    """.split()  # noqa: SIM905
)
_QUESTION_PARTICLES = re.compile(
    "请问|什么时候|什么|何时|哪一年|哪年|哪一天|哪天|哪个|哪些|哪位|哪里|哪儿|哪|谁|多少|几年|几月|几|"
    "为什么|为何|怎么|怎样|如何|是否|吗|呢|的|了|在|是|于|和|与|有|由|被|把|对|从|到|向|将|及|年|月|日"
)
_CHINESE = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
# Commas part thousands only in groups of three: "24,2019" is two numbers.
_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?:,\d{3})++(?:\.\d+)?(?![\d,])|\d+(?:\.\d+)*+")
_WORD = re.compile(r"[^\W_]+(?:['’\-.&][^\W_]+)*")
# Between the parts of a hyphenated word, and inside a word glued at a capital.
_JOINS = re.compile(r"(?<=\w)-(?=\w)|(?<=[a-z])(?=[A-Z])")
_ASKS_YEAR = re.compile(r"\b(?:what|which) year|哪一?年", re.IGNORECASE)

# Tried in order: "how much money" is money before it is a number. White space in the
# patterns is for reading only; a space of the question is written \s.
_TYPE_WORDINGS: tuple[tuple[AnswerType, str], ...] = (
    (
        "money",
        r"""
            \b how \s much \s (?:money | funding | cash | capital) \b
            | \b how \s much \s (?:\w+\s){1,6}?
              (?:cost | pay | paid | donate | invest | spend | spent | earn | worth | contribute)
            | \b what \s (?:amount | sum) \s of \s money \b
            | \b how \s many \s (?:dollars | euros | pounds | yuan) \b
            | 多少钱 | 多少资金 | 多少美元 | 多少欧元 | 多少人民币
            | (?:捐赠? | 投资 | 资助 | 出资 | 拨款 | 耗资)了?多少
            """,
    ),
    (
        "date",
        r"""
            ^\W* (?:since \s)? when \b
            | (?:\b and | \b but | ,) \s when \b
            | \b (?:what | which) \s (?:\w+\s)? (?:year | date | day | month | century | decade) \b
            | 什么时候 | 何时 | 哪一?年 | 哪一?天 | 哪个?月 | 几月 | 几号
            """,
    ),
    (
        "number",
        r"""
            \b how \s (?:many | much | old | long | far | tall | large | big | often) \b
            | \b what \s (?:\w+\s)?
              (?:number | percentage | percent | proportion | share | size | population) \b
            | 多少 | 几(?:个|位|家|名|人|次|份|项|所|年)
            """,
    ),
    (
        "person",
        r"""
            ^\W* (?:who | whom | whose) \b
            | \b (?:and | by | to | with | of) \s (?:who | whom | whose) \b
            | 谁 | 哪位 | 何人
            """,
    ),
    ("reason", r"^\W* why \b | \b for \s what \s reason \b | 为什么 | 为何 | 什么原因"),
    (
        "place",
        r"""
            ^\W* where \b
            | \b (?:what | which) \s
              (?:city | country | place | town | province | state | location | region | venue) \b
            | 哪里 | 哪儿 | 何地 | 何处 | 哪个(?:城市|国家|地方|省) | 在哪
            """,
    ),
    (
        "definition",
        r"""
            ^\W* what \s (?:is | are | was | were) \s (?:an?\s | the\s)? [\w\-\s]{1,60} \W* $
            | \b what \s does \s .{1,60} \s (?:mean | stand \s for) \b
            | \b defin(?:e | ed | ition) \b
            | 什么是 | 是什么意思 | 指的是什么
            """,
    ),
)
_TYPE_PATTERNS = tuple(
    (kind, re.compile(wording, re.IGNORECASE | re.VERBOSE)) for kind, wording in _TYPE_WORDINGS
)


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """A question taken apart.

    ``content`` are stems of its content words (character bigrams for Chinese), without
    the function and question words; ``names`` the stems among them that the question
    writes as names or acronyms; ``numbers`` the figures it mentions. ``asks_year`` is
    whether it asks for a year by that word.
    """

    text: str
    expects: AnswerType
    content: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    asks_year: bool
    chinese: bool

    @property
    def empty(self) -> bool:
        """Whether it names nothing that could be looked for."""
        return not (self.content or self.names or self.numbers)


def stem_tokens(text: str) -> list[str]:
    """Lexical tokens of the text, stemmed (Porter2), in reading order.

    Hyphenated words and words glued at a capital count by their parts.
    """
    return [_stem(token) for token in lexical_tokens(_JOINS.sub(" ", text))]


def find_numbers(text: str) -> frozenset[str]:
    """The figures of a text in ASCII digits, without thousands separators: "2500"."""
    plain = unicodedata.normalize("NFKC", text)
    return frozenset(number.replace(",", "") for number in _NUMBER.findall(plain))


_STEMMER = snowballstemmer.stemmer("english")
# The stemmer keeps the word it works on in itself.
_STEMMER_LOCK = threading.Lock()


@lru_cache(maxsize=1 << 16)
def _stem(token: str) -> str:
    with _STEMMER_LOCK:
        return str(_STEMMER.stemWord(token))


def expected_answer(question: str) -> AnswerType:
    """The type of answer the question's wording asks for; "other" when it does not tell."""
    return next((kind for kind, pattern in _TYPE_PATTERNS if pattern.search(question)), "other")


def content_words(text: str) -> dict[str, str]:
    """The content words of a question as lexical tokens, in order, each with its stem.

    Function words, question words and figures are left out; Chinese gives its pairs of
    characters.
    """
    wording = _QUESTION_PARTICLES.sub(" ", text) if is_chinese(text) else text
    words = [
        token
        for token in lexical_tokens(_JOINS.sub(" ", wording))
        if token not in _STOP_WORDS and not token[0].isdigit()
    ]
    # What particles leave of a Chinese word, a lone character, matches no pair in a text.
    whole = [word for word in words if not (len(word) == 1 and _CHINESE.match(word))]
    return {word: _stem(word) for word in whole or words}


def analyse_question(text: str) -> QuestionTerms:
    """Take a question apart; pure and deterministic."""
    return QuestionTerms(
        text=text,
        expects=expected_answer(text),
        content=frozenset(content_words(text).values()),
        names=frozenset(stem for _, stems in named_words(text) for stem in stems),
        numbers=find_numbers(text),
        asks_year=bool(_ASKS_YEAR.search(text)),
        chinese=is_chinese(text),
    )


def named_words(question: str) -> list[tuple[str, frozenset[str]]]:
    """The words a question writes as names or acronyms, each with its stems.

    A capital tells a name, save on the opening word of an English question.
    """
    chinese = is_chinese(question)
    found: list[tuple[str, frozenset[str]]] = []
    for position, match in enumerate(_WORD.finditer(_CHINESE.sub(" ", question))):
        word = match.group()
        acronym = len(word) > 1 and word.isupper() and word.isalpha()
        if acronym or (word[0].isupper() and (chinese or position > 0)):
            tokens = lexical_tokens(_JOINS.sub(" ", word))
            stems = frozenset(_stem(token) for token in tokens if token not in _STOP_WORDS)
            if stems:
                found.append((word, stems))
    return found
