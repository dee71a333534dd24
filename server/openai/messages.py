"""The messages of an OpenAI request as a question and the conversation before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.assistant import MAX_QUESTION_CHARACTERS
from rag.question.message import question_in
from rag.types import Turn
from server.http.problems import ProblemError
from server.openai.requests import ContentPart, InputMessage
from server.openai.text import said_in

# A follow-up is understood from the last turns; older ones are dropped.
_MOST_TURNS = 32
_TURN_CHARACTERS = 4000
_TEXT_PARTS = frozenset(("text", "input_text", "output_text"))


@dataclass(frozen=True, slots=True)
class Asked:
    """The question in the last message of the user, and the turns before it, oldest first.

    ``shortened_from`` is the number of characters of a message that was too long to be the
    question itself.
    """

    text: str
    history: tuple[Turn, ...]
    shortened_from: int | None


def invalid_request(
    param: str, detail: str, remedy: str | None, *, code: str = "invalid_value"
) -> ProblemError:
    """An invalid request; ``param`` is the part of it that is wrong."""
    return ProblemError(400, code, detail, remedy, param=param)


def asked_in(messages: Sequence[InputMessage], param: str) -> Asked:
    """The last user message as a question, with the turns before it.

    Messages of roles other than user and assistant are ignored: an archive follows no
    instructions. Of a long history the oldest turns are dropped. ``param`` is the request's
    name for the messages. Of a message that is too long, only its question is asked.

    Raises:
        ProblemError: 400, there is no user message, or it is empty or not only text.
    """
    places = [place for place, message in enumerate(messages) if message.role == "user"]
    if not places:
        raise invalid_request(param, "no message has the role 'user'", "add a user message")
    where = f"{param}[{places[-1]}].content"
    text = _question(messages[places[-1]], where)
    if not text:
        raise invalid_request(where, "the question is empty", "write a question")
    turns = [turn for message in messages[: places[-1]] for turn in _turn_of(message)]
    question = question_in(text, limit=MAX_QUESTION_CHARACTERS)
    return Asked(question, tuple(turns[-_MOST_TURNS:]), None if question == text else len(text))


def _question(message: InputMessage, where: str) -> str:
    if isinstance(message.content, str):
        return message.content.strip()
    for place, part in enumerate(message.content or ()):
        if part.type not in _TEXT_PARTS:
            raise invalid_request(
                f"{where}[{place}]",
                f"parts of type '{part.type}' are not supported",
                "write the question as text; add documents with 'POST /documents'",
                code="unsupported_content",
            )
    return _joined(message.content or ()).strip()


def _turn_of(message: InputMessage) -> list[Turn]:
    """The message as a turn; none when it has no text. Parts other than text are dropped."""
    content = message.content
    text = content if isinstance(content, str) else _joined(content or ())
    if message.role == "user":
        said = text[:_TURN_CHARACTERS].strip()
        return [Turn("user", said)] if said else []
    if message.role == "assistant":
        said = said_in(text)[:_TURN_CHARACTERS]
        return [Turn("assistant", said)] if said else []
    return []


def _joined(parts: Sequence[ContentPart]) -> str:
    return "\n".join(part.text for part in parts if part.type in _TEXT_PARTS and part.text)
