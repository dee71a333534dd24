"""What a reader should know of a language model's part in an outcome, in words."""

from __future__ import annotations

import re

__all__ = ["notes_of", "reads_chinese"]

_CHINESE = re.compile("[㐀-䶿一-鿿]")
_LATIN = re.compile("[A-Za-zÀ-ɏ]")


def reads_chinese(question: str) -> bool:
    """Whether who asks so is told in Chinese: as the core decides it for explanations, but
    without what its module loads, which every command would wait for."""
    return 2 * len(_CHINESE.findall(question)) > len(_LATIN.findall(question))


def notes_of(failure: str | None, *, chinese: bool = False) -> list[str]:
    """Sentences to stand behind an outcome: why a configured language model did not choose
    its statements. None where nothing is amiss."""
    if failure is None:
        return []
    return [
        f"以上句子未经语言模型挑选：{failure}。"
        if chinese
        else f"Chosen without the language model: {failure}."
    ]
