"""What a question asks for: the type of answer, its names, numbers and content words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from rag.text.language import CHINESE, is_chinese, language_of
from rag.text.numbers import number_values
from rag.text.tables import language_table
from rag.text.words import word_parts, word_stem

__all__ = [
    "AnswerType",
    "QuestionTerms",
    "analyse_question",
    "asks_of_the_present",
    "content_words",
    "named_words",
]

AnswerType = Literal["person", "date", "number", "money", "place", "reason", "definition", "other"]

_WORD = re.compile(r"[^\W_]+(?:['’\-.&][^\W_]+)*")
_ASKS_YEAR = re.compile(r"\b(?:what|which) year|哪一?年", re.IGNORECASE)

_OF_THE_PRESENT = re.compile(
    r"^\W*(?:(?:and|so|but)\s)?(?:who|what|which(?:\s[\w\-]+){1,3}?)"
    r"(?:['’]s|\s(?:is|are|heads?|leads?|runs|holds|chairs|directs|manages))\b"
    r"|现任|目前|^\W*[一-鿿]{2,12}(?:是谁|是哪位)",
    re.IGNORECASE,
)

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
    writes as names or acronyms; ``numbers`` the values it mentions, as
    `rag.text.numbers.number_values` has them. ``asks_year`` is whether it asks for a year
    by that word, ``language`` an ISO 639-1 code or "und".
    """

    text: str
    expects: AnswerType
    content: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    asks_year: bool
    language: str
    chinese: bool

    @property
    def empty(self) -> bool:
        """Whether it names nothing that could be looked for."""
        return not (self.content or self.names or self.numbers)


def expected_answer(question: str) -> AnswerType:
    """The type of answer the question's wording asks for; "other" when it does not tell."""
    return next((kind for kind, pattern in _TYPE_PATTERNS if pattern.search(question)), "other")


def asks_of_the_present(question: str) -> bool:
    """Whether the question is in the present tense and names no year or day itself."""
    return bool(_OF_THE_PRESENT.search(question)) and not re.search(r"\d", question)


def content_words(text: str) -> dict[str, str]:
    """The content words of a question as lexical tokens, in order, each with its stem.

    Function words, question words and figures are left out; Chinese gives its pairs of
    characters.
    """
    chinese = is_chinese(text)
    wording = _chinese_particles().sub(" ", text) if chinese else text
    empty = _empty_words("zh" if chinese else language_of(text))
    words = [word for word in word_parts(wording) if word not in empty and not word[0].isdigit()]
    # What particles leave of a Chinese word, a lone character, matches no pair in a text.
    whole = [word for word in words if not (len(word) == 1 and CHINESE.match(word))]
    return {word: word_stem(word) for word in whole or words}


@cache
def _empty_words(language: str) -> frozenset[str]:
    """Words that carry no evidence when they match; English ones in any language."""
    tables = (language_table(language), language_table("en"))
    return frozenset().union(*(t.stop_words | t.function_words | t.asking_words for t in tables))


@cache
def _chinese_particles() -> re.Pattern[str]:
    longest_first = sorted(language_table("zh").particles, key=len, reverse=True)
    return re.compile("|".join(longest_first))


def analyse_question(text: str) -> QuestionTerms:
    """Take a question apart; pure and deterministic."""
    return QuestionTerms(
        text=text,
        expects=expected_answer(text),
        content=frozenset(content_words(text).values()),
        names=frozenset(stem for _, stems in named_words(text) for stem in stems),
        numbers=number_values(text),
        asks_year=bool(_ASKS_YEAR.search(text)),
        language=language_of(text),
        chinese=is_chinese(text),
    )


def named_words(question: str) -> list[tuple[str, frozenset[str]]]:
    """The words a question writes as names or acronyms, each with its stems.

    A capital tells a name, save on the opening word of an English question.
    """
    chinese = is_chinese(question)
    empty = _empty_words("en")
    found: list[tuple[str, frozenset[str]]] = []
    for position, match in enumerate(_WORD.finditer(CHINESE.sub(" ", question))):
        word = match.group()
        acronym = len(word) > 1 and word.isupper() and word.isalpha()
        if acronym or (word[0].isupper() and (chinese or position > 0)):
            stems = frozenset(word_stem(part) for part in word_parts(word) if part not in empty)
            if stems:
                found.append((word, stems))
    return found
