"""What a question asks for: the type of answer, its names, numbers and content words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from rag.text.folding import bare, folded
from rag.text.language import CHINESE, is_chinese, language_of
from rag.text.numbers import number_values
from rag.text.stems import word_stem
from rag.text.tables import language_table, stop_words
from rag.text.words import identifiers, word_parts

AnswerType = Literal["person", "date", "number", "money", "place", "reason", "definition", "other"]

_WORD = re.compile(r"[^\W_]+(?:['’\-.&][^\W_]+)*")
# Tried in order: "how much money" is money before it is a number.
_TYPES: Sequence[AnswerType] = (
    "money", "date", "number", "person", "reason", "place", "definition",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """A question taken apart.

    ``expects`` is "other" where the wording does not tell. ``content`` are stems of its
    content words (character bigrams for Chinese), without the function and question
    words; ``names`` the stems among them that it writes as names or acronyms;
    ``numbers`` the values it mentions, as `rag.text.numbers.number_values` has them.
    ``language`` is an ISO 639-1 code or "und".
    """

    text: str
    expects: AnswerType
    content: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    language: str
    chinese: bool

    @property
    def empty(self) -> bool:
        """Whether it names nothing that could be looked for."""
        return not (self.content or self.names or self.numbers)


@cache
def _asking(what: str) -> re.Pattern[str]:
    """The wordings, in English or Chinese, that ask for it."""
    wordings = [language_table(code).asks[what] for code in ("en", "zh")]
    return re.compile("|".join(wordings), re.IGNORECASE | re.VERBOSE)


def asks_of_the_present(question: str) -> bool:
    """Whether the question is in the present tense and names no year or day itself."""
    return bool(_asking("present").search(question)) and not re.search(r"\d", question)


def content_words(text: str) -> dict[str, str]:
    """The content words of a question as lexical tokens, in order, each with its stem.

    Function words, question words and figures are left out; Chinese gives its pairs of
    characters. Stems are those of the question's language, as `stem_tokens` has them.
    """
    chinese, language = is_chinese(text), language_of(text)
    wording = _chinese_particles().sub(" ", bare(text)) if chinese else text
    empty = _empty_words("zh" if chinese else language)
    words = [word for word in word_parts(wording) if word not in empty and not word[0].isdigit()]
    # What particles leave of a Chinese word, a lone character, matches no pair in a text.
    whole = [word for word in words if not (len(word) == 1 and CHINESE.match(word))]
    return {word: word_stem(word, language) for word in whole or words}


@cache
def _empty_words(language: str) -> frozenset[str]:
    """Words that carry no evidence when they match; English ones in any language."""
    tables = (language_table(language), language_table("en"))
    words = frozenset().union(*(t.function_words | t.asking_words for t in tables))
    return frozenset(map(folded, words)) | stop_words(language) | stop_words("en")


@cache
def _chinese_particles() -> re.Pattern[str]:
    longest_first = sorted(language_table("zh").particles, key=len, reverse=True)
    return re.compile("|".join(longest_first))


def analyse_question(text: str) -> QuestionTerms:
    """Take a question apart; pure and deterministic."""
    return QuestionTerms(
        text=text,
        expects=next((kind for kind in _TYPES if _asking(kind).search(text)), "other"),
        content=frozenset(content_words(text).values()),
        names=frozenset(stem for _, stems in named_words(text) for stem in stems),
        numbers=number_values(text),
        language=language_of(text),
        chinese=is_chinese(text),
    )


def named_words(question: str) -> list[tuple[str, frozenset[str]]]:
    """The words a question writes as names or acronyms, each with its stems.

    A capital tells a name, save on the opening word of an English question.
    """
    chinese, language = is_chinese(question), language_of(question)
    empty = _empty_words("en")
    found: list[tuple[str, frozenset[str]]] = []
    for position, match in enumerate(_WORD.finditer(CHINESE.sub(" ", question))):
        word = match.group()
        acronym = len(word) > 1 and word.isupper() and word.isalpha()
        if acronym or (word[0].isupper() and (chinese or position > 0)):
            # Of E-1240 neither the letter nor the figure names it.
            written = identifiers(word) or word_parts(word)
            parts = [part for part in written if part not in empty]
            stems = frozenset(word_stem(part, language) for part in parts)
            if stems:
                found.append((word, stems))
    return found
