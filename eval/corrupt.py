"""Sentences made false on purpose: how many do the check of facts and the gate stop?

    python -m eval.corrupt FOLDER... [--seed N] [--limit N]
    python -m eval.corrupt --claims FOLDER

For sentences of the texts in each FOLDER (corpus.jsonl, or *.txt files): one number, date,
name, negation or verb is changed, by seed, to one from elsewhere and, of the first three, to
one of the same passage. Verbs are counted apart: nothing here knows which mean the same.
The sentence as it was, with its last clause left out, or with its opening moved to the end
is still true and should be released. The check compares it with the sentence it was made
from; the gate with the whole passage, as it does with what a language model writes.

With --claims, FOLDER holds claims that people judged (as eval.wice reads them): shares of each
label that the check and the gate release, each article being all that the model read.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from eval.checking import Label
from eval.gating import document_of, passes_gate
from eval.wice import read_claims
from rag.answer.check import check_support
from rag.answer.facts import find_calendar_dates, find_names
from rag.answer.rewording import load_wordbooks
from rag.question.analysis import is_chinese
from rag.text.normalise import search_text
from rag.text.numbers import find_figures
from rag.text.sentences import split_sentences
from rag.types import Span

__all__ = ["TRUE", "Source", "Variant", "main", "read_sources", "vary_sentences"]

Change = Literal[
    "number", "number nearby", "date", "date nearby", "name", "name nearby", "negation",
    "verb", "same", "shortened", "moved",
]  # fmt: skip
TRUE: frozenset[Change] = frozenset(("same", "shortened", "moved"))

_TOTALS: dict[Change, tuple[str, ...]] = {"verb": (), **dict.fromkeys(TRUE, ("all true",))}

_AUXILIARY = re.compile(r"\b(?:is|are|was|were|will|has|have|can|should)\b(?! not\b)")
_DENIED = re.compile(r"\b(is|are|was|were|will|has|have|can|should|did|does|do) not\b")
_CHINESE_VERB = re.compile(r"(?<![不没])(?:是(?!否)|能够|可以|将)")
_OPENING = re.compile(
    r"((?:In|On|At|During|After|Since|Before|By|Until) [^,.;]{2,40}), ([^;]{20,}?)\.$"
)
_PAST = re.compile(r"(?<![\w-])[a-z]{3,}ed(?![\w-])")
_DIGITS = re.compile(r"\d+")
# Sentences of a passage before and behind the one that is varied.
_AROUND = 5
_SHORTEST, _SHORTEST_CHINESE, _LONGEST = 40, 15, 400


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence, and the passage that it stands in."""

    sentence: str
    passage: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A sentence as it was and as it became; true only where ``change`` is among TRUE."""

    change: Change
    true: str
    said: str
    passage: str


def vary_sentences(sources: Sequence[Source], *, seed: int = 0) -> Iterator[Variant]:
    """Each sentence changed in every way it can be; strange names are of other passages."""
    names = sorted({n.text for s in sources for n in find_names(search_text(s.sentence))})
    verbs = sorted({verb for s in sources for verb in _PAST.findall(s.sentence)})
    for source in sources:
        rng = random.Random(f"{seed} {source.sentence}")
        varied = (*_numbers(source, rng), *_dates(source, rng), *_names(source, names, rng))
        denied = (*_negations(source), *_verbs(source, verbs, rng))
        for change, said in (*varied, *denied, *_true(source)):
            # What stands there all the same is not false.
            if change in TRUE or said not in source.passage:
                yield Variant(change, source.sentence, said, source.passage)


def _numbers(source: Source, rng: random.Random) -> Iterator[tuple[Change, str]]:
    text = search_text(source.sentence)
    dates = find_calendar_dates(text)
    figures = [
        f
        for f in find_figures(text)
        if _DIGITS.search(f.text)
        and not f.year
        and f.text in source.sentence
        and not any(Span(f.start, f.end).overlaps(d.span) for d in dates)
    ]
    if not figures:
        return
    figure = rng.choice(figures)
    other = _DIGITS.sub(lambda m: str(int(m[0]) + rng.randint(1, 9)), figure.text, count=1)
    yield "number", _swap(source.sentence, figure.text, other)
    near = sorted(
        f.text
        for f in find_figures(search_text(source.passage))
        if _DIGITS.search(f.text)
        and not f.year
        and f.kind == figure.kind
        and not any(f.agrees(own) for own in find_figures(text))
    )
    if near:
        yield "number nearby", _swap(source.sentence, figure.text, rng.choice(near))


def _dates(source: Source, rng: random.Random) -> Iterator[tuple[Change, str]]:
    years = re.findall(r"(?<!\d)(?:1\d|20)\d\d(?!\d)", source.sentence)
    if not years:
        return
    year = rng.choice(years)
    yield "date", _swap(source.sentence, year, str(int(year) + rng.randint(1, 9)))
    near = set(re.findall(r"(?<!\d)(?:1\d|20)\d\d(?!\d)", source.passage)) - set(years)
    if near:
        yield "date nearby", _swap(source.sentence, year, rng.choice(sorted(near)))


def _names(
    source: Source, names: Sequence[str], rng: random.Random
) -> Iterator[tuple[Change, str]]:
    own = [n.text for n in find_names(search_text(source.sentence)) if n.text in source.sentence]
    folded = source.passage.casefold()
    strange = [name for name in names if name.casefold() not in folded]
    if not own:
        return
    name = rng.choice(own)
    if strange:
        yield "name", _swap(source.sentence, name, rng.choice(strange))
    here = source.sentence.casefold()
    near = {
        n.text for n in find_names(search_text(source.passage)) if n.text.casefold() not in here
    }
    if near:
        yield "name nearby", _swap(source.sentence, name, rng.choice(sorted(near)))


def _negations(source: Source) -> Iterator[tuple[Change, str]]:
    text = source.sentence
    if _DENIED.search(text):
        yield "negation", _DENIED.sub(r"\1", text, count=1)
    elif is_chinese(text):
        if _CHINESE_VERB.search(text):
            yield "negation", _CHINESE_VERB.sub(lambda match: f"不{match[0]}", text, count=1)
    elif _AUXILIARY.search(text):
        yield "negation", _AUXILIARY.sub(lambda match: f"{match[0]} not", text, count=1)


def _verbs(
    source: Source, verbs: Sequence[str], rng: random.Random
) -> Iterator[tuple[Change, str]]:
    own = _PAST.findall(source.sentence)
    strange = [verb for verb in verbs if verb not in source.passage]
    if own and strange:
        yield "verb", _swap(source.sentence, rng.choice(own), rng.choice(strange))


def _true(source: Source) -> Iterator[tuple[Change, str]]:
    text = source.sentence
    yield "same", text
    if ", " in text:
        yield "shortened", text.rpartition(", ")[0] + "."
    elif "，" in text:
        yield "shortened", text.rpartition("，")[0] + "。"
    if match := _OPENING.fullmatch(text):
        opening, rest = match.groups()
        yield "moved", f"{rest[0].upper()}{rest[1:]} {opening[0].lower()}{opening[1:]}."


def _swap(sentence: str, old: str, new: str) -> str:
    return re.sub(
        rf"(?<!\w){re.escape(old)}(?!\w)|{re.escape(old)}", lambda _: new, sentence, count=1
    )


def read_sources(folder: Path, *, limit: int, seed: int = 0) -> list[Source]:
    """Sentences of the folder's texts with their passages, drawn by seed, ``limit`` at most."""
    found: list[Source] = []
    for text in _texts(folder):
        spans = split_sentences(text, "zh" if is_chinese(text) else "en")
        for at, span in enumerate(spans):
            sentence = span.of(text)
            shortest = _SHORTEST_CHINESE if is_chinese(sentence) else _SHORTEST
            if shortest < len(sentence) < _LONGEST and "\n" not in sentence:
                first, last = spans[max(0, at - _AROUND)], spans[min(len(spans) - 1, at + _AROUND)]
                found.append(Source(sentence, text[first.start : last.end]))
    random.Random(seed).shuffle(found)
    return found[:limit]


def _texts(folder: Path) -> Iterator[str]:
    corpus = folder / "corpus.jsonl"
    if corpus.exists():
        for line in corpus.read_text(encoding="utf-8").splitlines():
            yield str(json.loads(line)["text"])
        return
    for path in sorted(folder.rglob("*.txt")):
        yield path.read_text(encoding="utf-8", errors="replace")


def released_by_gate(variant: Variant) -> bool:
    """Whether the gate lets the sentence out, its passage being all that the model read."""
    chinese = is_chinese(variant.passage)
    document = document_of(variant.passage, "zh" if chinese else "en")
    books = load_wordbooks(chinese=chinese)
    return passes_gate(variant.said, document, question=variant.true, wordbooks=books)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the share of each kind of variant that the check and the gate release."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--claims", type=Path, metavar="FOLDER", help="claims people judged")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=200, help="sentences read of each folder")
    asked = parser.parse_args(arguments)
    if not asked.folders and not asked.claims:
        parser.error("give a FOLDER of texts, or --claims FOLDER")
    tally = _Tally()
    for folder in asked.folders:
        sources = read_sources(folder, limit=asked.limit, seed=asked.seed)
        for variant in vary_sentences(sources, seed=asked.seed):
            tally.add(
                [variant.change, *_TOTALS.get(variant.change, ("all false",))],
                checked=check_support(variant.said, [variant.true]).holds,
                gated=released_by_gate(variant),
            )
    tally.print((*get_args(Change), "all false", "all true"))
    judged = _Tally()
    for case in read_claims(asked.claims) if asked.claims else ():
        judged.add(
            [case.label],
            checked=check_support(case.claim, case.sentences).holds,
            gated=released_by_gate(Variant("same", "", case.claim, "\n".join(case.sentences))),
        )
    judged.print(get_args(Label))


class _Tally:
    """How many of each kind there were, and how many were released."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._checked: Counter[str] = Counter()
        self._gated: Counter[str] = Counter()

    def add(self, kinds: Sequence[str], *, checked: bool, gated: bool) -> None:
        self._seen.update(kinds)
        self._checked.update(kinds if checked else ())
        self._gated.update(kinds if gated else ())

    def print(self, kinds: Sequence[str]) -> None:
        if self._seen:
            print(f"{'released':<20}{'n':>6}  check   gate")
        for kind in kinds:
            if n := self._seen[kind]:
                print(
                    f"{kind:<20}{n:>6}  {self._checked[kind] / n:.3f}  {self._gated[kind] / n:.3f}"
                )


if __name__ == "__main__":
    main()
