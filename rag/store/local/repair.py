"""Repairing what `rag.store.local.check` found in the rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from rag.errors import StoreDamagedError
from rag.store.local.changes import forget_vectors, open_indexes, remove_document, remove_passages
from rag.store.local.check import RESTORE, UNREPAIRED
from rag.store.local.lexical import create_table, passages_without_words
from rag.store.local.rows import id_list, index_in_state
from rag.store.records import Finding

__all__ = ["refuse_damaged", "repair_rows", "touches_snapshot"]


def touches_snapshot(findings: Sequence[Finding]) -> bool:
    """Whether repairing these changes what a snapshot must hold."""
    return any(finding.code.startswith(("snapshot.", "vector.", "rows.")) for finding in findings)


def refuse_damaged(findings: Sequence[Finding]) -> None:
    """Refuse to repair what only gets worse by writing.

    Raises:
        StoreDamagedError: the findings say that the database itself is damaged.
    """
    for finding in findings:
        if finding.code == "database.damaged":
            raise StoreDamagedError(
                f"{finding.subject} is damaged ({finding.message})", remedy=f"{UNREPAIRED}"
            )


def repair_rows(connection: sqlite3.Connection, findings: Sequence[Finding]) -> list[str]:
    """Repair what is wrong in the rows, in the caller's transaction; what was done.

    Raises:
        StoreDamagedError: rows cannot be removed: the database itself is damaged.
    """
    codes = {finding.code for finding in findings}
    done: list[str] = []
    if "rows.orphaned" in codes:
        done.append(f"removed {_remove_orphans(connection)} rows that referred to nothing")
    damaged_tables = {found.subject for found in findings if found.code == "lexical.damaged"}
    for index in open_indexes(connection):
        table = index.lexical_table
        if table in damaged_tables:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
            create_table(connection, index)
            done.append(f"emptied the damaged full-text table {table}")
        elif codes & {"lexical.rows", "rows.orphaned"}:
            # Orphans removed above leave their words behind.
            left = connection.execute(
                f"DELETE FROM {table} WHERE rowid NOT IN"
                " (SELECT id FROM passages WHERE index_id = ?)",
                (index.id,),
            )
            if left.rowcount:
                done.append(f"removed the words of {left.rowcount} passages that are not stored")
    # Below, whatever goes takes its words along, so their table must be sound by now.
    unsourced = [p.subject for p in findings if p.code == "document.unsourced"]
    for identifier in unsourced:
        row = connection.execute("SELECT row FROM documents WHERE id = ?", (identifier,)).fetchone()
        if row is not None:
            remove_document(connection, row[0])
            done.append(f"removed document {identifier}, which had no source")
    damaged = [
        int(finding.subject.rpartition("#")[2])
        for finding in findings
        if finding.code.startswith("vector.")
    ]
    building = index_in_state(connection, "building")
    if building is not None:
        damaged += passages_without_words(connection, building)
    pending, unfinished = _make_pending(connection, damaged)
    if pending:
        done.append(f"left {pending} documents of the index being built to 'footnote reindex'")
    if lost := [passage for passage in damaged if passage not in unfinished]:
        forget_vectors(connection, lost)
        done.append(f"marked {len(lost)} passages to be encoded again")
    return done


def _make_pending(
    connection: sqlite3.Connection, passages: Sequence[int]
) -> tuple[int, frozenset[int]]:
    """Take the documents of these passages from the index being built, if they are its.

    How many there were, and which of the passages went with them.
    """
    building = index_in_state(connection, "building")
    if building is None:
        return 0, frozenset()
    found = connection.execute(
        "SELECT id, document FROM passages WHERE index_id = ?"
        " AND id IN (SELECT value FROM json_each(?))",
        (building.id, id_list(passages)),
    ).fetchall()
    documents = {document for _, document in found}
    for document in sorted(documents):
        remove_passages(connection, document, building)
    return len(documents), frozenset(passage for passage, _ in found)


def _remove_orphans(connection: sqlite3.Connection) -> int:
    removed = 0
    seen: set[tuple[str, int | None]] = set()
    # Removing one orphan may orphan what refers to it.
    while broken := connection.execute("PRAGMA foreign_key_check").fetchall():
        named = {(table, row) for table, row, _, _ in broken}
        if again := sorted({table for table, _ in named & seen}):
            raise StoreDamagedError(
                f"rows of {', '.join(again)} that refer to nothing cannot be removed, so the "
                "database is damaged",
                remedy=f"nothing was changed: {RESTORE}",
            )
        seen |= named
        for table, row, _, _ in broken:
            if row is None:  # a table without row ids
                connection.execute(
                    "DELETE FROM holdings WHERE document NOT IN (SELECT row FROM documents)"
                    " OR index_id NOT IN (SELECT id FROM indexes)"
                )
            else:
                connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
        removed += len(broken)
    return removed
