"""Metrics of one question: pure functions of a ranking or answer and its gold.

Rankings and sets of relevant ids have no duplicates. Metrics over a whole run are in
eval.measure.aggregates.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal

from eval.questions.answers import normalise_answer, readings

# (document, start, end): code points of the document's text, half open.
DocumentSpan = tuple[str, int, int]

# --- Rankings ----------------------------------------------------------------------


def ndcg_at(k: int, ranking: Sequence[str], relevant: Collection[str]) -> float:
    """nDCG@k with binary gains and log2(rank + 1) discounts; 0 when nothing is relevant.

    Järvelin & Kekäläinen, TOIS 2002.
    """
    gain = sum(
        1.0 / math.log2(rank + 1) for rank, item in enumerate(ranking[:k], 1) if item in relevant
    )
    ideal = sum(1.0 / math.log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    return gain / ideal if ideal else 0.0


def recall_at(k: int, ranking: Sequence[str], relevant: Collection[str]) -> float:
    """Share of the relevant ids among the first k; 0 when nothing is relevant."""
    found = sum(1 for item in ranking[:k] if item in relevant)
    return found / len(relevant) if relevant else 0.0


def reciprocal_rank_at(k: int, ranking: Sequence[str], relevant: Collection[str]) -> float:
    """1 / rank of the first relevant id among the first k, else 0."""
    return next((1.0 / rank for rank, item in enumerate(ranking[:k], 1) if item in relevant), 0.0)


def average_precision(ranking: Sequence[str], relevant: Collection[str]) -> float:
    """Sum of the precision at each relevant rank, over the number of relevant ids.

    Over the whole ranking; a relevant id that is not in it adds 0. 0 when nothing is
    relevant. Its mean over questions is MAP (Buckley & Voorhees, SIGIR 2000).
    """
    ranks = [rank for rank, item in enumerate(ranking, 1) if item in relevant]
    total = sum(found / rank for found, rank in enumerate(ranks, 1))
    return total / len(relevant) if relevant else 0.0


# --- Answers -----------------------------------------------------------------------


def contains_answer(text: str, answers: Sequence[str], *, match: Literal["any", "all"]) -> bool:
    """Whether any, or all, of the answers are in the text; False without answers.

    An answer is in it when its tokens, as of normalise_answer, are a run of the text's.
    Punctuation may also separate words instead of being deleted (in both texts, but not
    within a number), so that "Huawei" is in "Huawei's" and "Li's visit" in text that
    was stored tokenised, "Li 's visit". An answer without tokens is in nothing.
    """
    found = _found(text, answers)
    return any(found) if match == "any" else bool(found) and all(found)


def slot_recall(text: str, answers: Sequence[str]) -> float:
    """Share of the answers that are in the text, as of contains_answer; 0 without answers."""
    found = _found(text, answers)
    return sum(found) / len(found) if found else 0.0


def _found(text: str, answers: Sequence[str]) -> list[bool]:
    said = readings(text)
    return [
        any(
            not wanted.isspace() and wanted in reading
            for wanted, reading in zip(readings(answer), said, strict=True)
        )
        for answer in answers
    ]


def exact_match(text: str, answers: Sequence[str]) -> bool:
    """Whether the text's tokens are those of one of the answers: SQuAD 1.1's EM.

    Unlike there, an answer without tokens ("the") equals nothing, as in its F1.
    """
    tokens = normalise_answer(text)
    return bool(tokens) and any(tokens == normalise_answer(answer) for answer in answers)


def token_f1(text: str, answers: Sequence[str]) -> float:
    """F1 of the text's tokens, counted with repetition, against the best answer.

    SQuAD 1.1 (Rajpurkar et al., EMNLP 2016); characters for Chinese and Japanese, as
    CMRC 2018 does (Cui et al., EMNLP 2019). 0 without answers.
    """
    said = Counter(normalise_answer(text))
    return max((_f1(said, Counter(normalise_answer(it))) for it in answers), default=0.0)


def token_recall(text: str, answers: Sequence[str]) -> float:
    """Share of the tokens of an answer, counted with repetition, that the text contains: the
    best of the answers. 0 without answers.

    For reference answers in prose, which no text repeats literally; a longer text is not
    penalised (Recall of Adlakha et al., TACL 2024).
    """
    said = Counter(normalise_answer(text))
    golds = [Counter(normalise_answer(answer)) for answer in answers]
    return max(((said & gold).total() / gold.total() for gold in golds if gold), default=0.0)


def _f1(said: Counter[str], gold: Counter[str]) -> float:
    shared = (said & gold).total()
    return 2 * shared / (said.total() + gold.total()) if shared else 0.0


# --- Evidence ----------------------------------------------------------------------


def overlaps(one: DocumentSpan, other: DocumentSpan) -> bool:
    """Whether the two share at least one code point of the same document."""
    return one[0] == other[0] and max(one[1], other[1]) < min(one[2], other[2])


def evidence_recall(cited: Sequence[DocumentSpan], gold: Sequence[DocumentSpan]) -> float:
    """Share of the gold places that a cited one overlaps; 0 without gold."""
    covered = sum(any(overlaps(place, it) for it in cited) for place in gold)
    return covered / len(gold) if gold else 0.0
