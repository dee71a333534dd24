"""Follow-up questions made to stand alone by a language model, and checked.

A model understands more than the rules of ``rag.conversation`` do, and invents more: its
wording is taken only where it keeps what was asked and adds nothing that was not said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from prompts.registry import Prompt
from rag.answer.facts import chinese_names, find_calendar_dates, find_names, negated_stems
from rag.answer.figures import find_figures
from rag.answer.pack import escape_text
from rag.answer.question import analyse_question, is_chinese, stem_tokens
from rag.answer.support import name_is_among
from rag.answer.thoughts import without_thoughts
from rag.errors import LanguageModelError
from rag.language_model.base import LanguageModel, Message
from rag.normalise import search_text
from rag.types import Turn

__all__ = ["standalone_with_model"]

_LAST_TURNS = 6
_TURN_CHARACTERS = 600
_MOST_TOKENS = 120
_LABEL = re.compile(
    r"\s*(?:rewritten(?:\squestion)?|question|standalone(?:\squestion)?|改写|问题)\s*[:：]\s*",
    re.IGNORECASE,
)
# Shares of content words: of the question kept, and of the rewritten one said before.
_KEPT, _SAID = 0.6, 0.7
# Chinese is counted by pairs of characters, and a name put in breaks those around it.
_KEPT_CHINESE, _SAID_CHINESE = 0.4, 0.5


def standalone_with_model(
    question: str,
    history: Sequence[Turn],
    model: LanguageModel,
    prompt: Prompt,
    *,
    deadline_seconds: float = 20.0,
    limit: int = 1000,
    stop: Callable[[], bool] = lambda: False,
) -> str | None:
    """The question as the model says it without its history, ``limit`` code points at most.

    None where there is no history, the model fails or ``stop`` becomes true, or its wording
    drops a name, number, date or negation of the question, or most of its words, or brings
    in one that neither question nor history has: use ``rag.conversation.standalone_question``
    then.
    """
    if not history:
        return None
    text = prompt.render(history=_shown(history), question=_line(question))
    try:
        draft = "".join(
            model.stream(
                (Message("user", text.rstrip()),),
                max_tokens=_MOST_TOKENS,
                deadline_seconds=deadline_seconds,
                stop=stop,
            )
        )
    except LanguageModelError:
        return None
    rewritten = _first_line(without_thoughts(draft))
    sound = 0 < len(rewritten) <= limit and _is_sound(rewritten, question, history)
    return rewritten if sound else None


def _is_sound(rewritten: str, question: str, history: Sequence[Turn]) -> bool:
    """Whether it asks what the question asks, in what the question and its history say."""
    said = " ".join([question, *(turn.text for turn in history)])
    chinese = is_chinese(question)
    kept, known = (_KEPT_CHINESE, _SAID_CHINESE) if chinese else (_KEPT, _SAID)
    denies, denied = (bool(negated_stems(search_text(t))) for t in (question, rewritten))
    return (
        is_chinese(rewritten) == chinese
        and denies == denied
        and not any(_lacking(question, rewritten))
        and not any(_lacking(rewritten, said))
        and _share(question, rewritten) >= kept
        and _share(rewritten, said) >= known
    )


def _shown(history: Sequence[Turn]) -> str:
    speakers = {"user": "User", "assistant": "Assistant"}
    return "\n".join(
        f"{speakers[turn.role]}: {_line(turn.text[:_TURN_CHARACTERS])}"
        for turn in history[-_LAST_TURNS:]
    )


def _line(text: str) -> str:
    """On one line, so that nothing in it passes for another turn."""
    return " ".join(escape_text(text).split())


def _first_line(draft: str) -> str:
    line = next((line for line in draft.splitlines() if line.strip()), "")
    bare = line.strip().strip("*`").strip()
    return _LABEL.sub("", bare, count=1).strip().strip('"“”').strip()


def _lacking(text: str, other: str) -> Iterator[str]:
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


def _share(text: str, other: str) -> float:
    """Share of a text's content words that the other has."""
    words = analyse_question(text).content
    return len(words & frozenset(stem_tokens(search_text(other)))) / len(words) if words else 1.0
