"""Rows of the journal as records, and outcomes as JSON and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rag.errors import StoreDamagedError, StoreVersionError
from rag.journal.base import (
    ConversationSummary,
    FeedbackRecord,
    JobFile,
    JobRecord,
    KeyRecord,
    TurnRecord,
)
from rag.types import Abstention, Answer, Outcome

__all__ = [
    "CONVERSATION_COLUMNS",
    "FEEDBACK_COLUMNS",
    "JOB_COLUMNS",
    "KEY_COLUMNS",
    "OUTCOME_VERSION",
    "TURN_COLUMNS",
    "dump_outcome",
    "feedback_from_row",
    "job_from_rows",
    "key_from_row",
    "load_outcome",
    "storable",
    "summary_from_row",
    "turn_from_row",
]

# A version for readers of another Footnote: grows when old ones could misread.
OUTCOME_VERSION = 2

TURN_COLUMNS = "t.id, c.id, t.owner, t.outcome, t.asked_at"
CONVERSATION_COLUMNS = (
    "c.id, c.owner, c.title, c.created_at, c.updated_at,"
    " (SELECT count(*) FROM turns AS n WHERE n.conversation = c.row)"
)
FEEDBACK_COLUMNS = "f.id, f.verdict, f.footnote, f.note, f.owner, f.given_at"
KEY_COLUMNS = "id, name, scope, created_at, last_used_at, revoked_at"
JOB_COLUMNS = 'id, owner, "replace", state, message, attempts, created_at, finished_at'

_ANSWERS = TypeAdapter(Answer)
_ABSTENTIONS = TypeAdapter(Abstention)


def storable(text: str) -> str:
    """The text in characters that a database can hold: a lone surrogate becomes ``?``."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _without_receipt(outcome: Outcome) -> Outcome:
    """The outcome without what is large and of use only while it is new."""
    question = replace(outcome.question, history=())
    return replace(outcome, question=question, ranking=(), candidates=())


def dump_outcome(outcome: Outcome) -> str:
    """An outcome as JSON, without its ranking, candidates and history."""
    kept = _without_receipt(outcome)
    if isinstance(kept, Answer):
        kind, fields = "answer", _ANSWERS.dump_python(kept, mode="json")
    else:
        kind, fields = "abstention", _ABSTENTIONS.dump_python(kept, mode="json")
    whole = {"version": OUTCOME_VERSION, "kind": kind, "outcome": fields}
    return storable(json.dumps(whole, ensure_ascii=False, separators=(",", ":")))


def load_outcome(text: str) -> Outcome:
    """The outcome that ``dump_outcome`` wrote.

    Raises:
        StoreVersionError: a newer Footnote wrote it.
        StoreDamagedError: nobody wrote it so.
    """
    try:
        whole: dict[str, Any] = json.loads(text)
        if whole["version"] > OUTCOME_VERSION:
            raise StoreVersionError(
                f"a stored answer has version {whole['version']}, this Footnote knows up to "
                f"{OUTCOME_VERSION}",
                remedy="use the version of Footnote that wrote it, or a newer one",
            )
        fields = whole["outcome"]
        if whole["version"] < 2:
            fields = fields | {"generation": str(fields["generation"])}
        kinds = _ANSWERS if whole["kind"] == "answer" else _ABSTENTIONS
        return kinds.validate_python(fields)
    except (ValueError, KeyError, TypeError) as error:
        # A ValidationError is a ValueError, and its text quotes what was said.
        reason = "it has other fields" if isinstance(error, ValidationError) else error
        raise StoreDamagedError(
            f"a stored answer cannot be read ({reason})",
            remedy="run 'footnote doctor' to see which, and remove its conversation",
        ) from error


def turn_from_row(row: tuple[Any, ...]) -> TurnRecord:
    """The turn of a row of TURN_COLUMNS."""
    turn_id, conversation_id, owner, outcome, asked_at = row
    return TurnRecord(turn_id, conversation_id, owner, load_outcome(outcome), asked_at)


def summary_from_row(row: tuple[Any, ...]) -> ConversationSummary:
    """The summary of a row of CONVERSATION_COLUMNS."""
    return ConversationSummary(*row)


def feedback_from_row(row: tuple[Any, ...]) -> FeedbackRecord:
    """The feedback of a row of FEEDBACK_COLUMNS and then TURN_COLUMNS."""
    feedback_id, verdict, footnote, note, owner, given_at = row[:6]
    return FeedbackRecord(
        feedback_id, turn_from_row(row[6:]), verdict, footnote, note, owner, given_at
    )


def key_from_row(row: tuple[Any, ...]) -> KeyRecord:
    """The key of a row of KEY_COLUMNS."""
    return KeyRecord(*row)


def job_from_rows(row: tuple[Any, ...], files: list[tuple[Any, ...]]) -> JobRecord:
    """The job of a row of JOB_COLUMNS and its (name, outcome, document id, reason) rows."""
    job_id, owner, replaces, state, message, attempts, created_at, finished_at = row
    return JobRecord(
        id=job_id,
        owner=owner,
        replace=bool(replaces),
        state=state,
        message=message,
        attempts=attempts,
        created_at=created_at,
        finished_at=finished_at,
        files=tuple(JobFile(*fields) for fields in files),
    )
