"""/ask and /search: answers and passages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel

from rag.journal.base import NewTurn
from rag.types import Citation, Claimed, Event, Question, Ranked, Read, Understood
from server.http.arrivals import Arrivals
from server.http.asking import OnEvent
from server.http.context import Context, ServerContext
from server.http.disconnect import cancel_on_disconnect, raise_early_errors
from server.http.problems import ProblemError, problem_from, problem_responses
from server.http.security import Caller, Reader
from server.routes.ownership import conversation_of
from server.routes.parameters import QueryFilters
from server.wire.filters import last_day
from server.wire.outcome import (
    AbstentionOut,
    AnswerOut,
    CitationOut,
    ClaimOut,
    OutcomeOut,
    SearchOut,
    citation_out,
    claim_out,
    outcome_out,
    search_out,
)
from server.wire.shapes import (
    AskIn,
    DateText,
    QuestionText,
    SearchIn,
)

router = APIRouter(tags=["questions"])
_ERRORS = problem_responses(400, 401, 403, 404, 413, 422, 429, 503)
# Proxies close a silent connection after a minute or so.
_KEEPALIVE_SECONDS = 10.0
_REFUSED_WITHIN_SECONDS = 0.02

NEW = "new"


_EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["stage", "citation", "claim", "abstention", "done", "error"]},
        "data": {"type": "string", "description": "JSON"},
    },
}


_STAGES: dict[type, str] = {Understood: "understood", Ranked: "ranked", Read: "read"}


class StageEvent(BaseModel):
    """A stage is complete: "understood", "ranked" or "read"."""

    stage: str


class CitationEvent(BaseModel):
    """A footnote, sent before the first claim that uses it."""

    number: int
    citation: CitationOut


class ClaimEvent(BaseModel):
    """A sentence of the answer; ``index`` counts from 0, ``sure`` is the answer's."""

    index: int
    sure: bool
    claim: ClaimOut


@router.post(
    "/ask",
    response_model=OutcomeOut,
    responses={
        200: {
            "description": "An answer with footnotes, or an abstention. With `stream`, events: "
            "`stage` when one is complete, `citation` and `claim` or `abstention`, then `done` "
            "with the whole outcome, or `error`.",
            "content": {"text/event-stream": {"schema": _EVENT}},
        },
        **_ERRORS,
    },
)
async def ask(asked: AskIn, request: Request, context: Context, caller: Reader) -> Any:
    """Answer a question from the archive with footnotes, or say that it does not say."""
    if asked.history and asked.conversation_id:
        raise ProblemError(
            400,
            "contradiction",
            "history and conversation_id were both sent",
            "send only one of them",
        )
    if not asked.stream:
        return await cancel_on_disconnect(request, answer(asked, context, caller))
    events = Arrivals[Event]()
    task = asyncio.ensure_future(answer(asked, context, caller, on_event=events.put_from_thread))
    events.end_with(task)
    # Immediate errors (overload, invalid dates) have their own status.
    await raise_early_errors(task, _REFUSED_WITHIN_SECONDS)
    return StreamingResponse(
        _events(task, events, request),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def answer(
    asked: AskIn,
    context: ServerContext,
    caller: Caller,
    *,
    on_event: OnEvent = lambda event: None,
) -> AnswerOut | AbstentionOut:
    """The wire shape of a question's outcome, which is stored if requested.

    ``on_event`` is called with each event of the question, in another thread.

    Raises:
        FootnoteError, ProblemError: the request failed.
    """
    question = Question(
        asked.question,
        asked.filters.filters(),
        tuple(turn.turn() for turn in asked.history),
        last_day(asked.as_of),
    )
    assistant = context.assistant
    known = None if asked.conversation_id == NEW else asked.conversation_id

    def work() -> AnswerOut | AbstentionOut:
        wanted = question
        if known is not None:
            conversation_of(assistant.journal, known, caller, last=0)
            wanted = assistant.continued(question, known)
        events = assistant.stream(wanted, limit=asked.top_k, composer=asked.composer)
        outcome = context.consume(events, on_event)
        shape = outcome_out(outcome, explain=asked.explain)
        if asked.conversation_id is None:
            return shape
        turn = assistant.journal.add_turn(known, NewTurn(outcome, caller.owner))
        kept = {"conversation_id": turn.conversation_id, "turn_id": turn.id}
        return shape.model_copy(update=kept)

    return await context.work.run(work)


async def _events(
    task: asyncio.Task[AnswerOut | AbstentionOut], arrivals: Arrivals[Event], request: Request
) -> AsyncIterator[bytes]:
    sent = _SentClaims()
    try:
        async for arrived in arrivals.each(_KEEPALIVE_SECONDS):
            if arrived is None:
                yield KEEPALIVE_COMMENT
            elif isinstance(arrived, Claimed):
                for name, data in sent.claim(arrived):
                    yield format_sse_event(event=name, data_str=data)
            elif (stage := _STAGES.get(type(arrived))) is not None:
                data = StageEvent(stage=stage).model_dump_json()
                yield format_sse_event(event="stage", data_str=data)
        shape = task.result()
        if isinstance(shape, AbstentionOut):
            yield format_sse_event(event="abstention", data_str=shape.model_dump_json())
        yield format_sse_event(event="done", data_str=shape.model_dump_json())
    except Exception as error:  # noqa: BLE001
        problem = problem_from(error).problem(getattr(request.state, "request_id", None))
        yield format_sse_event(event="error", data_str=problem.model_dump_json(exclude_none=True))
    finally:
        # If the client has disconnected, a waiting question never runs and a language model
        # stops.
        task.cancel()


class _SentClaims:
    """What a stream has sent; citations are numbered in the order of first use."""

    def __init__(self) -> None:
        self._citations: list[Citation] = []
        self._claims = 0

    def claim(self, claimed: Claimed) -> Iterator[tuple[str, str]]:
        """The events of the next claim, with each new citation before it."""
        claim = claimed.claim
        for citation in dict.fromkeys(claim.citations):
            if citation not in self._citations:
                self._citations.append(citation)
                yield (
                    "citation",
                    CitationEvent(
                        number=len(self._citations), citation=citation_out(citation)
                    ).model_dump_json(),
                )
        shape = claim_out(claim, self._citations)
        event = ClaimEvent(index=self._claims, sure=claimed.sure, claim=shape)
        yield "claim", event.model_dump_json()
        self._claims += 1


@router.get("/search", response_model=SearchOut, responses=_ERRORS)
async def search(
    request: Request,
    context: Context,
    caller: Reader,
    filters: QueryFilters,
    q: Annotated[QuestionText, Query()],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
    as_of: Annotated[DateText | None, Query()] = None,
) -> SearchOut:
    """Find passages without composing an answer."""
    question = Question(q, filters, as_of=last_day(as_of))
    return await cancel_on_disconnect(request, _search(question, limit, context))


@router.post("/search", response_model=SearchOut, responses=_ERRORS)
async def search_posted(
    searched: SearchIn, request: Request, context: Context, caller: Reader
) -> SearchOut:
    """Find passages, with the query in the body instead of the URL."""
    question = Question(searched.query, searched.filters.filters(), as_of=last_day(searched.as_of))
    return await cancel_on_disconnect(request, _search(question, searched.limit, context))


async def _search(question: Question, limit: int, context: ServerContext) -> SearchOut:
    assistant = context.assistant
    found = await context.work.run(lambda: assistant.search(question, limit=limit))
    return search_out(question.text, found)
