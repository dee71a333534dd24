"""The records that go into a store and come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from embeddings.types import EncoderIdentity, Vectors
from rag.errors import IndexMismatchError
from rag.types import ENCODING_NOTE, Document, DocumentDate, Passage


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """What an index was built with. Two indexes mix only when all of it is equal.

    ``splitter`` is the splitter's canonical description, version included, ``words`` the
    version of what made the words; an index from before there was one has "".
    """

    encoder: EncoderIdentity
    splitter: str
    words: str

    def require(self, wanted: IndexSpec) -> None:
        """Make sure that an index of this spec holds what one of ``wanted`` would.

        Raises:
            IndexMismatchError: it does not.
        """
        pairs = (
            (_encoder_name(self.encoder), _encoder_name(wanted.encoder)),
            (self.splitter, wanted.splitter),
            (self.words or "words of an older Footnote", wanted.words),
        )
        for built, current in pairs:
            if built != current:
                raise IndexMismatchError(
                    f"index was built with '{built}', now it would be '{current}'",
                    remedy="run 'footnote reindex' or restore the settings",
                )


def _encoder_name(encoder: EncoderIdentity) -> str:
    prompts = [prompt for prompt in (encoder.query_prompt, encoder.passage_prompt) if prompt]
    said = f" with prompts {prompts}" if prompts else ""
    return f"{encoder.name}@{encoder.revision} ({encoder.dimension} dimensions){said}"


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """Where a document was read from; ``file_hash`` is the sha256 of the raw bytes.

    An empty ``file_hash`` equals no file's: the source must be read again.
    """

    source: str
    file_hash: str
    document_id: str


@dataclass(frozen=True, slots=True)
class PassageWords:
    """The words by which a passage is found: of its title and headings, and of its text.

    In reading order, each as often as it occurs. A word holds no white space, and two are
    the same when their characters are: no engine folds, stems or parts them.
    """

    title: tuple[str, ...]
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexedPassages:
    """All passages of one document, with the words and one row of ``vectors`` for each."""

    passages: tuple[Passage, ...]
    words: tuple[PassageWords, ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """A document ready to be stored."""

    document: Document
    file_hash: str
    index: IndexedPassages


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage id and one retriever's score of it; higher is better."""

    passage_id: str
    score: float


@dataclass(frozen=True, slots=True)
class TermStatistics:
    """How many passages there are, and how many of them hold each word asked about."""

    passages: int
    frequencies: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A stored document without its text.

    ``characters`` counts code points of the text, ``passages`` those of the active index.
    The other fields are the document's own.
    """

    id: str
    sources: tuple[str, ...]
    title: str
    content_hash: str
    language: str
    dates: tuple[DocumentDate, ...]
    metadata: Mapping[str, str]
    characters: int
    passages: int

    @property
    def published(self) -> DocumentDate | None:
        """The first publication date that was found, or None."""
        return next((d for d in self.dates if d.kind == "published"), None)

    @property
    def encoding_note(self) -> str | None:
        """That its encoding was guessed, or that characters are lost; else None."""
        return self.metadata.get(ENCODING_NOTE)


@dataclass(frozen=True, slots=True)
class FormerDocument:
    """A document that was removed, or that lost its last source.

    ``sources`` are the last ones it had, ``gone_at`` is when, in UTC. ``replaced_by`` is
    the id of the document that its first source holds now, or None.
    """

    id: str
    title: str
    sources: tuple[str, ...]
    gone_at: str
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """Counts and sizes. ``disk_bytes`` is everything that the store keeps on disk."""

    documents: int
    sources: int
    passages: int
    generation: str
    index: IndexSpec | None
    index_kind: str
    index_vectors: int
    index_bytes: int
    disk_bytes: int
    building: IndexSpec | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong that a check of the store found.

    ``code`` names the kind of damage, ``subject`` the thing that is damaged. ``remedy``
    is what the user can do about it; ``repairable`` is whether `Maintenance.repair` does it.
    """

    code: str
    subject: str
    message: str
    remedy: str
    repairable: bool


@dataclass(frozen=True, slots=True)
class Unindexed:
    """Ids of passages whose vectors, and of those whose words, are missing or unusable."""

    vectors: tuple[str, ...]
    words: tuple[str, ...]
