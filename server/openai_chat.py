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
from server.context import Context, ServerContext
from server.gone import unless_gone
from server.openai_ask import (
    check_format,
    check_model,
    check_tool_choice,
    event,
    extension_of,
    openai_responses,
    question_of,
    settled_early,
    streamed,
    text_sent,
    waited_for,
)
from server.openai_messages import asked_in, refuse
from server.openai_requests import MODEL, ChatIn, FootnoteIn
from server.openai_shapes import (
    AnnotationOut,
    ChatOut,
    ChoiceOut,
    MessageOut,
    ModelCard,
    ModelList,
    UrlCitation,
    Usage,
)
from server.openai_text import Composed, Marker, compose
from server.problems import openai_error, problem_from
from server.security import Reader
from server.wire import AbstentionOut, AnswerOut, outcome_out

__all__ = ["chunks_of", "completion_of", "router"]

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
_STARTED = int(time.time())


@dataclass(frozen=True, slots=True)
class Completion:
    """A finished chat completion. ``created`` is Unix time in seconds."""

    id: str
    created: int
    outcome: AnswerOut | AbstentionOut
    composed: Composed
    usage: Usage


@router.get("/models", responses=openai_responses(401, 403, 429))
def list_models(caller: Reader) -> ModelList:
    """The one model: the archive."""
    return ModelList(data=[ModelCard(created=_STARTED)])


@router.get("/models/{model}", responses=openai_responses(401, 403, 404, 429))
def get_model(model: str, caller: Reader) -> ModelCard:
    """The model of that name."""
    check_model(model)
    return ModelCard(created=_STARTED)


@router.post(
    "/chat/completions",
    response_model=ChatOut,
    responses={
        200: streamed("A chat completion; with `stream`, its chunks as server-sent events"),
        **openai_responses(400, 401, 403, 404, 413, 429, 503),
    },
)
async def chat(asked: ChatIn, request: Request, context: Context, caller: Reader) -> Any:
    """Answer the last user message from the archive, with the messages before it in mind.

    An abstention is an answer like any other, whose text says that the archive does not say.
    """
    check_model(asked.model)
    if asked.n not in (None, 1):
        raise refuse("n", "an archive has one answer", "leave n out", code="unsupported_value")
    check_format(asked.response_format, "response_format")
    check_tool_choice(asked.tool_choice)
    question = question_of(asked_in(asked.messages, "messages"), asked.footnote)
    work = _complete(asked, question, context, context.base_url(request))
    if not asked.stream:
        return completion_of(await unless_gone(request, work))
    task = asyncio.ensure_future(work)
    await settled_early(task)
    include_usage = bool(asked.stream_options and asked.stream_options.include_usage)
    return StreamingResponse(
        _events(task, include_usage=include_usage),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _complete(
    asked: ChatIn, question: Question, context: ServerContext, base_url: str
) -> Completion:
    wanted = asked.footnote or FootnoteIn()
    assistant = context.assistant

    def complete() -> Completion:
        outcome = assistant.ask(question, limit=wanted.top_k)
        shape = outcome_out(outcome, explain=wanted.explain)
        composed = compose(shape, base_url)
        usage = _usage(assistant, text_sent(asked.messages), composed.content)
        name = f"chatcmpl-{secrets.token_hex(12)}"
        return Completion(name, int(time.time()), shape, composed, usage)

    return await context.work.run(complete)


def _usage(assistant: Assistant, sent: str, content: str) -> Usage:
    prompt = assistant.count_tokens(sent)
    completion = assistant.count_tokens(content)
    return Usage(
        prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion
    )


def completion_of(completion: Completion) -> ChatOut:
    """The completion in one piece."""
    composed = completion.composed
    message = MessageOut(
        content=composed.content, annotations=[_annotation(each) for each in composed.markers]
    )
    return ChatOut(
        id=completion.id,
        created=completion.created,
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


def chunks_of(completion: Completion, *, include_usage: bool) -> Iterator[dict[str, Any]]:
    """The completion chunk by chunk: the role, each sentence, the end, the usage if wanted.

    Annotations come with the sentence that they are of; ``footnote`` with the end.
    """
    head: dict[str, Any] = {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": completion.created,
        "model": MODEL,
    }
    # Every chunk has the field where the last one has it, as OpenAI's streams do.
    usage: dict[str, Any] = {"usage": None} if include_usage else {}

    def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**head, "choices": [choice], **usage}

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for piece in completion.composed.pieces:
        found = [_annotation(marker).model_dump(mode="json") for marker in piece.markers]
        yield chunk({"content": piece.text, **({"annotations": found} if found else {})})
    extension = extension_of(completion.outcome, completion.composed)
    yield {**chunk({}, "stop"), "footnote": extension.model_dump(mode="json")}
    if include_usage:
        yield {**head, "choices": [], "usage": completion.usage.model_dump(mode="json")}


async def _events(task: asyncio.Task[Completion], *, include_usage: bool) -> AsyncIterator[bytes]:
    async for comment in waited_for(task):
        yield comment
    try:
        for chunk in chunks_of(task.result(), include_usage=include_usage):
            yield event(chunk)
    except Exception as error:  # noqa: BLE001
        yield event({"error": openai_error(problem_from(error))})
    yield format_sse_event(data_str="[DONE]")
