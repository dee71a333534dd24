"""What a check finds of every kind of damage, and that its remedy helps."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from rag.store.local.connection import DATABASE_NAME
from rag.store.local.store import LocalStore
from tests.rag.store.local.damage import (
    change,
    repaired,
    repaired_at_most_once,
)
from tests.store_cases import (
    document,
    lexical_ids,
    put,
)


def test_each_kind_of_damage_is_found_by_its_code(data: Path) -> None:
    of = document("Cats purr.\nDogs bark.", "/a/cats.txt")
    cases = {
        "document.damaged": (
            "UPDATE documents SET text = 'Cats purr!' || char(10) || 'Dogs bark.'",
            "UPDATE documents SET characters = 5",
            "UPDATE documents SET text = CAST(x'ff41' AS TEXT)",
            "UPDATE documents SET text = CAST(text AS BLOB)",
            "UPDATE documents SET title = CAST(x'ff41' AS TEXT)",
            "UPDATE documents SET dates = '[[1]]'",
            "UPDATE documents SET metadata = '{'",
            "UPDATE sources SET source = CAST(x'ff41' AS TEXT)",
            "DELETE FROM sources",
        ),
        "passage.damaged": (
            "DELETE FROM holdings",
            'UPDATE passages SET "end" = 999 WHERE id = 2',
            "UPDATE passages SET start = 10 WHERE id = 2",
            "UPDATE passages SET ordinal = 5 WHERE id = 1",
            'UPDATE passages SET "end" = 4 WHERE id = 1',
            "UPDATE passages SET \"end\" = x'ff' WHERE id = 1",
            "UPDATE passages SET search_text = CAST(x'ff41' AS TEXT) WHERE id = 1",
            "UPDATE passages SET headings = '[1]' WHERE id = 1",
        ),
        "vector.damaged": (
            "DELETE FROM vectors WHERE passage = 1",
            "UPDATE vectors SET vector = x'0011' WHERE passage = 1",
            "UPDATE vectors SET vector = zeroblob(128) WHERE passage = 1",
        ),
        "words.damaged": (
            "DELETE FROM fts_1 WHERE rowid = 1",
            "INSERT INTO fts_1 (rowid, title, body) VALUES (9, 'x', 'y')",
            "DROP TABLE fts_1",
            "DELETE FROM fts_1_data WHERE id > 10",
        ),
    }
    statements = [(statement, code) for code, those in cases.items() for statement in those]
    store = LocalStore.open(data / "sound")
    with store.write() as writer:
        put(writer, of)
    assert store.check() == []
    store.close()
    for number, (statement, code) in enumerate(statements):
        shutil.copytree(data / "sound", data / str(number))
        change(data / str(number), statement)
        again = LocalStore.open(data / str(number))
        found = again.check()
        assert code in {problem.code for problem in found}, statement
        if all(problem.repairable for problem in found):
            assert repaired(again)
            assert again.check() == [], statement
            with again.read() as view:
                assert lexical_ids(view, "purr") or code != "words.damaged", statement
        else:
            remedies = {problem.remedy for problem in found if not problem.repairable}
            remedy = "footnote reindex" if code == "passage.damaged" else "footnote ingest"
            assert any(remedy in said for said in remedies), statement
            assert repaired_at_most_once(again), statement
        again.close()


def test_a_database_that_a_killed_writer_left_empty_is_sound(store: LocalStore, data: Path) -> None:
    data.mkdir()
    sqlite3.connect(data / DATABASE_NAME).close()
    (data / DATABASE_NAME).touch()
    assert store.check() == []
    with store.write() as writer:
        put(writer, document("Cats purr."))
    assert store.check() == []


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


def test_left_over_files_are_no_damage_and_go_with_the_next_snapshot(
    store: LocalStore, data: Path
) -> None:
    with store.write() as writer:
        put(writer, document("A text."))
    (data / "vectors" / "vectors.tmp").write_bytes(b"half")
    assert store.check() == []
    with store.write() as writer:
        put(writer, document("Another text."))
    assert [path.name for path in (data / "vectors").iterdir()] == ["vectors.faiss"]
