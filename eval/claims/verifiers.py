"""Verifiers: how likely a passage supports a claim, by a reading model, a model of natural
language inference, or a language model that is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from embeddings.entailment import EntailmentModel
from embeddings.reading.types import ReadingPassage
from eval.claims.cases import ClaimCase
from prompts.registry import load_prompt
from rag.generate.base import LanguageModel
from rag.generate.reply import on_one_line, read_reply
from rag.models import Models
from rag.settings import LanguageModelSettings

# The score in [0, 1] of a claim.
Verifier = Callable[[ClaimCase], float]

READING, LANGUAGE_MODEL = "reading", "language-model"

_END = re.compile(r"[\s.。।؟?]+$")
_SAID = re.compile(r"\b(?:true|false)\b", re.IGNORECASE)
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"supported": {"type": "boolean"}},
    "required": ["supported"],
    "additionalProperties": False,
}


def by_reading(models: Models) -> Verifier:
    """The claim as a question, and how likely the reading model answers it with yes.

    Raises, when used:
        ModelError: it could not be loaded.
    """

    def verify(case: ClaimCase) -> float:
        question = _END.sub("", case.claim) + "?"
        model = models.reading_for(question, case.passage, case.language)
        if model is None:
            return 0.0
        passage = ReadingPassage(case.title, case.passage, ((0, len(case.passage)),))
        [reading] = model.read(question, [passage])
        return reading.yes

    return verify


def by_entailment(name: str) -> Verifier:
    """A cross-encoder of natural language inference, by its name or folder.

    Raises:
        ModelLoadError: it cannot be loaded, or is of another kind.
    """
    model = EntailmentModel(name)

    def verify(case: ClaimCase) -> float:
        premise = "\n".join(filter(None, (case.title, case.passage)))
        return model.entailed([premise], [case.claim])[0]

    return verify


def by_language_model(model: LanguageModel, settings: LanguageModelSettings) -> Verifier:
    """A language model that is asked whether the passage says so: 1 or 0.

    Raises, when used:
        LanguageModelError: it did not reply.
    """
    prompt = load_prompt("verify")

    def verify(case: ClaimCase) -> float:
        asked = read_reply(
            model,
            prompt.render(
                title=on_one_line(case.title), passage=case.passage, claim=on_one_line(case.claim)
            ),
            max_tokens=settings.max_tokens,
            deadline_seconds=settings.timeout_seconds,
            schema=_SCHEMA,
        )
        return float(_says_true(_whole(asked)))

    return verify


def _whole(reply: Iterator[object]) -> str:
    """What a generator returns."""
    while True:
        try:
            next(reply)
        except StopIteration as end:
            return str(end.value)


def _says_true(reply: str) -> bool:
    """What the reply says first: models that cannot be held to a schema add words to it."""
    said = _SAID.search(reply)
    return said is not None and said[0].casefold() == "true"
