"""Claims of a suite, each with the passage that it is about: ``claims.jsonl``.

A row has ``claim``, ``doc_id``, ``evidence`` (quotes), ``label`` ("supported" or
"not_supported") and ``kind``, what was changed in a claim that is not supported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.errors import QuestionSetError
from eval.questions.suite import CORPUS

CLAIMS = "claims.jsonl"
# Characters of a passage: paragraphs beside the evidence are taken in until it is as long.
_LENGTH = 700


@dataclass(frozen=True, slots=True)
class ClaimCase:
    """A claim, and the ``passage`` of a document in ``language`` that supports it or not."""

    claim: str
    title: str
    passage: str
    language: str
    supported: bool
    kind: str


def read_claims(folder: Path) -> list[ClaimCase]:
    """The claims of a suite, without those whose evidence is not in their document.

    Raises:
        QuestionSetError: the folder has no claims, or a row is not one.
    """
    documents = {row["id"]: row for row in _rows(folder / CORPUS)}
    found: list[ClaimCase] = []
    for row in _rows(folder / CLAIMS):
        try:
            document = documents[row["doc_id"]]
            passage = _passage(document["text"], row["evidence"])
            if passage:
                found.append(
                    ClaimCase(
                        claim=row["claim"],
                        title=document.get("title") or "",
                        passage=passage,
                        language=row.get("lang") or "und",
                        supported=row["label"] == "supported",
                        kind=row.get("kind") or "",
                    )
                )
        except KeyError as error:
            raise QuestionSetError(
                f"a row of '{folder / CLAIMS}' lacks {error}, or names a document that is not there"
            ) from error
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())
    except OSError as error:
        raise QuestionSetError(
            f"'{path}' cannot be read ({error.strerror})", remedy="name a suite that has claims"
        ) from error
    except ValueError as error:
        raise QuestionSetError(f"'{path}' is not JSON lines ({error})") from error


def _passage(text: str, evidence: list[str]) -> str:
    """The paragraphs of the evidence, with those beside them while it stays short."""
    places = [(text.find(quote), quote) for quote in evidence]
    if not places or any(place < 0 for place, _ in places):
        return ""
    start = min(place for place, _ in places)
    end = max(place + len(quote) for place, quote in places)
    start, end = _line_start(text, start), _line_end(text, end)
    while end - start < _LENGTH and (start > 0 or end < len(text)):
        start = _line_start(text, max(0, start - 1))
        end = _line_end(text, min(len(text), end + 1))
    return text[start:end].strip()


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end
