"""How long the reading model takes for a question, against what it took the place of.

    python -m eval.bench.questions [N]

Asks N (default 20) bundled questions of the sample archive and takes down what was read. Then
reads it again, question by question in turns: in one pass over each passage, as answering does;
and over each passage and, one by one, their twelve longest statements, as a reranker and a judge
of sentences had to. Prints the median wall time of both, and how many times as long the second
takes (the median of the questions' ratios).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from embeddings.reading.load import ENGLISH, load_reading_model
from embeddings.reading.types import Reading, ReadingModel, ReadingPassage
from embeddings.registry import Reads
from eval.questions.indexing import library_of_archive
from eval.questions.question_file import BUNDLED_ARCHIVE, BUNDLED_QUESTIONS, read_question_file
from rag.assistant import Assistant
from rag.config import load_settings

_SENTENCES = 12


class Recorder:
    """A reading model that takes down what it is given."""

    def __init__(self, model: ReadingModel) -> None:
        self.model = model
        self.asked: list[tuple[str, Sequence[ReadingPassage]]] = []

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.name

    @property
    def revision(self) -> str:
        """The model's."""
        return self.model.revision

    @property
    def reads(self) -> Reads:
        """The model's."""
        return self.model.reads

    def read(self, question: str, passages: Sequence[ReadingPassage]) -> list[Reading]:
        """The model's readings."""
        self.asked.append((question, passages))
        return self.model.read(question, passages)


def sentences_alone(passages: Sequence[ReadingPassage]) -> list[ReadingPassage]:
    """The longest statements of the passages, each as a passage of its own."""
    alone = [
        ReadingPassage(each.lead, each.text[start:end], ((0, end - start),))
        for each in passages
        for start, end in each.statements
    ]
    return sorted(alone, key=lambda each: -len(each.text))[:_SENTENCES]


def seconds(model: ReadingModel, question: str, passages: Sequence[ReadingPassage]) -> float:
    """Wall time of reading them."""
    began = time.perf_counter()
    model.read(question, passages)
    return time.perf_counter() - began


def main() -> None:
    """Measure, and print both medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=20, metavar="N")
    count = parser.parse_args().count
    settings = load_settings()
    model = load_reading_model(
        ENGLISH, cache_dir=settings.models.cache_dir, threads=settings.models.threads or None
    )
    recorder = Recorder(model)
    questions = read_question_file(
        BUNDLED_QUESTIONS, library_of_archive(BUNDLED_ARCHIVE), bundled=True
    )
    english = [case.question for case in questions.cases if case.language == "en"]
    with (
        tempfile.TemporaryDirectory() as scratch,
        Assistant.open(Path(scratch), settings=settings) as assistant,
    ):
        assistant.models.english_reading = recorder
        assistant.ingest(BUNDLED_ARCHIVE)
        for question in english[:count]:
            assistant.ask(question)
    timed = []
    for question, passages in recorder.asked:
        pairs = [*passages, *sentences_alone(passages)]
        timed.append((seconds(model, question, passages), seconds(model, question, pairs)))
    one, many = (statistics.median(column) * 1000 for column in zip(*timed, strict=True))
    ratio = statistics.median(second / first for first, second in timed)
    print(
        f"{len(timed)} questions, p50: one pass {one:.0f} ms, "
        f"with {_SENTENCES} sentences besides {many:.0f} ms, {ratio:.2f} times as long"
    )


if __name__ == "__main__":
    main()
