"""What both of OpenAI's ways of asking share: the model, the question, the stream."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Generator, Iterable
from http import HTTPStatus
from typing import Any

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel

from rag.assistant import Assistant
from rag.errors import FilterError
from rag.types import Event, Question
from server.http.disconnect import settled
from server.http.problems import ProblemError, problem_of
from server.openai.messages import Asked, refuse
from server.openai.requests import (
    MODEL,
    FootnoteIn,
    InputMessage,
    ResponseFormat,
    ResponseItem,
)
from server.openai.shapes import (
    AnswerExtension,
    ContentSpan,
    OpenAIError,
)
from server.openai.text import Composed
from server.wire.filters import last_day
from server.wire.outcome import AbstentionOut, AnswerOut

__all__ = [
    "asked_events",
    "check_format",
    "check_model",
    "check_tool_choice",
    "event",
    "extension_of",
    "openai_responses",
    "question_of",
    "settled_early",
    "streamed",
    "text_sent",
    "until_done",
]

# An error within this time of a streamed request still has a status of its own.
GRACE_SECONDS = 2.0
# Proxies close a silent connection after a minute or so.
KEEPALIVE_SECONDS = 10.0


def check_model(model: str) -> None:
    """Raises ProblemError: 404, it is not the one model there is."""
    if model != MODEL:
        raise ProblemError(
            404,
            "model_not_found",
            f"there is no model '{model}'",
            f"ask '{MODEL}', which 'GET /v1/models' lists",
            param="model",
        )


def check_format(wanted: ResponseFormat | None, param: str) -> None:
    """Raises ProblemError: 400, the answer is wanted in another form than text."""
    if wanted is not None and wanted.type != "text":
        raise refuse(
            param,
            f"answers are quoted from documents and cannot be had as '{wanted.type}'",
            "leave it out; 'footnote' in the answer and 'POST /ask' have it all as JSON",
            code="unsupported_value",
        )


def check_tool_choice(choice: object) -> None:
    """Raises ProblemError: 400, a tool has to be called."""
    if choice not in (None, "auto", "none"):
        raise refuse(
            "tool_choice",
            "an archive calls no tools",
            "leave it out; tools that may be called are ignored",
            code="unsupported_value",
        )


def question_of(asked: Asked, footnote: FootnoteIn | None) -> Question:
    """The question with the filters and the day that the request's extension names.

    Raises:
        ProblemError: 400, a date is not valid, or since is after until.
    """
    wanted = footnote or FootnoteIn()
    try:
        filters, day = wanted.filters.filters(), last_day(wanted.as_of)
    except FilterError as error:
        known = problem_of(error)
        raise refuse("footnote", known.detail, known.remedy) from error
    return Question(asked.text, filters, asked.history, day)


def asked_events(
    assistant: Assistant, question: Question, footnote: FootnoteIn | None
) -> Generator[Event, None, None]:
    """The events of the question, asked as the request's extension says."""
    wanted = footnote or FootnoteIn()
    return assistant.stream(question, limit=wanted.top_k, composer=wanted.composer)


def extension_of(
    outcome: AnswerOut | AbstentionOut, composed: Composed
) -> AnswerExtension | AbstentionOut:
    """The outcome with the places of its claims in the content."""
    if isinstance(outcome, AbstentionOut):
        return outcome
    spans = [ContentSpan(start=start, end=end) for start, end in composed.spans]
    # Not through a dump and back: what is valid is not checked again.
    return AnswerExtension.model_construct(**dict(outcome), spans=spans)


def text_sent(messages: Iterable[InputMessage | ResponseItem]) -> str:
    """All text of the messages, for counting its tokens."""
    texts: list[str] = []
    for message in messages:
        if isinstance(message.content, str):
            texts.append(message.content)
        else:
            texts += [part.text for part in message.content or () if part.text]
    return "\n".join(texts)


async def settled_early(task: asyncio.Task[Any]) -> None:
    """`settled`, with the patience of these routes: their clients raise by the status."""
    await settled(task, GRACE_SECONDS)


async def until_done(task: asyncio.Task[Any]) -> AsyncIterator[bytes]:
    """Comments that keep the connection open until the task is done.

    A client that leaves cancels the task: one that no thread is at yet never runs, and a
    language model stops.
    """
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=KEEPALIVE_SECONDS)
            if not task.done():
                yield KEEPALIVE_COMMENT
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def event(data: BaseModel | dict[str, Any], name: str | None = None) -> bytes:
    """A server-sent event with this JSON."""
    body = data.model_dump(mode="json") if isinstance(data, BaseModel) else data
    return format_sse_event(event=name, data_str=json.dumps(body, ensure_ascii=False))


def streamed(description: str) -> dict[str, Any]:
    """The 200 of a route that answers whole or, with ``stream``, in server-sent events."""
    event_schema = {
        "type": "object",
        "required": ["data"],
        "properties": {
            "event": {"type": "string"},
            "data": {"type": "string", "description": "JSON"},
        },
    }
    return {
        "description": description,
        "content": {"text/event-stream": {"schema": event_schema}},
    }


def openai_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route below /v1 that may fail with these."""
    return {
        **{
            status: {"description": HTTPStatus(status).phrase, "model": OpenAIError}
            for status in statuses
        },
        # Without it FastAPI would name 422, which is 400 here.
        "4XX": {"description": "The request cannot be served", "model": OpenAIError},
    }
