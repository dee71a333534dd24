"""Ownership of conversations: a key sees its own, an admin key sees all."""

from __future__ import annotations

from rag.errors import UnknownConversationError, UnknownTurnError
from rag.journal.base import Conversation, Journal, TurnRecord
from server.http.security import Caller

__all__ = ["conversation_of", "turn_of"]


def conversation_of(
    journal: Journal, conversation_id: str, caller: Caller, *, last: int | None = None
) -> Conversation:
    """The conversation with its ``last`` turns (None: all), if the caller may see it.

    Raises:
        UnknownConversationError: there is none, or it belongs to another key: whether such
            an id exists is not revealed.
    """
    found = journal.conversation(conversation_id, last=last)
    if not _may_see(found.owner, caller):
        raise UnknownConversationError(
            f"no conversation has the id '{conversation_id}'",
            remedy="'footnote conversations list' shows all conversations",
        )
    return found


def turn_of(journal: Journal, turn_id: str, caller: Caller) -> TurnRecord:
    """The turn, if the caller may see it; otherwise raises UnknownTurnError."""
    found = journal.turn(turn_id)
    if not _may_see(found.owner, caller):
        raise UnknownTurnError(
            f"no turn has the id '{turn_id}'",
            remedy="send the turn_id of an answer that was given in a conversation",
        )
    return found


def _may_see(owner: str, caller: Caller) -> bool:
    return caller.sees_all or owner == caller.owner
