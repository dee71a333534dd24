"""Which parts of a Chinese and an English text may mean the same.

By letters (UNIDO stands in both), by a dictionary's meanings, and names by their sound.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.answer.facts import FUNCTION_WORDS, Name, find_calendar_dates, find_names
from rag.answer.romanise import Spellings, transliterated
from rag.answer.rules.support import name_is_among
from rag.lexicon import Lexicon
from rag.question.analysis import analyse_question, stem_tokens
from rag.text.normalise import lexical_tokens, search_text, word_rarity
from rag.text.numbers import find_figures
from rag.types import Span

__all__ = ["Pairing", "pair_texts"]

# Chinese words that are needed for the grammar, or say too little to be missed.
_FUNCTION = frozenset(
    """
    的 了 在 是 和 与 于 及 或 而 也 都 就 被 把 对 从 到 向 由 以 为 其 这 那 该 此 之 所
    中 上 下 里 内 外 前 后 时 个 一个 一种 一些 它 他 她 它们 他们 她们 我 我们 你 有 没
    没有 不 未 非 无 并 但 但是 而且 并且 因为 所以 如果 则 将 会 能 可 可以 能够 使 让 用
    等 着 过 地 得 还 又 再 更 最 很 许多 种 位 名 次 年 月 日 号 第 某 各 每 任何 这些 那些
    这个 那个 这种 自己 以及 通过 根据 由于 之间 之后 之前 以来 期间 其中 其他 包括 作为
    成为 进行 然而 虽然 尽管 此外 例如 比如 不是 只 仅 仅仅 已 已经 曾 曾经 正 正在 当 当时
    如 同 同时 比 较 至 至少 直到 关于 来 去 出 起 者 们 称为 叫 因此 之一 部分 大 多 人 一
    两 几 二 三 四 五 六 七 八 九 十 百 千 万 亿 〇 零 中的 有着 说 做 给 跟 像 且 即 若 却
    便 才 仍 约
    """.split()  # noqa: SIM905
)
# Words by which the dictionary explains, not translates.
_EXPLAINING = frozenset(
    """
    be somebody someth sb sth esp etc particl classifi surnam variant old see abbr oneself use
    """.split()  # noqa: SIM905
)
_NOTE = re.compile(r"\([^)]*\)|\[[^\]]*\]|[^\x00-\u024f]+")
_IS_NO_MEANING = re.compile(r"surname |CL:|(?:old |archaic )?variant of|see ")
# Of a meaning's words ("to call on") so many must be there.
_MEANT = 0.5
_NO_LETTERS = re.compile("[^\x00-\u024f]+")
# Of a stem that the list of words cannot tell the rarity of.
_PLAIN_RARITY = 5.0


@dataclass(frozen=True, slots=True)
class Pairing:
    """A Chinese and an English text, and which parts of each the other has.

    Both are ``search_text`` with dates and numbers blanked. ``words`` are the content
    words of the Chinese in reading order, ``segments`` all its words; ``met`` the positions
    in it, ``met_stems`` the stems of the English, that the other text may mean as well.
    """

    chinese: str
    latin: str
    lexicon: Lexicon
    segments: tuple[Span, ...]
    words: tuple[Span, ...]
    met: frozenset[int]
    met_stems: frozenset[str]

    @property
    def chinese_share(self) -> float:
        """Share of the Chinese content words' characters that are met; 1 of none."""
        total = sum(map(len, self.words))
        met = sum(at in self.met for word in self.words for at in range(word.start, word.end))
        return met / total if total else 1.0

    @property
    def latin_share(self) -> float:
        """Share of the English content words that is met, the rarer the heavier; 1 of none."""
        terms = analyse_question(self.latin)
        wanted = (terms.content | terms.names) & frozenset(stem_tokens(self.latin))
        rarity = {
            stem: word_rarity(word)
            for word in lexical_tokens(self.latin)
            for stem in stem_tokens(word)[:1]
        }
        weights = {stem: rarity.get(stem, _PLAIN_RARITY) for stem in wanted}
        total = math.fsum(weights.values())
        met = math.fsum(weight for stem, weight in weights.items() if stem in self.met_stems)
        return met / total if total else 1.0

    @property
    def chinese_gap(self) -> int:
        """Characters of the longest run of Chinese content words that are not met."""
        longest = run = 0
        for word in self.words:
            run = 0 if self.is_met(word) else run + len(word)
            longest = max(longest, run)
        return longest

    @property
    def latin_gap(self) -> int:
        """The longest run of English content words that are not met."""
        wanted = analyse_question(self.latin).content
        longest = run = 0
        for stem in stem_tokens(self.latin):
            if stem in wanted:
                run = 0 if stem in self.met_stems else run + 1
                longest = max(longest, run)
        return longest

    def is_met(self, word: Span) -> bool:
        """Whether any character of a Chinese word is."""
        return any(at in self.met for at in range(word.start, word.end))

    @property
    def strange_chinese_names(self) -> tuple[str, ...]:
        """Names in the Chinese text that the English one lacks, in either script.

        A name is what the dictionary has as one, and characters that it knows no word of:
        so are foreign names written, and people's.
        """
        found: list[str] = []
        unknown: list[Span] = []
        for word in (*self.words, None):
            new = word is not None and not self.is_met(word)
            if unknown and not (new and word and len(word) == 1 and unknown[-1].end == word.start):
                if len(unknown) > 1:
                    found.append(self.chinese[unknown[0].start : unknown[-1].end])
                unknown = []
            if new and word is not None:
                if len(word) == 1:
                    unknown.append(word)
                elif self.lexicon.is_name(word.of(self.chinese)):
                    found.append(word.of(self.chinese))
        stems = frozenset(stem_tokens(self.latin))
        found += [
            name.text
            for name in find_names(_NO_LETTERS.sub(" ", self.chinese))
            if not all(stem in stems or name_is_among(stem, stems) for stem in name.stems)
        ]
        return tuple(dict.fromkeys(found))

    @property
    def strange_latin_names(self) -> tuple[str, ...]:
        """Names in the English text that the Chinese one has not, nor their meaning or sound."""
        return tuple(
            dict.fromkeys(
                name.text
                for name in find_names(self.latin)
                if not all(
                    stem in self.met_stems or name_is_among(stem, self.met_stems)
                    for stem in name.stems
                )
            )
        )


def pair_texts(chinese: str, latin: str, lexicon: Lexicon) -> Pairing:
    """Find what the two have in common; pure and deterministic."""
    chinese, latin = _without_figures(search_text(chinese)), _without_figures(search_text(latin))
    segments = tuple(lexicon.segment(chinese))
    words = tuple(span for span in segments if span.of(chinese) not in _FUNCTION)
    stems = frozenset(stem_tokens(latin)) - FUNCTION_WORDS
    met: set[int] = set()
    met_stems = set(stems & frozenset(stem_tokens(_NO_LETTERS.sub(" ", chinese))))
    for span in lexicon.words_in(chinese):
        if len(span) > 1 or span.of(chinese) not in _FUNCTION:
            for sense in _senses(lexicon, span.of(chinese)):
                there = sense & stems
                if len(there) >= _MEANT * len(sense):
                    met_stems |= there
                    met.update(range(span.start, span.end))
    for span, name_stems in _named_alike(
        chinese, find_names(latin), words, lexicon, met, met_stems
    ):
        met.update(range(span.start, span.end))
        met_stems |= name_stems
    return Pairing(chinese, latin, lexicon, segments, words, frozenset(met), frozenset(met_stems))


def _without_figures(text: str) -> str:
    """The text with its dates and numbers blanked, so that offsets hold."""
    spans = [date.span for date in find_calendar_dates(text)]
    spans += [Span(figure.start, figure.end) for figure in find_figures(text) if not figure.idle]
    characters = list(text)
    for span in spans:
        characters[span.start : span.end] = " " * len(span)
    return "".join(characters)


@lru_cache(maxsize=1 << 16)
def _senses(lexicon: Lexicon, word: str) -> tuple[frozenset[str], ...]:
    """The stems of each meaning of a word, and of the parts between commas, notes left out."""
    found: dict[frozenset[str], None] = {}
    for meaning in (part for each in lexicon.meanings(word) for part in each.split(";")):
        if _IS_NO_MEANING.match(meaning):
            continue
        plain = _NOTE.sub(" ", meaning)
        for part in (plain, *plain.split(",")):
            stems = frozenset(stem_tokens(part)) - FUNCTION_WORDS - _EXPLAINING
            if stems:
                found[stems] = None
    return tuple(found)


def _named_alike(
    chinese: str,
    names: Sequence[Name],
    words: Sequence[Span],
    lexicon: Lexicon,
    met: set[int],
    met_stems: set[str],
) -> Iterator[tuple[Span, frozenset[str]]]:
    """Where the Chinese has the sound of an English name, with the name's stems.

    Spelled in pinyin, in any place; as foreign names are rendered, only in characters that
    mean nothing else in the English, and each of them once.
    """
    if not names:
        return
    spellings = Spellings(chinese, lexicon)
    runs: dict[Span, list[Name]] = {}
    for name in names:
        runs.setdefault(name.run, []).append(name)
    spelled: set[int] = set()
    found: set[str] = set()
    for run in runs.values():
        for group in (run, *([name] for name in run)):
            span = spellings.find([name.text for name in group])
            # One character is read like many others: alone, Yong is anybody's given name.
            if span is not None and (len(span) > 1 or len(run) == 1):
                spelled.update(range(span.start, span.end))
                stems = frozenset(stem for name in group for stem in name.stems)
                found |= stems
                yield span, stems
    open_to = {at for word in words for at in range(word.start, word.end)} - met - spelled
    for name in names:
        if not name.stems <= met_stems | found:
            left = "".join(c if at in open_to else " " for at, c in enumerate(chinese))
            span = transliterated(name.text, left, lexicon)
            if span is not None:
                open_to -= set(range(span.start, span.end))
                yield span, name.stems
