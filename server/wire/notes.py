"""Notes for readers: how sure an answer is, and the language model's part in an outcome."""

from __future__ import annotations

import re

_CHINESE = re.compile("[㐀-䶿一-鿿]")
_LATIN = re.compile("[A-Za-zÀ-ɏ]")

# Stands above the sentences of an answer that is not sure. English, Chinese.
MAY_SAY = ("The archive may say:", "档案中可能有说明：")


def reads_chinese(question: str) -> bool:
    """Whether the question is in Chinese, so that notes should be, too.

    As the core decides it for explanations, without importing its slow module.
    """
    return 2 * len(_CHINESE.findall(question)) > len(_LATIN.findall(question))


def notes_of(failure: str | None, *, chinese: bool = False) -> list[str]:
    """Sentences to show after an outcome: why a configured language model did not choose its
    statements. Empty when it did."""
    if failure is None:
        return []
    return [
        f"以上句子未经语言模型挑选：{failure}。"
        if chinese
        else f"Chosen without the language model: {failure}."
    ]


def shortened_note(question: str, length: int, *, chinese: bool = False) -> str:
    """Says which question was asked of a message of ``length`` characters."""
    return (
        f"消息共 {length} 个字符，只回答其中的问题：“{question}”"
        if chinese
        else f"Of the message of {length:,} characters only this was asked: “{question}”"
    )


def counted_note(count: int, *, chinese: bool = False) -> str:
    """Says that so many quoted items were counted, where their number is asked for."""
    return f"共引用 {count} 项，按引文计数。" if chinese else f"{count}, counting the items quoted."
