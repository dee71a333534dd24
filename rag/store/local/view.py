"""One consistent state of the embedded store, read inside one SQLite transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from embeddings.types import Vectors
from rag.store.base import ReadView
from rag.store.local import lexical
from rag.store.local.documents import LocalDocuments
from rag.store.local.filters import eligible_passages
from rag.store.local.rows import (
    PASSAGE_COLUMNS,
    PASSAGES_OF_IDS,
    IndexRow,
    impossible,
    passage_from_row,
    passage_names,
    passage_spans,
)
from rag.store.local.settings import LocalStoreSettings
from rag.store.local.vector_cache import VectorCache
from rag.store.local.vectors import best_matches, stream_vectors, vectors_of
from rag.store.records import IndexSpec, ScoredPassage, TermStatistics
from rag.types import Filters, Passage, QueryTerm

_ROWS_AT_ONCE = 20_000


class LocalView(LocalDocuments, ReadView):
    """A ReadView of the embedded store."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        settings: LocalStoreSettings,
        vectors: VectorCache,
        words: lexical.WordCounts,
    ) -> None:
        super().__init__(connection)
        self._settings = settings
        self._vectors = vectors
        self._words = words
        self._ranked: set[str] = set()

    @property
    @override
    def generation(self) -> str:
        return str(self._state.generation)

    @property
    @override
    def index(self) -> IndexSpec | None:
        return None if self._state.index is None else self._state.index.spec

    @override
    def passages(self, passage_ids: Sequence[str]) -> list[Passage]:
        rows = self._db.execute(
            f"SELECT {PASSAGE_COLUMNS} FROM {PASSAGES_OF_IDS}",
            (passage_spans(passage_ids), self._index_id),
        )
        found = {passage.id: passage for passage in map(passage_from_row, rows)}
        for identifier in passage_ids:
            if identifier not in found:
                if identifier in self._ranked:
                    raise impossible(f"passage {identifier}", ValueError("it is lost"))
                raise KeyError(identifier)
        return [found[identifier] for identifier in passage_ids]

    @override
    def dense_search(
        self, query: Vectors, *, limit: int, filters: Filters = Filters()
    ) -> list[ScoredPassage]:
        index = self._state.index
        if index is None or limit <= 0:
            return []
        if query.shape != (index.dimension,):
            raise ValueError(f"query has shape {query.shape}, the index ({index.dimension},)")
        allowed = eligible_passages(self._db, index.id, filters) if filters else None
        best = self._best_candidates(index, query, limit, allowed)
        if best is None:
            best = self._scan(index, query, limit, allowed)
        names = passage_names(self._db, (row for row, _ in best))
        scored = sorted(((names[row], score) for row, score in best), key=lambda x: (-x[1], x[0]))
        return self._noted([ScoredPassage(name, score) for name, score in scored[:limit]])

    def _best_candidates(
        self, index: IndexRow, query: Vectors, limit: int, allowed: NDArray[np.int64] | None
    ) -> list[tuple[int, float]] | None:
        """The best by the vector index; None where scoring all is as cheap, or needed."""
        # An index of whole vectors misses nothing that is allowed, and reads from memory.
        few = self._settings.exact_up_to // (10 if self._vectors.kind == "flat" else 1)
        if allowed is not None and allowed.size <= few:
            return None
        wanted = max(self._settings.candidates, 4 * limit)
        rows = self._vectors.candidates(self._db, self._state, query, wanted, allowed)
        if rows is None:
            return None
        best = self._scan(index, query, limit, rows)
        # As many as were asked for, all with one score: more may tie beyond them.
        return None if len(best) >= wanted else best

    def _scan(
        self, index: IndexRow, query: Vectors, limit: int, rows: NDArray[np.int64] | None
    ) -> list[tuple[int, float]]:
        """The best of ``rows``, or of all, by their stored vectors."""
        if rows is None:
            return best_matches(stream_vectors(self._db, index), query, limit)
        parts = np.array_split(rows, max(1, -(-rows.size // _ROWS_AT_ONCE)))
        return best_matches(
            (vectors_of(self._db, index, part.tolist()) for part in parts), query, limit
        )

    def _noted(self, found: list[ScoredPassage]) -> list[ScoredPassage]:
        self._ranked.update(hit.passage_id for hit in found)
        return found

    @override
    def lexical_search(
        self, terms: Sequence[QueryTerm], *, limit: int, filters: Filters = Filters()
    ) -> list[ScoredPassage]:
        index = self._state.index
        if index is None or not terms or limit <= 0:
            return []
        count = self._words.passages(self._db, self._state.generation, index)
        any_word = count <= self._settings.any_word_up_to
        return self._noted(
            lexical.search(self._db, index, terms, limit=limit, filters=filters, any_word=any_word)
        )

    @override
    def term_statistics(self, words: Sequence[str], *, limit: int = 10_000) -> TermStatistics:
        index = self._state.index
        if index is None:
            return TermStatistics(0, dict.fromkeys(words, 0))
        return TermStatistics(
            self._words.passages(self._db, self._state.generation, index),
            {word: lexical.count_passages(self._db, index, word, limit) for word in words},
        )

    @override
    def vocabulary(self, prefixes: Collection[str]) -> dict[str, Mapping[str, int]]:
        index = self._state.index
        if index is None:
            return {prefix: {} for prefix in prefixes}
        count = partial(self._words.beginning, self._db, self._state.generation, index)
        return {prefix: count(prefix) for prefix in prefixes}
