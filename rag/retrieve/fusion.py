"""Fusion of rankings: by score where the scores are known, by rank where they do not mix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

# A question whose dense scores are all alike is no reason to divide by nothing.
_LEAST_SPREAD = 0.05
# Of what words in common count with a passage in another script than the question's.
_FOREIGN_SHARE = 0.2


def reciprocal_rank_fusion(rankings: Sequence[Sequence[str]], *, k: int = 60) -> dict[str, float]:
    """Fuse rankings of ids by summing 1 / (k + rank), ranks from 1.

    Cormack, Clarke & Buettcher, SIGIR 2009. The result is in order, best first; ties by
    id. Its values order passages; they are no similarity, so never compare one with a
    threshold.
    """
    scores: defaultdict[str, float] = defaultdict(float)
    for ranking in rankings:
        for rank, passage_id in enumerate(ranking, start=1):
            scores[passage_id] += 1.0 / (k + rank)
    return _in_order(scores)


def fuse_scores(
    dense: Mapping[str, float],
    lexical: Mapping[str, float],
    *,
    documents: Mapping[str, str],
    lexical_weight: float,
    foreign: Collection[str] = (),
) -> dict[str, float]:
    """Fuse cosines and BM25 scores, both by passage id, into one score of each passage.

    A convex combination of normalised scores keeps what ranks throw away: by how much
    the first is ahead (Bruch, Gai & Ingber, TOIS 2023). A cosine becomes its distance
    from 1 in units of the mean distance, so that encoders whose cosines lie close
    together count as much as others; a BM25 score its share of the best one, times
    ``lexical_weight``. What a retriever did not return counts as its last, or nothing.
    To each passage the best of its document (``documents``: passage id to document id)
    is added: two passages of one document that each match in their own way are evidence
    for both. ``foreign`` passages are in another script than the question: a figure or a
    name in Latin letters that they share with it counts a fifth. Best first, ties by
    passage id; comparable within one question only.
    """
    near = _with_best_of_document(_nearness(dense, lexical), documents)
    worded = _with_best_of_document(_word_shares(dense, lexical, foreign), documents)
    return _in_order({key: near[key] + lexical_weight * worded[key] for key in near})


def _nearness(dense: Mapping[str, float], lexical: Mapping[str, float]) -> dict[str, float]:
    """1 - distance / mean distance of the dense ranking, of every passage of either."""
    last = min(dense.values(), default=0.0)
    spread = sum(1.0 - cosine for cosine in dense.values()) / len(dense) if dense else 1.0
    unit = max(spread, _LEAST_SPREAD)
    return {key: 1.0 - (1.0 - dense.get(key, last)) / unit for key in {**dense, **lexical}}


def _word_shares(
    dense: Mapping[str, float], lexical: Mapping[str, float], foreign: Collection[str]
) -> dict[str, float]:
    """Share of the best BM25 score, of every passage of either."""
    most = max(lexical.values(), default=0.0) or 1.0
    return {
        key: lexical.get(key, 0.0) / most * (_FOREIGN_SHARE if key in foreign else 1.0)
        for key in {**dense, **lexical}
    }


def _with_best_of_document(
    scores: Mapping[str, float], documents: Mapping[str, str]
) -> dict[str, float]:
    # In ascending order, the best of each document is the last that is set.
    best = {documents[key]: scores[key] for key in sorted(scores, key=scores.__getitem__)}
    return {key: score + best[documents[key]] for key, score in scores.items()}


def _in_order(scores: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
