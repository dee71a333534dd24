"""What a store is: the seam at which a distributed engine can take over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from embeddings.types import EncoderIdentity, Vectors
from rag.journal.types import Journal
from rag.types import Document, DocumentDate, Filters, Passage

__all__ = [
    "DocumentSummary",
    "FormerDocument",
    "IndexSpec",
    "IndexedDocument",
    "Problem",
    "ReadView",
    "ScoredPassage",
    "SourceRecord",
    "Store",
    "StoreStatus",
    "Writer",
]


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """What an index was built with. Two indexes mix only when all of it is equal.

    ``splitter`` is the splitter's canonical description, version included.
    """

    encoder: EncoderIdentity
    splitter: str


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """Where a document was read from; ``file_hash`` is the sha256 of the raw bytes.

    An empty ``file_hash`` equals no file's: the source must be read again.
    """

    source: str
    file_hash: str
    document_id: str


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """A document ready to be stored: ``vectors`` has one row for each passage."""

    document: Document
    file_hash: str
    passages: tuple[Passage, ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage id and one retriever's score of it; higher is better."""

    passage_id: str
    score: float


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A row of the document list; ``characters`` counts code points of the text."""

    id: str
    title: str
    sources: tuple[str, ...]
    published: str | None
    language: str
    characters: int
    passages: int


@dataclass(frozen=True, slots=True)
class FormerDocument:
    """A document that was removed, or left without sources, and is stored no more.

    ``sources`` are those it had last, ``gone_at`` is when, in UTC. ``replaced_by`` is the
    id of the document that its first source holds now, or None.
    """

    id: str
    title: str
    sources: tuple[str, ...]
    gone_at: str
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """Counts and sizes. ``disk_bytes`` is everything under the data directory."""

    documents: int
    sources: int
    passages: int
    generation: int
    index: IndexSpec | None
    index_kind: str
    index_vectors: int
    index_bytes: int
    disk_bytes: int
    building: IndexSpec | None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something `doctor` found. ``remedy`` is what the user can do about it."""

    code: str
    subject: str
    message: str
    remedy: str
    repairable: bool


class ReadView(Protocol):
    """One consistent state of the store; a concurrent writer never changes it."""

    @property
    def generation(self) -> int:
        """Number of the state seen: grows with every committed change."""
        ...

    @property
    def index(self) -> IndexSpec | None:
        """What the active index was built with, or None when nothing was ever stored."""
        ...

    @property
    def empty(self) -> bool:
        """Whether no document is stored."""
        ...

    @property
    def passage_count(self) -> int:
        """Number of passages of the active index; 0 when nothing was ever stored."""
        ...

    def dense_search(
        self, query: Vectors, *, limit: int, filters: Filters = Filters()
    ) -> list[ScoredPassage]:
        """Passages of highest cosine with ``query``, a unit row of shape (dimension,).

        Scores are exact cosines of the stored vectors. Best first, ties by passage id.
        Filters are exact: every passage that passes competes.
        """
        ...

    def lexical_search(
        self, query: str, *, limit: int, filters: Filters = Filters()
    ) -> list[ScoredPassage]:
        """Passages of highest BM25 score for the words of ``query``; never score 0.

        A word that is in no passage counts, at a lower weight, as the words that it may
        be mistyped for. Best first, ties by passage id.
        """
        ...

    def respelled(self, query: str) -> str:
        """The query with each word that is in no passage as the archive's nearest word.

        Only words with a typing error or two; the query itself where there is none.
        """
        ...

    def word_frequencies(self, words: Sequence[str], *, limit: int = 10_000) -> dict[str, int]:
        """How many passages of the active index hold each word, by word as given.

        A word is a lexical token (`rag.text.normalise.lexical_tokens`) and meets the passages,
        titles included, that a lexical search for it finds: inflected forms count. Counting
        stops at ``limit``. One that holds no letter or digit is in no passage.
        """
        ...

    def passages(self, passage_ids: Sequence[str]) -> list[Passage]:
        """The passages of these ids, in the order given; unknown ids raise KeyError."""
        ...

    def document(self, document_id: str) -> Document:
        """The whole document. Raises UnknownDocumentError when there is none.

        Its last date, of the kind "ingested", is the day (UTC) it was first stored.
        """
        ...

    def dates(self, document_ids: Sequence[str]) -> Mapping[str, tuple[DocumentDate, ...]]:
        """What documents say of time, by id, without their texts; unknown ids are left out.

        Their own publication and event dates, as ``document`` gives them.
        """
        ...

    def document_passages(self, document_id: str) -> list[Passage]:
        """The active index's passages of one document, in reading order."""
        ...

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
        ...

    def count_documents(self, filters: Filters = Filters(), *, words: str = "") -> int:
        """How many documents ``documents`` gives without a limit."""
        ...

    def languages(self) -> dict[str, int]:
        """How many documents there are of each language, the most frequent first."""
        ...

    def former(self, document_id: str) -> FormerDocument | None:
        """What became of a document that is stored no more; None when it never was stored,
        is stored, or went before this was recorded."""
        ...

    def source(self, source: str) -> SourceRecord | None:
        """What is stored of one source, or None."""
        ...

    def resolve(self, reference: str) -> list[str]:
        """Ids of the documents meant by an id, an id prefix of 4 or more characters,
        a source, or the last part of a source's path or an uploaded file's name. In that
        order: the first kind that matches anything decides."""
        ...


class Writer(Protocol):
    """The one writer of a store. Each method is one durable transaction."""

    def put(self, items: Sequence[IndexedDocument], spec: IndexSpec) -> None:
        """Store documents with their passages and vectors, all or none.

        A source that pointed to another document now points to this one; a document
        left without sources is removed with its passages. A document already stored
        under the same id is replaced and keeps its other sources. The first put fixes
        the index's ``spec``.

        Raises:
            IndexMismatchError: the active index was built with another spec.
        """
        ...

    def add_source(self, record: SourceRecord) -> None:
        """Point a source at a stored document, as ``put`` does, without re-encoding it."""
        ...

    def remove_source(self, source: str) -> bool:
        """Forget a source, and its document when that was its last. False when unknown.

        The title and dates of a document are its first source's, so one that becomes the
        first, by this or because a source now points elsewhere, loses its ``file_hash``.
        """
        ...

    def remove_document(self, document_id: str) -> bool:
        """Remove a document, its sources, passages and vectors. False when unknown."""
        ...

    def begin_index(self, spec: IndexSpec) -> None:
        """Start building a second index beside the active one, or resume it when one
        with the same spec is being built; one with another spec is discarded."""
        ...

    def pending_documents(self) -> list[str]:
        """Ids of the documents that the index being built does not hold yet."""
        ...

    def put_passages(self, items: Sequence[tuple[str, tuple[Passage, ...], Vectors]]) -> None:
        """Store (document id, passages, vectors) in the index being built."""
        ...

    def activate_index(self) -> None:
        """Atomically make the index being built the active one; drop the old one.

        Raises:
            StoreError: documents are still pending, or no index is being built.
        """
        ...

    def put_vectors(self, passage_ids: Sequence[str], vectors: Vectors) -> None:
        """Replace the vectors of passages of the active index, one row each.

        Raises:
            KeyError: the active index has no such passage.
        """
        ...

    def repair(self, problems: Sequence[Problem]) -> list[str]:
        """Rebuild what can be rebuilt from the stored text; say what was done.

        Raises:
            StoreDamagedError: the problems say that the database itself is damaged, or it
                proves to be; nothing was changed.
        """
        ...


class Store(Protocol):
    """Documents, passages, vectors and the lexical index behind one seam."""

    @property
    def journal(self) -> Journal:
        """Conversations, feedback, keys and uploads; independent of readers and writer."""
        ...

    def read(self) -> AbstractContextManager[ReadView]:
        """A consistent view; never waits for the writer."""
        ...

    def write(self) -> AbstractContextManager[Writer]:
        """Become the single writer until the context ends.

        Raises:
            StoreLockedError: another process or thread is writing.
        """
        ...

    def status(self) -> StoreStatus:
        """Counts and sizes now."""
        ...

    def check(self) -> list[Problem]:
        """Verify checksums, counts and span invariants; an empty list means sound."""
        ...

    def passages_without_vectors(self) -> list[Passage]:
        """Passages of the active index that must be encoded (again), in stored order."""
        ...

    def close(self) -> None:
        """Release files and connections. Safe to call twice."""
        ...
