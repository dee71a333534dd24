"""Having a language model write the answer, within what the archive supports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from rag.answer.across import Bridge
from rag.answer.gate import NOT_COMPARED
from rag.answer.generate import generate_claims, passage_budget
from rag.answer.rewording import Wordbooks
from rag.answer.stored import Place, stands_among
from rag.errors import LanguageModelError, LanguageModelFailure
from rag.generate.base import LanguageModel
from rag.generate.pack import pack_context
from rag.generate.settings import LanguageModelSettings
from rag.types import Claim, Document, GenerationReport, Hit

__all__ = ["SOURCES_DIFFER", "Written", "write_answer"]

# Why a language model's words are not given: English, Chinese.
SOURCES_DIFFER = (
    "the sources differ, so each is given in its own words",
    "来源说法不一，因此照录各自原文",
)
_DECLINED = (
    "the language model found no answer in the passages",
    "语言模型在所给段落中没有找到答案",
)
_BESIDE = (
    "what the archive supports of the language model's draft does not answer the question",
    "语言模型的草稿中有依据的句子并未回答问题",
)
_NOT_COMPARED = (
    f"the language model's draft cannot be checked: {NOT_COMPARED}",
    "语言模型的草稿无法核对：它与档案原文的语言不同，而此处无法比较这两种语言",
)
_UNSUPPORTED = (
    "the archive supports no sentence of the language model's draft",
    "语言模型所写的句子在档案中都没有依据",
)
_NO_SENTENCE = (
    "the language model wrote no sentence; one that thinks first needs more of "
    "language_model.max_tokens",
    "语言模型没有写出任何句子；先思考的模型需要更大的 language_model.max_tokens",
)
# Shorter than the failures themselves, which are in English.
_FAILED: Mapping[LanguageModelFailure, str] = {
    "unreachable": "目前无法使用",
    "timeout": "未能按时完成",
    "rate_limited": "请求过多，暂时拒绝",
    "malformed": "返回的内容无法读取",
    "empty": "没有写出任何内容",
    "interrupted": "中途中断",
    "refused": "拒绝了请求",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What of a draft may be said, and what became of all of it.

    ``failure`` is why there is no more of it: the model failed before its end. ``beside`` is
    whether sentences were supported, none of which answers the question.
    """

    claims: tuple[Claim, ...]
    report: GenerationReport
    failure: LanguageModelError | None
    beside: bool = False

    @property
    def only_declined(self) -> bool:
        """Whether all that the model said is that the passages do not answer."""
        return self.report.declined and not self.report.draft

    def shortcoming(self, *, chinese: bool) -> str | None:
        """Why nothing of it, or not the whole, can be said, for the reader of a question in
        Chinese or English; None where nothing is amiss.
        """
        if self.failure is not None:
            named = f"语言模型“{self.report.model.name}”{_FAILED[self.failure.kind]}"
            return named if chinese else str(self.failure)
        if self.claims:
            return None
        if self.beside:
            return _BESIDE[chinese]
        if self.report.draft and all(NOT_COMPARED in each.reasons for each in self.report.draft):
            return _NOT_COMPARED[chinese]
        if self.only_declined:
            return _DECLINED[chinese]
        return (_UNSUPPORTED if self.report.draft else _NO_SENTENCE)[chinese]


def write_answer(
    question: str,
    hits: Sequence[Hit],
    documents: Mapping[str, Document],
    model: LanguageModel,
    *,
    settings: LanguageModelSettings,
    bridge: Bridge | None,
    wordbooks: Wordbooks,
    answering: Collection[Place],
    relevant: Collection[Place] | None,
    tell: Callable[[Claim], None],
    stop: Callable[[], bool],
) -> Written:
    """Have the model answer from these passages, best first; ``tell`` is told of each
    claim once it is verified. ``answering`` is where sentences stand that answer the
    question; where ``relevant`` is given, claims wait for one that rests on any of those.
    Once ``stop`` is true the model is interrupted. The ``bridge`` is for claims in another
    language than their source, the ``wordbooks`` for those in other words.

    Raises:
        ModelLoadError: the bridge's encoder could not be run.
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
        question,
        packed,
        documents,
        model,
        settings=settings,
        answering=answering,
        bridge=bridge,
        wordbooks=wordbooks,
        stop=stop,
    )
    claims: list[Claim] = []
    told = 0
    failure = None
    try:
        for claim in generation:
            claims.append(claim)
            if relevant is not None and not any(_rests_on(each, relevant) for each in claims):
                continue
            for each in claims[told:]:
                tell(each)
            told = len(claims)
    except LanguageModelError as error:
        failure = error
    finally:
        generation.close()
    return Written(tuple(claims[:told]), generation.report, failure, told < len(claims))


def _rests_on(claim: Claim, places: Collection[Place]) -> bool:
    return any(stands_among(c.document_id, c.span, places) for c in claim.citations)
