"""The journal's protocol and its records: conversations, feedback, keys and uploads.

Times are ISO 8601 in UTC, to the second. Ids are random and cannot be guessed.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from rag.types import Outcome, Question

Scope = Literal["read", "write", "admin"]
Verdict = Literal["helpful", "wrong", "wrong_citation"]
JobState = Literal["queued", "running", "done", "failed"]
FileOutcome = Literal["added", "updated", "unchanged", "duplicate", "failed"]


def new_id() -> str:
    """An id of 96 random bits that can be part of a URL and does not look like an option."""
    while True:
        made = secrets.token_urlsafe(12)
        if not made.startswith("-"):
            return made


@dataclass(frozen=True, slots=True)
class NewTurn:
    """A question that was answered. ``owner`` is the id of the key that asked, or "".

    ``id`` will be the turn's; a stream may have named it before the answer was whole.
    """

    outcome: Outcome
    owner: str = ""
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """A stored turn. Its outcome is without ranking, candidates and history."""

    id: str
    conversation_id: str
    owner: str
    outcome: Outcome
    asked_at: str

    @property
    def question(self) -> Question:
        """What was asked, as it was asked; its history is the turns before it."""
        return self.outcome.question


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """A row of the conversation list; ``title`` is the first question, shortened.

    ``turns`` is their number, ``owner`` the key that began it, or "".
    """

    id: str
    owner: str
    title: str
    created_at: str
    updated_at: str
    turns: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with its turns, oldest first."""

    id: str
    owner: str
    title: str
    created_at: str
    updated_at: str
    turns: tuple[TurnRecord, ...]


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """What a reader said of a turn; ``footnote`` is the number of the citation meant."""

    id: str
    turn: TurnRecord
    verdict: Verdict
    footnote: int | None
    note: str
    owner: str
    given_at: str


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key, without its secret. ``last_used_at`` is right to a minute."""

    id: str
    name: str
    scope: Scope
    created_at: str
    last_used_at: str | None
    revoked_at: str | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made, with the secret that is stored nowhere."""

    record: KeyRecord
    secret: str


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file of an upload; ``outcome`` is None until it was processed.

    ``reason`` is why it failed, or what is to be said of how it was read; else None.
    """

    name: str
    outcome: FileOutcome | None
    document_id: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class JobRecord:
    """An upload on its way into the archive. It failed when none of its files got in.

    ``replace``: it may take the place of documents uploaded under the same names.
    ``attempts`` is how often it was started: more than once when a process died running it.
    """

    id: str
    owner: str
    replace: bool
    state: JobState
    message: str
    attempts: int
    created_at: str
    finished_at: str | None
    files: tuple[JobFile, ...]


class Journal(Protocol):
    """What people did with the archive, kept apart from it.

    Each method is one short durable transaction and waits for no writer of documents.
    Methods may be called from any thread.

    Raises:
        UnknownConversationError, UnknownTurnError, UnknownJobError: there is nothing of the
            id given.
        StoreDamagedError: the journal is damaged; documents can still be asked.
        StoreError: it cannot be read or written.
    """

    def add_turn(self, conversation_id: str | None, turn: NewTurn) -> TurnRecord:
        """Store a turn at the end of a conversation; None begins one."""

    def turn(self, turn_id: str) -> TurnRecord:
        """One turn."""

    def conversation(self, conversation_id: str, *, last: int | None = None) -> Conversation:
        """One conversation, or of its turns the ``last`` only."""

    def conversations(
        self, *, owner: str | None, limit: int, offset: int = 0
    ) -> list[ConversationSummary]:
        """Those of one owner, None for everybody's; the last updated first."""

    def count_conversations(self, owner: str | None) -> int:
        """How many ``conversations`` would list without a limit."""

    def remove_conversation(self, conversation_id: str) -> bool:
        """Delete it with its turns and their feedback for good. False when unknown."""

    def add_feedback(
        self, turn_id: str, verdict: Verdict, note: str, footnote: int | None, owner: str
    ) -> str:
        """Store what a reader said of a turn; return its id."""

    def feedback(self) -> list[FeedbackRecord]:
        """All feedback, oldest first."""

    def add_key(self, name: str, scope: Scope) -> NewKey:
        """Make an API key.

        Raises:
            NameTakenError: a key that is not revoked has this name.
            ValueError: the name is blank.
        """

    def keys(self) -> list[KeyRecord]:
        """All keys, revoked ones too, oldest first."""

    def revoke_key(self, id_or_name: str) -> bool:
        """Revoke an API key. False when no valid key has this id or name."""

    def find_key(self, secret: str) -> KeyRecord | None:
        """The key of this secret, noting its use; None when unknown or revoked."""

    def has_keys(self) -> bool:
        """Whether a key was ever made.

        Revoked ones count: revoking the last key must not open an archive to everybody.
        """

    def add_job(self, files: Sequence[tuple[str, bytes]], owner: str, replace: bool) -> JobRecord:
        """Store an upload of (name, bytes), all or none, for a worker to take in.

        Jobs that finished a week ago or earlier are dropped.
        """

    def job(self, job_id: str) -> JobRecord:
        """One job."""

    def next_job(self) -> JobRecord | None:
        """The oldest job that is not finished, or None.

        One that is running belongs to another process, or to one that died: whoever holds
        the documents' writer lock and finds it running knows that its process is gone.
        """

    def waiting_jobs(self) -> int:
        """How many jobs are not finished."""

    def job_file(self, job_id: str, position: int) -> bytes:
        """The bytes of a job's file, by its place from 0, until it is finished."""

    def update_job(self, job_id: str, state: JobState, message: str = "") -> JobRecord:
        """Record a job's state.

        "running" counts an attempt, "queued" forgets them; "done" and "failed" end the
        job and drop whatever bytes it still has.
        """

    def finish_file(
        self,
        job_id: str,
        position: int,
        outcome: FileOutcome,
        document_id: str | None,
        reason: str | None,
    ) -> None:
        """Record what became of a job's file, and drop its bytes."""

    def close(self) -> None:
        """Release files and connections. Safe to call twice."""
