"""The support score: how likely a sentence answers the question, from several features.

A cross-encoder says how much a sentence is about the question, but it happily scores
the right entity with the wrong fact. So its logits are joined with checks it does not
make: are the question's names and numbers in the evidence, and does the sentence hold
the type of thing asked for (a date, an amount, a name)?
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

from rag.answer.rules.currency import year_ranges
from rag.answer.rules.recognise import find_mentions
from rag.answer.rules.spans import asked_kind, find_answer_spans
from rag.question.analysis import QuestionTerms
from rag.settings import SupportWeights
from rag.text.numbers import number_values
from rag.text.words import stem_tokens
from rag.types import Features, Hit, StageScore

_FIGURE = re.compile(r"\d")
_YEAR = re.compile(r"(?<!\d)(?:1[0-9]|20)\d\d(?!\d)|[〇一二三四五六七八九]{4}年")
# Of stems: china, chines(e); america(n); germani, german.
_DEMONYM_ENDINGS = ("es", "ese", "ian", "ean", "an", "ish", "i", "a", "n", "s")
_CHINESE_WORDS = re.compile(r"[一-鿿]{2,}")


@dataclass(frozen=True, slots=True)
class RankingFeatures:
    """What a whole ranking says of its question, as rag.types.Features has it."""

    margin: float
    prominence: float
    agreement: float


def ranking_features(hits: Sequence[Hit]) -> RankingFeatures:
    """How clearly a ranking, best hit first, has found something."""
    logits = sorted((hit.reranked.score for hit in hits if hit.reranked), reverse=True)
    distances = [1.0 - hit.dense.score for hit in hits if hit.dense]
    # All alike says nothing, and nothing is divided by nothing.
    mean = max(sum(distances) / len(distances), 0.05) if distances else 1.0
    return RankingFeatures(
        margin=logits[0] - logits[1] if len(logits) > 1 else 0.0,
        prominence=max(0.0, 1.0 - min(distances) / mean) if distances else 0.0,
        agreement=max(
            ((_nearness(hit.dense) + _nearness(hit.lexical)) / 2 for hit in hits), default=0.0
        ),
    )


def _nearness(stage: StageScore | None) -> float:
    return 1.0 / stage.rank if stage else 0.0


def holds_answer_type(sentence: str, question: QuestionTerms) -> bool:
    """Whether the sentence holds something of the type asked for that the question does
    not say itself.

    True for types that have no recognisable form (reason, definition, other).
    """
    if not question.chinese:
        return asked_kind(question) is None or bool(find_answer_spans(question, sentence))
    match question.expects:
        case "date" if question.asks_year:
            return bool(_YEAR.search(sentence))
        case "number":
            counted = (m for m in find_mentions(sentence, "number") if not m.value.startswith("第"))
            return bool(_FIGURE.search(sentence)) or any(counted)
        case "date" | "money" as kind:
            return bool(find_mentions(sentence, kind))
        case "person" | "place":
            return bool(_CHINESE_WORDS.search(sentence))
        case _:
            return True


def read_features(
    question: QuestionTerms,
    sentence: str,
    *,
    lead: str,
    around: str,
    sentence_logit: float,
    passage_logit: float,
    ranking: RankingFeatures,
    currency: float = 1.0,
    names_known: float = 1.0,
) -> Features:
    """Compare a question with a sentence and what it is read with.

    ``lead`` is what it is not understood without (the header of its row, the lead-in of its
    item), ``around`` its title, date and passage.
    ``currency`` is rag.answer.rules.currency's.
    """
    language = question.language
    in_sentence = frozenset(stem_tokens(sentence, language)) | _words_of(lead, language)[0]
    stems_around, numbers_around = _words_of(around, language)
    in_context = in_sentence | stems_around
    numbers = number_values(sentence, roman=True) | numbers_around | _years_spanned(sentence)
    return Features(
        sentence_logit=sentence_logit,
        passage_logit=passage_logit,
        margin=ranking.margin,
        prominence=ranking.prominence,
        agreement=ranking.agreement,
        sentence_coverage=_share(question.content, in_sentence),
        passage_coverage=_share(question.content, in_context),
        name_coverage=_name_share(question.names, in_context),
        number_coverage=_share(question.numbers, numbers),
        type_match=holds_answer_type(sentence, question),
        currency=currency,
        premise_stated=True,
        names_known=names_known,
    )


@lru_cache(maxsize=256)  # all sentences of a passage share what is around them
def _words_of(context: str, language: str) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(stem_tokens(context, language)), number_values(context, roman=True)


def _years_spanned(sentence: str) -> frozenset[str]:
    """Every year of the ranges a sentence gives: "from 2013 until January 2017" holds 2015."""
    spans = [(first, last) for first, last in year_ranges(sentence) if last - first <= 200]
    return frozenset(str(year) for first, last in spans for year in range(first, last + 1))


def _share(wanted: frozenset[str], found: frozenset[str]) -> float:
    return len(wanted & found) / len(wanted) if wanted else 1.0


def _name_share(names: frozenset[str], found: frozenset[str]) -> float:
    if not names:
        return 1.0
    return sum(1 for name in names if name_is_among(name, found)) / len(names)


def name_is_among(name: str, found: Iterable[str]) -> bool:
    """Whether a name is among stems as written or as a near relative: China, Chinese."""
    forms = _name_forms(name)
    return any(not forms.isdisjoint(_name_forms(other)) for other in found)


@lru_cache(maxsize=1 << 16)
def _name_forms(stem: str) -> frozenset[str]:
    """The stem and, of words long enough, what is left without demonyms' endings."""
    bare = {stem.removesuffix(ending) for ending in _DEMONYM_ENDINGS} if stem.isalpha() else set()
    return frozenset((stem, *(form for form in bare if len(form) >= 4)))


def support_score(features: Features, weights: SupportWeights) -> float:
    """The support score in [0, 1]; only comparable with ``AnswerSettings.min_support``."""
    total = weights.bias + sum(
        getattr(weights, feature.name) * float(getattr(features, feature.name))
        for feature in fields(weights)
        if feature.name != "bias"
    )
    return _logistic(total)


def shifted(support: float, log_odds: float) -> float:
    """A support score whose log-odds are raised by so much."""
    bounded = min(max(support, 1e-12), 1.0 - 1e-12)
    return _logistic(math.log(bounded / (1.0 - bounded)) + log_odds)


def _logistic(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, log_odds))))
