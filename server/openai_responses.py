"""POST and GET /v1/responses, as OpenAI's clients expect them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from starlette.requests import Request

from rag.assistant import Assistant
from rag.conversation import turns_of
from rag.errors import UnknownConversationError, UnknownTurnError
from rag.store.journal_types import Journal, NewTurn, TurnRecord
from rag.types import Question, Turn
from server.context import Context, ServerContext
from server.gone import unless_gone
from server.openai_ask import (
    check_format,
    check_model,
    check_tool_choice,
    event,
    openai_responses,
    question_of,
    settled_early,
    streamed,
    text_sent,
    waited_for,
)
from server.openai_messages import asked_in, refuse
from server.openai_produced import (
    Frame,
    Produced,
    events_of,
    opening_of,
    response_of,
    results_of,
)
from server.openai_requests import FootnoteIn, InputMessage, ResponseIn
from server.openai_shapes import (
    ResponseFailure,
    ResponseOut,
    ResponseUsage,
)
from server.openai_text import compose
from server.problems import ProblemError, problem_from
from server.security import Caller, Reader
from server.wire import outcome_out

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
_PREFIX = "resp_"
_RESULTS = "file_search_call.results"


@dataclass(frozen=True, slots=True)
class _Inquiry:
    """A response asked for, ready to be worked on. ``conversation_id`` None begins one."""

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
        200: streamed("A response; with `stream`, the events that build it up"),
        **openai_responses(400, 401, 403, 404, 413, 429, 503),
    },
)
async def create(asked: ResponseIn, request: Request, context: Context, caller: Reader) -> Any:
    """Answer the input from the archive: a file search call, then a message.

    What is stored (the default) can be gone on from with `previous_response_id`.
    """
    check_model(asked.model)
    check_format(asked.text.format if asked.text else None, "text.format")
    check_tool_choice(asked.tool_choice)
    messages = _messages(asked)
    question = question_of(asked_in(messages, "input"), asked.footnote)
    conversation_id = None
    if asked.previous_response_id is not None:
        journal = context.assistant.store.journal
        conversation_id, history = await asyncio.to_thread(
            _before, journal, asked.previous_response_id, caller
        )
        question = replace(question, history=(*history, *question.history))
    inquiry = _Inquiry(
        asked,
        question,
        conversation_id,
        text_sent(messages),
        caller.owner,
        context.base_url(request),
    )
    work = _produce(inquiry, context)
    if not asked.stream:
        return response_of(await unless_gone(request, work))
    task = asyncio.ensure_future(work)
    await settled_early(task)
    return StreamingResponse(
        _events(task, inquiry), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


@router.get(
    "/responses/{response_id}",
    response_model=ResponseOut,
    responses=openai_responses(400, 401, 403, 404, 429, 503),
)
def retrieve(response_id: str, request: Request, context: Context, caller: Reader) -> Any:
    """A stored response, without results, usage and metadata, which are not kept.

    It goes with its conversation: `DELETE /conversations/{id}`.
    """
    turn, before = _stored(context.assistant.store.journal, response_id, caller)
    asked_at = int(datetime.fromisoformat(turn.asked_at).timestamp())
    shape = outcome_out(turn.outcome).model_copy(
        update={"conversation_id": turn.conversation_id, "turn_id": turn.id}
    )
    previous = _PREFIX + before[-1].id if before else None
    frame = Frame(_PREFIX + turn.id, asked_at, {}, previous, store=True)
    composed = compose(shape, context.base_url(request))
    return response_of(Produced(frame, asked_at, shape, composed, None, None))


def _messages(asked: ResponseIn) -> list[InputMessage]:
    """The messages of the input; items of other kinds say nothing to an archive.

    Raises:
        ProblemError: 400, an item is neither a message nor named as something else.
    """
    if isinstance(asked.input, str):
        return [InputMessage(role="user", content=asked.input)]
    messages: list[InputMessage] = []
    for place, item in enumerate(asked.input):
        if item.type not in (None, "message"):
            continue
        if item.role is None:
            raise refuse(
                f"input[{place}]",
                "a message has no role",
                "give it one of user, assistant, system, developer",
                code="missing_required_parameter",
            )
        messages.append(InputMessage(role=item.role, content=item.content))
    return messages


def _before(
    journal: Journal, response_id: str, caller: Caller
) -> tuple[str | None, tuple[Turn, ...]]:
    """The conversation to go on with, and its turns up to this response.

    A response that another has gone on from already is gone on from in a new conversation,
    so that one never holds what the other did not follow.
    """
    turn, before = _stored(journal, response_id, caller)
    turns = [*before, turn]
    said = tuple(side for each in turns for side in turns_of(each.outcome))
    last = journal.conversation(turn.conversation_id).turns[-1]
    return (turn.conversation_id if last.id == turn.id else None), said


def _stored(
    journal: Journal, response_id: str, caller: Caller
) -> tuple[TurnRecord, list[TurnRecord]]:
    """The turn that is this response, and those before it, oldest first.

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
        f"there is no stored response '{response_id[:100]}'",
        'send the earlier messages as input; with "store": false nothing is kept',
        param="previous_response_id",
    )


async def _produce(inquiry: _Inquiry, context: ServerContext) -> Produced:
    assistant = context.assistant
    return await context.work.run(lambda: _answered(inquiry, assistant))


def _answered(inquiry: _Inquiry, assistant: Assistant) -> Produced:
    wanted = inquiry.wanted
    own = wanted.footnote or FootnoteIn()
    outcome = assistant.ask(inquiry.question, limit=own.top_k)
    shape = outcome_out(outcome, explain=own.explain)
    name = _PREFIX + secrets.token_hex(12)
    if wanted.store is not False:
        turn = assistant.store.journal.add_turn(
            inquiry.conversation_id, NewTurn(outcome, inquiry.owner)
        )
        name = _PREFIX + turn.id
        shape = shape.model_copy(
            update={"conversation_id": turn.conversation_id, "turn_id": turn.id}
        )
    composed = compose(shape, inquiry.base_url)
    results = None
    if _RESULTS in (wanted.include or ()):
        results = results_of(assistant.cite_hits(outcome))
    sent, said = assistant.count_tokens(inquiry.sent), assistant.count_tokens(composed.content)
    now = int(time.time())
    return Produced(
        _frame(inquiry, name, now),
        now,
        shape,
        composed,
        ResponseUsage(input_tokens=sent, output_tokens=said, total_tokens=sent + said),
        results,
    )


def _frame(inquiry: _Inquiry, name: str, created_at: int) -> Frame:
    wanted = inquiry.wanted
    return Frame(
        name,
        created_at,
        wanted.metadata or {},
        wanted.previous_response_id,
        store=wanted.store is not False,
    )


async def _events(task: asyncio.Task[Produced], inquiry: _Inquiry) -> AsyncIterator[bytes]:
    # The id of a stored response is that of its turn, which is not known before its answer:
    # until then the connection is kept open by comments.
    async for comment in waited_for(task):
        yield comment
    try:
        produced = task.result()
    except Exception as error:  # noqa: BLE001
        known = problem_from(error)
        frame = _frame(inquiry, _PREFIX + secrets.token_hex(12), int(time.time()))
        failure = ResponseFailure(message=f"{known.detail}; {known.remedy}")
        failed = frame.response(status="failed", error=failure).model_dump(mode="json")
        events = [*opening_of(frame), {"type": "response.failed", "response": failed}]
    else:
        events = [*opening_of(produced.frame), *events_of(produced)]
    for number, each in enumerate(events):
        yield event({**each, "sequence_number": number}, each["type"])
