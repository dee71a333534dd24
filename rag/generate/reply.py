"""The whole reply of a language model to one prompt, without its thoughts."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any

from rag.generate.base import LanguageModel, Message
from rag.types import Waiting

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.IGNORECASE | re.DOTALL)
_END_OF_THOUGHT = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
# Square brackets mark our own numbers, so those of a text are shown as round ones.
_BRACKETS = str.maketrans("[]［］【】〔〕", "()()()()")


def read_reply(
    model: LanguageModel,
    prompt: str,
    *,
    max_tokens: int,
    deadline_seconds: float,
    schema: Mapping[str, Any] | None = None,
    is_complete: Callable[[str], bool] = lambda reply: False,
) -> Generator[Waiting, None, str]:
    """Yield while the model is at work; return its reply, what it thought first left out.

    The model is stopped once ``is_complete`` says that what has come is the whole reply, or
    when the generator is closed.

    Raises:
        LanguageModelError: no whole reply could be had.
    """
    pieces: list[str] = []
    stream = model.stream(
        (Message("user", prompt.rstrip()),),
        max_tokens=max_tokens,
        deadline_seconds=deadline_seconds,
        schema=schema,
    )
    with closing(stream):  # type: ignore[type-var]
        for piece in stream:
            yield Waiting()
            pieces.append(piece)
            if piece and is_complete("".join(pieces)):
                break
    return _without_thoughts("".join(pieces))


def on_one_line(text: str) -> str:
    """The text safe in a prompt and on one line, so that nothing in it passes for a number
    or a line of ours."""
    return " ".join(text.translate(_BRACKETS).split())


def _without_thoughts(text: str) -> str:
    # An end without a beginning: the model's template began the thought for it.
    return _END_OF_THOUGHT.split(_THOUGHT.sub("", text))[-1]
