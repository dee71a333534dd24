"""Outcomes as the JSON that the journal stores, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rag.errors import StoreDamagedError, StoreVersionError
from rag.types import Abstention, Answer, Outcome

# Grows when a Footnote of another version could misread what is stored.
OUTCOME_VERSION = 4
# Every answer of the one before it was sure.
_ALL_SURE = 3
# The one before that did not say how a reader sees a quote.
_WITHOUT_SHOWN = 2

_KINDS: dict[str, TypeAdapter[Any]] = {
    "answer": TypeAdapter(Answer),
    "abstention": TypeAdapter(Abstention),
}


def storable(text: str) -> str:
    """The text in characters that a database can hold: a lone surrogate becomes ``?``."""
    return text.encode("utf-8", "replace").decode("utf-8")


def dump_outcome(outcome: Outcome) -> str:
    """An outcome as JSON, without its ranking, candidates and history."""
    question = replace(outcome.question, history=())
    kept = replace(outcome, question=question, ranking=(), candidates=())
    kind = "answer" if isinstance(kept, Answer) else "abstention"
    fields = _KINDS[kind].dump_python(kept, mode="json")
    whole = {"version": OUTCOME_VERSION, "kind": kind, "outcome": fields}
    return storable(json.dumps(whole, ensure_ascii=False, separators=(",", ":")))


def load_outcome(text: str) -> Outcome:
    """The outcome that ``dump_outcome`` wrote.

    Raises:
        StoreVersionError: another Footnote wrote it.
        StoreDamagedError: it is not what any version writes.
    """
    try:
        whole: dict[str, Any] = json.loads(text)
        if whole["version"] == _WITHOUT_SHOWN:
            whole = _with_shown(whole) | {"version": _ALL_SURE}
        if whole["version"] == _ALL_SURE:
            whole |= {"version": OUTCOME_VERSION}
        if whole["version"] != OUTCOME_VERSION:
            raise StoreVersionError(
                f"a stored answer has version {whole['version']}, this Footnote reads "
                f"{OUTCOME_VERSION}",
                remedy="use the version of Footnote that wrote it",
            )
        loaded: Outcome = _KINDS[whole["kind"]].validate_python(whole["outcome"])
        return loaded
    except (ValueError, KeyError, TypeError) as error:
        # A ValidationError is a ValueError, and its text quotes what was said.
        reason = "it has other fields" if isinstance(error, ValidationError) else error
        raise StoreDamagedError(
            f"a stored answer cannot be read ({reason})",
            remedy="run 'footnote doctor' to see which, and remove its conversation",
        ) from error


def _with_shown(value: Any) -> Any:
    """What version 2 wrote, every quote and claim shown as it is stored."""
    if isinstance(value, list):
        return [_with_shown(each) for each in value]
    if not isinstance(value, dict):
        return value
    fields = {key: _with_shown(each) for key, each in value.items()}
    if "quote" in fields:
        return {**fields, "shown": fields["quote"]}
    return {**fields, "shown": fields["text"]} if "citations" in fields else fields
