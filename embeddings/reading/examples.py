"""Training examples out of question sets: a question, a passage, and what of it answers.

Two kinds of folder or file are read. A folder with ``corpus.jsonl`` and ``queries.jsonl``
holds documents with questions, gold evidence and unanswerable near misses; a ``.jsonl`` file
holds one question and passage a line (``question``, ``passage``, ``answer`` and ``evidence``
as [start, end] or null, ``kind``).
"""

from __future__ import annotations

import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from embeddings.reading.types import ReadingPassage

Verdict = int
Window = tuple[int, int]
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


class _Archive:
    """The documents of a folder, cut into windows that are found by a question's words."""

    def __init__(self, documents: Iterable[Mapping[str, Any]], chance: random.Random) -> None:
        self.documents = {each["id"]: each for each in documents}
        self.windows: dict[str, list[Window]] = {}
        self._holding: dict[str, list[tuple[str, Window]]] = defaultdict(list)
        count = 0
        for id_, document in self.documents.items():
            self.windows[id_] = list(_windows(document["text"], chance))
            for window in self.windows[id_]:
                count += 1
                for word in _shingles(document["text"][slice(*window)]):
                    self._holding[word].append((id_, window))
        self._weights = {
            word: math.log(1 + count / len(places)) for word, places in self._holding.items()
        }

    def nearest(self, question: str) -> list[tuple[str, Window]]:
        """The windows that share a word with the question, by the weight of what they share
        (the sum of the words' inverse document frequencies), heaviest first."""
        shared: Counter[tuple[str, Window]] = Counter()
        for word in sorted(_shingles(question) & self._weights.keys()):
            for place in self._holding[word]:
                shared[place] += self._weights[word]  # type: ignore[assignment]
        return [place for place, _ in shared.most_common()]


def _of_documents(folder: Path, chance: random.Random) -> Iterator[Example]:
    archive = _Archive(_read_lines(folder / "corpus.jsonl"), chance)
    for query in _read_lines(folder / "queries.jsonl"):
        yield from _of_query(query, archive, chance)
    if (folder / "claims.jsonl").exists():
        for claim in _read_lines(folder / "claims.jsonl"):
            if chance.random() < _CLAIMS:
                yield from _of_claim(claim, archive, chance)


# How often a question is shown a passage that does not answer it: another one of its own
# document, and one of another document that shares as many words as search would find.
_OWN, _OTHER = 0.5, 0.8
_SEARCHED = 8


def _of_query(
    query: Mapping[str, Any], archive: _Archive, chance: random.Random
) -> Iterator[Example]:
    turns = [turn["text"] for turn in query.get("history", ()) if turn["role"] == "user"]
    question = _as_asked(" ".join((*turns[-1:], query["question"])), chance)
    gold = () if query["unanswerable"] else query["gold_evidence"]
    forms = query.get("answers", ()) if not query.get("all_answers") else ()
    asked_of = query["near_doc_ids"] if query["unanswerable"] else query["gold_doc_ids"]
    own_id = next((id_ for id_ in asked_of if id_ in archive.documents), None)
    nearest = archive.nearest(question)

    if own_id is not None:
        document = archive.documents[own_id]
        places = [place for place in map(document["text"].find, gold) if place >= 0]
        holding = [
            (start, end)
            for start, end in archive.windows[own_id]
            if any(start <= place < end for place in places)
        ]
        own = [w for id_, w in nearest if id_ == own_id and w not in holding]
        # Asked in other words than its document's, a question shares none with the rest.
        own += [w for w in archive.windows[own_id] if w not in (*holding, *own)]
        shown = own[:2] if query["unanswerable"] else holding[:2]
        if not query["unanswerable"] and chance.random() < _OWN:
            shown += own[:1]
        for window in shown:
            yield _cut(document, window, question, gold, forms, chance, about=True)
    others = [(id_, w) for id_, w in nearest[: 2 * _SEARCHED] if id_ != own_id][:_SEARCHED]
    if others and chance.random() < _OTHER:
        id_, window = chance.choice(others)
        yield _cut(archive.documents[id_], window, question, (), (), chance, about=False)


# Share of the claims that are asked about, and the changes of a claim that its evidence denies:
# the others leave it open.
_CLAIMS = 0.4
_DENIED = frozenset(
    ("other_entity", "swapped_roles", "other_number", "other_date", "other_unit", "negation")
)


def _of_claim(
    claim: Mapping[str, Any], archive: _Archive, chance: random.Random
) -> Iterator[Example]:
    """A claim as somebody asks whether it is so: "The bridge opened in 1932?"."""
    document = archive.documents[claim["doc_id"]]
    gold = claim["evidence"] if isinstance(claim["evidence"], list) else [claim["evidence"]]
    place = document["text"].find(gold[0])
    window = next((w for w in archive.windows[document["id"]] if w[0] <= place < w[1]), None)
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
    window: Window,
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


def _windows(text: str, chance: random.Random) -> Iterator[Window]:
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
    window: Window,
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
