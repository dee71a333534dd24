"""Questions of several parts taken apart by a language model, and checked.

Each part finds passages that the whole, which is about something between them, does not.
A model invents and forgets, so its parts are taken only where they keep to the question.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from prompts.registry import Prompt
from rag.generate.base import LanguageModel
from rag.question.analysis import is_chinese
from rag.question.fidelity import denies, kept_share, lacking_facts, on_one_line, reply_of

__all__ = ["decompose"]

_FEWEST, _MOST = 2, 3
_MOST_TOKENS = 200
_LABEL = re.compile(r"(?:simple |sub-?)?questions?\s*:|(?:简单|子)?问题\s*：", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:(?:[-*•]|\(?\d[.)])\s+|\d、\s*)")
_ASKS = re.compile(r"\w[^?？]*[?？]")
# Shares of content words: of the question asked by some part, of each part said in the question.
_KEPT, _SAID = 0.6, 0.7
# Chinese is counted by pairs of characters, and what is cut breaks those around it.
_KEPT_CHINESE, _SAID_CHINESE = 0.4, 0.5


def decompose(
    question: str,
    model: LanguageModel,
    prompt: Prompt,
    *,
    deadline_seconds: float = 15.0,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[str, ...]:
    """The two or three questions that ask together what this one asks, in order.

    None of them has a name, number, date or negation that the question has not, and each
    that it has stands in one of them. Empty where the model fails, leaves the question
    whole, or writes anything else: use the question as it is then.
    """
    text = prompt.render(question=on_one_line(question), most=str(_MOST))
    reply = reply_of(
        model, text, max_tokens=_MOST_TOKENS, deadline_seconds=deadline_seconds, stop=stop
    )
    if reply is None:
        return ()
    parts = tuple(dict.fromkeys(_lines(reply)))
    return parts if _FEWEST <= len(parts) <= _MOST and _are_sound(parts, question) else ()


def _lines(draft: str) -> list[str]:
    lines = (_ITEM.sub("", line, count=1).strip() for line in draft.splitlines())
    return [line for line in lines if line and not _LABEL.fullmatch(line)]


def _are_sound(parts: tuple[str, ...], question: str) -> bool:
    """Whether together they ask what the question asks, and nothing else."""
    together = " ".join(parts)
    kept = _KEPT_CHINESE if is_chinese(question) else _KEPT
    return (
        all(_is_sound(part, question) for part in parts)
        and denies(together) == denies(question)
        and not any(lacking_facts(question, together))
        and kept_share(question, together) >= kept
    )


def _is_sound(part: str, question: str) -> bool:
    """Whether it is one complete question, of what the question says."""
    chinese = is_chinese(question)
    return (
        bool(_ASKS.fullmatch(part))
        # As long as the whole, it is the whole.
        and len(part) < len(question)
        and is_chinese(part) == chinese
        and not any(lacking_facts(part, question))
        and kept_share(part, question) >= (_SAID_CHINESE if chinese else _SAID)
    )
