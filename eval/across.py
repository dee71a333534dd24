"""Sentences over sources in another language: how many false ones does the gate stop?

    python -m eval.across FOLDER [--seed N] [--limit N] [--half dev|test] [--claims en|zh]

FOLDER is a suite of the same paragraphs in English and Chinese (xquad_en_zh). Those with as
many sentences in both give pairs that say the same. The one is what a language model might
write, the other's paragraph is what it read; then a number, date, name, negation or the answer
to a question is changed in it, or its source is taken away. Also the source's own letters are
put where the translation has an answer in its own, as models do that are told to keep names.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from eval.corrupt import TRUE, Source, vary_sentences
from eval.gating import document_of, passes_gate
from rag.answer.across import Bridge
from rag.config import load_settings
from rag.lexicon import load_lexicon
from rag.models import Models
from rag.text.sentences import split_sentences

__all__ = ["Paragraph", "Variant", "main", "read_paragraphs", "vary"]

Language = Literal["en", "zh"]
_OTHER: Mapping[Language, Language] = {"en": "zh", "zh": "en"}
# An answer of more characters is a clause, not a name.
_LONGEST_ANSWER = 40
_RELEASABLE = TRUE | {"letters kept"}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph in both languages: its sentences, which say the same in pairs, and its
    answers to questions, likewise."""

    sentences: Mapping[Language, Sequence[str]]
    answers: Mapping[Language, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Variant:
    """What may be said of a passage in the other language; true or not by ``change``."""

    change: str
    language: Language
    said: str
    passage: tuple[str, ...]

    @property
    def true(self) -> bool:
        """Whether the passage says so."""
        return self.change in _RELEASABLE


def read_paragraphs(folder: Path) -> list[Paragraph]:
    """The paragraphs of the folder whose sentences can be paired, in its order."""
    texts: dict[str, str] = {}
    for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        texts[row["id"]] = row["text"]
    answers: dict[str, list[tuple[str, str]]] = {}
    for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["lang"] == "en":
            pair = (row["answers"][0], row["answers_cross_lang"][0])
            answers.setdefault(row["gold_doc_ids_same_lang"][0], []).append(pair)
    found: list[Paragraph] = []
    for name in sorted(texts):
        if not name.startswith("en"):
            continue
        english = _sentences(texts[name], "en")
        chinese = _sentences(texts["zh" + name[2:]], "zh")
        if len(english) == len(chinese):
            pairs = answers.get(name, [])
            found.append(
                Paragraph(
                    {"en": english, "zh": chinese},
                    {"en": [one for one, _ in pairs], "zh": [other for _, other in pairs]},
                )
            )
    return found


def _sentences(text: str, language: Language) -> list[str]:
    return [span.of(text) for span in split_sentences(text, language)]


def vary(
    paragraphs: Sequence[Paragraph], language: Language, *, seed: int = 0
) -> Iterator[Variant]:
    """Each sentence of this language as it is and changed in every way it can be."""
    elsewhere = [a for p in paragraphs for a in p.answers[language] if _is_name(a)]
    sources = [
        Source(sentence, "\n".join(p.sentences[language]))
        for p in paragraphs
        for sentence in p.sentences[language]
    ]
    changed: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for v in vary_sentences(sources, seed=seed):
        changed.setdefault((v.true, v.passage), []).append((v.change, v.said))
    for paragraph in paragraphs:
        passage = tuple(paragraph.sentences[_OTHER[language]])
        whole = "\n".join(paragraph.sentences[language])
        for at, sentence in enumerate(paragraph.sentences[language]):
            for change, said in changed.get((sentence, whole), ()):
                yield Variant(change, language, said, passage)
            if len(passage) > 1:
                yield Variant("unsaid", language, sentence, passage[:at] + passage[at + 1 :])
            rng = random.Random(f"{seed} {sentence}")
            for change, said in _answers(paragraph, sentence, language, elsewhere, rng):
                yield Variant(change, language, said, passage)


def _is_name(answer: str) -> bool:
    return len(answer) <= _LONGEST_ANSWER and not any(c.isdigit() for c in answer)


def _answers(
    paragraph: Paragraph,
    sentence: str,
    language: Language,
    elsewhere: Sequence[str],
    rng: random.Random,
) -> Iterator[tuple[str, str]]:
    own, others = paragraph.answers[language], paragraph.answers[_OTHER[language]]
    here = [at for at, answer in enumerate(own) if answer in sentence and _is_name(answer)]
    if not here:
        return
    chosen = rng.choice(here)
    near = [a for a in own if _is_name(a) and a not in sentence and sentence not in a]
    strange = [a for a in elsewhere if not any(a in s for s in paragraph.sentences[language])]
    yield "answer", sentence.replace(own[chosen], rng.choice(strange))
    if near:
        yield "answer nearby", sentence.replace(own[chosen], rng.choice(near))
    if any(c.isupper() for c in others[chosen]) and _is_name(others[chosen]):
        yield "letters kept", sentence.replace(own[chosen], f" {others[chosen]} ").strip()
        foreign = [
            a for a in others if any(c.isupper() for c in a) and _is_name(a) and a != others[chosen]
        ]
        if foreign:
            yield (
                "letters swapped",
                sentence.replace(own[chosen], f" {rng.choice(foreign)} ").strip(),
            )


def released_by_gate(variant: Variant, bridge: Bridge) -> bool:
    """Whether the gate lets the sentence out, the passage being all that the model read."""
    document = document_of("\n".join(variant.passage), _OTHER[variant.language])
    return passes_gate(variant.said, document, question=variant.said, bridge=bridge)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the share of each kind of variant that the gate releases, by language."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, help="variants judged of each language, by seed")
    parser.add_argument(
        "--half", choices=("dev", "test"), default="test", help="the gate was fitted on dev"
    )
    parser.add_argument("--claims", choices=tuple(_OTHER), nargs="+", default=tuple(_OTHER))
    asked = parser.parse_args(arguments)
    bridge = _open_bridge()
    paragraphs = read_paragraphs(asked.folder)[0 if asked.half == "dev" else 1 :: 2]
    for language in asked.claims:
        variants = list(vary(paragraphs, language, seed=asked.seed))
        random.Random(asked.seed).shuffle(variants)
        _print(language, variants[: asked.limit], bridge)


def _open_bridge() -> Bridge:
    settings = load_settings(environment={})
    lexicon = load_lexicon()
    if lexicon is None:
        raise SystemExit("the dictionary is not installed; pip install 'footnote[models]'")
    models = replace(settings.models, encoder="multilingual")
    return Bridge(lexicon, Models(models, settings.language_model).encoder)


def _print(language: Language, variants: Sequence[Variant], bridge: Bridge) -> None:
    seen: Counter[str] = Counter()
    released: Counter[str] = Counter()
    for variant in variants:
        kinds = (variant.change, "all true" if variant.true else "all false")
        seen.update(kinds)
        if released_by_gate(variant, bridge):
            released.update(kinds)
    print(f"{language} over {_OTHER[language]:<9}{'n':>6}  released")
    for kind in sorted(seen, key=lambda kind: (kind.startswith("all"), kind)):
        print(f"{kind:<17}{seen[kind]:>6}  {released[kind] / seen[kind]:.3f}")


if __name__ == "__main__":
    main()
