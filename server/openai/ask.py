"""What chat completions and responses share: checks, the question, the stream."""

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
from server.http import disconnect
from server.http.problems import ProblemError, problem_of
from server.openai.messages import Asked, invalid_request
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

# A streamed response starts after this time at the latest; errors before it have a status.
GRACE_SECONDS = 2.0
# Proxies close a silent connection after a minute or so.
KEEPALIVE_SECONDS = 10.0


def check_model(model: str) -> None:
    """Raises ProblemError: 404, there is no model of this name."""
    if model != MODEL:
        raise ProblemError(
            404,
            "model_not_found",
            f"no model is called '{model}'",
            f"use '{MODEL}', the only model",
            param="model",
        )


def check_format(wanted: ResponseFormat | None, param: str) -> None:
    """Raises ProblemError: 400, a format other than text is requested."""
    if wanted is not None and wanted.type != "text":
        raise invalid_request(
            param,
            f"answers are text and not available as '{wanted.type}'",
            "omit it; 'footnote' in the response has the outcome as JSON",
            code="unsupported_value",
        )


def check_tool_choice(choice: object) -> None:
    """Raises ProblemError: 400, a tool call is required."""
    if choice not in (None, "auto", "none"):
        raise invalid_request(
            "tool_choice",
            "tools are not supported",
            "omit it; optional tools are ignored",
            code="unsupported_value",
        )


def question_of(asked: Asked, footnote: FootnoteIn | None) -> Question:
    """The question with the filters and the date of the request's ``footnote`` options.

    Raises:
        ProblemError: 400, a date is not valid, or since is after until.
    """
    wanted = footnote or FootnoteIn()
    try:
        filters, day = wanted.filters.filters(), last_day(wanted.as_of)
    except FilterError as error:
        known = problem_of(error)
        raise invalid_request("footnote", known.detail, known.remedy) from error
    return Question(asked.text, filters, asked.history, day, asked.shortened_from)


def asked_events(
    assistant: Assistant, question: Question, footnote: FootnoteIn | None
) -> Generator[Event, None, None]:
    """The events of the question, asked with the request's ``footnote`` options."""
    wanted = footnote or FootnoteIn()
    return assistant.stream(question, limit=wanted.top_k, composer=wanted.composer)


def extension_of(
    outcome: AnswerOut | AbstentionOut, composed: Composed
) -> AnswerExtension | AbstentionOut:
    """The outcome with the positions of its claims in the content."""
    if isinstance(outcome, AbstentionOut):
        return outcome
    spans = [ContentSpan(start=start, end=end) for start, end in composed.spans]
    # Not validated again: the outcome is valid.
    return AnswerExtension.model_construct(**dict(outcome), spans=spans)


def text_sent(messages: Iterable[InputMessage | ResponseItem]) -> str:
    """The text of all messages, for counting tokens."""
    texts: list[str] = []
    for message in messages:
        if isinstance(message.content, str):
            texts.append(message.content)
        else:
            texts += [part.text for part in message.content or () if part.text]
    return "\n".join(texts)


async def raise_early_errors(task: asyncio.Task[Any]) -> None:
    """Wait up to GRACE_SECONDS for errors: these routes' clients raise by the status."""
    await disconnect.raise_early_errors(task, GRACE_SECONDS)


async def keepalives(task: asyncio.Task[Any]) -> AsyncIterator[bytes]:
    """Comments that keep the connection open until the task is done.

    When the client disconnects the task is cancelled: if no thread has started it, it
    never runs, and a language model stops.
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
    """A server-sent event with this data as JSON."""
    body = data.model_dump(mode="json") if isinstance(data, BaseModel) else data
    return format_sse_event(event=name, data_str=json.dumps(body, ensure_ascii=False))


def streamed(description: str) -> dict[str, Any]:
    """The OpenAPI description of status 200 of a route that can stream its response."""
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


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route under /v1 that may fail with these statuses."""
    return {
        **{
            status: {"description": HTTPStatus(status).phrase, "model": OpenAIError}
            for status in statuses
        },
        # Without it FastAPI would document 422, which is 400 here.
        "4XX": {"description": "The request is invalid", "model": OpenAIError},
    }
