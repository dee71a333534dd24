from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from rag.errors import (
    StoreDamagedError,
)
from rag.store.local import connection as connection_module
from rag.store.local.connection import DATABASE_NAME
from rag.store.local.store import LocalStore
from rag.store.records import Unindexed
from tests.rag.store.local.damage import (
    change,
    codes,
    repaired,
)
from tests.store_cases import (
    OTHER_ENCODER,
    OTHER_SPEC,
    document,
    indexed_passages,
    put,
    synthetic,
)


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


def test_a_repair_drops_a_damaged_index_that_is_being_built(store: LocalStore, data: Path) -> None:
    of = document("Cats purr.\nCats hunt.")
    with store.write() as writer:
        put(writer, of)
        writer.begin_index(OTHER_SPEC)
        writer.put_passages({of.id: indexed_passages(of, OTHER_ENCODER)})
    change(
        data,
        "DELETE FROM vectors WHERE passage = (SELECT min(id) FROM passages WHERE index_id = 2)",
    )
    assert codes(store) == {"vector.damaged"}
    assert any("footnote reindex" in line for line in repaired(store))
    assert store.check() == []
    assert store.status().building is None
    assert store.unindexed() == Unindexed((), ()), "the active index has lost none"
