"""Retrieval on SciFact, stage by stage, each document one passage.

    python -m eval.scifact FOLDER [--data DIR] [--limit N] [--no-rerank]

FOLDER is a suite folder (corpus.jsonl and queries.jsonl). Prints nDCG@10, recall@10 and
MRR@10 of dense alone, lexical alone, their fusion, and fusion with the reranker.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from eval.metrics import ndcg_at, recall_at, reciprocal_rank_at
from eval.suite import Query, one_passage, read_corpus, read_queries
from rag.assistant import Assistant
from rag.config import load_settings
from rag.ingest import BATCH_DOCUMENTS, index_documents
from rag.retrieve.rerank import rerank
from rag.retrieve.retriever import RetrieveSettings, retrieve
from rag.store.base import ReadView
from rag.types import Document, Hit, Question, StageScore

# How deep the reranker reads is the price of a question, so it is shown at two depths.
RERANK_DEPTHS = (10, 20)
STAGES = ("dense", "lexical", "hybrid", *(f"hybrid + reranker of {n}" for n in RERANK_DEPTHS))
console = Console()


def index_suite(assistant: Assistant, documents: Sequence[Document]) -> float:
    """Store each document as one passage; return the seconds it took."""
    pipeline = assistant.pipeline
    started = time.perf_counter()
    with assistant.store.write() as writer:
        for start in track(
            range(0, len(documents), BATCH_DOCUMENTS), description="indexing", transient=True
        ):
            batch = documents[start : start + BATCH_DOCUMENTS]
            rows = [(document, "suite", one_passage(document)) for document in batch]
            index_documents(rows, writer, pipeline)
    return time.perf_counter() - started


def rankings(
    assistant: Assistant, view: ReadView, query: Query, names: Mapping[str, str], *, reranks: bool
) -> dict[str, list[str]]:
    """The ranking of suite ids that each stage gives, best first."""
    vector = assistant.encoder.encode_queries([query.text])[0]
    hits = retrieve(view, Question(query.text), vector, RetrieveSettings())
    by_stage: dict[str, list[Hit]] = {
        "dense": _ordered([(hit, hit.dense) for hit in hits]),
        "lexical": _ordered([(hit, hit.lexical) for hit in hits]),
        "hybrid": hits,
    }
    if reranks:
        deepest = rerank(hits, query.text, assistant.reranker, limit=max(RERANK_DEPTHS))
        logits = {hit.passage.id: hit.reranked.score for hit in deepest if hit.reranked}
        for depth in RERANK_DEPTHS:
            head = sorted(hits[:depth], key=lambda hit: -logits[hit.passage.id])
            by_stage[f"hybrid + reranker of {depth}"] = head + hits[depth:]
    return {
        stage: [names[hit.passage.document_id] for hit in ranking]
        for stage, ranking in by_stage.items()
    }


def _ordered(scored: Sequence[tuple[Hit, StageScore | None]]) -> list[Hit]:
    seen = [(score.rank, hit) for hit, score in scored if score is not None]
    return [hit for _, hit in sorted(seen, key=lambda pair: pair[0])]


def main() -> None:
    """Index the suite, ask every question, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, help="keep the index here and use it again")
    parser.add_argument("--limit", type=int, help="ask only the first N questions")
    parser.add_argument("--no-rerank", action="store_true")
    arguments = parser.parse_args()
    documents = read_corpus(arguments.folder)
    queries = read_queries(arguments.folder)[: arguments.limit]
    names = {document.id: document.sources[0] for document in documents}
    with tempfile.TemporaryDirectory() as scratch:
        data = arguments.data or Path(scratch)
        with Assistant.open(settings=load_settings(environment={}, flags={"data": data})) as it:
            if it.status().documents != len(documents):
                seconds = index_suite(it, documents)
                console.print(f"{len(documents)} documents indexed in {seconds:.0f} s")
            results: dict[str, list[list[str]]] = {}
            with it.store.read() as view:
                for query in track(queries, description="asking", transient=True):
                    found = rankings(it, view, query, names, reranks=not arguments.no_rerank)
                    for stage, ranking in found.items():
                        results.setdefault(stage, []).append(ranking)
    console.print(_table(results, queries))


def _table(results: Mapping[str, list[list[str]]], queries: Sequence[Query]) -> Table:
    table = Table(title=f"n = {len(queries)} questions", title_justify="left")
    for column in ("stage", "nDCG@10", "recall@10", "MRR@10"):
        table.add_column(column)
    for stage in STAGES:
        if stage in results:
            pairs = list(zip(results[stage], queries, strict=True))
            means = [
                sum(metric(10, ranking, query.relevant) for ranking, query in pairs) / len(pairs)
                for metric in (ndcg_at, recall_at, reciprocal_rank_at)
            ]
            table.add_row(stage, *(f"{mean:.4f}" for mean in means))
    return table


if __name__ == "__main__":
    main()
