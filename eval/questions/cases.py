"""Questions and their gold, whatever file they were read from."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from eval.errors import QuestionSetError
from rag.types import Span, Turn

Match = Literal["any", "all"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quote that supports the right answer. ``span`` is None if the quote was not found
    in the document."""

    document: str
    span: Span | None
    quote: str


@dataclass(frozen=True, slots=True)
class Gold:
    """The right answer. ``match`` "all": an answer must contain all of ``answers``; "any":
    one of them. Documents are named as in the question set."""

    answers: tuple[str, ...]
    match: Match
    documents: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A question of a question set. ``attributes`` are the fields for --filter, ``type``
    and ``language`` among them. ``answerable``: whether the archive answers it."""

    id: str
    question: str
    history: tuple[Turn, ...]
    language: str
    type: str
    attributes: Mapping[str, str]
    as_of: date | None
    answerable: bool
    gold: Gold


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Cases in file order. ``sha256`` is over the questions as read, without the archive;
    ``ignored_fields`` maps an unused field to the reason; ``left_out`` maps a reason to
    the number of questions dropped for it."""

    name: str
    kind: Literal["bundled", "questions", "suite"]
    sha256: str
    cases: tuple[Case, ...]
    ignored_fields: Mapping[str, str]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CaseSelection:
    """Which questions of a set are asked, and how."""

    cases: tuple[Case, ...]
    filters: Mapping[str, str]
    limit: int | None
    sample: int | None
    mode: Literal["answers", "retrieval"]
    whole: bool
    seed: int
    history: bool = True


def iso_day(value: object) -> date | None:
    """The date of a YYYY-MM-DD field; None for anything else."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def select_cases(
    cases: Sequence[Case],
    *,
    filters: Mapping[str, str],
    limit: int | None,
    sample: int | None = None,
    seed: int = 0,
) -> tuple[Case, ...]:
    """The cases whose attributes equal every filter; of these the first ``limit``, or a
    random ``sample`` in file order, the same for the same seed.

    Raises:
        QuestionSetError: a filter names an attribute that no case has, or no case is left.
    """
    known = {key for case in cases for key in case.attributes}
    for key, value in filters.items():
        if key not in known:
            raise QuestionSetError(
                f"--filter {key}={value}: no question has the field '{key}'",
                remedy=f"use one of {', '.join(sorted(known))}",
            )
    kept = [
        case
        for case in cases
        if all(case.attributes.get(key) == value for key, value in filters.items())
    ]
    if not kept:
        said = ", ".join(f"{key}={value}" for key, value in filters.items())
        raise QuestionSetError(f"--filter {said}: none of {len(cases)} questions matches")
    if sample is not None and sample < len(kept):
        chosen = sorted(random.Random(seed).sample(range(len(kept)), sample))
        kept = [kept[position] for position in chosen]
    return tuple(kept[:limit])
