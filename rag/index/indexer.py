"""What an index holds of a document: its passages, their words and their vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from embeddings.types import Encoder, Vectors
from rag.index.split import describe_splitter, encoder_text, split_document
from rag.settings import SplitSettings
from rag.store.records import IndexedPassages, IndexSpec, PassageWords
from rag.text.words import INDEX_WORDS, index_words
from rag.types import Document, Passage

# Passages encoded together: enough that sorting by length pays, few enough that a
# crash loses only seconds of work that was not yet reported.
BATCH_PASSAGES = 256
BATCH_DOCUMENTS = 64


@dataclass(frozen=True, slots=True)
class Indexer:
    """Makes of documents what an index holds of them.

    ``count_tokens`` counts in the unit of ``split.max_tokens``.
    """

    encoder: Encoder
    split: SplitSettings
    count_tokens: Callable[[str], int]

    @property
    def spec(self) -> IndexSpec:
        """What an index built by this one records."""
        return IndexSpec(self.encoder.identity, describe_splitter(self.split), INDEX_WORDS)

    def passages(self, document: Document) -> tuple[Passage, ...]:
        """The document's passages, each within both token limits."""
        return split_document(
            document,
            self.split,
            count_tokens=self.count_tokens,
            count_encoder_tokens=self.encoder.count_tokens,
            encoder_limit=self.encoder.max_tokens,
        )

    def encode(self, passages: Sequence[Passage]) -> Vectors:
        """The passages' vectors, float32 of shape (len(passages), dimension), unit rows."""
        title_tokens = self.split.title_tokens
        return self.encoder.encode_passages(
            [encoder_text(passage, title_tokens=title_tokens) for passage in passages]
        )

    def index(self, documents: Sequence[tuple[str, tuple[Passage, ...]]]) -> list[IndexedPassages]:
        """The passages of each document with their words and vectors, encoded together.

        ``documents`` gives each document's language and its passages.
        """
        vectors = self.encode([passage for _, passages in documents for passage in passages])
        indexed: list[IndexedPassages] = []
        row = 0
        for language, passages in documents:
            rows = vectors[row : row + len(passages)]
            words = tuple(passage_words(passage, language) for passage in passages)
            indexed.append(IndexedPassages(passages, words, rows))
            row += len(passages)
        return indexed


def passage_words(passage: Passage, language: str) -> PassageWords:
    """The words by which a passage is found; its headings count as title.

    ``language`` is that of its document.
    """
    context = dict.fromkeys((passage.title, *passage.headings))
    body = index_words(passage.search_text, language)
    return PassageWords(_title_words("\n".join(context), language), tuple(body))


@lru_cache(maxsize=256)  # all passages of a document share their title
def _title_words(title: str, language: str) -> tuple[str, ...]:
    return tuple(index_words(title, language))
