"""Whether texts of several requests should share a model call.

    python -m eval.bench.batching [--rounds R] [--threads T]

The encoder reads 16 questions in calls of 1, 4 and 16; the reranker scores passages of the
sample archive in calls of 8, 16 and 32 pairs, and calls of 8 from 1, 2 and 4 threads at
once. All sizes take turns within a round, in one process, so that a noisy machine disturbs
each alike. Prints the time of a text and how much faster than the first size it is: above 1
sharing pays.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from embeddings.encoder import load_encoder
from embeddings.reranker import load_reranker
from embeddings.types import Encoder, Reranker
from eval.questions.indexing import library_of_archive
from eval.questions.question_file import BUNDLED_QUESTIONS, read_question_file
from rag.config import load_settings
from rag.read.reader import read_document
from rag.types import Document

__all__ = ["main"]

SAMPLE_ARCHIVE = Path(__file__).resolve().parent.parent / "archive"
QUESTIONS = 16
PASSAGES = 8
PAIRS = 32
PASSAGE_CHARACTERS = 600

console = Console()


def encoder_work(encoder: Encoder, questions: list[str]) -> Mapping[str, Callable[[], object]]:
    """By what it is called: encoding all questions in calls of 1, 4 and 16."""

    def in_calls_of(size: int) -> Callable[[], object]:
        parts = [questions[start : start + size] for start in range(0, len(questions), size)]
        return lambda: [encoder.encode_queries(part) for part in parts]

    return {f"encoder, calls of {size}": in_calls_of(size) for size in (1, 4, 16)}


def reranker_work(
    reranker: Reranker, questions: list[str], passages: list[str]
) -> Mapping[str, Callable[[], object]]:
    """By what it is called: scoring the same number of pairs in calls of several sizes, and
    from several threads."""
    texts = list(itertools.islice(itertools.cycle(passages), PAIRS))

    def in_calls_of(size: int) -> Callable[[], object]:
        parts = [texts[start : start + size] for start in range(0, len(texts), size)]
        return lambda: [reranker.score(questions[0], part) for part in parts]

    def from_threads(count: int) -> Callable[[], object]:
        parts = [texts[start : start + PASSAGES] for start in range(0, len(texts), PASSAGES)]

        def work() -> object:
            with ThreadPoolExecutor(count) as pool:
                return list(pool.map(lambda part: reranker.score(questions[0], part), parts))

        return work

    sizes = {f"reranker, calls of {size} pairs": in_calls_of(size) for size in (8, 16, 32)}
    threads = {f"reranker, from {count} threads": from_threads(count) for count in (1, 2, 4)}
    return {**sizes, **threads}


def measure(work: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each piece of work in each round; the first of all is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for counted in [False, *[True] * rounds]:
        for name, run in work.items():
            started = time.perf_counter()
            run()
            if counted:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def table(seconds: Mapping[str, list[float]], texts: int) -> Table:
    """Median milliseconds a text and the median ratio to the first row, round by round."""
    shown = Table("", "ms a text", "times as fast", show_edge=False)
    first = next(iter(seconds.values()))
    for name, laps in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(first, laps, strict=True))
        shown.add_row(name, f"{statistics.median(laps) / texts * 1000:.2f}", f"{ratio:.2f}")
    return shown


def _documents() -> list[Document]:
    paths = sorted(SAMPLE_ARCHIVE.glob("*.txt"))
    return [read_document(str(path), path.read_bytes()) for path in paths]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=0, help="threads of the models; 0: all")
    arguments = parser.parse_args()
    models = load_settings(environment={}).models
    threads = arguments.threads or None
    encoder = load_encoder(models.encoder, cache_dir=models.cache_dir, threads=threads)
    reranker = load_reranker(models.reranker, cache_dir=models.cache_dir, threads=threads)
    library = library_of_archive(SAMPLE_ARCHIVE)
    cases = read_question_file(BUNDLED_QUESTIONS, library, bundled=True).cases
    questions = [case.question for case in cases if case.language == "en"][:QUESTIONS]
    passages = [document.text[:PASSAGE_CHARACTERS] for document in _documents()]
    console.print(table(measure(encoder_work(encoder, questions), arguments.rounds), QUESTIONS))
    console.print()
    scored = measure(reranker_work(reranker, questions, passages), arguments.rounds)
    console.print(table(scored, PAIRS))
    console.print(f"\n{arguments.rounds} rounds; medians")


if __name__ == "__main__":
    main()
