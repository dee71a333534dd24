"""Rebuilding the index from the stored texts: other models, other splitter, lost vectors."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from embeddings.types import Vectors
from rag.index.ingest import BATCH_DOCUMENTS, BATCH_PASSAGES, Pipeline
from rag.store.base import Store, Writer
from rag.types import Passage

__all__ = ["ReindexReport", "reencode_missing", "reindex_store"]


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """What a reindex did; ``resumed`` counts documents that an earlier run had done."""

    documents: int
    resumed: int
    passages: int
    seconds: float


def reindex_store(
    store: Store, pipeline: Pipeline, *, on_progress: Callable[[int, int], None]
) -> ReindexReport:
    """Build an index by ``pipeline`` beside the active one, then switch in one transaction.

    Readers keep the old index until the switch. Interrupted by Ctrl-C or a crash, what
    is built stays, and the next call with the same settings goes on from there.

    Raises:
        StoreLockedError: another process is writing.
    """
    started = time.perf_counter()
    passages_stored = 0
    with store.write() as writer:
        writer.begin_index(pipeline.spec)
        pending = writer.pending_documents()
        total = store.status().documents
        resumed = total - len(pending)
        done = resumed
        on_progress(done, total)
        batch: list[tuple[str, tuple[Passage, ...]]] = []
        for position, document_id in enumerate(pending, start=1):
            with store.read() as view:
                document = view.document(document_id)
            batch.append((document_id, pipeline.passages(document)))
            passages = sum(len(found) for _, found in batch)
            last = position == len(pending)
            if last or passages >= BATCH_PASSAGES or len(batch) >= BATCH_DOCUMENTS:
                writer.put_passages(_encoded(batch, pipeline))
                passages_stored += passages
                done += len(batch)
                batch = []
                on_progress(done, total)
        writer.activate_index()
    return ReindexReport(total, resumed, passages_stored, time.perf_counter() - started)


def _encoded(
    batch: list[tuple[str, tuple[Passage, ...]]], pipeline: Pipeline
) -> list[tuple[str, tuple[Passage, ...], Vectors]]:
    vectors = pipeline.encode([passage for _, passages in batch for passage in passages])
    items: list[tuple[str, tuple[Passage, ...], Vectors]] = []
    row = 0
    for document_id, passages in batch:
        items.append((document_id, passages, vectors[row : row + len(passages)]))
        row += len(passages)
    return items


def reencode_missing(store: Store, writer: Writer, pipeline: Callable[[], Pipeline]) -> list[str]:
    """Encode the stored passages that have no (usable) vector; say how many.

    ``pipeline`` is called only when there are any.
    """
    missing = store.passages_without_vectors()
    for start in range(0, len(missing), BATCH_PASSAGES):
        batch = missing[start : start + BATCH_PASSAGES]
        writer.put_vectors([passage.id for passage in batch], pipeline().encode(batch))
    return [f"encoded {len(missing)} passages whose vectors were lost"] if missing else []
