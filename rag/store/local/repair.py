"""Repairing what `rag.store.local.check` found in the rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from rag.errors import StoreDamagedError
from rag.store.local.changes import drop_index, log_operations
from rag.store.local.check import UNREPAIRED, damaged_vectors
from rag.store.local.lexical import create_table
from rag.store.local.rows import id_list, load_indexes
from rag.store.records import Finding


def repair_rows(connection: sqlite3.Connection, findings: Sequence[Finding]) -> list[str]:
    """Repair what is wrong in the rows, in the caller's transaction; what was done.

    Raises:
        StoreDamagedError: the findings say that the database itself is damaged; writing
            would only make it worse.
    """
    for finding in findings:
        if finding.code == "database.damaged":
            raise StoreDamagedError(
                f"{finding.subject} is damaged ({finding.message})", remedy=UNREPAIRED
            )
    codes = {finding.code for finding in findings}
    done: list[str] = []
    for index in load_indexes(connection):
        if not codes & {"vector.damaged", "words.damaged"}:
            break
        if not index.active:
            drop_index(connection, index)
            done.append("dropped the index being built; run 'footnote reindex' again")
            continue
        if "words.damaged" in codes:
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
    return done
