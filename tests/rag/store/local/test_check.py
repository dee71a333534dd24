"""What a check finds of every kind of damage, and that its remedy helps."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from rag.store.local.check import check_lexical_tables
from rag.store.local.connection import DATABASE_NAME
from rag.store.local.store import LocalStore
from tests.rag.store.local.damage import (
    change,
    codes,
    repaired,
    repaired_at_most_once,
)
from tests.store_cases import (
    OTHER_SPEC,
    document,
    lexical_ids,
    put,
)


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


def test_left_over_files_go_with_the_next_writer(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, document("A text."))
    (data / "vectors" / "vectors-0.faiss.tmp").write_bytes(b"half")
    assert codes(store) == {"files.stray"}
    with store.write():
        pass
    assert store.check() == []
