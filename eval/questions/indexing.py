"""The documents of an archive, a data directory or a suite, and their index."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from eval.errors import EvalError
from eval.questions.library import Library
from eval.questions.suite import one_passage
from rag.assistant import Assistant
from rag.errors import ReadError
from rag.index.files import find_files, read_file
from rag.index.indexer import BATCH_DOCUMENTS, BATCH_PASSAGES, Indexer
from rag.read.reader import read_document
from rag.settings import Settings
from rag.types import Document, Passage

OnProgress = Callable[[int, int], None]


def scratch_data(settings: Settings, name: str, *parts: str) -> Settings:
    """Settings with eval's own data directory in the cache, the same one for the same name
    and parts: an index is built only once."""
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return replace(settings, data=settings.models.cache_dir / "eval" / f"{name}-{digest}")


def library_of_archive(archive: Path) -> Library:
    """The documents below a folder (or of one file), read but not stored.

    Raises:
        EvalError: nothing there can be read.
    """
    root = absolute(archive)
    documents: dict[str, Document] = {}
    for path in find_files([root]).files:
        try:
            document = read_document(str(path), read_file(path))
        except ReadError:
            # Reported by ingest, with the reason.
            continue
        known = documents.get(document.id)
        sources = (*known.sources, str(path)) if known else (str(path),)
        documents[document.id] = replace(known or document, sources=sources)
    if not documents:
        raise EvalError(f"archive '{archive}' has no readable documents")
    return Library(documents.values(), root=root)


def absolute(archive: Path) -> Path:
    """The absolute path with links not followed, as ingest names sources."""
    return Path(os.path.abspath(archive))  # noqa: PTH100


def library_of_store(assistant: Assistant) -> Library:
    """The documents of a data directory.

    Raises:
        EvalError: it holds none.
    """
    documents = [assistant.document(summary.id) for summary in assistant.documents()]
    if not documents:
        raise EvalError(
            f"the archive in '{assistant.settings.data}' is empty",
            remedy="run 'footnote ingest'",
        )
    return Library(documents, root=_common_folder(documents))


def _common_folder(documents: Sequence[Document]) -> Path | None:
    """The folder that contains all files; document names are relative to it."""
    paths = [source for document in documents for source in document.sources]
    files = [path for path in paths if os.path.isabs(path)]  # noqa: PTH117
    if not files:
        return None
    common = Path(os.path.commonpath(files))
    return common.parent if str(common) in files else common


def index_archive(
    assistant: Assistant, archive: Path, library: Library, on_progress: OnProgress
) -> tuple[float | None, tuple[str, ...]]:
    """Bring eval's own index of a folder up to date: (seconds or None, files that failed).

    Unchanged documents are kept; an index of other models or splitter settings is rebuilt;
    documents that are not in the library are removed. The seconds are None when nothing
    was added.
    """
    total = done = 0

    def begin(files: int) -> None:
        nonlocal total
        total = files

    def advance(_: object) -> None:
        nonlocal done
        done += 1
        on_progress(done, total)

    # Load the models before the clock starts.
    assistant.indexer  # noqa: B018
    started = time.perf_counter()
    _reindex_if_needed(assistant, on_progress)
    report = assistant.ingest(absolute(archive), prune=True, on_start=begin, on_event=advance)
    if report.interrupted:
        raise KeyboardInterrupt
    known = {document.id for document in library.documents}
    for summary in assistant.documents():
        if summary.id not in known:
            # The last version of a file that can no longer be read.
            assistant.remove(summary.id)
    seconds = time.perf_counter() - started if report.added + report.updated else None
    return seconds, tuple(f"{problem.source}: {problem.reason}" for problem in report.failed)


def index_suite(
    assistant: Assistant,
    documents: Sequence[Document],
    on_progress: OnProgress,
    *,
    whole: bool = False,
) -> float:
    """Store the documents of a suite that are not stored yet; return the seconds taken.

    ``whole``: each document as one passage, as retrieval benchmarks define it.
    """
    started = time.perf_counter()
    if not whole:
        _reindex_if_needed(assistant, on_progress)
    stored = {summary.id for summary in assistant.documents()}
    missing = [document for document in documents if document.id not in stored]
    if not missing:
        return 0.0

    def batches() -> Iterator[list[tuple[Document, str, tuple[Passage, ...]]]]:
        done = len(documents) - len(missing)
        for batch in _batches(missing, assistant.indexer, whole=whole):
            yield [(document, "suite", passages) for document, passages in batch]
            # The next batch is requested once this one is stored.
            done += len(batch)
            on_progress(done, len(documents))

    assistant.add_documents(batches())
    return time.perf_counter() - started


def _batches(
    documents: Iterable[Document], indexer: Indexer, *, whole: bool
) -> Iterable[list[tuple[Document, tuple[Passage, ...]]]]:
    batch: list[tuple[Document, tuple[Passage, ...]]] = []
    for document in documents:
        passages = one_passage(document) if whole else indexer.passages(document)
        batch.append((document, passages))
        if len(batch) >= BATCH_DOCUMENTS or sum(len(p) for _, p in batch) >= BATCH_PASSAGES:
            yield batch
            batch = []
    if batch:
        yield batch


def _reindex_if_needed(assistant: Assistant, on_progress: OnProgress) -> None:
    """Rebuild the index if it was built with other models or settings."""
    built = assistant.status().index
    if built is not None and built != assistant.indexer.spec:
        assistant.reindex(on_progress=on_progress)
