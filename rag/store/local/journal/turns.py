"""Conversations, their turns, and what readers said of them."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

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
from rag.store.local.journal.file import JournalFile, iso
from rag.store.local.journal.outcomes import dump_outcome, load_outcome, storable

_TURN_COLUMNS = "t.id, c.id, t.owner, t.outcome, t.asked_at"
_CONVERSATION_COLUMNS = (
    "c.id, c.owner, c.title, c.created_at, c.updated_at,"
    " (SELECT count(*) FROM turns AS n WHERE n.conversation = c.row)"
)
_TITLE_CHARACTERS = 80


class JournalTurns(JournalFile):
    """The conversations and the feedback of a Journal."""

    def add_turn(self, conversation_id: str | None, turn: NewTurn) -> TurnRecord:
        """Store a turn; None begins a conversation. Raises UnknownConversationError."""
        outcome, now = dump_outcome(turn.outcome), iso()
        with self._write() as connection:
            if conversation_id is None:
                conversation_id = _begin(connection, turn, now)
            conversation, *_ = _conversation_row(connection, conversation_id)
            row = connection.execute(
                "INSERT INTO turns (id, conversation, owner, asked_at, outcome)"
                " VALUES (?, ?, ?, ?, ?)",
                (turn.id, conversation, turn.owner, now, outcome),
            ).lastrowid
            connection.execute(
                "UPDATE conversations SET updated_at = ?, last_turn = ? WHERE row = ?",
                (now, row, conversation),
            )
        return TurnRecord(turn.id, conversation_id, turn.owner, load_outcome(outcome), now)

    def turn(self, turn_id: str) -> TurnRecord:
        """One turn. Raises UnknownTurnError when there is none."""
        with self._read() as connection:
            row = connection.execute(
                f"SELECT {_TURN_COLUMNS} FROM turns AS t"
                " JOIN conversations AS c ON c.row = t.conversation WHERE t.id = ?",
                (storable(turn_id),),
            ).fetchone()
        if row is None:
            raise _unknown_turn(turn_id)
        return _turn(*row)

    def conversation(self, conversation_id: str, *, last: int | None = None) -> Conversation:
        """One conversation with its ``last`` turns, or all. Raises UnknownConversationError."""
        with self._read() as connection:
            row, *head, _ = _conversation_row(connection, conversation_id)
            turns = connection.execute(
                f"SELECT {_TURN_COLUMNS} FROM turns AS t"
                " JOIN conversations AS c ON c.row = t.conversation"
                " WHERE t.conversation = ? ORDER BY t.row DESC LIMIT ?",
                (row, -1 if last is None else last),
            ).fetchall()
        whole = tuple(_turn(*turn) for turn in reversed(turns))
        return Conversation(*[*head, whole])

    def conversations(
        self, *, owner: str | None, limit: int, offset: int = 0
    ) -> list[ConversationSummary]:
        """Those of one owner, None for everybody's; the last updated first."""
        with self._read() as connection:
            rows = connection.execute(
                f"SELECT {_CONVERSATION_COLUMNS} FROM conversations AS c"
                f" {_of_owner(owner)} ORDER BY c.last_turn DESC LIMIT :limit OFFSET :offset",
                {"owner": owner, "limit": limit, "offset": offset},
            )
            return [ConversationSummary(*row) for row in rows]

    def count_conversations(self, owner: str | None) -> int:
        """How many conversations an owner, or everybody, has."""
        with self._read() as connection:
            (count,) = connection.execute(
                f"SELECT count(*) FROM conversations AS c {_of_owner(owner)}", {"owner": owner}
            ).fetchone()
        return int(count)

    def remove_conversation(self, conversation_id: str) -> bool:
        """Delete a conversation; its turns and their feedback go with it."""
        with self._write() as connection:
            removed = connection.execute(
                "DELETE FROM conversations WHERE id = ?", (storable(conversation_id),)
            ).rowcount
        if removed:
            with self._connected() as connection:
                # What was overwritten with zeros still stands in the log until it is copied
                # back; a reader in its way only delays that.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return bool(removed)

    def add_feedback(
        self, turn_id: str, verdict: Verdict, note: str, footnote: int | None, owner: str
    ) -> str:
        """Store what a reader said of a turn; its id. Raises UnknownTurnError."""
        feedback_id = new_id()
        with self._write() as connection:
            turn = connection.execute(
                "SELECT row FROM turns WHERE id = ?", (storable(turn_id),)
            ).fetchone()
            if turn is None:
                raise _unknown_turn(turn_id)
            connection.execute(
                "INSERT INTO feedback (id, turn, verdict, footnote, note, owner, given_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (feedback_id, turn[0], verdict, footnote, storable(note), owner, iso()),
            )
        return feedback_id

    def feedback(self) -> list[FeedbackRecord]:
        """All feedback with its turns, oldest first."""
        with self._read() as connection:
            rows = connection.execute(
                "SELECT f.id, f.verdict, f.footnote, f.note, f.owner, f.given_at,"
                f" {_TURN_COLUMNS} FROM feedback AS f JOIN turns AS t ON t.row = f.turn"
                " JOIN conversations AS c ON c.row = t.conversation ORDER BY f.row"
            )
            return [FeedbackRecord(row[0], _turn(*row[6:]), *row[1:6]) for row in rows]


def _turn(
    turn_id: str, conversation_id: str, owner: str, outcome: str, asked_at: str
) -> TurnRecord:
    return TurnRecord(turn_id, conversation_id, owner, load_outcome(outcome), asked_at)


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


def _conversation_row(connection: sqlite3.Connection, conversation_id: str) -> tuple[Any, ...]:
    found: tuple[Any, ...] | None = connection.execute(
        f"SELECT c.row, {_CONVERSATION_COLUMNS} FROM conversations AS c WHERE c.id = ?",
        (storable(conversation_id),),
    ).fetchone()
    if found is None:
        raise UnknownConversationError(
            f"no conversation '{conversation_id}'", remedy="'footnote conversations list' shows all"
        )
    return found


def _of_owner(owner: str | None) -> str:
    return "" if owner is None else "WHERE c.owner = :owner"


def _unknown_turn(turn_id: str) -> UnknownTurnError:
    return UnknownTurnError(
        f"no turn '{turn_id}'", remedy="it is the turn_id of an answer given in a conversation"
    )
