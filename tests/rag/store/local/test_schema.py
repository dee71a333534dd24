"""Databases of earlier schemas, and of other programs."""

from __future__ import annotations

import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import (
    IndexMismatchError,
    StoreError,
    StoreVersionError,
)
from rag.index.reindex import reindex_store
from rag.retrieve.retriever import RetrieveSettings, retrieve
from rag.store.local.schema import DOCUMENTS, Schema
from rag.store.local.store import LocalStore
from rag.types import Document, Question
from tests.rag.store.local.damage import (
    INDEXER,
    change,
    run_as_another_user,
)
from tests.store_cases import (
    as_put,
    dense_ids,
    document,
    indexed,
    lexical_ids,
    put,
)


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
        "ALTER TABLE documents DROP COLUMN blocks",
        "PRAGMA user_version = 2",
    )
    return documents


def test_the_words_of_a_database_of_schema_2_are_made_anew_by_a_reindex(data: Path) -> None:
    cats, ships = write_schema_2(data)
    store = LocalStore.open(data)
    assert store.check() == []
    with store.read() as view:
        assert view.index == replace(INDEXER.spec, words="")
        assert as_put(view.document(cats.id)) == replace(cats, blocks=())
        question = Question("Who purrs?")
        with pytest.raises(IndexMismatchError, match="footnote reindex"):
            retrieve(view, question, None, RetrieveSettings(), reads="any", near={})
    with store.write() as writer, pytest.raises(IndexMismatchError, match="footnote reindex"):
        writer.put([indexed(ships)], INDEXER.spec)
    report = reindex_store(store, INDEXER, on_progress=lambda done, of: None)
    assert (report.documents, report.passages) == (2, 2)
    with store.read() as view:
        assert view.index == INDEXER.spec
        assert lexical_ids(view, "purring") == [INDEXER.passages(cats)[0].id]
        assert dense_ids(view, "ships sail", limit=1) == [INDEXER.passages(ships)[0].id]
    assert store.check() == []
    store.close()


def test_a_database_of_schema_2_that_may_only_be_read_is_read() -> None:
    # Not below pytest's own folder, which only this user may enter.
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        of, _ = write_schema_2(data)
        for path in (Path(folder), data, data / "vectors"):
            path.chmod(0o555)
        run_as_another_user(
            "with LocalStore.open(Path(sys.argv[1])).read() as view:\n"
            "    assert view.document(sys.argv[2]).text.startswith('Cats')\n"
            "    assert view.index.words == ''\n",
            data,
            of.id,
        )
        for path in (Path(folder), data, data / "vectors"):
            path.chmod(0o755)


def test_migration_runs_the_missing_steps_once_and_all_or_none(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    Schema(7, 2, DOCUMENTS.steps[:1]).migrate(database)
    second = ("CREATE TABLE extra (x)", "INSERT INTO extra VALUES (1)")
    schema = Schema(7, 2, (DOCUMENTS.steps[0], second))
    with pytest.raises(sqlite3.OperationalError):
        Schema(7, 2, (DOCUMENTS.steps[0], (*second, "no such statement"))).migrate(database)
    assert schema.version(database) == 2
    for _ in range(2):
        schema.migrate(database)
    assert schema.version(database) == 3
    assert database.execute("SELECT x FROM extra").fetchall() == [(1,)]
    database.close()


@pytest.mark.parametrize("version", [1, 999])
def test_another_schema_is_refused_by_readers_and_writers(
    store: LocalStore, data: Path, version: int
) -> None:
    with store.write() as writer:
        put(writer, document("A text."))
    store.close()
    change(data, f"PRAGMA user_version = {version}")
    again = LocalStore.open(data)
    for use in (again.read, again.write):
        with pytest.raises(StoreVersionError, match=f"schema {version}"), use():
            pass


def test_a_database_of_another_program_is_left_alone(data: Path) -> None:
    data.mkdir()
    change(data, "CREATE TABLE theirs (x)")
    store = LocalStore.open(data)
    with pytest.raises(StoreError, match="not Footnote's"), store.write():
        pass
    with pytest.raises(StoreError, match="not Footnote's"), store.read():
        pass
