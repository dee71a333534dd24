"""One consistent state of the embedded store, read inside one SQLite transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from embeddings.types import Vectors
from rag.errors import StoreError, UnknownDocumentError
from rag.store.base import (
    DocumentSummary,
    FormerDocument,
    IndexSpec,
    ScoredPassage,
    SourceRecord,
)
from rag.store.local import lexical
from rag.store.local.filters import document_condition, eligible_passages
from rag.store.local.lexical import LexicalSettings
from rag.store.local.rows import (
    PASSAGE_COLUMNS,
    ViewState,
    dates_from_row,
    document_from_row,
    id_list,
    impossible,
    load_state,
    parse_passage_id,
    passage_from_row,
    passage_id,
)
from rag.store.local.spelling import WORD, Vocabulary, with_ending_of
from rag.store.local.vector_cache import VectorCache
from rag.store.local.vectors import best_matches, stream_vectors, vectors_of
from rag.types import UPLOAD_PREFIX, Document, DocumentDate, Filters, Passage

__all__ = ["LocalView", "SearchSettings"]

_PREFIX_CHARACTERS = 4
_DOCUMENTS_AT_ONCE = 500
_ROWS_AT_ONCE = 20_000


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


class LocalView:
    """A ReadView of the embedded store; usable until its context ends."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        cache: VectorCache,
        settings: SearchSettings,
        vocabulary: Vocabulary,
    ) -> None:
        self._connection: sqlite3.Connection | None = connection
        self._cache = cache
        self._settings = settings
        self._vocabulary = vocabulary
        # The first read is what fixes the state that SQLite shows to this transaction.
        self._state: ViewState = load_state(connection)
        self._ranked: set[str] = set()

    def end(self) -> None:
        """Refuse further use: the transaction is over."""
        self._connection = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(
                "this view of the store has ended", remedy="read it inside its 'with' block"
            )
        return self._connection

    @property
    def generation(self) -> int:
        """Number of the state seen: grows with every committed change."""
        return self._state.generation

    @property
    def index(self) -> IndexSpec | None:
        """What the active index was built with, or None when nothing was ever stored."""
        return None if self._state.index is None else self._state.index.spec

    @property
    def empty(self) -> bool:
        """Whether no document is stored."""
        return self._db.execute("SELECT 1 FROM documents LIMIT 1").fetchone() is None

    @property
    def passage_count(self) -> int:
        """Number of passages of the active index; 0 when nothing was ever stored."""
        index = self._state.index
        if index is None:
            return 0
        (count,) = self._db.execute(
            "SELECT count(*) FROM passages WHERE index_id = ?", (index.id,)
        ).fetchone()
        return int(count)

    def dense_search(
        self, query: Vectors, *, limit: int, filters: Filters = Filters()
    ) -> list[ScoredPassage]:
        """Passages of highest cosine with ``query``, a unit row of shape (dimension,).

        Scores are exact cosines of the stored vectors. Best first, ties by passage id.
        """
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
        if allowed is not None:
            return int(allowed.size)
        return self.passage_count

    def _named(self, best: list[tuple[int, float]], limit: int) -> list[ScoredPassage]:
        names = {
            row: passage_id(document, start, end)
            for row, document, start, end in self._db.execute(
                'SELECT p.id, d.id, p.start, p."end" FROM json_each(?) AS j'
                " CROSS JOIN passages AS p ON p.id = j.value"
                " CROSS JOIN documents AS d ON d.row = p.document",
                (id_list(row for row, _ in best),),
            )
        }
        if lost := [row for row, _ in best if row not in names]:
            raise impossible(f"vector {lost[0]}", ValueError("it has no passage"))
        scored = sorted(((names[row], score) for row, score in best), key=lambda x: (-x[1], x[0]))
        self._ranked.update(name for name, _ in scored[:limit])
        return [ScoredPassage(name, score) for name, score in scored[:limit]]

    def lexical_search(
        self, query: str, *, limit: int, filters: Filters = Filters()
    ) -> list[ScoredPassage]:
        """Passages of highest BM25 score for the words of ``query``; never score 0."""
        if self._state.index is None:
            return []
        found = lexical.search(
            self._db,
            self._state.index,
            query,
            limit=limit,
            filters=filters,
            settings=self._settings.lexical,
            doubtful=lexical.doubtful_words(query, self._mistyped_for),
        )
        self._ranked.update(hit.passage_id for hit in found)
        return found

    def word_frequencies(self, words: Sequence[str], *, limit: int = 10_000) -> dict[str, int]:
        """How many passages of the active index hold each word, counted up to ``limit``."""
        index = self._state.index
        if index is None:
            return dict.fromkeys(words, 0)
        return {
            word: lexical.count_passages(self._db, index, word, limit=limit)
            for word in dict.fromkeys(words)
        }

    def respelled(self, query: str) -> str:
        """The query with each word that is in no passage as the archive's nearest word.

        Only words with a typing error or two; the query itself where there is none.
        """
        return WORD.sub(lambda match: self._corrected(match[0]), query)

    def _corrected(self, word: str) -> str:
        folded = word.casefold()
        nearest = self._mistyped_for(folded)[:1] if self._state.index else []
        return (
            with_ending_of(folded, self._vocabulary.stem(folded), nearest[0]) if nearest else word
        )

    def _mistyped_for(self, word: str) -> list[str]:
        """Stems of what a word that is in no passage may be mistyped for, likeliest first."""
        index = self._state.index
        if index is None:
            return []
        found = self._vocabulary.near(self._db, index, self.generation, word)
        return [near.term for near in found]

    def passages(self, passage_ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids, in the order given; unknown ids raise KeyError."""
        index_id = None if self._state.index is None else self._state.index.id
        found: list[Passage] = []
        for identifier in passage_ids:
            row = self._db.execute(
                f"SELECT {PASSAGE_COLUMNS} FROM documents AS d JOIN passages AS p"
                ' ON p.document = d.row WHERE d.id = ? AND p.start = ? AND p."end" = ?'
                " AND p.index_id = ?",
                (*parse_passage_id(identifier), index_id),
            ).fetchone()
            if row is None and identifier in self._ranked:
                raise impossible(f"passage {identifier}", ValueError("it is lost"))
            if row is None:
                raise KeyError(identifier)
            found.append(passage_from_row(row))
        return found

    def document(self, document_id: str) -> Document:
        """The whole document. Raises UnknownDocumentError when there is none."""
        row = self._db.execute(
            "SELECT id, title, text, content_hash, language, dates, added_at, metadata"
            " FROM documents WHERE id = ?",
            (document_id,),
        ).fetchone()
        if row is None:
            raise UnknownDocumentError(
                f"no document has the id '{document_id}'", remedy="'footnote list' names them"
            )
        return document_from_row(row, self._sources(document_id))

    def dates(self, document_ids: Sequence[str]) -> Mapping[str, tuple[DocumentDate, ...]]:
        """What documents say of time, by id, without their texts; unknown ids are left out."""
        rows = self._db.execute(
            "SELECT d.id, d.dates FROM json_each(?) AS j"
            " CROSS JOIN documents AS d ON d.id = j.value",
            (json.dumps(list(document_ids)),),
        )
        return {document_id: dates_from_row(document_id, dates) for document_id, dates in rows}

    def _sources(self, document_id: str) -> list[str]:
        rows = self._db.execute(
            "SELECT s.source FROM documents AS d JOIN sources AS s ON s.document = d.row"
            " WHERE d.id = ? ORDER BY s.position",
            (document_id,),
        )
        return [row[0] for row in rows]

    def document_passages(self, document_id: str) -> list[Passage]:
        """The active index's passages of one document, in reading order."""
        if self._state.index is None:
            return []
        rows = self._db.execute(
            f"SELECT {PASSAGE_COLUMNS} FROM documents AS d JOIN passages AS p"
            " ON p.document = d.row WHERE d.id = ? AND p.index_id = ? ORDER BY p.ordinal",
            (document_id, self._state.index.id),
        )
        return [passage_from_row(row) for row in rows]

    def documents(
        self,
        filters: Filters = Filters(),
        *,
        words: str = "",
        limit: int | None = None,
        offset: int = 0,
    ) -> Iterator[DocumentSummary]:
        """Summaries of the documents that pass, in the order they were added.

        Each of ``words``, parted by spaces, must stand in the title or a source, in any
        case. ``offset`` passes so many over, ``limit`` ends after so many.
        """
        condition, parameters = document_condition(self._db, filters, words)
        index_id = None if self._state.index is None else self._state.index.id
        last, skipped, left = 0, offset, limit
        while True:
            wanted = _DOCUMENTS_AT_ONCE if left is None else min(_DOCUMENTS_AT_ONCE, left)
            # A page at a time, so that no cursor is open between two of them.
            rows = self._db.execute(
                "SELECT d.row, d.id, d.title, d.published, d.language, d.characters,"
                " (SELECT count(*) FROM passages AS p"
                " WHERE p.document = d.row AND p.index_id = ?)"
                f" FROM documents AS d WHERE d.row > ? AND {condition} ORDER BY d.row"
                " LIMIT ? OFFSET ?",
                [index_id, last, *parameters, wanted, skipped],
            ).fetchall()
            skipped = 0
            for row, identifier, title, published, language, characters, passages in rows:
                sources = tuple(self._sources(identifier))
                yield DocumentSummary(
                    identifier, title, sources, published, language, characters, passages
                )
                last = row
            left = None if left is None else left - len(rows)
            if len(rows) < _DOCUMENTS_AT_ONCE:
                return

    def count_documents(self, filters: Filters = Filters(), *, words: str = "") -> int:
        """How many documents ``documents`` gives without a limit."""
        condition, parameters = document_condition(self._db, filters, words)
        (count,) = self._db.execute(
            f"SELECT count(*) FROM documents AS d WHERE {condition}", parameters
        ).fetchone()
        return int(count)

    def languages(self) -> dict[str, int]:
        """How many documents there are of each language, the most frequent first."""
        rows = self._db.execute(
            "SELECT language, count(*) FROM documents GROUP BY language ORDER BY 2 DESC, 1"
        )
        return {str(language): int(count) for language, count in rows}

    def former(self, document_id: str) -> FormerDocument | None:
        """What became of a document that is stored no more; None when it never was stored,
        is stored, or went before this was recorded."""
        if not self._db.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'former_documents'"
        ).fetchone():
            return None  # an older database that may only be read
        row = self._db.execute(
            "SELECT title, sources, gone_at FROM former_documents WHERE id = ?", (document_id,)
        ).fetchone()
        if row is None:
            return None
        title, listed, gone_at = row
        try:
            sources = tuple(str(source) for source in json.loads(listed))
        except (ValueError, TypeError) as error:
            raise impossible(f"the former document {document_id}", error) from error
        now = self.source(sources[0]) if sources else None
        replaced_by = None if now is None else now.document_id
        return FormerDocument(document_id, title, sources, gone_at, replaced_by)

    def source(self, source: str) -> SourceRecord | None:
        """What is stored of one source, or None."""
        row = self._db.execute(
            "SELECT s.source, s.file_hash, d.id FROM sources AS s"
            " JOIN documents AS d ON d.row = s.document WHERE s.source = ?",
            (source,),
        ).fetchone()
        return None if row is None else SourceRecord(*row)

    def resolve(self, reference: str) -> list[str]:
        """Ids of the documents meant by an id, an id prefix, a source, or a file name.

        An uploaded file's name is the last part of its source.

        The first of these kinds that matches anything decides; in the order added.
        """
        if not reference:
            return []
        of_sources = (
            "SELECT DISTINCT d.id FROM sources AS s JOIN documents AS d ON d.row = s.document"
            " WHERE {} ORDER BY d.row"
        )
        attempts = [
            ("SELECT id FROM documents WHERE id = ?1", True),
            (
                "SELECT id FROM documents WHERE substr(id, 1, length(?1)) = ?1 ORDER BY row",
                len(reference) >= _PREFIX_CHARACTERS,
            ),
            (of_sources.format("s.source = ?1"), True),
            # A URL's last part may be followed by a slash.
            (
                of_sources.format(
                    "(substr(rtrim(s.source, '/'), -length(?1) - 1) = '/' || ?1"
                    f" OR s.source = '{UPLOAD_PREFIX}' || ?1)"
                ),
                True,
            ),
        ]
        for sql, applies in attempts:
            if applies and (rows := self._db.execute(sql, (reference,)).fetchall()):
                return [row[0] for row in rows]
        return []
