"""Ingest throughput against the bare encoder, same texts, same process.

    python -m eval.bench.ingest FOLDER [--limit N] [--rounds R]

FOLDER is a suite folder. Each round encodes the texts with the encoder alone and then
ingests the same documents into a fresh store (split, count, encode, write, index), in
alternation so that a noisy machine disturbs both. Prints passages/s of each and their
ratio; 1.0 would mean that everything around the encoder is free.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from eval.suite import one_passage, read_corpus
from rag.assistant import Assistant
from rag.config import load_settings
from rag.ingest import BATCH_PASSAGES, Pipeline, index_documents
from rag.split import encoder_text
from rag.types import Document

console = Console()


def bare_seconds(pipeline: Pipeline, documents: Sequence[Document]) -> float:
    """Seconds the encoder alone takes for the documents' passages, in ingest's batches."""
    texts = [encoder_text(passage) for document in documents for passage in one_passage(document)]
    started = time.perf_counter()
    for start in range(0, len(texts), BATCH_PASSAGES):
        pipeline.encoder.encode_passages(texts[start : start + BATCH_PASSAGES])
    return time.perf_counter() - started


def ingest_seconds(assistant: Assistant, documents: Sequence[Document]) -> float:
    """Seconds until all documents are durably stored and the index snapshot is written."""
    started = time.perf_counter()
    with assistant.store.write() as writer:
        for start in range(0, len(documents), BATCH_PASSAGES):
            batch = documents[start : start + BATCH_PASSAGES]
            rows = [(document, "bench", one_passage(document)) for document in batch]
            index_documents(rows, writer, assistant.pipeline)
    return time.perf_counter() - started


def main() -> None:
    """Run the rounds and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    documents = read_corpus(arguments.folder)[: arguments.limit]
    ratios: list[float] = []
    for round_number in range(1, arguments.rounds + 1):
        with tempfile.TemporaryDirectory() as scratch:
            settings = load_settings(environment={}, flags={"data": Path(scratch)})
            with Assistant.open(settings=settings) as assistant:
                # Load and warm up outside the clock.
                assistant.pipeline.encoder.encode_passages(["warm up"])
                bare = bare_seconds(assistant.pipeline, documents)
                whole = ingest_seconds(assistant, documents)
        ratios.append(bare / whole)
        console.print(
            f"round {round_number}: bare encoder {len(documents) / bare:.1f} passages/s, "
            f"ingest {len(documents) / whole:.1f} passages/s, ratio {bare / whole:.3f}"
        )
    console.print(f"median ratio {statistics.median(ratios):.3f} over {len(documents)} documents")


if __name__ == "__main__":
    main()
