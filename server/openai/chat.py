"""POST /v1/chat/completions and GET /v1/models, as OpenAI's clients expect them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.requests import Request

from rag.assistant import Assistant
from rag.types import Question
from server.http.context import Context, ServerContext
from server.http.disconnect import cancel_on_disconnect
from server.http.problems import openai_error, problem_from
from server.http.security import Reader
from server.openai.ask import (
    asked_events,
    check_format,
    check_model,
    check_tool_choice,
    error_responses,
    event,
    extension_of,
    keepalives,
    question_of,
    raise_early_errors,
    streamed,
    text_sent,
)
from server.openai.messages import asked_in, invalid_request
from server.openai.requests import MODEL, ChatIn
from server.openai.shapes import (
    AnnotationOut,
    ChatOut,
    ChoiceOut,
    MessageOut,
    ModelCard,
    ModelList,
    UrlCitation,
    Usage,
)
from server.openai.text import Composed, Marker, compose
from server.wire.outcome import AbstentionOut, AnswerOut, outcome_out

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
_STARTED = int(time.time())


@dataclass(frozen=True, slots=True)
class Frame:
    """The id and the time of a completion. ``created`` is Unix time in seconds."""

    id: str
    created: int


@dataclass(frozen=True, slots=True)
class Completion:
    """A finished chat completion."""

    frame: Frame
    outcome: AnswerOut | AbstentionOut
    composed: Composed
    usage: Usage


@router.get("/models", responses=error_responses(401, 403, 429))
def list_models(caller: Reader) -> ModelList:
    """List models: there is one, the archive."""
    return ModelList(data=[ModelCard(created=_STARTED)])


@router.get("/models/{model}", responses=error_responses(401, 403, 404, 429))
def get_model(model: str, caller: Reader) -> ModelCard:
    """Get a model by name."""
    check_model(model)
    return ModelCard(created=_STARTED)


@router.post(
    "/chat/completions",
    response_model=ChatOut,
    responses={
        200: streamed("A chat completion; with `stream`, its chunks as server-sent events"),
        **error_responses(400, 401, 403, 404, 413, 429, 503),
    },
)
async def chat(asked: ChatIn, request: Request, context: Context, caller: Reader) -> Any:
    """Answer the last user message from the archive, as a follow-up to earlier messages.

    An abstention is a normal completion whose text says that the archive does not say.
    """
    check_model(asked.model)
    if asked.n not in (None, 1):
        raise invalid_request("n", "there is only one answer", "omit n", code="unsupported_value")
    check_format(asked.response_format, "response_format")
    check_tool_choice(asked.tool_choice)
    question = question_of(asked_in(asked.messages, "messages"), asked.footnote)
    frame = Frame(f"chatcmpl-{secrets.token_hex(12)}", int(time.time()))
    base_url = context.base_url(request)
    if not asked.stream:
        work = _complete(asked, question, context, base_url, frame)
        return _completion_of(await cancel_on_disconnect(request, work))
    task = asyncio.ensure_future(_complete(asked, question, context, base_url, frame))
    await raise_early_errors(task)
    include_usage = bool(asked.stream_options and asked.stream_options.include_usage)
    return StreamingResponse(
        _events(task, include_usage=include_usage),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _complete(
    asked: ChatIn,
    question: Question,
    context: ServerContext,
    base_url: str,
    frame: Frame,
) -> Completion:
    assistant = context.assistant
    explain = bool(asked.footnote and asked.footnote.explain)

    def complete() -> Completion:
        outcome = context.consume(asked_events(assistant, question, asked.footnote))
        shape = outcome_out(outcome, explain=explain)
        composed = compose(shape, base_url)
        usage = _usage(assistant, text_sent(asked.messages), composed.content)
        return Completion(frame, shape, composed, usage)

    return await context.work.run(complete)


def _usage(assistant: Assistant, sent: str, content: str) -> Usage:
    prompt = assistant.count_tokens(sent)
    completion = assistant.count_tokens(content)
    return Usage(
        prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion
    )


def _completion_of(completion: Completion) -> ChatOut:
    """The completion as a whole."""
    composed = completion.composed
    message = MessageOut(
        content=composed.content, annotations=[_annotation(each) for each in composed.markers]
    )
    return ChatOut(
        id=completion.frame.id,
        created=completion.frame.created,
        choices=[ChoiceOut(message=message)],
        usage=completion.usage,
        footnote=extension_of(completion.outcome, composed),
    )


def _annotation(marker: Marker) -> AnnotationOut:
    return AnnotationOut(
        url_citation=UrlCitation(
            start_index=marker.start,
            end_index=marker.end,
            title=marker.citation.title,
            url=marker.url,
        )
    )


def _chunks(completion: Completion, *, include_usage: bool) -> Iterator[dict[str, Any]]:
    """The chunks of a completion: the role, each paragraph, the end, the usage.

    Annotations come with the paragraph that they belong to, ``footnote`` with the end.
    """
    head = {
        "id": completion.frame.id,
        "object": "chat.completion.chunk",
        "created": completion.frame.created,
        "model": MODEL,
    }
    # If the last chunk has usage, all chunks have the field, as in OpenAI's streams.
    usage: dict[str, Any] = {"usage": None} if include_usage else {}

    def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**head, "choices": [choice], **usage}

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    before = 0
    for piece in completion.composed.pieces:
        # The client's helper joins the lists of chunks by the place that each entry names.
        found = [
            {"index": at, **_annotation(marker).model_dump(mode="json")}
            for at, marker in enumerate(piece.markers, start=before)
        ]
        before += len(found)
        yield chunk({"content": piece.text, **({"annotations": found} if found else {})})
    extension = extension_of(completion.outcome, completion.composed)
    yield {**chunk({}, "stop"), "footnote": extension.model_dump(mode="json")}
    if include_usage:
        yield {**head, "choices": [], "usage": completion.usage.model_dump(mode="json")}


async def _events(task: asyncio.Task[Completion], *, include_usage: bool) -> AsyncIterator[bytes]:
    try:
        async for comment in keepalives(task):
            yield comment
        for chunk in _chunks(task.result(), include_usage=include_usage):
            yield event(chunk)
    except Exception as error:  # noqa: BLE001
        yield event({"error": openai_error(problem_from(error))})
    yield format_sse_event(data_str="[DONE]")
