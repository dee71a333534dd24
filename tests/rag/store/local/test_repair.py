from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from rag.errors import (
    StoreDamagedError,
)
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


def test_nothing_is_repaired_in_a_damaged_database(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, *synthetic(200))
    store.close()
    change(data, "DELETE FROM vectors WHERE passage = 1")
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
    assert {"database.damaged", "vector.damaged"} <= {problem.code for problem in problems}
    assert not any(problem.repairable for problem in problems)
    assert all("nothing is repaired" in problem.remedy for problem in problems)
    with pytest.raises(StoreDamagedError, match="nothing is repaired"):
        again.repair(problems)
    assert again.check() == problems
    again.close()


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


def test_rows_that_refer_to_nothing_are_damage_of_the_database(
    store: LocalStore, data: Path
) -> None:
    with store.write() as writer:
        put(writer, document("Cats purr."))
    change(data, "DELETE FROM documents")
    (problem,) = store.check()
    assert (problem.code, problem.repairable) == ("database.damaged", False)
    assert "passages refer to nothing" in problem.message
    assert "backup" in problem.remedy
