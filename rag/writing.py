"""Having a language model write the answer, within what the archive supports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rag.answer.generate import generate_claims, passage_budget
from rag.answer.pack import pack_context
from rag.errors import LanguageModelError
from rag.language_model.base import LanguageModel
from rag.language_model.settings import LanguageModelSettings
from rag.types import Claim, Document, GenerationReport, Hit

__all__ = ["Written", "write_answer"]


@dataclass(frozen=True, slots=True)
class Written:
    """What of a draft may be said, and what became of all of it.

    ``failure`` is why there is no more of it: the model failed before its end.
    """

    claims: tuple[Claim, ...]
    report: GenerationReport
    failure: LanguageModelError | None

    @property
    def shortcoming(self) -> str | None:
        """Why nothing of it, or not the whole, can be said; None where nothing is amiss."""
        if self.failure is not None:
            return str(self.failure)
        if self.claims:
            return None
        if self.report.declined:
            return "the language model found no answer in the passages"
        return "the archive supports no sentence of the language model's draft"


def write_answer(
    question: str,
    hits: Sequence[Hit],
    documents: Mapping[str, Document],
    model: LanguageModel,
    *,
    settings: LanguageModelSettings,
    chinese: bool,
    tell: Callable[[Claim], None],
    stop: Callable[[], bool],
) -> Written:
    """Have the model answer from these passages, best first; ``tell`` is told of each
    claim once it is verified. Once ``stop`` is true the model is interrupted.
    """
    budget = passage_budget(
        question,
        model.count_tokens,
        context_tokens=model.context_tokens,
        max_tokens=settings.max_tokens,
    )
    packed = pack_context(
        hits, documents, budget_tokens=budget, count_tokens=model.count_tokens, question=question
    )
    generation = generate_claims(
        question, packed, documents, model, settings=settings, chinese=chinese, stop=stop
    )
    claims: list[Claim] = []
    failure = None
    try:
        for claim in generation:
            claims.append(claim)
            tell(claim)
    except LanguageModelError as error:
        failure = error
    finally:
        generation.close()
    return Written(tuple(claims), generation.report, failure)
