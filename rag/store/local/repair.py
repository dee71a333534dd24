"""Repairing what `rag.store.local.check` found in the rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from rag.errors import StoreDamagedError
from rag.store.local.changes import drop_index, log_operations, remove_document
from rag.store.local.check import RESTORE, UNREPAIRED, damaged_vectors
from rag.store.local.lexical import create_table
from rag.store.local.rows import id_list, load_indexes
from rag.store.records import Finding

__all__ = ["repair_rows"]


def repair_rows(connection: sqlite3.Connection, findings: Sequence[Finding]) -> list[str]:
    """Repair what is wrong in the rows, in the caller's transaction; what was done.

    Raises:
        StoreDamagedError: the findings say that the database itself is damaged, or its rows
            cannot be removed; writing would only make it worse.
    """
    for finding in findings:
        if finding.code == "database.damaged":
            raise StoreDamagedError(
                f"{finding.subject} is damaged ({finding.message})", remedy=UNREPAIRED
            )
    codes = {finding.code for finding in findings}
    done: list[str] = []
    if "rows.orphaned" in codes:
        done.append(f"removed {_remove_orphans(connection)} rows that referred to nothing")
    for index in load_indexes(connection):
        if not codes & {"rows.orphaned", "vector.damaged", "words.damaged"}:
            break
        if not index.active:
            drop_index(connection, index)
            done.append("dropped the index being built; run 'footnote reindex' again")
            continue
        if codes & {"rows.orphaned", "words.damaged"}:
            # Orphans removed above leave their words behind.
            connection.execute(f"DROP TABLE IF EXISTS {index.words}")
            create_table(connection, index)
            done.append("emptied the index of words")
        if lost := damaged_vectors(connection, index):
            connection.execute(
                "DELETE FROM vectors WHERE passage IN (SELECT value FROM json_each(?))",
                (id_list(lost),),
            )
            log_operations(connection, index, "remove", lost)
            done.append(f"marked {len(lost)} passages to be encoded again")
    # Last: they take their words along, whose table is sound by now.
    if "document.unsourced" in codes:
        unsourced = connection.execute(
            "SELECT row, id FROM documents WHERE row NOT IN (SELECT document FROM sources)"
        )
        for row, identifier in unsourced.fetchall():
            remove_document(connection, row)
            done.append(f"removed document {identifier}, which had no source")
    return done


def _remove_orphans(connection: sqlite3.Connection) -> int:
    removed = 0
    # Removing one orphan may orphan what refers to it.
    while broken := connection.execute("PRAGMA foreign_key_check").fetchall():
        before = connection.total_changes
        for table, row, _, _ in broken:
            if row is None:  # a table without row ids
                connection.execute(
                    "DELETE FROM holdings WHERE document NOT IN (SELECT row FROM documents)"
                    " OR index_id NOT IN (SELECT id FROM indexes)"
                )
            else:
                connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
        if connection.total_changes == before:
            tables = ", ".join(sorted({table for table, *_ in broken}))
            raise StoreDamagedError(
                f"rows of {tables} that refer to nothing cannot be removed, so the database is "
                "damaged",
                remedy=f"nothing was changed: {RESTORE}",
            )
        removed += len(broken)
    return removed
