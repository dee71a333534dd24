"""Conversations, their turns, and what readers said of them.

Every function runs inside the caller's transaction.
"""

from __future__ import annotations

import re
import sqlite3

from rag.errors import UnknownConversationError, UnknownTurnError
from rag.journal.base import (
    Conversation,
    ConversationSummary,
    FeedbackRecord,
    NewTurn,
    TurnRecord,
    Verdict,
    new_id,
)
from rag.store.local.journal.rows import (
    CONVERSATION_COLUMNS,
    FEEDBACK_COLUMNS,
    TURN_COLUMNS,
    dump_outcome,
    feedback_from_row,
    load_outcome,
    storable,
    summary_from_row,
    turn_from_row,
)

__all__ = [
    "add_feedback",
    "add_turn",
    "count_conversations",
    "list_conversations",
    "list_feedback",
    "load_conversation",
    "load_turn",
    "remove_conversation",
]

_TITLE_CHARACTERS = 80


def add_turn(
    connection: sqlite3.Connection, conversation_id: str | None, turn: NewTurn, now: str
) -> TurnRecord:
    """Store a turn; None begins a conversation. Raises UnknownConversationError."""
    outcome = dump_outcome(turn.outcome)
    if conversation_id is None:
        conversation_id = _begin(connection, turn, now)
    conversation = _conversation_row(connection, conversation_id)
    row = connection.execute(
        "INSERT INTO turns (id, conversation, owner, asked_at, outcome) VALUES (?, ?, ?, ?, ?)",
        (turn.id, conversation, turn.owner, now, outcome),
    ).lastrowid
    connection.execute(
        "UPDATE conversations SET updated_at = ?, last_turn = ? WHERE row = ?",
        (now, row, conversation),
    )
    return TurnRecord(turn.id, conversation_id, turn.owner, load_outcome(outcome), now)


def _begin(connection: sqlite3.Connection, turn: NewTurn, now: str) -> str:
    conversation_id = new_id()
    connection.execute(
        "INSERT INTO conversations (id, owner, title, created_at, updated_at, last_turn)"
        " VALUES (?, ?, ?, ?, ?, 0)",
        (conversation_id, turn.owner, _title(turn.outcome.question.text), now, now),
    )
    return conversation_id


def _title(question: str) -> str:
    """The question on one line, cut after a word where it is long."""
    line = storable(re.sub(r"\s+", " ", question).strip())
    if len(line) <= _TITLE_CHARACTERS:
        return line
    cut = line[:_TITLE_CHARACTERS]
    words, _, _ = cut.rpartition(" ")
    # Chinese has no spaces to cut at.
    return f"{words if len(words) > _TITLE_CHARACTERS // 2 else cut[:-1]}…"


def _conversation_row(connection: sqlite3.Connection, conversation_id: str) -> int:
    found = connection.execute(
        "SELECT row FROM conversations WHERE id = ?", (storable(conversation_id),)
    ).fetchone()
    if found is None:
        raise UnknownConversationError(
            f"no conversation '{conversation_id}'", remedy="'footnote conversations list' shows all"
        )
    return int(found[0])


def load_turn(connection: sqlite3.Connection, turn_id: str) -> TurnRecord:
    """One turn. Raises UnknownTurnError when there is none."""
    row = connection.execute(
        f"SELECT {TURN_COLUMNS} FROM turns AS t"
        " JOIN conversations AS c ON c.row = t.conversation WHERE t.id = ?",
        (storable(turn_id),),
    ).fetchone()
    if row is None:
        raise _unknown_turn(turn_id)
    return turn_from_row(row)


def _unknown_turn(turn_id: str) -> UnknownTurnError:
    return UnknownTurnError(
        f"no turn '{turn_id}'", remedy="it is the turn_id of an answer given in a conversation"
    )


def load_conversation(
    connection: sqlite3.Connection, conversation_id: str, last: int | None
) -> Conversation:
    """One conversation with its ``last`` turns, or all. Raises UnknownConversationError."""
    found = _conversation_row(connection, conversation_id)
    head = connection.execute(
        f"SELECT {CONVERSATION_COLUMNS} FROM conversations AS c WHERE c.row = ?", (found,)
    ).fetchone()
    turns = connection.execute(
        f"SELECT {TURN_COLUMNS} FROM turns AS t"
        " JOIN conversations AS c ON c.row = t.conversation"
        " WHERE t.conversation = ? ORDER BY t.row DESC LIMIT ?",
        (found, -1 if last is None else last),
    ).fetchall()
    summary = summary_from_row(head)
    return Conversation(
        id=summary.id,
        owner=summary.owner,
        title=summary.title,
        created_at=summary.created_at,
        updated_at=summary.updated_at,
        turns=tuple(turn_from_row(row) for row in reversed(turns)),
    )


def list_conversations(
    connection: sqlite3.Connection, owner: str | None, limit: int, offset: int
) -> list[ConversationSummary]:
    """Those of one owner, None for everybody's; the last one gone on with first."""
    rows = connection.execute(
        f"SELECT {CONVERSATION_COLUMNS} FROM conversations AS c"
        f" {_of_owner(owner)} ORDER BY c.last_turn DESC LIMIT :limit OFFSET :offset",
        {"owner": owner, "limit": limit, "offset": offset},
    )
    return [summary_from_row(row) for row in rows]


def count_conversations(connection: sqlite3.Connection, owner: str | None) -> int:
    """How many conversations an owner, or everybody, has."""
    (count,) = connection.execute(
        f"SELECT count(*) FROM conversations AS c {_of_owner(owner)}", {"owner": owner}
    ).fetchone()
    return int(count)


def _of_owner(owner: str | None) -> str:
    return "" if owner is None else "WHERE c.owner = :owner"


def remove_conversation(connection: sqlite3.Connection, conversation_id: str) -> bool:
    """Delete a conversation; its turns and their feedback go with it. False when unknown."""
    removed = connection.execute(
        "DELETE FROM conversations WHERE id = ?", (storable(conversation_id),)
    )
    return bool(removed.rowcount)


def add_feedback(
    connection: sqlite3.Connection,
    turn_id: str,
    verdict: Verdict,
    *,
    note: str,
    footnote: int | None,
    owner: str,
    now: str,
) -> str:
    """Store what a reader said of a turn; its id. Raises UnknownTurnError."""
    row = connection.execute("SELECT row FROM turns WHERE id = ?", (storable(turn_id),)).fetchone()
    if row is None:
        raise _unknown_turn(turn_id)
    feedback_id = new_id()
    connection.execute(
        "INSERT INTO feedback (id, turn, verdict, footnote, note, owner, given_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (feedback_id, row[0], verdict, footnote, storable(note), owner, now),
    )
    return feedback_id


def list_feedback(connection: sqlite3.Connection) -> list[FeedbackRecord]:
    """All feedback with its turns, oldest first."""
    rows = connection.execute(
        f"SELECT {FEEDBACK_COLUMNS}, {TURN_COLUMNS} FROM feedback AS f"
        " JOIN turns AS t ON t.row = f.turn"
        " JOIN conversations AS c ON c.row = t.conversation ORDER BY f.row"
    )
    return [feedback_from_row(row) for row in rows]
