"""Files to stored, indexed documents: read, split, encode, store.

A document is stored whole in one transaction and only then reported, so whatever was
reported survives a crash, and a second run continues where the first one stopped.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from rag.errors import ReadError
from rag.index.files import FoundFiles, SourceProblem, is_gone, read_file
from rag.index.indexer import BATCH_DOCUMENTS, BATCH_PASSAGES, Indexer
from rag.models import EncoderChoice
from rag.read.reader import read_document
from rag.store.base import Store, Writer
from rag.store.records import IndexedDocument, SourceRecord
from rag.types import Document, Passage

Outcome = Literal["added", "updated", "unchanged", "duplicate", "failed"]

# Part of each source's recorded hash: a reader that reads differently must read again.
READER_VERSION = "read.v5"

# Sources read to tell an archive's languages: the share found is within .08 of the true one.
_SAMPLED = 100

# A source, and how its bytes are had; ReadError when they cannot be.
RawSource = tuple[str, Callable[[], bytes]]


@dataclass(frozen=True, slots=True)
class IngestEvent:
    """One source is done: stored (or found unchanged, or failed), and durable.

    ``reason`` is why it failed, or what is to be said of how it was read; else empty.
    """

    source: str
    outcome: Outcome
    passages: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did. ``passages`` counts those stored; ``warnings`` are sources that
    were read, and what is to be said of how: that their encoding was guessed; ``pruned`` are
    sources that were forgotten because their files are gone; ``interrupted`` if cut short.
    ``encoder`` is the choice of one that there is something to say of: it is new, or another
    would be chosen now."""

    added: int
    updated: int
    unchanged: int
    duplicates: int
    passages: int
    seconds: float
    skipped: tuple[SourceProblem, ...]
    failed: tuple[SourceProblem, ...]
    warnings: tuple[SourceProblem, ...] = ()
    pruned: tuple[str, ...] = ()
    interrupted: bool = False
    encoder: EncoderChoice | None = None


def ingest_files(
    found: FoundFiles,
    store: Store,
    indexer: Callable[[], Indexer],
    *,
    prune: bool = False,
    on_event: Callable[[IngestEvent], None] = lambda event: None,
) -> IngestReport:
    """Read, split, encode and store files; unchanged ones are not even parsed.

    A document whose file was moved has the source that exists as its first. With ``prune``,
    sources of which nothing is left are forgotten, and their documents with their last
    source: those below the folders and paths that were given, even one that is gone itself,
    and those of documents that were found elsewhere now.

    ``indexer`` is called only when something must be encoded, so that a run over an
    unchanged folder loads no model. A file that cannot be read is reported and the rest
    goes in. Ctrl-C ends the run with what was already reported kept.

    Raises:
        StoreLockedError: another process is writing.
        IndexMismatchError: the index was built with other models or splitter settings.
    """
    started = time.perf_counter()
    events: list[IngestEvent] = []

    def report(event: IngestEvent) -> None:
        events.append(event)
        on_event(event)

    interrupted = False
    pruned: list[str] = []
    with store.write() as writer:
        try:
            ingest_sources(raw_files(found.files), store, writer, indexer, report)
            _settle_sources(found, store, writer, pruned if prune else None)
            # A document that lost its first source takes title and dates from the next.
            broken = {event.source for event in events if event.outcome == "failed"}
            again = [path for path in _to_read_again(found.files, store) if str(path) not in broken]
            ingest_sources(raw_files(again), store, writer, indexer, report)
        except KeyboardInterrupt:
            interrupted = True
    counts = Counter(event.outcome for event in events)
    failed = [event for event in events if event.outcome == "failed"]
    missing = [problem for problem in found.failed if prune and problem.source in found.missing]
    noted = [event for event in events if event.outcome != "failed" and event.reason]
    return IngestReport(
        added=counts["added"],
        updated=counts["updated"],
        unchanged=counts["unchanged"],
        duplicates=counts["duplicate"],
        passages=sum(event.passages for event in events),
        seconds=time.perf_counter() - started,
        skipped=(*found.skipped, *missing),
        failed=(
            *(problem for problem in found.failed if problem not in missing),
            *(SourceProblem(event.source, event.reason) for event in failed),
        ),
        warnings=tuple(SourceProblem(e.source, e.reason) for e in noted),
        pruned=tuple(pruned),
        interrupted=interrupted,
    )


def _settle_sources(
    found: FoundFiles, store: Store, writer: Writer, pruned: list[str] | None
) -> None:
    """Sources whose files are gone: forget them and add them to ``pruned``, or where that is
    None let those of documents that were found elsewhere come last."""
    given = {*found.folders, *found.missing.values()}
    files = {str(path) for path in found.files}
    with store.read() as view:
        listed = [summary.sources for summary in view.documents()]
    for sources in listed:
        elsewhere = not files.isdisjoint(sources)
        gone = [
            source
            for source in sources
            if (elsewhere or not given.isdisjoint((Path(source), *Path(source).parents)))
            # An upload and a web page have no file.
            and Path(source).is_absolute()
            and is_gone(Path(source))
        ]
        if pruned is not None:
            for source in gone:
                writer.remove_source(source)
                pruned.append(source)
        elif elsewhere and sources[len(sources) - len(gone) :] != tuple(gone):
            _put_last(gone, store, writer)


def _put_last(sources: Sequence[str], store: Store, writer: Writer) -> None:
    for source in sources:
        with store.read() as view:
            record = view.source(source)
        if record is not None:
            writer.remove_source(source)
            writer.add_source(record)


def _to_read_again(files: Sequence[Path], store: Store) -> list[Path]:
    with store.read() as view:
        records = [(path, view.source(str(path))) for path in files]
    return [path for path, record in records if record is not None and not record.file_hash]


def raw_files(files: Iterable[Path]) -> list[RawSource]:
    """The files as sources, in order; none is read yet."""
    return [(str(path), partial(read_file, path)) for path in files]


def sample_languages(sources: Sequence[RawSource]) -> Counter[str]:
    """How many of the sources are in each language, of a hundred spread evenly over them.

    Those that cannot be read do not count.
    """
    count = min(len(sources), _SAMPLED)
    languages: Counter[str] = Counter()
    for at in range(count):
        source, read = sources[at * len(sources) // count]
        try:
            languages[read_document(source, read()).language] += 1
        except ReadError:
            continue  # ingest says so
    return languages


def file_hash_of(data: bytes) -> str:
    """What is recorded of a source's bytes, to tell that it need not be read again."""
    return f"{READER_VERSION}:{hashlib.sha256(data).hexdigest()}"


def ingest_sources(
    sources: Iterable[RawSource],
    store: Store,
    writer: Writer,
    indexer: Callable[[], Indexer],
    report: Callable[[IngestEvent], None],
) -> None:
    """Read, split, encode and store each source; what is reported is durable.

    One that cannot be read is reported and stops none of the others. ``sources`` is asked
    for the next one only when those before it were taken in, so it may end early.
    """
    batch: list[tuple[Document, str, tuple[Passage, ...], Outcome]] = []

    def flush() -> None:
        if batch:
            index_documents([entry[:3] for entry in batch], writer, indexer())
            for document, _, passages, outcome in batch:
                note = document.encoding_note or ""
                report(IngestEvent(document.sources[0], outcome, len(passages), note))
            batch.clear()

    for source, read in sources:
        try:
            data = read()
            file_hash = file_hash_of(data)
            with store.read() as view:
                known = view.source(source)
            if known is not None and known.file_hash == file_hash:
                report(IngestEvent(source, "unchanged", 0))
                continue
            document = read_document(source, data)
        except ReadError as error:
            report(IngestEvent(source, "failed", 0, str(error)))
            continue
        if any(waiting.id == document.id for waiting, *_ in batch):
            flush()
        if _is_stored(document, store):
            writer.add_source(SourceRecord(source, file_hash, document.id))
            same = known is not None and known.document_id == document.id
            note = document.encoding_note or ""
            report(IngestEvent(source, "unchanged" if same else "duplicate", 0, note))
            continue
        outcome: Outcome = "added" if known is None else "updated"
        batch.append((document, file_hash, indexer().passages(document), outcome))
        passages = sum(len(entry[2]) for entry in batch)
        if passages >= BATCH_PASSAGES or len(batch) >= BATCH_DOCUMENTS:
            flush()
    flush()


def _is_stored(document: Document, store: Store) -> bool:
    """Whether the very same text is stored and this source may not speak for its title.

    The first source's title, dates, blocks and note on its encoding are the document's; when
    that source itself changes them, the document has changed and is stored anew.
    """
    with store.read() as view:
        found = view.summaries([document.id]).get(document.id)
        if found is None:
            return False
        if found.sources[0] != document.sources[0]:
            return True
        stored = view.document(document.id)
    return (found.title, found.dates, found.encoding_note, stored.blocks) == (
        document.title,
        document.dates,
        document.encoding_note,
        document.blocks,
    )


def index_documents(
    documents: Sequence[tuple[Document, str, tuple[Passage, ...]]],
    writer: Writer,
    indexer: Indexer,
) -> None:
    """Index the passages of (document, file hash, passages) together and store them."""
    indexed = indexer.index([(document.language, passages) for document, _, passages in documents])
    items = [
        IndexedDocument(document, file_hash, index)
        for (document, file_hash, _), index in zip(documents, indexed, strict=True)
    ]
    writer.put(items, indexer.spec)
