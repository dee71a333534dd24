"""Training examples out of question sets: a question, a passage, and what of it answers.

Two kinds of folder or file are read. A folder with ``corpus.jsonl`` and ``queries.jsonl``
holds documents with questions, gold evidence and unanswerable near misses; a ``.jsonl`` file
holds one question and passage a line (``question``, ``passage``, ``answer`` and ``evidence``
as [start, end] or null, ``kind``).
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from embeddings.reading.types import ReadingPassage

Verdict = int
YES, NO, NEITHER = range(3)

# Windows of a document, in bytes of UTF-8: about as long as the passages of an index, whose
# tokens hold fewer characters of other scripts.
_SHORTEST, _LONGEST = 200, 700
_BOUNDARY = re.compile(r"(?<=[^\W\d][.!?…][\s\"”’)\]])(?=\S)|(?<=[。！？।؟])|\n+")


@dataclass(frozen=True, slots=True)
class Example:
    """One question beside one passage.

    ``answers`` is whether the passage answers, None where that is not known. ``evidence``
    has a flag for each statement of the passage. ``answer`` is the half-open range of the
    short answer in its text, None where there is none, and ``has_span`` whether that means
    that there is none. ``about`` is whether passage and question are of one document.
    """

    question: str
    passage: ReadingPassage
    answers: bool
    evidence: tuple[bool, ...]
    answer: tuple[int, int] | None
    has_span: bool
    verdict: Verdict
    about: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A folder or file of examples, and how often each is used in an epoch, on average."""

    path: Path
    times: float = 1.0

    @classmethod
    def parse(cls, text: str) -> Source:
        """``PATH`` or ``PATH=TIMES``. Raises ValueError where TIMES is no number."""
        path, _, times = text.partition("=")
        return cls(Path(path), float(times or 1))


def load_examples(sources: Sequence[Source], seed: int) -> list[Example]:
    """Examples of all sources, in random order. Another seed gives other windows.

    Raises:
        OSError: a source cannot be read.
        ValueError: a source is not of either kind.
    """
    chance = random.Random(seed)
    found: list[Example] = []
    for source in sources:
        left = source.times
        while left > 0:
            read = _of_documents if source.path.is_dir() else _of_passages
            examples = list(read(source.path, chance))
            chance.shuffle(examples)
            found += examples[: round(len(examples) * min(left, 1))]
            left -= 1
    chance.shuffle(found)
    return found


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ValueError(f"'{path}', line {number}, is not JSON ({error})") from error


# --- Documents with questions --------------------------------------------------------


def _of_documents(folder: Path, chance: random.Random) -> Iterator[Example]:
    documents = {each["id"]: each for each in _read_lines(folder / "corpus.jsonl")}
    windows = {id_: list(_windows(document["text"], chance)) for id_, document in documents.items()}
    words = {
        id_: [_shingles(document["text"][start:end]) for start, end in windows[id_]]
        for id_, document in documents.items()
    }
    for query in _read_lines(folder / "queries.jsonl"):
        yield from _of_query(query, documents, windows, words, chance)
    if (folder / "claims.jsonl").exists():
        for claim in _read_lines(folder / "claims.jsonl"):
            if chance.random() < _CLAIMS:
                yield from _of_claim(claim, documents, windows, chance)


def _of_query(
    query: Mapping[str, Any],
    documents: Mapping[str, Mapping[str, Any]],
    windows: Mapping[str, Sequence[tuple[int, int]]],
    words: Mapping[str, Sequence[frozenset[str]]],
    chance: random.Random,
) -> Iterator[Example]:
    turns = [turn["text"] for turn in query.get("history", ()) if turn["role"] == "user"]
    question = _as_asked(" ".join((*turns[-1:], query["question"])), chance)
    asked = _shingles(question)

    def nearest(id_: str) -> list[int]:
        return sorted(range(len(windows[id_])), key=lambda at: -len(asked & words[id_][at]))

    def example(id_: str, at: int, *, about: bool = True) -> Example:
        document = documents[id_]
        gold = () if not about else query.get("gold_evidence", ())
        forms = query.get("answers", ()) if not query.get("all_answers") else ()
        return _cut(document, windows[id_][at], question, gold, forms, chance, about=about)

    if query["unanswerable"]:
        near = [id_ for id_ in query.get("near_doc_ids", ()) if id_ in documents]
        for id_ in near[:1]:
            for at in nearest(id_)[:2]:
                yield example(id_, at)
        return
    for id_ in query["gold_doc_ids"][:1]:
        text = documents[id_]["text"]
        places = [text.find(each) for each in query["gold_evidence"]]
        holding = {
            at
            for place in places
            if place >= 0
            for at, (start, end) in enumerate(windows[id_])
            if start <= place < end
        }
        for at in sorted(holding)[:2]:
            yield example(id_, at)
        others = [at for at in nearest(id_) if at not in holding]
        if others and chance.random() < 0.5:
            yield example(id_, others[0])
        if chance.random() < 0.25:
            other = max(
                chance.sample(sorted(documents), min(40, len(documents))),
                key=lambda each: (
                    max((len(asked & w) for w in words[each]), default=0) if each != id_ else -1
                ),
            )
            if other != id_ and windows[other]:
                yield example(other, nearest(other)[0], about=False)


# Share of the claims that are asked about, and the changes of a claim that its evidence denies:
# the others leave it open.
_CLAIMS = 0.4
_DENIED = frozenset(
    ("other_entity", "swapped_roles", "other_number", "other_date", "other_unit", "negation")
)


def _of_claim(
    claim: Mapping[str, Any],
    documents: Mapping[str, Mapping[str, Any]],
    windows: Mapping[str, Sequence[tuple[int, int]]],
    chance: random.Random,
) -> Iterator[Example]:
    """A claim as somebody asks whether it is so: "The bridge opened in 1932?"."""
    document = documents[claim["doc_id"]]
    gold = claim["evidence"] if isinstance(claim["evidence"], list) else [claim["evidence"]]
    place = document["text"].find(gold[0])
    window = next((w for w in windows[document["id"]] if w[0] <= place < w[1]), None)
    if window is None:
        return
    supported = claim["label"] == "supported"
    verdict = YES if supported else NO if claim.get("kind") in _DENIED else NEITHER
    question = _as_asked(claim["claim"].rstrip(".。 ") + "?", chance)
    shown = gold if verdict != NEITHER else ()
    cut = _cut(document, window, question, shown, (), chance, about=True)
    yield replace(cut, verdict=verdict if cut.answers else NEITHER)


def _cut(
    document: Mapping[str, Any],
    window: tuple[int, int],
    question: str,
    gold: Sequence[str],
    forms: Sequence[str],
    chance: random.Random,
    *,
    about: bool,
) -> Example:
    start, end = window
    text = document["text"][start:end]
    statements = tuple(_statements(text))
    found = []
    for each in gold:
        place = document["text"].find(each)
        if place >= 0 and place < end and place + len(each) > start:
            found.append((max(0, place - start), min(len(text), place + len(each) - start)))
    evidence = tuple(any(s < b and a < e for a, b in found) for s, e in statements)
    answers = any(evidence)
    worded = [form for form in forms if form.casefold() not in _YES_NO]
    answer = _span(text, found, worded) if answers else None
    said = [_YES_NO[form.casefold()] for form in forms if form.casefold() in _YES_NO]
    verdict = said[0] if answers and said else NEITHER
    lead = _lead(document, start) if chance.random() < 0.85 else ""
    return Example(
        question=question,
        passage=ReadingPassage(lead, text, statements),
        answers=answers,
        evidence=evidence,
        answer=answer,
        has_span=answer is not None or not answers,
        verdict=verdict,
        about=about,
    )


_YES_NO = {"yes": YES, "no": NO, "是": YES, "否": NO, "不是": NO}


def _lead(document: Mapping[str, Any], start: int) -> str:
    """The title and the nearest heading above a place of the text."""
    above = [line for line in document["text"][:start].splitlines() if line.startswith("#")]
    headings = [line.strip("# ") for line in above[-1:]]
    return ". ".join(filter(None, (document.get("title") or "", *headings)))


def _span(
    text: str, evidence: Sequence[tuple[int, int]], forms: Sequence[str]
) -> tuple[int, int] | None:
    for start, end in evidence:
        for form in forms:
            place = text.casefold().find(form.casefold(), start)
            if form and place >= 0 and place + len(form) <= end and len(form) <= 120:
                return place, place + len(form)
    return None


def _windows(text: str, chance: random.Random) -> Iterator[tuple[int, int]]:
    """Runs of whole statements that together are the text, of random lengths."""
    run_start: int | None = None
    run_end = 0
    room = chance.randint(_SHORTEST, _LONGEST)
    for start, end in _statements(text):
        if run_start is not None and len(text[run_start:end].encode("utf-8")) > room:
            yield run_start, run_end
            run_start, room = None, chance.randint(_SHORTEST, _LONGEST)
        if run_start is None:
            run_start = start
        run_end = end
    if run_start is not None:
        yield run_start, run_end


def _statements(text: str) -> Iterator[tuple[int, int]]:
    """Sentences and lines, by their marks alone: what is learnt is a score a character, so
    an abbreviation taken for an end does little harm."""
    begin = 0
    for match in (*_BOUNDARY.finditer(text), None):
        end = match.start() if match else len(text)
        piece = text[begin:end]
        if bare := piece.strip():
            start = begin + piece.index(bare[0])
            yield start, start + len(bare)
        begin = match.end() if match else end


def _shingles(text: str) -> frozenset[str]:
    """The words of a text, and for those without spaces between words its pairs."""
    words = re.findall(r"\w+", text.casefold())
    pairs = {word[at : at + 2] for word in words if not word.isascii() for at in range(len(word))}
    return frozenset(word for word in words if len(word) > 3 or word.isdigit()) | frozenset(pairs)


def _as_asked(question: str, chance: random.Random) -> str:
    """The question as somebody in a hurry would type it, now and then."""
    if chance.random() < 0.1:
        question = question.lower()
    if chance.random() < 0.15:
        question = question.rstrip("?？ ")
    if chance.random() < 0.05 and len(question) > 12:
        at = chance.randrange(4, len(question) - 4)
        question = question[:at] + question[at + 1] + question[at] + question[at + 2 :]
    return question


# --- Single passages -----------------------------------------------------------------

# How much of each kind is taken: made-up changes teach less than what people wrote.
_SHARES = {
    "answerable": 0.17,
    "unanswerable": 0.5,
    "question_changed": 0.1,
    "evidence_removed": 0.12,
    "other_paragraph": 0.07,
}


def _of_passages(path: Path, chance: random.Random) -> Iterator[Example]:
    for row in _read_lines(path):
        if chance.random() >= _SHARES.get(row["kind"], 1.0):
            continue
        text = row["passage"]
        windows = list(_windows(text, chance))
        evidence = tuple(row["evidence"]) if row["evidence"] else None
        answer = tuple(row["answer"]) if row["answer"] else None
        question = _as_asked(row["question"], chance)
        asked = _shingles(question)
        if evidence and row["kind"] == "answerable":
            chosen = next((w for w in windows if w[0] <= evidence[0] and evidence[1] <= w[1]), None)
            if chosen is None:
                chosen = max(windows, key=lambda w: min(w[1], evidence[1]) - max(w[0], evidence[0]))
        elif windows:
            chosen = max(windows, key=lambda w: len(asked & _shingles(text[w[0] : w[1]])))
        else:
            continue
        yield _single(row["kind"], question, text, chosen, evidence, answer)


def _single(
    kind: str,
    question: str,
    text: str,
    window: tuple[int, int],
    evidence: Iterable[int] | None,
    answer: Iterable[int] | None,
) -> Example:
    start, end = window
    part = text[start:end]
    statements = tuple(_statements(part))
    flags = tuple(False for _ in statements)
    span: tuple[int, int] | None = None
    if kind == "answerable" and evidence is not None:
        first, last = evidence
        flags = tuple(s < last - start and first - start < e for s, e in statements)
        if answer is not None:
            a, b = answer
            span = (a - start, b - start) if start <= a and b <= end else None
    answers = any(flags)
    return Example(
        question=question,
        passage=ReadingPassage("", part, statements),
        answers=answers,
        evidence=flags,
        answer=span,
        has_span=span is not None or not answers,
        verdict=NEITHER,
        about=True,
    )
