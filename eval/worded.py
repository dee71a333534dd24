"""Claims in other words than the archive's: how many does the gate release?

    python -m eval.worded [FILE] [--archive FOLDER] [--list released|withheld]

Each line of FILE is a claim as a language model might word it of one document of the archive:
true ones that one sentence of it states, and false ones that look the same. By default these
are the bundled claims over the sample archive. The document is all that the model read, and
the sentence was found to answer the question.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.errors import QuestionSetError
from eval.gating import passes_gate
from rag.answer.rewording import load_wordbooks
from rag.question.analysis import is_chinese
from rag.read.reader import read_document
from rag.types import Document, Span

__all__ = ["BUNDLED_CLAIMS", "WordedClaim", "is_released", "main", "read_worded"]

_HERE = Path(__file__).parent
BUNDLED_CLAIMS = _HERE / "worded_claims.jsonl"
_ARCHIVE = _HERE / "archive"


class WordedClaim(BaseModel):
    """A claim, and the stretch of ``document`` (a file of the archive) that it is about.

    ``kind`` says how it is worded ("synonym", "voice") or what makes it false ("role").
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: str
    question: str
    source: str
    claim: str
    true: bool
    kind: str


def read_worded(path: Path) -> list[WordedClaim]:
    """The claims of a file in its order.

    Raises:
        QuestionSetError: it cannot be read, or one of its lines is malformed.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionSetError(f"{path} cannot be read: {error}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(WordedClaim.model_validate_json(line))
        except ValidationError as error:
            raise QuestionSetError(f"{path}, line {number}: {error}") from error
    return found


def is_released(claim: WordedClaim, archive: Path = _ARCHIVE) -> bool:
    """Whether the gate releases it.

    Raises:
        QuestionSetError: its source does not stand in its document.
        ReadError: its document cannot be read.
    """
    document = _document(archive / claim.document)
    start = document.text.find(claim.source)
    if start < 0:
        raise QuestionSetError(f"{claim.document} does not say {claim.source!r}")
    return passes_gate(
        claim.claim,
        document,
        question=claim.question,
        answering=[(document.id, Span(start, start + len(claim.source)))],
        wordbooks=load_wordbooks(chinese=is_chinese(claim.claim)),
    )


@cache
def _document(path: Path) -> Document:
    return read_document(str(path), path.read_bytes())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the share of claims released, by truth, language and kind."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, nargs="?", default=BUNDLED_CLAIMS)
    parser.add_argument("--archive", type=Path, default=_ARCHIVE)
    parser.add_argument("--list", choices=("released", "withheld"))
    asked = parser.parse_args(arguments)
    judged = [(each, is_released(each, asked.archive)) for each in read_worded(asked.file)]
    for label, n, share in _shares(judged):
        print(f"{label:<24}{n:>5}  {share:.3f}")
    for each, released in judged:
        if asked.list and released == (asked.list == "released"):
            print(f"{'true' if each.true else 'false'} ({each.kind}): {each.claim}")


def _shares(judged: Iterable[tuple[WordedClaim, bool]]) -> Iterator[tuple[str, int, float]]:
    seen: Counter[tuple[bool, str]] = Counter()
    out: Counter[tuple[bool, str]] = Counter()
    for each, released in judged:
        language = "Chinese" if is_chinese(each.claim) else "English"
        keys = [(each.true, group) for group in ("all", language, each.kind)]
        seen.update(keys)
        out.update(keys if released else ())
    for key in sorted(seen, key=lambda key: (not key[0], key[1] != "all", -seen[key], key[1])):
        true, group = key
        yield f"{'true' if true else 'false'}, {group}", seen[key], out[key] / seen[key]


if __name__ == "__main__":
    main()
