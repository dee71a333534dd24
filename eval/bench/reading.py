"""Characters read and split in a CPU second, against splitting alone, in the same process.

    python -m eval.bench.reading [FILE OR FOLDER...] [--rounds R]

Reads the files (default: the sample archive and the made documents of `footnote eval
structure`) and splits them into passages. The reference is what no reader can do without:
each text parted into lines, and into sentences by sentencex. The three take turns document by
document, so that a slow minute of the machine affects all. Prints characters a CPU second of
each and how many times the reference reading and splitting take.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import sentencex

from eval.questions.question_file import BUNDLED_ARCHIVE
from eval.structure.made.cases import made_cases
from rag.index.split import split_document
from rag.read.reader import read_document, supported_suffixes
from rag.settings import SplitSettings
from rag.text.tokens import load_tokenizer
from rag.types import Document

# Of the encoder that is chosen by default.
_ENCODER_TOKENS = 256

T = TypeVar("T")
Files = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Speed:
    """Characters of the texts, and CPU seconds of each kind of work on them."""

    characters: int
    reading: float
    splitting: float
    reference: float

    @property
    def ratio(self) -> float:
        """How many times the reference reading and splitting take."""
        return (self.reading + self.splitting) / self.reference


def find_files(paths: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file that can be read, those of folders in order of name."""
    for path in paths:
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in found:
            if file.suffix.lower() in supported_suffixes():
                yield file.name, file.read_bytes()


def measure(files: Files) -> Speed:
    """Read and split every file once."""
    counter = load_tokenizer()

    def split(document: Document) -> object:
        return split_document(
            document,
            SplitSettings(),
            count_tokens=counter.count,
            count_encoder_tokens=lambda texts: [counter.count(text) for text in texts],
            encoder_limit=_ENCODER_TOKENS,
        )

    characters, reading, splitting, reference = 0, 0.0, 0.0, 0.0
    for source, data in files:
        document, seconds = _timed(read_document, source, data)
        reading += seconds
        splitting += _timed(split, document)[1]
        reference += _timed(_parted, document)[1]
        characters += len(document.text)
    return Speed(characters, reading, splitting, reference)


def _parted(document: Document) -> object:
    boundaries = sentencex.get_sentence_boundaries(document.language, document.text)
    return document.text.splitlines(), boundaries


def _timed(work: Callable[..., T], *arguments: object) -> tuple[T, float]:
    began = time.process_time()
    done = work(*arguments)
    return done, time.process_time() - began


def main() -> None:
    """Measure some rounds and print the best of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", type=Path, nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    files = list(find_files(arguments.paths or [BUNDLED_ARCHIVE]))
    if not arguments.paths:
        files += [(case.source, case.data) for case in made_cases()]
    # The first loads tables and models.
    rounds = [measure(files) for _ in range(arguments.rounds + 1)][1:]
    # The least time is the one that other work disturbed least.
    best = Speed(
        rounds[0].characters,
        min(speed.reading for speed in rounds),
        min(speed.splitting for speed in rounds),
        min(speed.reference for speed in rounds),
    )
    print(f"{len(files)} files, {best.characters:,} characters, best of {arguments.rounds} rounds")
    for name in ("reading", "splitting", "reference"):
        print(f"{name}: {best.characters / getattr(best, name):,.0f} characters/s")
    print(f"reading and splitting take {best.ratio:.1f} times the reference")


if __name__ == "__main__":
    main()
