"""A question's words beside the archive's: what may be mistyped, and how common each is."""

from __future__ import annotations

from collections.abc import Sequence

from rag.store.base import SearchIndex
from rag.store.records import TermStatistics
from rag.text.spelling import correctable_stems, near_words
from rag.text.words import index_stem

__all__ = ["count_words", "find_near_words"]


def find_near_words(view: SearchIndex, question: str) -> dict[str, list[str]]:
    """By stem, the words of the archive that a word in no passage may be mistyped for."""
    stems = correctable_stems(question)
    frequencies = view.term_statistics(stems, limit=1).frequencies
    unknown = [stem for stem in stems if not frequencies[stem]]
    if not unknown:
        return {}
    vocabulary = view.vocabulary({stem[0] for stem in unknown})
    return {stem: near_words(stem, vocabulary[stem[0]]) for stem in unknown}


def count_words(view: SearchIndex, words: Sequence[str]) -> TermStatistics:
    """How many passages there are, and how many hold each lexical token, by the token.

    One meets the passages that a search for it finds: inflected forms count.
    """
    stems = {word: index_stem(word) for word in words}
    found = view.term_statistics(list(stems.values()))
    frequencies = {word: found.frequencies[stem] for word, stem in stems.items()}
    return TermStatistics(found.passages, frequencies)
