"""Outcomes as the JSON that the journal stores, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rag.errors import StoreDamagedError, StoreVersionError
from rag.types import Abstention, Answer, Outcome

__all__ = ["OUTCOME_VERSION", "dump_outcome", "load_outcome", "storable"]

# A version for readers of another Footnote: grows when old ones could misread.
OUTCOME_VERSION = 2

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
        StoreDamagedError: it is not what any version writes.
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
            fields = _from_version_1(fields)
        kinds = _ANSWERS if whole["kind"] == "answer" else _ABSTENTIONS
        return kinds.validate_python(fields)
    except (ValueError, KeyError, TypeError) as error:
        # A ValidationError is a ValueError, and its text quotes what was said.
        reason = "it has other fields" if isinstance(error, ValidationError) else error
        raise StoreDamagedError(
            f"a stored answer cannot be read ({reason})",
            remedy="run 'footnote doctor' to see which, and remove its conversation",
        ) from error


def _from_version_1(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 1 numbered the archive's states, and a language model could word answers.

    Its claims are given in the words that they cite.
    """
    fields["generation"] = str(fields["generation"])
    if fields.get("reason") == "draft_unsupported":
        fields["reason"] = "none_chosen"
    if fields.pop("composer", None) == "generative":
        for claim in fields["claims"]:
            claim["text"] = " ".join(cited["quote"] for cited in claim["citations"])
    return fields
