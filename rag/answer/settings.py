"""Settings of the answer layer."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal

__all__ = ["CHINESE_WEIGHTS", "AnswerSettings", "Composer", "SupportWeights"]

Composer = Literal["auto", "extractive", "generative"]


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """When to answer, and how much to say.

    ``min_support`` is the one threshold of abstention: an answer is given only when some
    sentence's support score (in [0, 1], see rag.answer.rules.support) reaches it, and only
    sentences that reach it are said. Higher means fewer, surer answers. ``passages`` is
    how many of the best passages are read sentence by sentence, with those that repeat
    them; ``sentences`` how many of their sentences the cross-encoder reads (all where a
    list is asked for), ``max_claims`` how many sentences an answer has at most,
    ``keep_within`` how far (in support) below the best sentence another may be and still
    be said, ``nearest`` how many passages an abstention lists. ``composer`` says who writes
    the sentences: "extractive" takes the archive's own, "generative" a language model's
    that the archive supports, "auto" is generative where a language model is configured.
    """

    min_support: float = 0.5
    passages: int = 4
    sentences: int = 12
    max_claims: int = 3
    keep_within: float = 0.1
    nearest: int = 3
    composer: Composer = "auto"

    def __post_init__(self) -> None:
        if not 0.0 <= self.min_support <= 1.0:
            raise ValueError("min_support must be from 0 to 1")
        if not 0.0 <= self.keep_within <= 1.0:
            raise ValueError("keep_within must be from 0 to 1")
        for name in ("passages", "sentences", "max_claims"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more")
        if self.nearest < 0:
            raise ValueError("nearest must be 0 or more")


@dataclass(frozen=True, slots=True)
class SupportWeights:
    """What each sign of rag.types.Signs counts in the support score of English questions.

    The score is the logistic function of ``bias`` and the weighted signs. Logits count per
    unit, shares from none to all. ``footnote eval calibrate --weights`` fits them; the
    defaults are fitted to five sets (eval/RESULTS.md).
    """

    bias: float = -20.1
    sentence_logit: float = 0.28
    passage_logit: float = 0.08
    margin: float = 0.04
    prominence: float = 2.3
    agreement: float = 1.1
    sentence_coverage: float = 0.3
    passage_coverage: float = 0.45
    rare_coverage: float = 0.0
    name_coverage: float = 2.2
    number_coverage: float = 2.6
    type_match: float = 1.8
    currency: float = 3.0
    premise_stated: float = 4.6
    names_known: float = 2.5

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not isfinite(getattr(self, name)):
                raise ValueError(f"{name} must be a finite number")


# Of questions whose words alone can be compared: the reranker reads no Chinese.
CHINESE_WEIGHTS = SupportWeights(
    bias=-19.5,
    sentence_logit=0.0,
    passage_logit=0.0,
    margin=0.0,
    prominence=0.0,
    agreement=0.0,
    sentence_coverage=8.0,
    passage_coverage=1.0,
    name_coverage=3.0,
    number_coverage=1.5,
    type_match=2.0,
)
