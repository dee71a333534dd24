"""Ingest throughput against the bare encoder, same texts, same process.

    python -m eval.bench.ingest FOLDER [--limit N] [--rounds R]

FOLDER is a suite folder. Each round encodes every batch of texts with the encoder alone and
then ingests the same documents into a new store (normalise, encode, write, index), in turns so
that a noisy machine affects both. Prints passages/s of each and their ratio; at 1.0 everything
but the encoder would take no time.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from eval.questions.suite import one_passage, read_corpus
from rag.assistant import Assistant
from rag.config import load_settings
from rag.index.indexer import BATCH_PASSAGES
from rag.index.split import encoder_text
from rag.types import Document, Passage

console = Console()


def run_round(assistant: Assistant, documents: Sequence[Document]) -> tuple[float, float]:
    """Seconds of the bare encoder and of ingest over the same documents.

    They take turns batch by batch, so that a slow minute of the machine affects both.
    Ingest ends when everything is durably stored and the index snapshot is written.
    """
    encoder = assistant.encoder
    bare = 0.0

    def batches() -> Iterator[list[tuple[Document, str, tuple[Passage, ...]]]]:
        nonlocal bare
        for start in range(0, len(documents), BATCH_PASSAGES):
            batch = documents[start : start + BATCH_PASSAGES]
            rows = [(document, "bench", one_passage(document)) for document in batch]
            texts = [encoder_text(passage) for _, _, passages in rows for passage in passages]
            began = time.perf_counter()
            encoder.encode_passages(texts)
            bare += time.perf_counter() - began
            yield rows

    started = time.perf_counter()
    assistant.add_documents(batches())
    return bare, time.perf_counter() - started - bare


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
                # Load the models before the clock starts.
                assistant.indexer.encoder.encode_passages(["warm up"])
                bare, whole = run_round(assistant, documents)
        ratios.append(bare / whole)
        console.print(
            f"round {round_number}: bare encoder {len(documents) / bare:.1f} passages/s, "
            f"ingest {len(documents) / whole:.1f} passages/s, ratio {bare / whole:.3f}"
        )
    console.print(f"median ratio {statistics.median(ratios):.3f} over {len(documents)} documents")


if __name__ == "__main__":
    main()
