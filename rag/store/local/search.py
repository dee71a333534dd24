"""Passages found by vectors and by words, as one transaction sees them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from embeddings.types import Vectors
from rag.store.base import SearchIndex
from rag.store.local import lexical
from rag.store.local.documents import Transaction
from rag.store.local.filters import eligible_passages
from rag.store.local.lexical import LexicalSettings
from rag.store.local.rows import PASSAGE_COLUMNS, impossible, passage_from_row, passage_names
from rag.store.local.statistics import Statistics, count_passages
from rag.store.local.vector_cache import VectorCache
from rag.store.local.vectors import best_matches, from_rows, stream_vectors, vectors_of
from rag.store.records import IndexSpec, ScoredPassage, TermStatistics
from rag.types import Filters, Passage, QueryTerm, parse_passage_id

__all__ = ["LocalSearch", "SearchSettings"]

_ROWS_AT_ONCE = 20_000
# The passages of an index that a JSON array of [document id, start, end] names.
_PASSAGES_OF_IDS = (
    "json_each(?) AS j CROSS JOIN documents AS d ON d.id = json_extract(j.value, '$[0]')"
    " CROSS JOIN passages AS p ON p.document = d.row AND p.index_id = ?"
    " AND p.start = json_extract(j.value, '$[1]') AND p.\"end\" = json_extract(j.value, '$[2]')"
)


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How a view searches.

    Filters that leave up to ``exact_up_to`` passages (a tenth of it where the index in
    memory is exact itself) are answered by scoring all of them. Otherwise the vector
    index names max(``candidates``, 4 x limit) candidates.
    """

    exact_up_to: int = 20_000
    candidates: int = 200
    lexical: LexicalSettings = field(default_factory=LexicalSettings)


class LocalSearch(Transaction, SearchIndex):
    """A SearchIndex of the embedded store."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        cache: VectorCache,
        settings: SearchSettings,
        statistics: Statistics,
    ) -> None:
        super().__init__(connection)
        self._cache = cache
        self._settings = settings
        self._statistics = statistics
        self._ranked: set[str] = set()

    @property
    @override
    def index(self) -> IndexSpec | None:
        return None if self._state.index is None else self._state.index.spec

    @override
    def passages(self, passage_ids: Sequence[str]) -> list[Passage]:
        index_id = None if self._state.index is None else self._state.index.id
        rows = self._db.execute(
            f"SELECT {PASSAGE_COLUMNS} FROM {_PASSAGES_OF_IDS}", (_spans(passage_ids), index_id)
        )
        found = {passage.id: passage for passage in map(passage_from_row, rows)}
        for identifier in passage_ids:
            if identifier not in found:
                if identifier in self._ranked:
                    raise impossible(f"passage {identifier}", ValueError("it is lost"))
                raise KeyError(identifier)
        return [found[identifier] for identifier in passage_ids]

    @override
    def document_passages(self, document_id: str) -> list[Passage]:
        if self._state.index is None:
            return []
        rows = self._db.execute(
            f"SELECT {PASSAGE_COLUMNS} FROM documents AS d JOIN passages AS p"
            " ON p.document = d.row WHERE d.id = ? AND p.index_id = ? ORDER BY p.ordinal",
            (document_id, self._state.index.id),
        )
        return [passage_from_row(row) for row in rows]

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
        if allowed is not None and allowed.size <= self._few():
            return self._named(self._scan(query, limit, allowed), limit)
        wanted = max(self._settings.candidates, 4 * limit)
        rows = self._cache.candidates(self._db, self._state, query, wanted, allowed)
        if rows is None:
            return self._named(self._scan(query, limit, allowed), limit)
        best = self._scan(query, limit, rows)
        # Too few: candidates without a row in this state crowded others out. As many
        # as were asked for, all with one score: their ties may lie beyond them.
        crowded = len(best) < limit and len(best) < self._passages_with_vectors(allowed)
        tied = len(best) >= wanted and self._cache.kind == "flat"
        if crowded or tied:
            best = self._scan(query, limit, allowed)
        return self._named(best, limit)

    def _few(self) -> int:
        # A flat index misses nothing that is allowed, and reads its vectors from memory.
        exact = self._settings.exact_up_to
        return exact // 10 if self._cache.kind == "flat" else exact

    def _scan(
        self, query: Vectors, limit: int, rows: NDArray[np.int64] | None
    ) -> list[tuple[int, float]]:
        index = self._state.index
        assert index is not None
        if rows is None:
            return best_matches(stream_vectors(self._db, index), query, limit)
        parts = np.array_split(rows, max(1, -(-rows.size // _ROWS_AT_ONCE)))
        return best_matches(
            (vectors_of(self._db, index, part.tolist()) for part in parts), query, limit
        )

    def _passages_with_vectors(self, allowed: NDArray[np.int64] | None) -> int:
        return (
            self._statistics.passages(self._db, self._state)
            if allowed is None
            else int(allowed.size)
        )

    def _named(self, best: list[tuple[int, float]], limit: int) -> list[ScoredPassage]:
        names = passage_names(self._db, (row for row, _ in best))
        if lost := [row for row, _ in best if row not in names]:
            raise impossible(f"vector {lost[0]}", ValueError("it has no passage"))
        scored = sorted(((names[row], score) for row, score in best), key=lambda x: (-x[1], x[0]))
        self._ranked.update(name for name, _ in scored[:limit])
        return [ScoredPassage(name, score) for name, score in scored[:limit]]

    @override
    def vectors(self, passage_ids: Sequence[str]) -> Vectors:
        index = self._state.index
        if index is None:
            raise KeyError(*passage_ids[:1])
        rows = self._db.execute(
            f"SELECT j.key, v.vector FROM {_PASSAGES_OF_IDS}"
            " CROSS JOIN vectors AS v ON v.passage = p.id ORDER BY j.key",
            (_spans(passage_ids), index.id),
        )
        places, vectors = from_rows(rows.fetchall(), index.dimension)
        if lost := sorted(set(range(len(passage_ids))) - set(places.tolist())):
            raise KeyError(passage_ids[lost[0]])
        return vectors

    @override
    def lexical_search(
        self, terms: Sequence[QueryTerm], *, limit: int, filters: Filters = Filters()
    ) -> list[ScoredPassage]:
        if self._state.index is None:
            return []
        found = lexical.search(
            self._db,
            self._state.index,
            terms,
            limit=limit,
            filters=filters,
            settings=self._settings.lexical,
        )
        self._ranked.update(hit.passage_id for hit in found)
        return found

    @override
    def term_statistics(self, words: Sequence[str], *, limit: int = 10_000) -> TermStatistics:
        index = self._state.index
        if index is None:
            return TermStatistics(0, dict.fromkeys(words, 0))
        frequencies = {
            word: count_passages(self._db, index, word, limit=limit)
            for word in dict.fromkeys(words)
        }
        return TermStatistics(self._statistics.passages(self._db, self._state), frequencies)

    @override
    def vocabulary(self, prefixes: Collection[str]) -> dict[str, Mapping[str, int]]:
        return {
            prefix: self._statistics.vocabulary(self._db, self._state, prefix)
            for prefix in prefixes
        }


def _spans(passage_ids: Sequence[str]) -> str:
    return json.dumps(
        [
            (document_id, span.start, span.end)
            for document_id, span in map(parse_passage_id, passage_ids)
        ]
    )
