"""The journal of the embedded store: conversations, feedback, keys and uploads.

A second SQLite file beside the documents', with transactions of its own: a turn is saved
while an ingest holds the writer lock, and documents can be rebuilt without it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from rag.errors import StoreDamagedError, StoreVersionError
from rag.journal.base import Journal
from rag.store.local.journal.file import REMEDY
from rag.store.local.journal.jobs import JournalJobs
from rag.store.local.journal.keys import JournalKeys
from rag.store.local.journal.outcomes import load_outcome
from rag.store.local.journal.turns import JournalTurns
from rag.store.records import Finding


class LocalJournal(JournalTurns, JournalKeys, JournalJobs, Journal):
    """A Journal in the data directory; created by the first thing written to it."""

    def check(self) -> list[Finding]:
        """Everything wrong with the journal, all of the code ``journal.damaged``."""
        try:
            with self._read() as connection:
                found = [row[0] for row in connection.execute("PRAGMA integrity_check(10)")]
                reasons = [str(row) for row in found if row != "ok"]
                orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
                if orphans:
                    reasons.append(f"{len(orphans)} rows refer to rows that do not exist")
                reasons += _unreadable_turns(connection)
        except StoreDamagedError as error:
            reasons = [str(error)]
        return [
            Finding("journal.damaged", str(self._database), reason, REMEDY, repairable=False)
            for reason in reasons
        ]


def _unreadable_turns(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute(
        "SELECT t.id, c.id, t.outcome FROM turns AS t"
        " JOIN conversations AS c ON c.row = t.conversation ORDER BY t.row"
    )
    for turn_id, conversation_id, outcome in rows:
        try:
            load_outcome(outcome)
        except (StoreDamagedError, StoreVersionError) as error:
            yield f"turn {turn_id} of conversation {conversation_id}: {error}"
