"""What is read for a question, and what a reading model says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from embeddings.registry import Reads


@dataclass(frozen=True, slots=True)
class ReadingPassage:
    """What is read for one question: a text and what stands above it.

    ``lead`` (title, headings, a table's header) is read but never answers. ``statements``
    are half-open character ranges of ``text``, in order.
    """

    lead: str
    text: str
    statements: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """A short answer: a half-open character range of the passage's text, and how much likelier
    it is than that there is none, in logits (the sum of its start's and its end's)."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class StatementReading:
    """What is known of one statement: ``evidence``, the logit that it answers (the mean of its
    tokens'), and the best short answer within it, None where it has no token of its own."""

    evidence: float
    answer: AnswerSpan | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a passage says to a question.

    ``relevance`` is a logit as a reranker gives it: how much the passage is about the
    question. ``answers`` is the logit that something in it answers. ``statements`` has one
    reading for each statement of the passage. ``yes`` and ``no`` are probabilities that the
    answer is that word.
    """

    relevance: float
    answers: float
    statements: tuple[StatementReading, ...]
    yes: float
    no: float


class ReadingModel(Protocol):
    """A question and passages to readings."""

    @property
    def name(self) -> str:
        """The name or path of its weights."""
        ...

    @property
    def revision(self) -> str:
        """sha256 of the weights."""
        ...

    @property
    def reads(self) -> Reads:
        """The languages whose texts it reads."""
        ...

    def read(self, question: str, passages: Sequence[ReadingPassage]) -> list[Reading]:
        """A reading of each passage, in order; none depends on the others.

        Raises:
            ModelLoadError: memory ran out, or the weights are no good.
        """
        ...
