"""Which sentences of an archive hold given words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from rag.text.stems import word_stem
from rag.text.tables import language_table
from rag.text.words import stem_tokens
from rag.types import Span

_ENGLISH = language_table("en")
_EMPTY = frozenset(
    map(word_stem, _ENGLISH.stop_words | _ENGLISH.function_words | _ENGLISH.asking_words)
)
_ASKING = re.compile(
    "(?:的中文全称)?是什么|是谁|是在(?:哪一[年天]|什么时候)|于?(?:哪一[年天]|什么时候)|什么是|在哪里|多少|几|？"
)


class SentenceIndex:
    """The sentences of an archive by the stems of their words, in reading order.

    A sentence is given as the number of its document and its span there.
    """

    def __init__(self) -> None:
        self._places: list[tuple[int, Span]] = []
        self._stems: list[frozenset[str]] = []
        self._holding: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, document: int, text: str, spans: Sequence[Span]) -> None:
        """Add the sentences of one document; documents are added in order of their numbers."""
        for span in spans:
            stems = frozenset(stem_tokens(span.of(text)))
            for stem in stems:
                self._holding[stem].append(len(self._places))
            self._places.append((document, span))
            self._stems.append(stems)

    def with_all(self, stems: Collection[str]) -> Iterator[tuple[int, Span]]:
        """The sentences that hold all of these stems, in order; none for no stems."""
        for number in self._numbers(stems):
            yield self._places[number]

    def says(self, words: Collection[str], entity: Collection[str]) -> bool:
        """Whether a sentence with all of ``entity``, or one next to it, has all of ``words``."""
        wanted = frozenset(words)
        return any(
            self._is_beside(number, beside) and wanted <= self._stems[beside]
            for number in self._numbers(entity)
            for beside in (number - 1, number, number + 1)
        )

    def mentions(self, words: Collection[str], entity: Collection[str]) -> bool:
        """Whether a document that has a sentence with all of ``entity`` has any of ``words``."""
        documents = {self._places[number][0] for number in self._numbers(entity)}
        return any(
            self._places[number][0] in documents
            for word in words
            for number in self._holding.get(word, ())
        )

    def _numbers(self, stems: Collection[str]) -> list[int]:
        if not stems or any(stem not in self._holding for stem in stems):
            return []
        rarest = min(stems, key=lambda stem: (len(self._holding[stem]), stem))
        wanted = frozenset(stems)
        return [number for number in self._holding[rarest] if wanted <= self._stems[number]]

    def _is_beside(self, number: int, beside: int) -> bool:
        return (
            0 <= beside < len(self._places) and self._places[beside][0] == self._places[number][0]
        )


def content_stems(text: str) -> frozenset[str]:
    """Stems of the words of a question that a sentence answering it should share."""
    return frozenset(stem_tokens(_ASKING.sub(" ", text))) - _EMPTY
