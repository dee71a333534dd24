"""POST and GET /v1/responses, as OpenAI's clients expect them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from starlette.requests import Request

from rag.errors import UnknownConversationError, UnknownTurnError
from rag.journal.base import Journal, NewTurn, TurnRecord, new_id
from rag.question.followup import turns_of
from rag.types import Question, Turn
from server.http.context import Context, ServerContext
from server.http.disconnect import cancel_on_disconnect
from server.http.problems import ProblemError, problem_from
from server.http.security import Caller, Reader
from server.openai.ask import (
    asked_events,
    check_format,
    check_model,
    check_tool_choice,
    error_responses,
    event,
    keepalives,
    question_of,
    raise_early_errors,
    streamed,
    text_sent,
)
from server.openai.messages import asked_in, invalid_request
from server.openai.produced import (
    Frame,
    Produced,
    failed_events,
    finished_events,
    response_of,
    results_of,
)
from server.openai.requests import InputMessage, ResponseIn
from server.openai.shapes import (
    ResponseFailure,
    ResponseOut,
    ResponseUsage,
)
from server.openai.text import compose
from server.wire.outcome import outcome_out

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
_PREFIX = "resp_"
_RESULTS = "file_search_call.results"


@dataclass(frozen=True, slots=True)
class _Request:
    """A checked request. ``conversation_id`` None starts a conversation."""

    frame: Frame
    wanted: ResponseIn
    question: Question
    conversation_id: str | None
    sent: str
    owner: str
    base_url: str


@router.post(
    "/responses",
    response_model=ResponseOut,
    responses={
        200: streamed("A response; with `stream`, its events as server-sent events"),
        **error_responses(400, 401, 403, 404, 413, 429, 503),
    },
)
async def create(asked: ResponseIn, request: Request, context: Context, caller: Reader) -> Any:
    """Answer the input from the archive: a file search call, then a message.

    A stored response (the default) can be continued with `previous_response_id`.
    """
    check_model(asked.model)
    check_format(asked.text.format if asked.text else None, "text.format")
    check_tool_choice(asked.tool_choice)
    messages = _messages(asked)
    question = question_of(asked_in(messages, "input"), asked.footnote)
    conversation_id = None
    if asked.previous_response_id is not None:
        journal = context.assistant.journal
        conversation_id, history = await asyncio.to_thread(
            _before, journal, asked.previous_response_id, caller
        )
        question = replace(question, history=(*history, *question.history))
    asked_for = _Request(
        _frame(asked),
        asked,
        question,
        conversation_id,
        text_sent(messages),
        caller.owner,
        context.base_url(request),
    )
    if not asked.stream:
        return response_of(await cancel_on_disconnect(request, _produce(asked_for, context)))
    task = asyncio.ensure_future(_produce(asked_for, context))
    await raise_early_errors(task)
    return StreamingResponse(
        _events(task, asked_for.frame),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


@router.get(
    "/responses/{response_id}",
    response_model=ResponseOut,
    responses=error_responses(400, 401, 403, 404, 429, 503),
)
def retrieve(response_id: str, request: Request, context: Context, caller: Reader) -> Any:
    """Get a stored response, without results, usage and metadata, which are not stored.

    It is deleted with its conversation: `DELETE /conversations/{id}`.
    """
    turn, before = _stored(context.assistant.journal, response_id, caller)
    asked_at = int(datetime.fromisoformat(turn.asked_at).timestamp())
    shape = outcome_out(turn.outcome).model_copy(
        update={"conversation_id": turn.conversation_id, "turn_id": turn.id}
    )
    previous = _PREFIX + before[-1].id if before else None
    frame = Frame(_PREFIX + turn.id, asked_at, {}, previous, store=True)
    composed = compose(shape, context.base_url(request))
    return response_of(Produced(frame, asked_at, shape, composed, None, None))


def _messages(asked: ResponseIn) -> list[InputMessage]:
    """The messages of the input; items of other types are ignored.

    Raises:
        ProblemError: 400, a message has no role.
    """
    if isinstance(asked.input, str):
        return [InputMessage(role="user", content=asked.input)]
    messages: list[InputMessage] = []
    for place, item in enumerate(asked.input):
        if item.type not in (None, "message"):
            continue
        if item.role is None:
            raise invalid_request(
                f"input[{place}]",
                "a message has no role",
                "use one of user, assistant, system, developer",
                code="missing_required_parameter",
            )
        messages.append(InputMessage(role=item.role, content=item.content))
    return messages


def _before(
    journal: Journal, response_id: str, caller: Caller
) -> tuple[str | None, tuple[Turn, ...]]:
    """The conversation to continue, and its turns up to this response.

    A response that was already continued is continued in a new conversation, so that a
    conversation never has turns that do not follow each other.
    """
    turn, before = _stored(journal, response_id, caller)
    turns = [*before, turn]
    said = tuple(side for each in turns for side in turns_of(each.outcome))
    last = journal.conversation(turn.conversation_id).turns[-1]
    return (turn.conversation_id if last.id == turn.id else None), said


def _stored(
    journal: Journal, response_id: str, caller: Caller
) -> tuple[TurnRecord, list[TurnRecord]]:
    """The turn of this response, and the turns before it, oldest first.

    Raises:
        ProblemError: 404, there is none that this caller may see.
    """
    try:
        turn = journal.turn(response_id.removeprefix(_PREFIX))
        turns = journal.conversation(turn.conversation_id).turns
    except (UnknownTurnError, UnknownConversationError) as error:
        raise _unknown(response_id) from error
    if not (caller.sees_all or turn.owner == caller.owner):
        raise _unknown(response_id)
    place = next(place for place, each in enumerate(turns) if each.id == turn.id)
    return turn, list(turns[:place])


def _unknown(response_id: str) -> ProblemError:
    return ProblemError(
        404,
        "previous_response_not_found",
        f"no stored response has the id '{response_id[:100]}'",
        'send the earlier messages as input; with "store": false nothing is stored',
        param="previous_response_id",
    )


async def _produce(asked_for: _Request, context: ServerContext) -> Produced:
    return await context.work.run(lambda: _answered(asked_for, context))


def _answered(asked_for: _Request, context: ServerContext) -> Produced:
    assistant, wanted = context.assistant, asked_for.wanted
    events = asked_events(assistant, asked_for.question, wanted.footnote)
    outcome = context.consume(events)
    shape = outcome_out(outcome, explain=bool(wanted.footnote and wanted.footnote.explain))
    if wanted.store is not False:
        turn = assistant.journal.add_turn(
            asked_for.conversation_id,
            NewTurn(outcome, asked_for.owner, asked_for.frame.id.removeprefix(_PREFIX)),
        )
        shape = shape.model_copy(
            update={"conversation_id": turn.conversation_id, "turn_id": turn.id}
        )
    composed = compose(shape, asked_for.base_url)
    sent, said = assistant.count_tokens(asked_for.sent), assistant.count_tokens(composed.content)
    with_results = _RESULTS in (wanted.include or ())
    return Produced(
        asked_for.frame,
        int(time.time()),
        shape,
        composed,
        ResponseUsage(input_tokens=sent, output_tokens=said, total_tokens=sent + said),
        results_of(assistant.cite_hits(outcome)) if with_results else None,
    )


def _frame(wanted: ResponseIn) -> Frame:
    """A new response. If it is stored, its id is that of its turn."""
    return Frame(
        _PREFIX + new_id(),
        int(time.time()),
        wanted.metadata or {},
        wanted.previous_response_id,
        store=wanted.store is not False,
    )


async def _events(task: asyncio.Task[Produced], frame: Frame) -> AsyncIterator[bytes]:
    try:
        async for comment in keepalives(task):
            yield comment
        for each in finished_events(task.result()):
            yield event(each, each["type"])
    except Exception as error:  # noqa: BLE001
        known = problem_from(error)
        failure = ResponseFailure(message=known.message)
        for each in failed_events(frame, failure):
            yield event(each, each["type"])
