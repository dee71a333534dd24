"""The vector index as a cache of SQLite: loaded, caught up, rebuilt."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from rag.errors import (
    FootnoteError,
)
from rag.store.local.connection import DATABASE_NAME
from rag.store.local.store import LocalStore, LocalStoreSettings
from tests.rag.store.local.damage import (
    change,
    codes,
    repaired,
)
from tests.store_cases import (
    SPEC,
    brute_force,
    dense_ids,
    document,
    indexed,
    lexical_ids,
    passages,
    put,
    query,
    synthetic,
)


def test_an_index_changes_its_kind_when_its_size_passes_a_threshold(data: Path) -> None:
    settings = LocalStoreSettings(flat_up_to=100, candidates=600)
    store = LocalStore.open(data, settings=settings)
    items = [indexed(of) for of in synthetic(150)]
    kinds = []
    for start, end in ((0, 30), (30, 150)):
        with store.write() as writer:
            writer.put(items[start:end], SPEC)
        with store.read() as view:
            vector = query(items[start].index.passages[0].search_text)
            found = [hit.passage_id for hit in view.dense_search(vector, limit=8)]
            assert set(found) == {name for name, _ in brute_force(items[:end], vector, 8)}
        kinds.append(store.status().index_kind)
        assert store.check() == []
    with store.write() as writer:
        for item in items[10:]:
            writer.remove_document(item.document.id)
    with store.read() as view:
        assert set(dense_ids(view, "w1", limit=99)) == {
            p.id for item in items[:10] for p in item.index.passages
        }
    kinds.append(store.status().index_kind)
    assert kinds == ["flat", "rabitq", "flat"]
    store.close()


@pytest.mark.parametrize("damage", ["truncate", "flip", "header", "empty", "delete"])
def test_a_damaged_snapshot_is_detected_and_rebuilt(data: Path, damage: str) -> None:
    items = [indexed(of) for of in synthetic(40)]
    store = LocalStore.open(data)
    with store.write() as writer:
        writer.put(items, SPEC)
    store.close()
    path = data / "vectors" / "vectors.faiss"
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    if damage == "truncate":
        path.write_bytes(content[:middle])
    elif damage == "flip":
        content[middle] ^= 0x41
        path.write_bytes(content)
    elif damage == "header":
        path.write_bytes(content.replace(b'"seq": 120', b'"seq": 119'))
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    again = LocalStore.open(data)
    assert codes(again) == (set() if damage == "delete" else {"snapshot.damaged"})
    with again.read() as view:
        vector = query(items[0].index.passages[0].search_text)
        hits = view.dense_search(vector, limit=5)
        assert [h.passage_id for h in hits] == [name for name, _ in brute_force(items, vector, 5)]
    assert repaired(again) or damage == "delete"
    assert again.check() == []
    again.close()


def test_a_saved_index_of_another_database_is_not_used(data: Path, tmp_path: Path) -> None:
    for folder, count in ((data, 3), (tmp_path / "other", 30)):
        store = LocalStore.open(folder)
        with store.write() as writer:
            put(writer, *synthetic(count))
        store.close()
    saved = data / "vectors" / "vectors.faiss"
    (tmp_path / "other" / "vectors" / "vectors.faiss").replace(saved)
    foreign = saved.read_bytes()
    store = LocalStore.open(data)
    with store.read() as view:
        assert len(dense_ids(view, "w1", limit=99)) == 9
    with store.write():
        pass
    assert saved.read_bytes() != foreign
    store.close()


def test_a_snapshot_behind_the_database_catches_up_from_the_oplog(
    data: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [indexed(of) for of in synthetic(200)]
    store = LocalStore.open(data)
    with store.write() as writer:
        writer.put(items[:199], SPEC)
    saved = data / "vectors" / "vectors.faiss"
    before = saved.read_bytes()
    with store.write() as writer:
        writer.put(items[199:], SPEC)
        writer.remove_document(items[0].document.id)
    assert saved.read_bytes() == before, "too few changes for a new one"
    store.close()
    monkeypatch.setattr(
        "rag.store.local.vector_cache.VectorCache.build", lambda *_: pytest.fail("was rebuilt")
    )
    again = LocalStore.open(data)
    with again.read() as view:
        vector = query(items[199].index.passages[0].search_text)
        hits = [h.passage_id for h in view.dense_search(vector, limit=700)]
        assert hits[0] == items[199].index.passages[0].id
        assert set(hits) == {p.id for item in items[1:] for p in item.index.passages}
    assert again.check() == []
    again.close()


def test_a_snapshot_that_cannot_be_made_to_match_is_rebuilt(data: Path) -> None:
    items = [indexed(of) for of in synthetic(30)]
    store = LocalStore.open(data)
    with store.write() as writer:
        writer.put(items[:29], SPEC)
    store.close()
    # The document is put, and then the oplog forgets it.
    settings = LocalStoreSettings(end_share=9.0)
    second = LocalStore.open(data, settings=settings)
    with second.write() as writer:
        writer.put(items[29:], SPEC)
    second.close()
    change(data, "DELETE FROM oplog")
    again = LocalStore.open(data)
    assert codes(again) == {"snapshot.damaged"}
    with again.read() as view:
        assert dense_ids(view, items[29].index.passages[0].search_text, limit=1) == [
            items[29].index.passages[0].id
        ]
    again.close()


def test_a_reader_behind_the_pruned_oplog_starts_again(data: Path) -> None:
    settings = LocalStoreSettings(session_operations=0, end_share=0.0, kept_operations=0)
    items = [indexed(of) for of in synthetic(20)]
    writing, reading = (LocalStore.open(data, settings=settings) for _ in range(2))
    with writing.write() as writer:
        writer.put(items[:5], SPEC)
    with reading.read() as view:
        assert len(dense_ids(view, "w1", limit=99)) == 15
    with writing.write() as writer:
        writer.put(items[5:], SPEC)
        writer.remove_document(items[0].document.id)
    with reading.read() as view:
        assert set(dense_ids(view, "w1", limit=99)) == {
            p.id for item in items[1:] for p in item.index.passages
        }
    assert reading.check() == []
    with sqlite3.connect(data / DATABASE_NAME) as database:
        assert database.execute("SELECT count(*) FROM oplog").fetchone() == (0,)
    database.close()
    writing.close()
    reading.close()


def test_a_snapshot_that_cannot_be_written_fails_no_ingest(
    store: LocalStore, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rag.store.local.snapshot.os.fsync", full)
    of = document("About cats.")
    with store.write() as writer:
        put(writer, of)
    assert list((data / "vectors").iterdir()) == []
    with store.read() as view:
        assert dense_ids(view, "cats") == [passages(of)[0].id]
    assert store.check() == []


def test_readers_never_see_an_id_without_a_row(data: Path) -> None:
    settings = LocalStoreSettings(
        candidates=12, session_operations=40, end_share=0.0, kept_operations=10
    )
    store = LocalStore.open(data, settings=settings)
    items = [indexed(of) for of in synthetic(60)]
    with store.write() as writer:
        writer.put(items[:30], SPEC)
    stop = threading.Event()
    failures: list[Exception] = []
    searches = [0] * 3

    def read(number: int) -> None:
        choose = random.Random(number)
        try:
            while not stop.is_set():
                with store.read() as view:
                    stored = sum(found.passages for found in view.documents())
                    time.sleep(choose.random() * 0.01)  # let the writer get ahead
                    item = choose.choice(items)
                    vector = query(item.index.passages[0].search_text)
                    hits = view.dense_search(vector, limit=10)
                    assert len(hits) == min(10, stored)
                    assert len(view.passages([hit.passage_id for hit in hits])) == len(hits)
                    if view.resolve(item.document.id):
                        assert hits[0].passage_id == item.index.passages[0].id
                    view.passages(lexical_ids(view, item.index.passages[0].search_text, 5))
                searches[number] += 1
        except (AssertionError, FootnoteError, LookupError, sqlite3.Error) as error:
            failures.append(error)
            stop.set()

    readers = [threading.Thread(target=read, args=(number,)) for number in range(3)]
    for reader in readers:
        reader.start()
    choose = random.Random(99)
    deadline = time.monotonic() + 2.0
    with store.write() as writer:
        while time.monotonic() < deadline and not stop.is_set():
            chosen = choose.sample(items, 6)
            writer.put(chosen[:3], SPEC)
            for item in chosen[3:]:
                writer.remove_document(item.document.id)
    stop.set()
    for reader in readers:
        reader.join()
    if failures:
        raise failures[0]
    # A reader that died of anything else has stopped counting.
    assert min(searches) > 10
    assert store.check() == []
    store.close()


def test_vectors_that_cannot_be_used_are_never_ranked(store: LocalStore, data: Path) -> None:
    of = document("Cats purr.\nCats bark.", "/a/cats.txt")
    with store.write() as writer:
        put(writer, of)
    bad = np.full(64, np.nan, dtype="<f2").tobytes().hex()
    change(data, f"UPDATE vectors SET vector = x'{bad}' WHERE passage = 1")
    store.close()
    again = LocalStore.open(data)
    with again.read() as view:
        assert dense_ids(view, "cats") == [passages(of)[1].id]
    again.close()
