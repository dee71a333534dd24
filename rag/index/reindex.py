"""Rebuilding the index from the stored texts: other models, other splitter, lost parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.index.indexer import BATCH_DOCUMENTS, BATCH_PASSAGES, Indexer, passage_words
from rag.store.base import Store
from rag.store.records import IndexedPassages
from rag.types import Passage


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """What a reindex did; ``resumed`` counts documents that an earlier run had done."""

    documents: int
    resumed: int
    passages: int
    seconds: float


def reindex_store(
    store: Store, indexer: Indexer, *, on_progress: Callable[[int, int], None]
) -> ReindexReport:
    """Build an index by ``indexer`` beside the active one, then switch in one transaction.

    Readers keep the old index until the switch. Interrupted by Ctrl-C or a crash, what
    is built stays, and the next call with the same settings resumes.

    Raises:
        StoreLockedError: another process is writing.
    """
    started = time.perf_counter()
    passages_stored = 0
    with store.write() as writer:
        writer.begin_index(indexer.spec)
        pending = writer.pending_documents()
        total = store.status().documents
        resumed = done = total - len(pending)
        on_progress(done, total)
        for batch in _batches(store, pending, indexer):
            writer.put_passages(batch)
            passages_stored += sum(len(indexed.passages) for indexed in batch.values())
            done += len(batch)
            on_progress(done, total)
        writer.activate_index()
    return ReindexReport(total, resumed, passages_stored, time.perf_counter() - started)


def _batches(
    store: Store, pending: Sequence[str], indexer: Indexer
) -> Iterator[dict[str, IndexedPassages]]:
    """The documents indexed again, by id, a transaction's worth at a time."""
    batch: dict[str, tuple[str, tuple[Passage, ...]]] = {}
    for position, document_id in enumerate(pending, start=1):
        with store.read() as view:
            document = view.document(document_id)
        batch[document_id] = document.language, indexer.passages(document)
        passages = sum(len(passages) for _, passages in batch.values())
        full = passages >= BATCH_PASSAGES or len(batch) >= BATCH_DOCUMENTS
        if full or position == len(pending):
            yield dict(zip(batch, indexer.index(list(batch.values())), strict=True))
            batch = {}


def complete_index(store: Store, indexer: Callable[[], Indexer]) -> list[str]:
    """Make the words and vectors that stored passages lack; say how many.

    ``indexer`` is called only when something must be encoded.

    Raises:
        StoreLockedError: another process is writing.
    """
    missing = store.unindexed()
    done: list[str] = []
    if not missing.words and not missing.vectors:
        return done
    with store.write() as writer:
        for passages in _stored_passages(store, missing.words):
            with store.read() as view:
                known = view.summaries(list({passage.document_id for passage in passages}))
            words = [passage_words(p, known[p.document_id].language) for p in passages]
            writer.put_words([p.id for p in passages], words)
        for passages in _stored_passages(store, missing.vectors):
            writer.put_vectors([p.id for p in passages], indexer().encode(passages))
    if missing.words:
        done.append(f"indexed the words of {len(missing.words)} passages again")
    if missing.vectors:
        done.append(f"encoded {len(missing.vectors)} passages again")
    return done


def _stored_passages(store: Store, passage_ids: Sequence[str]) -> Iterator[list[Passage]]:
    for start in range(0, len(passage_ids), BATCH_PASSAGES):
        with store.read() as view:
            batch = view.passages(passage_ids[start : start + BATCH_PASSAGES])
        yield batch
