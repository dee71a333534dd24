"""What differs between languages, as data: one TOML file a language beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["LanguageTable", "language_table"]

_FOLDER = Path(__file__).with_name("tables")


@dataclass(frozen=True, slots=True)
class LanguageTable:
    """The word lists of one language; empty where its file has none.

    ``spellings`` leads from a word to the same word as another country writes it.
    """

    code: str
    stop_words: frozenset[str]
    spellings: Mapping[str, str]


@cache
def language_table(code: str) -> LanguageTable:
    """The table of the language with this ISO 639-1 code, read once.

    Raises:
        KeyError: there is no table of that language.
    """
    path = _FOLDER / f"{code}.toml"
    if not path.is_file():
        raise KeyError(code)
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return LanguageTable(
        code=code,
        stop_words=frozenset(table.get("stop_words", "").split()),
        spellings=_both_ways(table.get("spelling", {}).get("pairs", "")),
    )


def _both_ways(pairs: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one, other in (pair.split() for pair in pairs.split(",") if pair.strip()):
        for ending in ("", "s", "d"):
            found[one + ending] = other + ending
            found[other + ending] = one + ending
    return found
