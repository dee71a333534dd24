"""What every store promises of counts, checks and repair."""

from __future__ import annotations

from dataclasses import replace

from rag.store.base import Store
from rag.store.records import SourceRecord, Unindexed
from tests.store_cases import SPEC, document, put, synthetic


def test_an_empty_store_is_sound(store: Store) -> None:
    assert store.check() == []
    assert store.unindexed() == Unindexed((), ())
    status = store.status()
    assert (status.documents, status.sources, status.passages) == (0, 0, 0)
    assert (status.index, status.building) == (None, None)


def test_status_counts_what_is_stored(store: Store) -> None:
    of = document("Cats purr.\nDogs bark.", "/a/cats.txt")
    with store.write() as writer:
        put(writer, of)
        writer.add_source(SourceRecord("/b.txt", "hash", of.id))
        writer.begin_index(replace(SPEC, splitter="sentences.v2"))
    status = store.status()
    assert (status.documents, status.sources, status.passages) == (1, 2, 2)
    assert (status.index, status.index_vectors) == (SPEC, 2)
    assert status.building == replace(SPEC, splitter="sentences.v2")
    assert status.disk_bytes > 0
    with store.read() as view:
        assert status.generation == view.generation


def test_what_was_written_is_sound_and_needs_no_repair(store: Store) -> None:
    documents = list(synthetic(30))
    with store.write() as writer:
        put(writer, *documents)
        for of in documents[::3]:
            writer.remove_document(of.id)
    assert store.check() == []
    assert store.unindexed() == Unindexed((), ())
    assert store.repair([]) == []
    with store.read() as view:
        assert view.count_documents() == 20
