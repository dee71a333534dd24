"""Sentences made false on purpose: how many does the check of facts stop?

    python -m eval.corrupt FOLDER [--seed N] [--limit N]

For sentences of the text files in FOLDER: one number, date, name or negation is changed,
by seed, and the check is asked whether the sentence as it was supports the new one. The
same sentences with their last clause left out are the true ones that it should release.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag.answer.check import check_support
from rag.answer.facts import find_calendar_dates, find_names
from rag.answer.figures import find_figures
from rag.sentences import split_sentences

__all__ = ["Variant", "main", "vary_sentences"]

Change = Literal["number", "date", "name", "negation", "shortened"]
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|will|has|have|can|should)\b(?! not\b)")


@dataclass(frozen=True, slots=True)
class Variant:
    """A sentence as it was and as it became; only a "shortened" one is still true."""

    change: Change
    true: str
    said: str


def vary_sentences(sentences: Sequence[str], *, seed: int = 0) -> Iterator[Variant]:
    """Each sentence changed in every way it can be; names come from the other sentences."""
    names = sorted({name.text for sentence in sentences for name in find_names(sentence)})
    for sentence in sentences:
        rng = random.Random(f"{seed} {sentence}")
        for figure in [f for f in find_figures(sentence) if f.text.isdecimal()][:1]:
            other = str(int(figure.text) + rng.randint(1, 9))
            yield Variant("number", sentence, _swap(sentence, figure.text, other))
        for date in [d for d in find_calendar_dates(sentence) if d.year][:1]:
            later = date.text.replace(str(date.year), str((date.year or 0) + rng.randint(1, 9)))
            yield Variant("date", sentence, _swap(sentence, date.text, later))
        strange = [name for name in names if name.casefold() not in sentence.casefold()]
        own = find_names(sentence)
        if own and strange:
            yield Variant(
                "name", sentence, _swap(sentence, rng.choice(own).text, rng.choice(strange))
            )
        if _AUXILIARY.search(sentence):
            said = _AUXILIARY.sub(lambda match: f"{match[0]} not", sentence, count=1)
            yield Variant("negation", sentence, said)
        if ", " in sentence:
            yield Variant("shortened", sentence, sentence.rpartition(", ")[0] + ".")


def _swap(sentence: str, old: str, new: str) -> str:
    return sentence.replace(old, new, 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the share of each kind of variant that the check releases."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=200, help="sentences read")
    asked = parser.parse_args(arguments)
    found: list[str] = []
    for path in sorted(asked.folder.rglob("*.txt")):
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [s.of(text) for s in split_sentences(text) if len(s) > 40]
    random.Random(asked.seed).shuffle(found)
    released: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for variant in vary_sentences(found[: asked.limit], seed=asked.seed):
        if variant.said != variant.true:
            seen[variant.change] += 1
            released[variant.change] += check_support(variant.said, [variant.true]).holds
    for change, n in sorted(seen.items()):
        print(f"{change}: {released[change]} of {n} released ({released[change] / n:.3f})")


if __name__ == "__main__":
    main()
