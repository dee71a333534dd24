"""Filters as SQL: which documents a question may use, decided by the database."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from fnmatch import translate

import numpy as np
from numpy.typing import NDArray

from rag.store.local.rows import id_list
from rag.types import Filters


def document_condition(
    connection: sqlite3.Connection, filters: Filters, words: str = ""
) -> tuple[str, list[str]]:
    """A condition on ``documents AS d`` and its parameters; always true for no filters.

    Each of ``words``, parted by spaces, must stand in the title or a source, in any case and
    Unicode normal form.
    """
    terms, parameters = ["1"], []
    if words.strip():
        # SQLite's own lower() knows ASCII letters only.
        connection.create_function("casefolded", 1, _casefolded, deterministic=True)
    for word in words.split():
        terms.append(
            "(instr(casefolded(d.title), ?) OR EXISTS (SELECT 1 FROM sources AS s"
            " WHERE s.document = d.row AND instr(casefolded(s.source), ?)))"
        )
        parameters += [_casefolded(word)] * 2
    if filters.sources:
        terms.append("d.row IN (SELECT value FROM json_each(?))")
        parameters.append(id_list(_documents_of_sources(connection, filters.sources)))
    # A document without a publication date has NULLs here and passes neither.
    if filters.since is not None:
        terms.append("d.published_last >= ?")
        parameters.append(filters.since.isoformat())
    if filters.until is not None:
        terms.append("d.published_first <= ?")
        parameters.append(filters.until.isoformat())
    if filters.as_of is not None:
        terms.append("(d.published_first IS NULL OR d.published_first <= ?)")
        parameters.append(filters.as_of.isoformat())
    if filters.language is not None:
        terms.append("d.language = ?")
        parameters.append(filters.language)
    return " AND ".join(terms), parameters


def composed(text: str) -> str:
    """The text in Unicode's composed form: some systems store file names decomposed."""
    # A lone surrogate is in no stored text, and no database takes one.
    return unicodedata.normalize("NFC", text).encode("utf-8", "replace").decode("utf-8")


def _casefolded(text: str) -> str:
    return composed(composed(text).casefold())


def eligible_passages(
    connection: sqlite3.Connection, index_id: int, filters: Filters
) -> NDArray[np.int64]:
    """Row ids of the index's passages that pass, in no order."""
    condition, parameters = document_condition(connection, filters)
    # One string of ids, parsed by numpy: no Python integer for each of them.
    (ids,) = connection.execute(
        "SELECT group_concat(p.id) FROM documents AS d CROSS JOIN passages AS p"
        f" ON p.index_id = ? AND p.document = d.row WHERE {condition}",
        [index_id, *parameters],
    ).fetchone()
    return np.fromstring(ids or "", dtype=np.int64, sep=",")


def _documents_of_sources(connection: sqlite3.Connection, wanted: Sequence[str]) -> list[int]:
    # In Python, because SQLite's LIKE folds the case of ASCII letters only.
    globs = [re.compile(translate(composed(text))) for text in wanted if set("*?[") & set(text)]
    parts = [_casefolded(text) for text in wanted if not set("*?[") & set(text)]

    def passes(source: str) -> bool:
        folded = _casefolded(source)
        return any(part in folded for part in parts) or any(
            pattern.match(composed(source)) for pattern in globs
        )

    rows = connection.execute("SELECT source, document FROM sources")
    return [document for source, document in rows if passes(source)]
