"""A language model chooses, by number, which stored statements answer a question.

It returns numbers and never text, so whatever it replies, an answer holds nothing but the
archive's own words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompts.registry import load_prompt
from rag.errors import LanguageModelError
from rag.generate.base import LanguageModel
from rag.generate.reply import on_one_line, read_reply
from rag.settings import LanguageModelSettings
from rag.types import Selection, Waiting

_PROMPT = "select"
# What a chat template adds around one message, generously.
_TEMPLATE_TOKENS = 32
_BRACKETED = re.compile(r"\[([^\[\]]*)\]")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Offer:
    """A statement that the model may choose, and the title and date of its document."""

    text: str
    heading: str


def select_statements(
    question: str,
    offers: Sequence[Offer],
    model: LanguageModel,
    settings: LanguageModelSettings,
    *,
    most: int,
) -> Generator[Waiting, None, Selection]:
    """Yield while the model is at work; return which of the offers it chose, at most ``most``.

    ``offers`` come best first and are shown in this order, since small models lean to what
    stands first; as many of them as the model's context takes. The numbers of the result
    count the offers from 1. A failure of the model is told in the result, never raised.
    Closing the generator stops the model.
    """
    prompt = load_prompt(_PROMPT)
    bare = prompt.render(statements="", question=on_one_line(question), most=str(most))
    room = model.context_tokens - settings.max_tokens - _TEMPLATE_TOKENS - model.count_tokens(bare)
    shown = _shown(offers, model, room, settings.statements)
    text = prompt.render(
        statements=_rendered(offers[:shown]),
        question=on_one_line(question),
        most=str(most),
    )
    chosen: tuple[int, ...] = ()
    failure = None
    try:
        reply = yield from read_reply(
            model,
            text,
            max_tokens=settings.max_tokens,
            deadline_seconds=settings.timeout_seconds,
            schema=_SCHEMA,
            is_complete=_is_whole_json,
        )
        chosen = parse_numbers(reply, shown)[:most]
    except LanguageModelError as error:
        failure = str(error)
    except ValueError as error:
        failure = f"language model '{model.identity.name}' {error}"
    return Selection(model.identity, prompt.id, shown, chosen, failure)


_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"statements": {"type": "array", "items": {"type": "integer"}}},
    "required": ["statements"],
    "additionalProperties": False,
}


def parse_numbers(reply: str, shown: int) -> tuple[int, ...]:
    """The numbers from 1 to ``shown`` that a reply names, in its order, each once.

    A JSON object or list counts first, then numbers in square brackets, then any. Empty
    where the reply names no number at all: no statement answers.

    Raises:
        ValueError: it names numbers, and none of them is a statement's.
    """
    said = list(_numbers_said(reply))
    valid = tuple(dict.fromkeys(number for number in said if 1 <= number <= shown))
    if said and not valid:
        raise ValueError(f"named no statement from 1 to {shown}")
    return valid


def _numbers_said(reply: str) -> Iterator[int]:
    found = _json_numbers(reply)
    if found is not None:
        return iter(found)
    bracketed = " ".join(_BRACKETED.findall(reply))
    digits = _NUMBER.findall(bracketed) or _NUMBER.findall(reply)
    # No statement has a number this long; int() refuses thousands of digits.
    return (int(number[:9]) for number in digits)


def _is_whole_json(reply: str) -> bool:
    """Whether the reply is JSON from its beginning and has its end. A model held to a schema
    may go on with white space until its tokens are used up."""
    if not reply.rstrip().endswith(("}", "]")):
        return False
    try:
        json.loads(reply)
    except (ValueError, RecursionError):
        return False
    return True


def _json_numbers(reply: str) -> list[int] | None:
    """The numbers of the first JSON object or list in the reply that holds any or is empty."""
    decoder = json.JSONDecoder()
    for start, character in enumerate(reply):
        if character not in "{[":
            continue
        try:
            value, _ = decoder.raw_decode(reply, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            value = value.get("statements")
        if isinstance(value, list) and all(type(each) is int for each in value):
            return value
    return None


def _shown(offers: Sequence[Offer], model: LanguageModel, room: int, most: int) -> int:
    """How many of the offers fit in ``room`` tokens, at least one."""
    count = min(len(offers), most)
    while count > 1 and model.count_tokens(_rendered(offers[:count])) > room:
        # Few rounds for many offers, and no more than an eighth too many left out.
        count -= max(1, count // 8)
    return count


def _rendered(offers: Sequence[Offer]) -> str:
    """The offers as the prompt shows them: a line each, numbered from 1."""
    return "\n".join(
        f"[{number}] {on_one_line(offer.text)} ({on_one_line(offer.heading)})"
        for number, offer in enumerate(offers, start=1)
    )
