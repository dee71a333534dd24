"""Which script a text is written in, and whether a model reads it."""

from __future__ import annotations

import re

from embeddings.registry import Reads

__all__ = ["CHINESE", "LATIN", "is_chinese", "is_latin", "reads_text"]

# One letter of the Latin alphabet, one Chinese character (most are Japanese too).
LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
# A character of these says as much as a few letters.
_IDEOGRAPHS = re.compile(
    "[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003134f]"
)
_OTHER = re.compile(
    "[^\\W\\d_A-Za-z\u00c0-\u024f\u1e00-\u1eff\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
)
# A passage's beginning tells its script.
_SAMPLE = 1000


def is_chinese(text: str) -> bool:
    """Whether Chinese characters are more than half as many as Latin letters."""
    return 2 * len(CHINESE.findall(text)) > len(LATIN.findall(text))


def is_latin(text: str) -> bool:
    """Whether Latin letters outweigh those of other scripts; true where there are none.

    A Chinese, Japanese or Korean character counts as two letters, so that a question
    that names UNIDO in Latin letters stays Chinese.
    """
    sample = text[:_SAMPLE]
    if sample.isascii():
        return True
    others = 2 * len(_IDEOGRAPHS.findall(sample)) + len(_OTHER.findall(sample))
    return others <= len(LATIN.findall(sample))


def reads_text(reads: Reads, text: str) -> bool:
    """Whether a model that reads these scripts can make sense of the text."""
    return reads == "any" or is_latin(text)
