"""Stored vectors: float16 rows in SQLite, and the exact search that reads them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from embeddings.types import Vectors
from rag.store.local.rows import IndexRow, id_list

# A float16 unit vector of a few hundred components is off by less than a thousandth.
NORM_TOLERANCE = 1e-2
_BATCH_ROWS = 20_000
# Wider than float32's rounding of a cosine: what may tie is scored again in float64.
_ROUNDING = 1e-5


def to_blobs(vectors: Vectors) -> list[bytes]:
    """Each row as little-endian float16 bytes."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def from_rows(
    rows: Sequence[tuple[int, bytes]], dimension: int
) -> tuple[NDArray[np.int64], Vectors]:
    """Ids of shape (n,) and unit float32 rows of shape (n, dimension).

    Damaged rows (of another length, not finite, or without a direction) are left out;
    ``Store.check`` reports them.
    """
    rows = [row for row in rows if len(row[1]) == 2 * dimension]
    ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    joined = b"".join(row[1] for row in rows)
    vectors = np.frombuffer(joined, dtype="<f2").reshape(len(rows), dimension).astype(np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    sound = np.isfinite(norms) & (norms > 0)
    if not sound.all():
        ids, vectors, norms = ids[sound], vectors[sound], norms[sound]
    vectors /= norms[:, None]
    return ids, vectors


def vectors_of(
    connection: sqlite3.Connection, index: IndexRow, passages: Iterable[int]
) -> tuple[NDArray[np.int64], Vectors]:
    """The vectors of those passages of an index that are still there, as from_rows."""
    # Not joined with passages: their rows are large, and ids are never used twice.
    rows = connection.execute(
        "SELECT v.passage, v.vector FROM json_each(?) AS j"
        " CROSS JOIN vectors AS v ON v.passage = j.value",
        (id_list(passages),),
    )
    return from_rows(rows.fetchall(), index.dimension)


def stream_vectors(
    connection: sqlite3.Connection, index: IndexRow
) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
    """All vectors of an index in batches, each as from_rows."""
    cursor = connection.execute(
        "SELECT p.id, v.vector FROM passages AS p INDEXED BY passages_by_index"
        " CROSS JOIN vectors AS v ON v.passage = p.id WHERE p.index_id = ?",
        (index.id,),
    )
    while rows := cursor.fetchmany(_BATCH_ROWS):
        yield from_rows(rows, index.dimension)


def count_vectors(connection: sqlite3.Connection, index: IndexRow) -> int:
    """How many passages of an index have a vector."""
    (count,) = connection.execute(
        "SELECT count(*) FROM passages AS p INDEXED BY passages_by_index"
        " CROSS JOIN vectors AS v ON v.passage = p.id WHERE p.index_id = ?",
        (index.id,),
    ).fetchone()
    return int(count)


def best_matches(
    batches: Iterable[tuple[NDArray[np.int64], Vectors]], query: Vectors, limit: int
) -> list[tuple[int, float]]:
    """(id, cosine) of the best ``limit`` rows and of all that tie with the last of them.

    Best first. The cosine of a vector does not depend on which others are scored.
    """
    found: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
    exact_query = query.astype(np.float64)
    for ids, vectors in batches:
        keep = _leading(vectors @ query, limit, _ROUNDING)
        # Summed row by row in float64: a matrix product rounds by position, and equal
        # vectors must get equal scores for ties to be broken by id.
        found.append((ids[keep], (vectors[keep].astype(np.float64) * exact_query).sum(axis=1)))
    if not found:
        return []
    ids = np.concatenate([part[0] for part in found])
    scores = np.clip(np.concatenate([part[1] for part in found]), -1.0, 1.0)
    keep = _leading(scores, limit, 0.0)
    order = keep[np.argsort(-scores[keep], kind="stable")]
    return [(int(ids[row]), float(scores[row])) for row in order]


def _leading(scores: NDArray[np.floating], limit: int, margin: float) -> NDArray[np.intp]:
    if scores.size <= limit:
        return np.arange(scores.size)
    least = np.partition(scores, scores.size - limit)[scores.size - limit]
    return np.flatnonzero(scores >= least - margin)
