"""What a store is: the protocols that every engine implements.

A reader sees one consistent state through a `ReadView`, which joins `DocumentStore` and
`SearchIndex`; the one `Writer` changes both sides of it in one transaction. `Maintenance`
checks and repairs. `Store` is the whole. Nothing here speaks of an engine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol

from embeddings.types import Vectors
from rag.journal.base import Journal
from rag.store.records import (
    DocumentSummary,
    Finding,
    FormerDocument,
    IndexedDocument,
    IndexedPassages,
    IndexSpec,
    PassageWords,
    ScoredPassage,
    SourceRecord,
    StoreStatus,
    TermStatistics,
    Unindexed,
)
from rag.types import Document, Filters, Passage, QueryTerm, Span

Capability = Literal["null_characters", "immediate_search", "stable_views"]
"""What an engine may lack, and then declares in `Store.lacks`.

null_characters    a text may hold U+0000
immediate_search   what was put is found by the next view
stable_views       a view never changes while others write
"""


class DocumentStore(Protocol):
    """Documents and their sources, as one state has them."""

    @property
    def empty(self) -> bool:
        """Whether no document is stored."""

    def document(self, document_id: str) -> Document:
        """The whole document. Raises UnknownDocumentError when there is none.

        Its last date, of the kind "ingested", is the day (UTC) it was first stored.
        """

    def summaries(self, document_ids: Sequence[str]) -> Mapping[str, DocumentSummary]:
        """Documents without their texts, by id, in the order given; unknown ids are left out.

        Their dates are their own: the day of ingest is not among them.
        """

    def text_windows(self, windows: Sequence[tuple[str, Span]]) -> list[str]:
        """The characters of each (document id, span), in the order given.

        A span that reaches beyond the text ends with it. Raises UnknownDocumentError.
        """

    def documents(
        self,
        filters: Filters = Filters(),
        *,
        words: str = "",
        limit: int | None = None,
        offset: int = 0,
    ) -> Iterator[DocumentSummary]:
        """Summaries of the documents that pass, in the order they were added.

        Each of ``words``, separated by spaces, must stand in the title or a source, in any
        case and Unicode normal form. ``offset`` documents are skipped; at most ``limit`` follow.
        """

    def count_documents(self, filters: Filters = Filters(), *, words: str = "") -> int:
        """How many documents ``documents`` gives without a limit."""

    def languages(self) -> dict[str, int]:
        """How many documents there are of each language, the most frequent first."""

    def former(self, document_id: str) -> FormerDocument | None:
        """What became of a document that is no longer stored.

        None when it is stored, never was, or was removed before this was recorded.
        """

    def source(self, source: str) -> SourceRecord | None:
        """What is stored of one source, or None."""

    def resolve(self, reference: str) -> list[str]:
        """Ids of the documents meant by an id, an id prefix of 4 or more characters,
        a source, or the last part of a source's path or an uploaded file's name. In that
        order: the first kind that matches anything decides. A name matches in any Unicode
        normal form; of two that differ only by it, the one as given."""


class SearchIndex(Protocol):
    """Passages, found by their vectors and by their words."""

    @property
    def index(self) -> IndexSpec | None:
        """What the active index was built with, or None when nothing was ever stored."""

    def passages(self, passage_ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids, in the order given; unknown ids raise KeyError."""

    def dense_search(
        self, query: Vectors, *, limit: int, filters: Filters = Filters()
    ) -> list[ScoredPassage]:
        """Passages of highest cosine with ``query``, a unit row of shape (dimension,).

        Scores are exact cosines of the stored vectors. Best first, ties by passage id.
        Filters are exact: every passage that passes competes.
        """

    def lexical_search(
        self, terms: Sequence[QueryTerm], *, limit: int, filters: Filters = Filters()
    ) -> list[ScoredPassage]:
        """Passages of highest BM25 score for the terms, each weighted; never score 0.

        Best first, ties by passage id. Filters are exact.
        """

    def term_statistics(self, words: Sequence[str], *, limit: int = 10_000) -> TermStatistics:
        """How many passages the active index has, and how many hold each word.

        Words are compared as `PassageWords` says. Counting may stop at ``limit``.
        """

    def vocabulary(self, prefixes: Collection[str]) -> Mapping[str, Mapping[str, int]]:
        """By prefix, the words that begin with it and how many passages hold each."""


class ReadView(DocumentStore, SearchIndex, Protocol):
    """One consistent state of the store; a concurrent writer never changes it."""

    @property
    def generation(self) -> str:
        """A token of the state seen: equal tokens are the same state, and nothing else of
        a token means anything."""


class Writer(Protocol):
    """The one writer of a store. Each method is one durable transaction, all or none.

    Raises:
        UnknownDocumentError: a document that a method is to add to is not stored.
        StoreError: no index is being built, though the method is about one that is.
        KeyError: the active index has no such passage.
        ValueError: passages, words or vectors contradict their document.
    """

    def put(self, items: Sequence[IndexedDocument], spec: IndexSpec) -> None:
        """Store documents with their passages and vectors.

        A source that pointed to another document now points to this one; a document
        left without sources is removed with its passages. A document already stored
        under the same id is replaced and keeps its other sources. The first put fixes
        the index's ``spec``.

        Raises:
            IndexMismatchError: the active index was built with another spec.
        """

    def add_source(self, record: SourceRecord) -> None:
        """Point a source at a stored document, as ``put`` does, without indexing it again."""

    def remove_source(self, source: str) -> bool:
        """Forget a source, and its document when that was its last. False when unknown.

        The title and dates of a document are its first source's, so one that becomes the
        first, by this or because a source now points elsewhere, loses its ``file_hash``.
        """

    def remove_document(self, document_id: str) -> bool:
        """Remove a document, its sources, passages and vectors. False when unknown."""

    def begin_index(self, spec: IndexSpec) -> None:
        """Start building a second index beside the active one, or resume it when one
        with the same spec is being built; one with another spec is discarded."""

    def pending_documents(self) -> list[str]:
        """Ids of the documents that the index being built does not hold yet."""

    def put_passages(self, items: Mapping[str, IndexedPassages]) -> None:
        """Store the passages of documents, by id, in the index being built."""

    def activate_index(self) -> None:
        """Make the index being built the active one; drop the old one.

        Raises:
            StoreError: documents are still pending.
        """

    def put_vectors(self, passage_ids: Sequence[str], vectors: Vectors) -> None:
        """Replace the vectors of passages of the active index, one row each."""

    def put_words(self, passage_ids: Sequence[str], words: Sequence[PassageWords]) -> None:
        """Replace the words of passages of the active index, one record each."""


class Maintenance(Protocol):
    """Counts and sizes, and the search for damage."""

    def status(self) -> StoreStatus:
        """Counts and sizes now."""

    def check(self) -> list[Finding]:
        """Verify checksums, counts and span invariants; an empty list means sound."""

    def repair(self, findings: Sequence[Finding]) -> list[str]:
        """Rebuild what can be rebuilt of what is stored; say what was done.

        What must be made again from the passages, `unindexed` lists afterwards.

        Raises:
            StoreLockedError: another process or thread is writing.
            StoreDamagedError: the findings say that the database itself is damaged, or it
                proves to be; nothing was changed.
        """

    def unindexed(self) -> Unindexed:
        """Passages of the active index whose vectors or words must be made again."""


class Store(Maintenance, Protocol):
    """Documents, passages, vectors and words of one archive, and its journal."""

    @property
    def lacks(self) -> frozenset[Capability]:
        """What this engine cannot do of what the contract asks."""

    @property
    def journal(self) -> Journal:
        """Conversations, feedback, keys and uploads; independent of readers and writer."""

    def read(self) -> AbstractContextManager[ReadView]:
        """A consistent view; never waits for the writer."""

    def write(self) -> AbstractContextManager[Writer]:
        """Become the single writer until the context ends.

        Raises:
            StoreLockedError: another process or thread is writing.
        """

    def close(self) -> None:
        """Release files and connections. Safe to call twice."""
