"""Promises of the embedded store alone: SQLite is the truth, FAISS a cache of it."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embeddings.types import Vectors
from rag.errors import (
    FootnoteError,
    IndexMismatchError,
    StoreDamagedError,
    StoreError,
    StoreLockedError,
    StoreVersionError,
)
from rag.index.indexer import Indexer
from rag.index.reindex import complete_index, reindex_store
from rag.retrieve.retriever import RetrieveSettings, retrieve
from rag.settings import SplitSettings
from rag.store.base import ReadView
from rag.store.local import connection as connection_module
from rag.store.local.check import check_lexical_tables
from rag.store.local.connection import DATABASE_NAME
from rag.store.local.faiss_index import IndexKinds
from rag.store.local.lexical import LexicalSettings
from rag.store.local.migrations import STEPS, migrate, schema_version
from rag.store.local.search import SearchSettings
from rag.store.local.snapshot import Manifest, SnapshotFiles
from rag.store.local.store import LocalStore, LocalStoreSettings
from rag.store.local.writer import SnapshotSettings
from rag.store.records import IndexedPassages, Unindexed
from rag.types import Document, Question
from tests.fakes import HashingEncoder
from tests.store_cases import (
    ENCODER,
    OTHER_ENCODER,
    OTHER_SPEC,
    SPEC,
    as_put,
    brute_force,
    dense_ids,
    document,
    indexed,
    indexed_passages,
    lexical_ids,
    passages,
    put,
    query,
    synthetic,
)

INDEXER = Indexer(ENCODER, SplitSettings(), len)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(data: Path) -> Iterator[LocalStore]:
    opened = LocalStore.open(data)
    yield opened
    opened.close()


def change(data: Path, *statements: str) -> None:
    """Damage the database as no code of ours would."""
    with sqlite3.connect(data / DATABASE_NAME) as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def codes(store: LocalStore) -> set[str]:
    return {problem.code for problem in store.check()}


def repaired(store: LocalStore) -> list[str]:
    """What a repair did, what it leaves to be made again included."""
    return [*store.repair(store.check()), *complete(store)]


def complete(store: LocalStore) -> list[str]:
    """Make words and vectors again, as the caller of a repair does."""
    return complete_index(store, lambda: INDEXER)


def repaired_at_most_once(store: LocalStore) -> bool:
    """Whether a repair leaves nothing that a second one would repair, and hides nothing."""
    lasting = {found for found in store.check() if not found.repairable}
    store.repair(store.check())
    missing = {"vector.missing", "lexical.rows"}  # what the caller of a repair makes again
    return lasting == {found for found in store.check() if found.code not in missing}


def run_as_another_user(script: str, *arguments: object) -> None:
    """Run Python that may not write what the tests have written; root may, so not as root."""
    head = "import os, sys\nfrom pathlib import Path\nfrom tests.store_cases import *\n"
    drop = "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
    imports = (
        "from rag.errors import *\nfrom rag.store.local.store import LocalStore\n"
        # Whatever is imported late is imported now, while it can be read.
        "import tempfile\n"
        "with LocalStore.open(Path(tempfile.mkdtemp())).write() as w: put(w, document('x'))\n"
    )
    subprocess.run(
        [sys.executable, "-c", head + imports + drop + script, *map(str, arguments)],
        check=True,
        timeout=60,
    )


# --- the file ---


def write_schema_1(data: Path) -> Document:
    """A database as the first schema had it, with one document."""
    data.mkdir()
    database = sqlite3.connect(data / DATABASE_NAME, isolation_level=None)
    migrate(database, STEPS[:1])
    text = "An old text."
    of = document(text, "/old.txt")
    database.execute(
        "INSERT INTO documents VALUES (1, ?, 'Old', ?, 'en', NULL, NULL, NULL, 12, '', '[]',"
        " '{}', ?)",
        (of.id, of.content_hash, text),
    )
    database.execute("INSERT INTO sources VALUES (1, '/old.txt', 1, 'hash')")
    database.close()
    return of


def test_a_database_of_schema_1_opens(data: Path) -> None:
    of = write_schema_1(data)
    store = LocalStore.open(data)
    with store.read() as view:
        assert view.document(of.id) == replace(of, title="Old", dates=(), metadata={})
        assert view.former("any") is None
    with store.write() as writer:
        put(writer, document("A new text.", "/new.txt"), of)
        writer.remove_document(of.id)
    with store.read() as view:
        assert view.former(of.id) is not None
    assert store.check() == []
    store.close()


def test_a_database_of_schema_1_that_may_only_be_read_is_read() -> None:
    # Not below pytest's own folder, which only this user may enter.
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        of = write_schema_1(data)
        for path in (Path(folder), data):
            path.chmod(0o555)
        run_as_another_user(
            "with LocalStore.open(Path(sys.argv[1])).read() as view:\n"
            "    assert view.document(sys.argv[2]).title == 'Old'\n"
            "    assert view.former('any') is None\n",
            data,
            of.id,
        )
        for path in (Path(folder), data):
            path.chmod(0o755)


def write_schema_2(data: Path) -> list[Document]:
    """A data directory as schema 2 had it: FTS5 made the stems of the words."""
    documents = [document("Cats purred.\nDogs bark.", "/cats.txt"), document("Ships sail.")]
    store = LocalStore.open(data)
    with store.write() as writer:
        writer.put([indexed(of) for of in documents], INDEXER.spec)
    store.close()
    change(
        data,
        "DROP TABLE fts_1",
        "CREATE VIRTUAL TABLE fts_1 USING fts5 (title, body,"
        " tokenize = 'porter unicode61 remove_diacritics 2')",
        "INSERT INTO fts_1 (rowid, title, body)"
        " SELECT id, 'untitled', lower(search_text) FROM passages",
        "ALTER TABLE indexes DROP COLUMN words",
        "PRAGMA user_version = 2",
    )
    return documents


class Unused(HashingEncoder):
    """An encoder of the same vectors, that is not to be asked for any."""

    def encode_passages(self, texts: Sequence[str], *, progress: object = None) -> Vectors:
        raise AssertionError("only the words are made anew")


def test_the_words_of_a_database_of_schema_2_are_made_anew_by_a_reindex(data: Path) -> None:
    cats, ships = write_schema_2(data)
    store = LocalStore.open(data)
    assert store.check() == []
    with store.read() as view:
        assert view.index == replace(INDEXER.spec, words="")
        assert as_put(view.document(cats.id)) == cats
        question = Question("Who purrs?")
        with pytest.raises(IndexMismatchError, match="footnote reindex"):
            retrieve(view, question, None, RetrieveSettings(), reads="any", near={})
    with store.write() as writer, pytest.raises(IndexMismatchError, match="footnote reindex"):
        writer.put([indexed(ships)], INDEXER.spec)
    indexer = replace(INDEXER, encoder=Unused(64))
    report = reindex_store(store, indexer, on_progress=lambda done, of: None)
    assert (report.documents, report.passages) == (2, 3)
    with store.read() as view:
        assert view.index == INDEXER.spec
        assert lexical_ids(view, "purring") == [passages(cats)[0].id]
        assert dense_ids(view, "ships sail", limit=1) == [passages(ships)[0].id]
    assert store.check() == []
    store.close()


def test_migration_runs_the_missing_steps_once_and_all_or_none(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    migrate(database, STEPS[:1])
    second = ("CREATE TABLE extra (x)", "INSERT INTO extra VALUES (1)")
    with pytest.raises(sqlite3.OperationalError):
        migrate(database, (STEPS[0], (*second, "no such statement")))
    assert schema_version(database, 2) == 1
    for _ in range(2):
        migrate(database, (STEPS[0], second))
    assert schema_version(database, 2) == 2
    assert database.execute("SELECT x FROM extra").fetchall() == [(1,)]
    database.close()


def test_a_newer_schema_is_refused_by_readers_and_writers(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, document("A text."))
    store.close()
    change(data, "PRAGMA user_version = 999")
    again = LocalStore.open(data)
    with pytest.raises(StoreVersionError, match="999"), again.read():
        pass
    with pytest.raises(StoreVersionError, match="999"), again.write():
        pass


def test_a_file_that_is_no_database_is_named_with_its_remedy(data: Path) -> None:
    data.mkdir()
    (data / DATABASE_NAME).write_bytes(b"certainly not SQLite " * 500)
    store = LocalStore.open(data)
    with pytest.raises(StoreDamagedError, match=rf"{DATABASE_NAME}.*footnote ingest"), store.read():
        pass
    with pytest.raises(StoreDamagedError), store.write():
        pass
    assert codes(store) == {"database.damaged"}


def test_a_database_of_another_program_is_left_alone(data: Path) -> None:
    data.mkdir()
    change(data, "CREATE TABLE theirs (x)")
    store = LocalStore.open(data)
    with pytest.raises(StoreError, match="not Footnote's"), store.write():
        pass
    with pytest.raises(StoreError, match="not Footnote's"), store.read():
        pass


def test_overwritten_pages_are_an_error_and_a_problem(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, *synthetic(200))
    store.close()
    path = data / DATABASE_NAME
    content = bytearray(path.read_bytes())
    content[8192:] = bytes(len(content) - 8192)
    path.write_bytes(content)
    again = LocalStore.open(data)
    assert "database.damaged" in codes(again)
    with pytest.raises(StoreDamagedError), again.read() as view:
        lexical_ids(view, "w1")


def test_a_full_disk_refuses_the_change_and_loses_nothing(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = document("Kept text.")
    with store.write() as writer:
        put(writer, kept)
    real = connection_module.connect

    def nearly_full(path: Path, *, create: bool = False) -> sqlite3.Connection:
        opened = real(path, create=create)
        (pages,) = opened.execute("PRAGMA page_count").fetchone()
        opened.execute(f"PRAGMA max_page_count = {pages + 5}")
        return opened

    with monkeypatch.context() as patch:
        patch.setattr("rag.store.local.store.connect", nearly_full)
        with pytest.raises(StoreError, match=r"full.*lost"), store.write() as writer:
            put(writer, *synthetic(200))
    assert store.check() == []
    with store.write() as writer:
        put(writer, *synthetic(200))
    with store.read() as view:
        assert len(list(view.documents())) == 201
        assert as_put(view.document(kept.id)) == kept


def test_a_data_directory_that_cannot_be_one_is_named_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no directory")
    for path in (tmp_path / "notes.txt", tmp_path / "notes.txt" / "below", Path("/dev/null/x")):
        store = LocalStore.open(path)
        for use in (store.read, store.write):
            with (
                pytest.raises(StoreError, match=rf"{path} cannot .*[Nn]ot a directory.*--data"),
                use(),
            ):
                pass
        for ask in (store.status, store.check, store.unindexed):
            with pytest.raises(StoreError, match=r"--data"):
                ask()
    assert (tmp_path / "notes.txt").read_text() == "no directory"


@pytest.mark.parametrize("target", ["filelock.FileLock.acquire", "pathlib.Path.write_text"])
def test_a_lock_that_cannot_be_written_is_an_error_and_no_lock(
    store: LocalStore, data: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(target, forbidden)
        with pytest.raises(StoreError, match=rf"{data} .*Permission denied.*--data"), store.write():
            pass
    with store.write() as writer:
        put(writer, document("A text."))


def test_an_archive_is_readable_by_a_user_who_may_not_write_it() -> None:
    # Not in tmp_path, which no other user may enter.
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        store = LocalStore.open(data)
        with store.write() as writer:
            put(writer, document("Cats purr.\nDogs bark."))
        store.close()
        assert not list(data.glob("*-wal"))
        (Path(folder) / "closed").mkdir()
        for path in (Path(folder), data, data / "vectors"):
            path.chmod(0o555)
        (Path(folder) / "closed").chmod(0)
        run_as_another_user(
            "store = LocalStore.open(Path(sys.argv[1]) / 'data')\n"
            "for _ in range(2):\n"
            "    with store.read() as view: assert lexical_ids(view, 'dogs')\n"
            "    with store.read() as view: assert dense_ids(view, 'dogs')\n"
            "assert store.check() == [], store.check()\n"
            "assert store.status().documents == 1\n"
            "for name, verb in (('data', 'write'), ('closed/x', 'read'), ('closed/x', 'write')):\n"
            "    try:\n"
            "        with getattr(LocalStore.open(Path(sys.argv[1]) / name), verb)(): pass\n"
            "    except StoreError as error: assert '--data' in str(error), error\n"
            "    else: raise AssertionError(name)\n",
            folder,
        )
        for path in (Path(folder), data, data / "vectors", Path(folder) / "closed"):
            path.chmod(0o755)


def test_only_an_archive_that_nobody_writes_is_read_without_locks(
    store: LocalStore, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = sqlite3.connect

    def spy(address: str, **named: object) -> sqlite3.Connection:
        opened.append(address.partition("?")[2])
        return real(address, **named)  # type: ignore[call-overload, no-any-return]

    with store.write() as writer:
        put(writer, document("A text."))
        monkeypatch.setattr("rag.store.local.connection.sqlite3.connect", spy)
        with store.read():
            pass
        store.close()
        monkeypatch.setattr("rag.store.local.connection.os.access", lambda *_: False)
        again = LocalStore.open(data)
        with again.read():
            pass
        again.close()
        assert opened == ["mode=rw", "mode=rw"], "there is a log to be read"
    opened.clear()
    again = LocalStore.open(data)
    for _ in range(2):  # looked at anew each time: somebody may have begun to write
        with again.read() as view:
            assert lexical_ids(view, "text")
    again.close()
    assert opened == ["mode=ro&immutable=1"] * 2


def test_damaged_rows_are_errors_that_name_the_doctor(store: LocalStore, data: Path) -> None:
    damaged = document("Cats purr.\nDogs bark.", "/a/cats.txt")
    sound = document("Ships sail.", "/a/ships.txt")
    with store.write() as writer:
        put(writer, damaged, sound)
    for statement in (
        "UPDATE documents SET dates = '[[1]]' WHERE row = 1",
        "UPDATE documents SET metadata = 'no json' WHERE row = 1",
        "UPDATE documents SET text = x'41' WHERE row = 1",
        "UPDATE documents SET text = CAST(x'ff41' AS TEXT) WHERE row = 1",
    ):
        change(data, statement)
        with pytest.raises(StoreDamagedError, match="footnote doctor"), store.read() as view:
            view.document(damaged.id)
        with store.read() as view:
            assert as_put(view.document(sound.id)) == sound
    assert {problem.subject for problem in store.check()} == {damaged.id}
    reads: list[tuple[str, Callable[[ReadView], object]]] = [
        ("UPDATE passages SET headings = '[1]'", lambda view: view.document_passages(sound.id)),
        (
            "UPDATE passages SET headings = '[]', search_text = CAST(x'ff41' AS TEXT)",
            lambda view: view.document_passages(sound.id),
        ),
        ("DROP TABLE fts_1", lambda view: lexical_ids(view, "cats")),
        ("DELETE FROM meta", lambda view: view.generation),
    ]
    for statement, read in reads:
        change(data, statement)
        with pytest.raises(StoreDamagedError, match="footnote doctor"), store.read() as view:
            read(view)


def test_a_ranked_passage_that_cannot_be_read_is_damage_and_an_unknown_one_a_key_error(
    store: LocalStore, data: Path
) -> None:
    with store.write() as writer:
        put(writer, document("Cats purr."))
    store.close()
    change(
        data,
        "CREATE INDEX empty ON passages (document) WHERE 0",
        "PRAGMA writable_schema = ON",
        # Its row is still found, but not by its span.
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master"
        " WHERE name = 'empty') WHERE name = 'passages_by_document'",
        "DELETE FROM sqlite_master WHERE name = 'empty'",
    )
    again = LocalStore.open(data)
    for search in (dense_ids, lexical_ids):
        with again.read() as view:
            (found,) = search(view, "cats")
            with pytest.raises(StoreDamagedError, match="footnote doctor"):
                view.passages([found])
            with pytest.raises(KeyError):
                view.passages(["nothing:0-1"])
    assert codes(again) >= {"database.damaged"}
    again.close()


def test_a_schema_that_is_no_text_is_damage(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, document("Cats purr."))
    store.close()
    path = data / DATABASE_NAME
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE oplog", b"CREATE TABL\xff oplog"))
    again = LocalStore.open(data)
    assert codes(again) == {"database.damaged"}
    for use in (again.read, again.write):
        with pytest.raises(StoreDamagedError, match="backup"), use():
            pass


def test_the_lock_names_its_holder(store: LocalStore, data: Path) -> None:
    other = LocalStore.open(data)  # as another process would
    with (
        store.write(),
        pytest.raises(StoreLockedError, match=rf"process {os.getpid()} since 2\d\d\d-"),
        other.write(),
    ):
        pass
    with other.write() as writer:
        put(writer, document("Free again."))
    other.close()


def test_two_processes_see_each_others_changes(store: LocalStore, data: Path) -> None:
    first, second = document("First about cats."), document("Second about cats.")
    with store.write() as writer:
        put(writer, first)
    with store.read() as view:
        assert len(dense_ids(view, "cats")) == 1
    script = (
        "import sys; from pathlib import Path\n"
        "from rag.store.local.store import LocalStore\n"
        "from tests.store_cases import *\n"
        "store = LocalStore.open(Path(sys.argv[1]))\n"
        "with store.write() as w: put(w, document('Second about cats.'))\n"
    )
    subprocess.run([sys.executable, "-c", script, str(data)], check=True, timeout=60)
    with store.read() as view:
        assert set(dense_ids(view, "cats")) == {passages(of)[0].id for of in (first, second)}


# --- the vector index as a cache ---


def test_an_index_changes_its_kind_when_its_size_passes_a_threshold(data: Path) -> None:
    settings = LocalStoreSettings(
        kinds=IndexKinds(flat_up_to=100, rabitq_up_to=300, lists=4, probes=4),
        search=SearchSettings(candidates=600),
    )
    store = LocalStore.open(data, settings=settings)
    items = [indexed(of) for of in synthetic(150)]
    kinds = []
    for start, end in ((0, 30), (30, 60), (60, 150)):
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
    assert kinds == ["flat", "rabitq", "ivf-rabitq", "flat"]
    store.close()


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty", "delete"])
@pytest.mark.parametrize("target", ["CURRENT", "*.faiss"])
def test_a_damaged_snapshot_is_detected_and_rebuilt(data: Path, target: str, damage: str) -> None:
    items = [indexed(of) for of in synthetic(40)]
    store = LocalStore.open(data)
    with store.write() as writer:
        writer.put(items, SPEC)
    store.close()
    (path,) = (data / "vectors").glob(target)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    if damage == "truncate":
        path.write_bytes(content[:middle])
    elif damage == "flip":
        content[middle] ^= 0x41
        path.write_bytes(content)
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    again = LocalStore.open(data)
    found = codes(again)
    missing_manifest = target == "CURRENT" and damage == "delete"
    # Without a manifest there is no snapshot, only a file that nothing names.
    assert found == {"files.stray"} if missing_manifest else "snapshot.damaged" in found
    with again.read() as view:
        vector = query(items[0].index.passages[0].search_text)
        hits = view.dense_search(vector, limit=5)
        assert [h.passage_id for h in hits] == [name for name, _ in brute_force(items, vector, 5)]
    assert repaired(again)
    assert again.check() == []
    again.close()


def test_a_snapshot_replaced_while_it_is_read_is_no_damage(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = LocalStore.open(data, settings=LocalStoreSettings(snapshots=SnapshotSettings(0, 0.0)))
    items = [indexed(of) for of in synthetic(9)]
    with store.write() as writer:
        writer.put(items[:3], SPEC)
    real = SnapshotFiles.load
    rest = items[3:]

    def load(files: SnapshotFiles, manifest: Manifest) -> bytes:
        if rest:
            with store.write() as writer:
                writer.put([rest.pop()], SPEC)
        return real(files, manifest)

    monkeypatch.setattr(SnapshotFiles, "load", load)
    reader = LocalStore.open(data)
    assert reader.check() == []
    assert len(rest) == 5, "it was replaced once, and the new one is newer than the check"
    with reader.read() as view:
        assert len(dense_ids(view, "w1", limit=99)) == 4 * 3
    assert rest == []
    assert caplog.records == []
    reader.close()
    store.close()


def test_a_snapshot_behind_the_database_catches_up_from_the_oplog(
    data: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [indexed(of) for of in synthetic(200)]
    store = LocalStore.open(data)
    with store.write() as writer:
        writer.put(items[:199], SPEC)
    (before,) = (data / "vectors").glob("*.faiss")
    with store.write() as writer:
        writer.put(items[199:], SPEC)
        writer.remove_document(items[0].document.id)
    assert list((data / "vectors").glob("*.faiss")) == [before], "too few changes for a new one"
    store.close()
    monkeypatch.setattr(
        "rag.store.local.vector_cache._build", lambda *_: pytest.fail("was rebuilt")
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
    (snapshot,) = (data / "vectors").glob("*.faiss")
    store.close()
    # The document is put, and then the oplog forgets it.
    settings = LocalStoreSettings(snapshots=SnapshotSettings(end_share=9.0))
    second = LocalStore.open(data, settings=settings)
    with second.write() as writer:
        writer.put(items[29:], SPEC)
    second.close()
    change(data, "DELETE FROM oplog")
    again = LocalStore.open(data)
    assert codes(again) == {"snapshot.content"}
    assert snapshot.exists()
    with again.read() as view:
        assert dense_ids(view, items[29].index.passages[0].search_text, limit=1) == [
            items[29].index.passages[0].id
        ]
    again.close()


def test_a_reader_behind_the_pruned_oplog_starts_again(data: Path) -> None:
    settings = LocalStoreSettings(snapshots=SnapshotSettings(0, 0.0, 0))
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
        search=SearchSettings(candidates=12), snapshots=SnapshotSettings(40, 0.0, 10)
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
    deadline = time.monotonic() + 3.0
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


# --- lexical search in a large index ---


def test_a_large_index_finds_the_passage_with_all_words_first_and_fills_up(data: Path) -> None:
    documents = list(synthetic(100))
    results = []
    for most in (10**9, 0):
        settings = LocalStoreSettings(
            search=SearchSettings(lexical=LexicalSettings(any_word_up_to=most))
        )
        store = LocalStore.open(data, settings=settings)
        if not results:
            with store.write() as writer:
                put(writer, *documents)
        with store.read() as view:
            text = passages(documents[40])[2].search_text
            results.append(lexical_ids(view, f"{text} nowheretobefound", limit=5))
        store.close()
    assert results[0][0] == results[1][0] == passages(documents[40])[2].id
    assert len(results[1]) == 5


# --- doctor ---


def test_each_kind_of_damage_is_found_by_its_code(data: Path) -> None:
    of = document("Cats purr.\nDogs bark.", "/a/cats.txt")
    cases = {
        "UPDATE documents SET text = 'Cats purr!' || char(10) || 'Dogs bark.'": "document.hash",
        "UPDATE documents SET characters = 5": "document.length",
        "UPDATE documents SET text = CAST(x'ff41' AS TEXT)": "document.hash",
        "UPDATE documents SET text = CAST(text AS BLOB)": "document.hash",
        "UPDATE documents SET title = CAST(x'ff41' AS TEXT)": "document.record",
        "UPDATE documents SET dates = '[[1]]'": "document.record",
        "UPDATE documents SET metadata = '{'": "document.record",
        "UPDATE sources SET source = CAST(x'ff41' AS TEXT)": "document.record",
        "DELETE FROM sources": "document.unsourced",
        "DELETE FROM holdings": "document.unindexed",
        'UPDATE passages SET "end" = 999 WHERE id = 2': "passage.span",
        "UPDATE passages SET start = 10 WHERE id = 2": "passage.span",
        "UPDATE passages SET ordinal = 5 WHERE id = 1": "passage.order",
        'UPDATE passages SET "end" = 4 WHERE id = 1': "passage.gap",
        "UPDATE passages SET \"end\" = x'ff' WHERE id = 1": "passage.span",
        "UPDATE passages SET search_text = CAST(x'ff41' AS TEXT) WHERE id = 1": "passage.text",
        "UPDATE passages SET headings = '[1]' WHERE id = 1": "passage.text",
        "DELETE FROM vectors WHERE passage = 1": "vector.missing",
        "UPDATE vectors SET vector = x'0011' WHERE passage = 1": "vector.damaged",
        "UPDATE vectors SET vector = zeroblob(128) WHERE passage = 1": "vector.damaged",
        "DELETE FROM fts_1 WHERE rowid = 1": "lexical.rows",
        "INSERT INTO fts_1 (rowid, title, body) VALUES (9, 'x', 'y')": "lexical.rows",
        "DROP TABLE fts_1": "lexical.damaged",
        "UPDATE fts_1_content SET c1 = 'other' WHERE id = 1": "lexical.damaged",
        "DELETE FROM fts_1_data WHERE id > 10": "lexical.damaged",
        "DELETE FROM documents": "rows.orphaned",
    }
    for number, (statement, code) in enumerate(cases.items()):
        store = LocalStore.open(data / str(number))
        with store.write() as writer:
            put(writer, of)
        assert store.check() == []
        store.close()
        change(data / str(number), statement)
        again = LocalStore.open(data / str(number))
        found = again.check()
        assert code in {problem.code for problem in found}, statement
        if all(problem.repairable for problem in found):
            assert repaired(again)
            assert again.check() == [], statement
            with again.read() as view:
                assert lexical_ids(view, "purr") or not code.startswith("lexical"), statement
        else:
            remedies = {problem.remedy for problem in found if not problem.repairable}
            remedy = "footnote reindex" if code == "passage.text" else "footnote ingest"
            assert any(remedy in said for said in remedies), statement
            assert repaired_at_most_once(again), statement
        again.close()


@pytest.fixture
def orphans_that_stay(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> LocalStore:
    """A database whose orphans no DELETE removes, as those of a damaged tree."""
    with store.write() as writer:
        put(writer, document("Cats purr."))
    real = connection_module.connect

    def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
        opened = real(path, create=create)
        opened.execute(
            "CREATE TEMP TRIGGER stay BEFORE DELETE ON main.vectors"
            " BEGIN SELECT RAISE (IGNORE); END"
        )
        return opened

    monkeypatch.setattr("rag.store.local.store.connect", connect)
    return store


def test_a_repair_that_removes_nothing_ends_and_changes_nothing(
    orphans_that_stay: LocalStore, data: Path
) -> None:
    change(data, "INSERT INTO vectors VALUES (99, x'00')", "DELETE FROM sources")
    problems = orphans_that_stay.check()
    assert "rows.orphaned" in {problem.code for problem in problems}
    with pytest.raises(StoreDamagedError, match=r"vectors .* nothing was changed.*backup"):
        orphans_that_stay.repair(problems)
    assert orphans_that_stay.check() == problems


def test_nothing_is_repaired_in_a_damaged_database(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, *synthetic(200))
    store.close()
    change(data, "DELETE FROM sources WHERE position = 1")
    path = data / DATABASE_NAME
    content = bytearray(path.read_bytes())
    with sqlite3.connect(path) as database:
        (page,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'holdings_by_document'"
        ).fetchone()
    database.close()
    content[(page - 1) * 4096 + 8 : (page - 1) * 4096 + 40] = bytes(32)
    path.write_bytes(content)
    again = LocalStore.open(data)
    problems = again.check()
    assert {"database.damaged", "document.unsourced"} <= {problem.code for problem in problems}
    assert not any(problem.repairable for problem in problems)
    assert all("nothing is repaired" in problem.remedy for problem in problems)
    with pytest.raises(StoreDamagedError, match="nothing is repaired"):
        again.repair(problems)
    assert again.check() == problems
    again.close()


def test_a_repair_rebuilds_the_words_before_it_removes_any(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, document("Cats purr."), document("Dogs bark."))
    change(data, "DELETE FROM sources WHERE document = 1", "DROP TABLE fts_1")
    assert repaired(store)
    assert store.check() == []
    assert store.status().documents == 1


def test_a_vector_lost_from_the_index_being_built_makes_its_document_pending(
    store: LocalStore, data: Path
) -> None:
    def rebuilt(*documents: Document) -> dict[str, IndexedPassages]:
        return {of.id: indexed_passages(of, OTHER_ENCODER) for of in documents}

    cats, dogs = document("Cats purr.\nCats hunt."), document("Dogs bark.")
    with store.write() as writer:
        put(writer, cats, dogs)
        writer.begin_index(OTHER_SPEC)
        writer.put_passages(rebuilt(cats, dogs))
        assert writer.pending_documents() == []
    change(
        data,
        "DELETE FROM vectors WHERE passage = (SELECT min(id) FROM passages WHERE index_id = 2)",
    )
    assert codes(store) == {"vector.missing"}
    assert any("footnote reindex" in line for line in repaired(store))
    assert store.check() == []
    assert store.unindexed() == Unindexed((), ()), "the active index has lost none"
    with store.write() as writer:
        writer.begin_index(OTHER_SPEC)
        assert writer.pending_documents() == [cats.id]
        writer.put_passages(rebuilt(cats))
        writer.activate_index()
    assert store.check() == []


def test_a_check_never_makes_a_writer_wait(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, document("Cats purr."))
    store.close()
    # Damage that only FTS5's own check, which writes, can find.
    change(data, "UPDATE fts_1_docsize SET sz = x'0909'")
    again = LocalStore.open(data)
    assert codes(again) == {"lexical.damaged"}
    with again.write():
        assert codes(again) == set(), "left out while somebody writes"
    again.close()


def test_each_full_text_table_is_checked_in_a_transaction_of_its_own(
    store: LocalStore, data: Path
) -> None:
    with store.write() as writer:
        put(writer, document("Cats purr."))
        writer.begin_index(OTHER_SPEC)
    said: list[str] = []
    database = sqlite3.connect(data / DATABASE_NAME, isolation_level=None)
    database.set_trace_callback(said.append)
    assert list(check_lexical_tables(database)) == []
    database.close()
    verbs = [text.split()[0] for text in said if text.startswith(("BEGIN", "INSERT", "ROLL"))]
    assert verbs == ["BEGIN", "INSERT", "ROLLBACK"] * 2


def test_a_damaged_document_is_right_again_after_its_remedy(store: LocalStore, data: Path) -> None:
    of = document("Cats purr.\nDogs bark.", "/a/cats.txt")
    with store.write() as writer:
        put(writer, of)
    change(data, "UPDATE documents SET text = 'Cats purr!' || char(10) || 'Dogs bark.'")
    (problem,) = store.check()
    assert problem.subject == of.id
    assert f"footnote remove {of.id}" in problem.remedy
    assert "/a/cats.txt" in problem.remedy
    with store.write() as writer:
        writer.remove_document(of.id)
        put(writer, of)
    assert store.check() == []


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


def test_left_over_files_go_with_the_next_writer(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, document("A text."))
    (data / "vectors" / "vectors-0.faiss.tmp").write_bytes(b"half")
    assert codes(store) == {"files.stray"}
    with store.write():
        pass
    assert store.check() == []


def test_status_tells_the_size_of_the_files(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, document("Cats purr.\nDogs bark.", "/a/cats.txt"))
    status = store.status()
    assert status.index_kind == "flat"
    assert status.index_bytes == next((data / "vectors").glob("*.faiss")).stat().st_size
    assert status.disk_bytes > (data / DATABASE_NAME).stat().st_size
