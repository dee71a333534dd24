"""What a reader should know of a language model's part in an answer, in words."""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["notes_of", "reads_chinese"]

_CHINESE = re.compile("[㐀-䶿一-鿿]")
_LATIN = re.compile("[A-Za-zÀ-ɏ]")


def reads_chinese(question: str) -> bool:
    """Whether who asks so is told in Chinese: as the core decides it for explanations, but
    without what its module loads, which every command would wait for."""
    return 2 * len(_CHINESE.findall(question)) > len(_LATIN.findall(question))


def notes_of(
    composer: Literal["extractive", "generative"],
    fallback: str | None,
    withheld: int,
    *,
    chinese: bool = False,
) -> list[str]:
    """Sentences to stand behind an answer: why a model did not write it, or not to its
    end, and how much of what it wrote is withheld. None where nothing is amiss.

    ``fallback`` and ``withheld`` are those of the answer.
    """
    notes: list[str] = []
    if fallback and composer == "extractive":
        notes.append(
            f"以上为档案原句：{fallback}。"
            if chinese
            else f"The archive's own sentences: {fallback}."
        )
    elif fallback:
        notes.append(
            f"回答提前结束：{fallback}。" if chinese else f"The answer ends early: {fallback}."
        )
    if withheld and composer == "generative":
        counted = f"{withheld} sentence" + ("s" if withheld != 1 else "")
        notes.append(
            f"有 {withheld} 句未予显示：档案中没有依据。"
            if chinese
            else f"Withheld, since the archive does not support it: {counted}."
        )
    return notes
