"""Follow-up questions made to stand alone by a language model, and checked.

A model understands more than the rules of ``rag.question.followup`` do, and invents more: its
wording is taken only where it keeps what was asked and adds nothing that was not said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from prompts.registry import Prompt
from rag.generate.base import LanguageModel
from rag.question.analysis import is_chinese
from rag.question.fidelity import denies, kept_share, lacking_facts, on_one_line, reply_of
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
    in one that neither question nor history has: use ``rag.question.followup.standalone_question``
    then.
    """
    if not history:
        return None
    text = prompt.render(history=_shown(history), question=on_one_line(question))
    reply = reply_of(
        model, text, max_tokens=_MOST_TOKENS, deadline_seconds=deadline_seconds, stop=stop
    )
    if reply is None:
        return None
    rewritten = _first_line(reply)
    sound = 0 < len(rewritten) <= limit and _is_sound(rewritten, question, history)
    return rewritten if sound else None


def _is_sound(rewritten: str, question: str, history: Sequence[Turn]) -> bool:
    """Whether it asks what the question asks, in what the question and its history say."""
    said = " ".join([question, *(turn.text for turn in history)])
    chinese = is_chinese(question)
    kept, known = (_KEPT_CHINESE, _SAID_CHINESE) if chinese else (_KEPT, _SAID)
    return (
        is_chinese(rewritten) == chinese
        and denies(question) == denies(rewritten)
        and not any(lacking_facts(question, rewritten))
        and not any(lacking_facts(rewritten, said))
        and kept_share(question, rewritten) >= kept
        and kept_share(rewritten, said) >= known
    )


def _shown(history: Sequence[Turn]) -> str:
    speakers = {"user": "User", "assistant": "Assistant"}
    return "\n".join(
        f"{speakers[turn.role]}: {on_one_line(turn.text[:_TURN_CHARACTERS])}"
        for turn in history[-_LAST_TURNS:]
    )


def _first_line(draft: str) -> str:
    line = next((line for line in draft.splitlines() if line.strip()), "")
    bare = line.strip().strip("*`").strip()
    return _LABEL.sub("", bare, count=1).strip().strip('"“”').strip()
