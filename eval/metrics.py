"""Metrics of one question: pure functions of what was found or said and what is gold.

Rankings and sets of relevant ids hold no id twice. Metrics over a whole run are in
eval.aggregates.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal

__all__ = [
    "Place",
    "average_precision",
    "contains_answer",
    "evidence_recall",
    "exact_match",
    "is_short",
    "ndcg_at",
    "normalise_answer",
    "overlaps",
    "recall_at",
    "reciprocal_rank_at",
    "set_f1",
    "slot_recall",
    "token_f1",
    "token_recall",
]

# (document, start, end): code points of the document's text, half open.
Place = tuple[str, int, int]

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

    The whole ranking counts; a relevant id that is not in it adds 0. 0 when nothing is
    relevant. Its mean over questions is MAP (Buckley & Voorhees, SIGIR 2000).
    """
    ranks = [rank for rank, item in enumerate(ranking, 1) if item in relevant]
    total = sum(found / rank for found, rank in enumerate(ranks, 1))
    return total / len(relevant) if relevant else 0.0


# --- Answers -----------------------------------------------------------------------

# Han and kana, with the iteration mark and the zero that is written like a Han character.
_CJK = re.compile(
    "([\u3005\u3007\u3041-\u309f\u30a1-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U000323af])"
)
# Longer gold answers are prose that no answer repeats word for word.
SHORT_ANSWER_WORDS = 12
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")


def normalise_answer(text: str) -> list[str]:
    """The tokens by which answers are compared, in order.

    On ASCII text exactly those of SQuAD 1.1's evaluation (Rajpurkar et al., EMNLP 2016):
    lower case, punctuation deleted, articles (a, an, the) deleted, parted at white space.
    Beyond ASCII: NFKC and casefold first; all Unicode punctuation and symbols are deleted,
    and so are invisible format characters; each Han or kana character is a token.
    """
    return _tokens(text, in_place_of_mark="")


def _tokens(text: str, *, in_place_of_mark: str) -> list[str]:
    unified = unicodedata.normalize("NFKC", text).casefold()
    kept = (
        character if not _is_mark(character) else _gap(unified, at, in_place_of_mark)
        for at, character in enumerate(unified)
    )
    # Parted before the articles go: in "the上海" no word ends after "the".
    return _ARTICLE.sub(" ", _CJK.sub(r" \1 ", "".join(kept))).split()


def _is_mark(character: str) -> bool:
    # Of ASCII, P* and S* are exactly the 32 characters that SQuAD deletes.
    category = unicodedata.category(character)
    return category[0] in "PS" or category == "Cf"


def _gap(text: str, at: int, in_place_of_mark: str) -> str:
    # Without this, "10" would be found in "10,000".
    inside_number = text[max(at - 1, 0)].isdigit() and text[at + 1 : at + 2].isdigit()
    return "" if inside_number else in_place_of_mark


def _readings(text: str) -> tuple[str, str]:
    """Two normal forms, each token between spaces: punctuation deleted, and as a gap."""
    deleted, parted = (_tokens(text, in_place_of_mark=mark) for mark in ("", " "))
    return f" {' '.join(deleted)} ", f" {' '.join(parted)} "


def contains_answer(text: str, answers: Sequence[str], *, match: Literal["any", "all"]) -> bool:
    """Whether any, or all, of the answers are in the text; False without answers.

    An answer is in it when its tokens, as of normalise_answer, are a run of the text's.
    Punctuation may also part words instead of being deleted (on both sides, but not
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
    readings = _readings(text)
    return [
        any(
            not wanted.isspace() and wanted in reading
            for wanted, reading in zip(_readings(answer), readings, strict=True)
        )
        for answer in answers
    ]


def is_short(answer: str) -> bool:
    """Whether a gold answer is one that an answer may hold word for word: of at most twelve
    words; a Chinese word is taken for one and a half characters."""
    characters = len(_CJK.findall(answer))
    words = len(_CJK.sub(" ", answer).split())
    return words + characters / 1.5 <= SHORT_ANSWER_WORDS


def exact_match(text: str, answers: Sequence[str]) -> bool:
    """Whether the text's tokens are those of one of the answers: SQuAD 1.1's EM.

    Other than there, an answer without tokens ("the") equals nothing, as in its F1.
    """
    tokens = normalise_answer(text)
    return bool(tokens) and any(tokens == normalise_answer(answer) for answer in answers)


def token_f1(text: str, answers: Sequence[str]) -> float:
    """F1 of the text's tokens, counted with repetition, against the best answer.

    SQuAD 1.1 (Rajpurkar et al., EMNLP 2016); characters for Chinese and Japanese, as
    CMRC 2018 does (Cui et al., EMNLP 2019). 0 without answers.
    """
    said = Counter(normalise_answer(text))
    return max((_f1_of_counts(said, Counter(normalise_answer(it))) for it in answers), default=0.0)


def token_recall(text: str, answers: Sequence[str]) -> float:
    """Share of the tokens of an answer, counted with repetition, that the text holds: the
    best of the answers. 0 without answers.

    For reference answers in prose, which no text repeats whole: a longer answer is not
    marked down (Recall of Adlakha et al., TACL 2024).
    """
    said = Counter(normalise_answer(text))
    golds = [Counter(normalise_answer(answer)) for answer in answers]
    return max(((said & gold).total() / gold.total() for gold in golds if gold), default=0.0)


def _f1_of_counts(said: Counter[str], gold: Counter[str]) -> float:
    return _f1((said & gold).total(), said.total(), gold.total())[2]


def _f1(shared: int, chosen: int, wanted: int) -> tuple[float, float, float]:
    if not shared:
        return 0.0, 0.0, 0.0
    return shared / chosen, shared / wanted, 2 * shared / (chosen + wanted)


# --- Evidence ----------------------------------------------------------------------


def overlaps(one: Place, other: Place) -> bool:
    """Whether the two share at least one code point of the same document."""
    return one[0] == other[0] and max(one[1], other[1]) < min(one[2], other[2])


def evidence_recall(cited: Sequence[Place], gold: Sequence[Place]) -> float:
    """Share of the gold places that a cited one overlaps; 0 without gold."""
    covered = sum(any(overlaps(place, it) for it in cited) for place in gold)
    return covered / len(gold) if gold else 0.0


def set_f1(
    chosen: Collection[int], alternatives: Sequence[Collection[int]]
) -> tuple[float, float, float]:
    """Precision, recall and F1 against the alternative with the best F1.

    Of alternatives with the same F1, the one with the best precision. All 0 when none
    shares a member with what was chosen. So WiCE scores the sentences that support a
    claim (Kamoi et al., EMNLP 2023).
    """
    picked = set(chosen)
    scores = [_f1(len(picked & set(it)), len(picked), len(set(it))) for it in alternatives]
    return max(scores, key=lambda score: (score[2], score[0]), default=(0.0, 0.0, 0.0))
