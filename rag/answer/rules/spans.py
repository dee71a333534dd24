"""Answer spans: where in a sentence the thing asked for may stand, likeliest first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answer.rules.recognise import Mention, MentionKind, find_mentions
from rag.question.analysis import AnswerType, QuestionTerms
from rag.text.folding import folded
from rag.text.language import is_chinese
from rag.text.numbers import number_values
from rag.text.tables import language_table
from rag.text.words import stem_tokens
from rag.types import Span

_OF_TYPE: Mapping[AnswerType, MentionKind] = {
    "date": "date",
    "number": "number",
    "money": "money",
    "person": "person",
    "place": "place",
}
# What is asked for by a noun: "Which Huawei executive ...?"
_PERSON_NOUN = re.compile(
    r"^\W*(?:what|which)\s(?:\w+\s){0,3}?"
    r"(?:person|man|woman|executive|adviser|advisor|minister|president|leader|king|queen|emperor|author|writer"
    r"|actor|actress|singer|scientist|mathematician|physicist|philosopher|player|coach|quarterback|general"
    r"|director|official|governor|senator|professor|artist|composer|architect|explorer|poet|painter|historian"
    r"|reporter|journalist|economist|chairman|ceo|founder|inventor|pope)(?!\w|'s)",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\bhow many ((?:[^\W\d_][\w'’-]*\s?){1,4})", re.IGNORECASE)
_NOT_COUNTED = re.compile(
    r"^(?:did|do|does|are|is|was|were|has|have|had|can|could|would|will|should|of|in|at|per|to|with|on|who|that|came|went)$",
    re.IGNORECASE,
)
_ASKS_HOLDER = re.compile(
    r"^\W*(?:who|whom)(?:'s|\s(?:is|was|were|are|became|heads?|headed|leads?|led|served|holds?|held))\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)(?:1[0-9]|20)\d\d(?!\d)|[〇零一二三四五六七八九]{4}年")
_CITY = re.compile(r"\b(?:what|which) (?:\w+ )?(?:city|town)\b", re.IGNORECASE)
_COUNTRIES = language_table("en").names.countries
_WORD = re.compile(r"[^\W_㐀-鿿]+(?:['’][^\W_]+)*|[㐀-鿿]")
# Code points of a Latin word with its space, and of a Chinese one.
_WORD_LENGTH, _CHINESE_WORD_LENGTH = 6.0, 2.0


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """A stretch of a sentence that may be the short answer to a question.

    ``span`` is in code points of the sentence as read. ``value`` is the same for two ways
    of writing the same (see rag.answer.rules.recognise). ``likelihood`` in [0, 1] orders the
    spans of one question; it is no probability, and no support score.
    """

    kind: MentionKind
    span: Span
    text: str
    value: str
    likelihood: float


def asked_kind(question: QuestionTerms) -> MentionKind | None:
    """The kind of thing asked for, where it has a form to be known by, else None."""
    if question.expects == "other" and _PERSON_NOUN.search(question.text):
        return "person"
    return _OF_TYPE.get(question.expects)


def asks_holder(question: QuestionTerms) -> bool:
    """Whether it asks who holds an office or leads: one person at a time."""
    return bool(_ASKS_HOLDER.search(question.text))


def find_answer_spans(question: QuestionTerms, sentence: str) -> list[AnswerSpan]:
    """The spans of ``sentence`` (the text as read) that may answer, likeliest first.

    Empty where what is asked for has no form to be known by. What the question says
    itself is left out. Ties go by position; none overlaps another.
    """
    kind = asked_kind(question)
    if kind is None:
        return []
    mentions = find_mentions(sentence, kind)
    fresh = [mention for mention in mentions if not _is_asked(mention, question, sentence)]
    places = _places_of_content(question, sentence)
    found: list[AnswerSpan] = []
    for mention in fresh:
        fit = _fit(mention, question, sentence)
        likelihood = round(fit * _nearness(mention.span, places, sentence), 6)
        text = mention.span.of(sentence)
        found.append(AnswerSpan(mention.kind, mention.span, text, mention.value, likelihood))
    return sorted(
        (span for span in found if span.likelihood > 0), key=lambda s: (-s.likelihood, s.span)
    )


def _is_asked(mention: Mention, question: QuestionTerms, sentence: str) -> bool:
    """Whether the question says as much itself."""
    text = mention.span.of(sentence)
    if mention.kind in ("date", "number", "money"):
        figures = number_values(text)
        return bool(figures) and figures <= question.numbers
    words = set(stem_tokens(text, question.language))
    if question.chinese:
        return text in question.text
    return bool(words & (question.content | question.names)) and (
        mention.kind == "person" or words <= (question.content | question.names)
    )


# --- Does it fit what is asked -----------------------------------------------------


def _fit(mention: Mention, question: QuestionTerms, sentence: str) -> float:
    """How well the form fits the question, in [0, 1]; 0 rules it out."""
    text = mention.span.of(sentence)
    match mention.kind:
        case "date" if question.asks_year:
            return 1.0 if _YEAR.search(unicodedata.normalize("NFKC", text)) else 0.0
        case "number":
            return _number_fit(mention, question, sentence)
        case "place" if _CITY.search(question.text):
            return 0.2 if text in _COUNTRIES else 1.0
        case "person" if not question.chinese:
            return 1.0 if " " in text else 0.7
        case _:
            return 1.0


def _number_fit(mention: Mention, question: QuestionTerms, sentence: str) -> float:
    counted = _counted(question)
    if not counted:
        return 0.6
    after = sentence[mention.span.start : mention.span.end + 40]
    # What is counted follows the figure closely: "3,677 seated, active students".
    following = stem_tokens(re.split(r"[.;:!?。；]", after)[0], question.language)[:7]
    if counted[-1] in following:
        return 1.0
    return 0.5 if set(counted) & set(following) else 0.25


def _counted(question: QuestionTerms) -> list[str]:
    """Stems of what "how many" counts, its noun last."""
    match = _COUNTED.search(question.text)
    if match is None:
        return []
    words: list[str] = []
    for word in match[1].split():
        if _NOT_COUNTED.match(word):
            break
        words += stem_tokens(word, question.language)
    return words


# --- Does it stand near what is asked ----------------------------------------------


def _places_of_content(question: QuestionTerms, sentence: str) -> list[list[Span]]:
    """Where each of the question's content words stands, the words that are there only."""
    wanted = question.content | question.names
    found: dict[str, list[Span]] = {}
    for match in _WORD.finditer(sentence):
        span = Span(*match.span())
        if len(match[0]) == 1 and match[0] >= "㐀":
            pair = folded(sentence[span.start : span.start + 2])
            stems = [pair] if pair in wanted else []
        else:
            stems = [stem for stem in stem_tokens(match[0], question.language) if stem in wanted]
        for stem in stems:
            found.setdefault(stem, []).append(span)
    return [found[stem] for stem in sorted(found)]


def _nearness(span: Span, places: Sequence[Sequence[Span]], sentence: str) -> float:
    """Mean over the question's words found of 1 / (1 + distance / 8 words), in (0, 1]."""
    if not places:
        return 0.5
    gaps = [min(_words_between(span, other, sentence) for other in spans) for spans in places]
    return sum(1.0 / (1.0 + gap / 8.0) for gap in gaps) / len(gaps)


def _words_between(one: Span, other: Span, sentence: str) -> float:
    """Words, roughly, between two spans."""
    start, end = min(one.end, other.end), max(one.start, other.start)
    between = sentence[start:end]
    length = _CHINESE_WORD_LENGTH if is_chinese(between) else _WORD_LENGTH
    return len(between) / length
