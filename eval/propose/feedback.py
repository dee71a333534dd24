"""Readers' feedback on answers, as cases to review: rows of a question file.

Feedback is a hint, not gold. A case with a helpful answer has its quotes as evidence; one
with a wrong answer has none, so that it cannot be used before somebody has added some.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.errors import EvalError
from rag.journal.base import FeedbackRecord, Journal, TurnRecord
from rag.question.followup import turns_of
from rag.text.language import language_of
from rag.types import Answer, Citation, Filters, Outcome, Turn


def cases_from_feedback(journal: Journal) -> list[dict[str, Any]]:
    """A row of a question file for each feedback, oldest first.

    ``type`` is "feedback_" and the verdict, ``note`` says what to review. A
    question that was answered wrongly is "answerable" without gold: the check of a
    question file reports it until it has gold or is marked unanswerable.
    """
    return [_row(record, _history(journal, record.turn)) for record in journal.feedback()]


def write_new_file(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows to a file that must not exist yet.

    Raises:
        EvalError: it exists, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    except FileExistsError as error:
        raise EvalError(
            f"'{path}' exists and may hold reviewed cases", remedy="name a new file"
        ) from error
    except OSError as error:
        raise EvalError(f"'{path}' cannot be written: {error.strerror or error}") from error


def _history(journal: Journal, turn: TurnRecord) -> tuple[Turn, ...]:
    """The earlier turns of the conversation."""
    turns = journal.conversation(turn.conversation_id).turns
    before = turns[: [kept.id for kept in turns].index(turn.id)]
    return tuple(side for kept in before for side in turns_of(kept.outcome))


def _row(record: FeedbackRecord, history: Sequence[Turn]) -> dict[str, Any]:
    outcome, question = record.turn.outcome, record.turn.question
    helpful = record.verdict == "helpful"
    cited = _citations(outcome)
    evidence = list(dict.fromkeys(cited)) if helpful else []
    short = outcome.short_answer if isinstance(outcome, Answer) and helpful else None
    row: dict[str, Any] = {
        "id": f"feedback-{record.id}",
        "question": question.text,
        "language": language_of(question.text),
        "type": f"feedback_{record.verdict}",
        "answerable": isinstance(outcome, Answer) or not helpful,
        "gold_documents": list(dict.fromkeys(citation.document_id for citation in evidence)),
        "gold_evidence": [
            {
                "document": citation.document_id,
                "start": citation.span.start,
                "end": citation.span.end,
                "quote": citation.quote,
            }
            for citation in evidence
        ],
        "answers": [short.quote] if short is not None else [],
        "note": " ".join(_notes(record, cited, question.filters)),
    }
    if question.as_of is not None:
        row["as_of"] = question.as_of.isoformat()
    if history:
        row["history"] = [{"role": turn.role, "text": turn.text} for turn in history]
    return row


def _citations(outcome: Outcome) -> list[Citation]:
    """An answer's citations in the order of their footnotes, each once."""
    claims = outcome.claims if isinstance(outcome, Answer) else ()
    return list(dict.fromkeys(citation for claim in claims for citation in claim.citations))


def _notes(record: FeedbackRecord, cited: Sequence[Citation], filters: Filters) -> Iterator[str]:
    answered = isinstance(record.turn.outcome, Answer)
    if record.verdict == "helpful" and answered:
        yield "To review: a reader found the answer helpful; its quotes are the evidence."
    elif record.verdict == "helpful":
        yield "To review: a reader agreed that the archive does not answer it."
    elif record.verdict == "wrong_citation":
        yield "To review: a reader found a citation wrong; add the evidence."
    elif answered:
        yield "To review: a reader found the answer wrong; add the evidence."
    else:
        yield "To review: a reader says that the archive answers it; add the evidence."
    if record.footnote is not None:
        number = record.footnote
        meant = cited[number - 1] if 1 <= number <= len(cited) else None
        quote = f": {meant.quote!r} of {meant.document_id}" if meant else ""
        yield f"Footnote {number}{quote}."
    if filters:
        yield f"It was asked with filters, which a question file cannot express: {filters}."
    if record.note.strip():
        yield f"The reader's note: {record.note.strip()}"
