"""The schema of the journal's database."""

from __future__ import annotations

from rag.store.local.schema import Schema, Step

_SCHEMA_1: Step = (
    # last_turn orders conversations: many turns share a second.
    """CREATE TABLE conversations (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        title TEXT NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        last_turn INTEGER NOT NULL
    )""",
    "CREATE INDEX conversations_by_last_turn ON conversations (last_turn)",
    "CREATE INDEX conversations_by_owner ON conversations (owner, last_turn)",
    # AUTOINCREMENT: last_turn grows even when the last conversation was deleted.
    """CREATE TABLE turns (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        conversation INTEGER NOT NULL REFERENCES conversations (row) ON DELETE CASCADE,
        owner TEXT NOT NULL,
        asked_at TEXT NOT NULL,
        outcome TEXT NOT NULL
    )""",
    "CREATE INDEX turns_by_conversation ON turns (conversation)",
    """CREATE TABLE feedback (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        turn INTEGER NOT NULL REFERENCES turns (row) ON DELETE CASCADE,
        verdict TEXT NOT NULL CHECK (verdict IN ('helpful', 'wrong', 'wrong_citation')),
        footnote INTEGER,
        note TEXT NOT NULL,
        owner TEXT NOT NULL,
        given_at TEXT NOT NULL
    )""",
    "CREATE INDEX feedback_by_turn ON feedback (turn)",
    """CREATE TABLE keys (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        scope TEXT NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
        secret_hash BLOB NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        last_used_at TEXT,
        revoked_at TEXT
    )""",
    # A revoked key's name may be given again.
    "CREATE UNIQUE INDEX keys_by_name ON keys (name) WHERE revoked_at IS NULL",
    """CREATE TABLE jobs (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        "replace" INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
        message TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        finished_at TEXT
    )""",
    "CREATE INDEX jobs_unfinished ON jobs (row) WHERE finished_at IS NULL",
    # The bytes are the last column, so that a job's state is read without them; NULL
    # once the file was dealt with.
    """CREATE TABLE job_files (
        job INTEGER NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        outcome TEXT CHECK (
            outcome IN ('added', 'updated', 'unchanged', 'duplicate', 'failed')
        ),
        document_id TEXT,
        reason TEXT,
        content BLOB,
        PRIMARY KEY (job, position)
    )""",
)

JOURNAL = Schema(0x464E544A, 1, (_SCHEMA_1,))  # "FNTJ"
