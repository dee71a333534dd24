"""Ownership of conversations: a key sees its own, an admin key sees all."""

from __future__ import annotations

from rag.errors import UnknownConversationError, UnknownTurnError
from rag.journal.base import Conversation, Journal, TurnRecord
from server.http.security import Caller


def conversation_of(
    journal: Journal, conversation_id: str, caller: Caller, *, last: int | None = None
) -> Conversation:
    """The conversation with its ``last`` turns (None: all).

    Raises:
        UnknownConversationError: there is none, or it belongs to another key: the error is
            the same, so that it does not reveal which ids exist.
    """
    try:
        found = journal.conversation(conversation_id, last=last)
        if _may_see(found.owner, caller):
            return found
    except UnknownConversationError:
        pass
    raise UnknownConversationError(f"no conversation has the id '{conversation_id}'")


def turn_of(journal: Journal, turn_id: str, caller: Caller) -> TurnRecord:
    """The turn. Raises UnknownTurnError as ``conversation_of`` does."""
    try:
        found = journal.turn(turn_id)
        if _may_see(found.owner, caller):
            return found
    except UnknownTurnError:
        pass
    raise UnknownTurnError(f"no turn has the id '{turn_id}'")


def _may_see(owner: str, caller: Caller) -> bool:
    return caller.sees_all or owner == caller.owner
