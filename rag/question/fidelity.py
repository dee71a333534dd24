"""What a language model makes of a question: its reply, and what that keeps of the wording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from rag.answer.facts import chinese_names, find_calendar_dates, find_names, negated_stems
from rag.answer.rules.support import name_is_among
from rag.errors import LanguageModelError
from rag.generate.base import LanguageModel, Message
from rag.generate.pack import escape_text
from rag.generate.thoughts import without_thoughts
from rag.question.analysis import analyse_question, is_chinese, stem_tokens
from rag.text.normalise import search_text
from rag.text.numbers import find_figures

__all__ = ["denies", "kept_share", "lacking_facts", "on_one_line", "reply_of"]


def on_one_line(text: str) -> str:
    """The text safe in a prompt, and on one line, so that nothing in it passes for another."""
    return " ".join(escape_text(text).split())


def lacking_facts(text: str, other: str) -> Iterator[str]:
    """Names, numbers and dates of a text that the other does not have, as written."""
    plain, held = search_text(text), search_text(other)
    stems = frozenset(stem_tokens(held))
    for name in find_names(plain):
        if not all(stem in stems or name_is_among(stem, stems) for stem in name.stems):
            yield name.text
    if is_chinese(plain):
        yield from chinese_names(plain, frozenset(a + b for a, b in pairwise(held)))
    figures = find_figures(held)
    for figure in find_figures(plain):
        if not figure.idle and not any(figure.agrees(known) for known in figures):
            yield figure.text
    dates = find_calendar_dates(held)
    for date in find_calendar_dates(plain):
        same = (
            (known.month, known.day) == (date.month, date.day)
            or (date.day is None and known.month == date.month)
            for known in dates
        )
        if not any(same):
            yield date.text


def kept_share(text: str, other: str) -> float:
    """Share in [0, 1] of a text's content words that the other has; 1 without any."""
    words = analyse_question(text).content
    return len(words & frozenset(stem_tokens(search_text(other)))) / len(words) if words else 1.0


def denies(text: str) -> bool:
    """Whether the text negates anything."""
    return bool(negated_stems(search_text(text)))


def reply_of(
    model: LanguageModel,
    text: str,
    *,
    max_tokens: int,
    deadline_seconds: float,
    stop: Callable[[], bool],
) -> str | None:
    """What the model says to this, its thoughts left out; None where it fails."""
    messages = (Message("user", text.rstrip()),)
    try:
        draft = "".join(
            model.stream(
                messages, max_tokens=max_tokens, deadline_seconds=deadline_seconds, stop=stop
            )
        )
    except LanguageModelError:
        return None
    return without_thoughts(draft)
