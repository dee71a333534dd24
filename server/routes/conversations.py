"""/conversations and /feedback: stored questions and answers, and ratings of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from server.http.context import Context
from server.http.problems import problem_responses
from server.http.security import Reader
from server.routes.ownership import conversation_of, turn_of
from server.wire.shapes import (
    ConversationListed,
    ConversationOut,
    ConversationsOut,
    FeedbackIn,
    FeedbackOut,
    conversation_out,
)

router = APIRouter(tags=["conversations"])
_ERRORS = problem_responses(401, 403, 404, 422, 429, 503)


@router.get(
    "/conversations",
    response_model=ConversationsOut,
    responses=problem_responses(401, 403, 422, 429),
)
def list_conversations(
    context: Context,
    caller: Reader,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=2**40)] = 0,
) -> ConversationsOut:
    """List the caller's conversations (with an admin key, all), most recent first."""
    journal = context.assistant.journal
    owner = None if caller.sees_all else caller.owner
    return ConversationsOut(
        total=journal.count_conversations(owner),
        conversations=[
            ConversationListed.model_validate(found)
            for found in journal.conversations(owner=owner, limit=limit, offset=offset)
        ],
    )


@router.get("/conversations/{conversation_id}", response_model=ConversationOut, responses=_ERRORS)
def show_conversation(conversation_id: str, context: Context, caller: Reader) -> ConversationOut:
    """Get a conversation with every outcome as it was given."""
    return conversation_out(conversation_of(context.assistant.journal, conversation_id, caller))


@router.delete("/conversations/{conversation_id}", status_code=204, responses=_ERRORS)
def remove_conversation(conversation_id: str, context: Context, caller: Reader) -> None:
    """Delete a conversation with its turns and feedback permanently."""
    journal = context.assistant.journal
    conversation_of(journal, conversation_id, caller, last=0)
    journal.remove_conversation(conversation_id)


@router.post(
    "/feedback",
    response_model=FeedbackOut,
    status_code=201,
    responses={**_ERRORS, **problem_responses(400, 413)},
)
def give_feedback(feedback: FeedbackIn, context: Context, caller: Reader) -> FeedbackOut:
    """Rate a stored answer; `footnote eval questions from-feedback` reads the ratings."""
    journal = context.assistant.journal
    turn_of(journal, feedback.turn_id, caller)
    feedback_id = journal.add_feedback(
        feedback.turn_id, feedback.verdict, feedback.note, feedback.footnote, caller.owner
    )
    return FeedbackOut(id=feedback_id)
