"""The gate: a sentence of a draft leaves only when the archive says what it says.

A sentence is compared with the stored sentences one at a time, not with a passage as a
whole: the name of one sentence and the year of the next make a fact that neither states.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.answer.across import Bridge, check_across, is_across
from rag.answer.check import SupportCheck, check_support
from rag.answer.draft import DraftSentence
from rag.answer.facts import FUNCTION_WORDS, find_calendar_dates, find_names
from rag.answer.pack import Packed, PackedPassage
from rag.answer.question import analyse_question, is_chinese, stem_tokens
from rag.answer.stored import (
    NOTHING_GIVEN,
    Given,
    StoredSentence,
    check_stored,
    stored_sentences,
)
from rag.answer.support import name_is_among
from rag.answer.verify import known_of, verify_claim
from rag.errors import CitationError
from rag.normalise import search_text
from rag.types import Citation, Claim, Document, Span

__all__ = ["NOT_COMPARED", "GateKind", "GateVerdict", "gate_sentence"]

GateKind = Literal["found", "misattributed", "stitched", "unsupported", "uncited"]

# Of a passage the sentences that have most words of the claim are compared with it.
_COMPARED = 5
# Share of a part's words that the one sentence said to support it must hold, and of its
# words other than names and figures that must be among those cited.
_PART_SUPPORT = 0.7
_PART_WORDS = 0.5
# Share of a claim's words from which on it repeats a sentence.
_NEARLY_ALL = 0.8
# Why a sentence is withheld that nothing could be made of.
NOT_COMPARED = "it is in another language than the passages, and nothing here compares the two"
# An answer of fewer content words ("In 1931.") says nothing without its question.
_FRAGMENT_WORDS = 4
_FRAGMENT_CHARACTERS = 10
_QUESTION_WORDS = 0.5
_JOINTS = re.compile(
    r"[;；，]|,?\s(?:and|but|while|whereas|although|though)\s|,\s(?=(?:which|who|where)\b)|(?:并且|而且|但是?|而)"
)
# Of a question that yes or no answers every word is in doubt.
_ASKS_FOR_SOMETHING = re.compile(
    r"\b(?:who|whom|whose|what|which|when|where|why|how)\b|[谁何几]|什么|哪|多少|怎|为啥",
    re.IGNORECASE,
)
_CAPITALISED = re.compile(r"(?<=[^\W_])\W{1,3}([A-Z][^\W_]+)")


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What became of a sentence of a draft.

    "found": a passage that it cites supports it; "misattributed": another packed passage
    does, and is cited instead. The others are withheld and ``claim`` is None: "stitched",
    its facts are there but no sentence states them together; "uncited", it names no
    passage and none supports it; "unsupported", the rest. ``reasons`` are what is wrong,
    in words, of the nearest evidence.
    """

    kind: GateKind
    sentence: DraftSentence
    claim: Claim | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Support:
    """Citations that support a claim, the score of the check, and what it took as given."""

    citations: tuple[Citation, ...]
    score: float
    given: Given = NOTHING_GIVEN


def gate_sentence(
    sentence: DraftSentence,
    packed: Packed,
    documents: Mapping[str, Document],
    *,
    question: str,
    answering: Collection[tuple[str, Span]] = (),
    bridge: Bridge | None = None,
) -> GateVerdict:
    """Judge one sentence against what the model was shown; deterministic.

    A claim that is given quotes its documents exactly and passes ``verify_claim``; its
    citations are the sentences that support it, no more. An answer of a word or two is
    released only from a sentence that speaks of what ``question`` asks. ``answering`` are
    the spans, by document id, of sentences that were found to answer the question: of those
    a claim may repeat the question's words. Without a
    ``bridge`` none is released that is in another language than its source.

    Raises:
        ModelLoadError: the bridge's encoder ran out of memory, or its weights are no good.
    """
    named = (packed.passage(marker) for marker in sentence.markers)
    cited = [passage for passage in named if passage is not None]
    others = [passage for passage in packed.passages if passage not in cited]
    text = sentence.text
    if analyse_question(text).empty:
        return GateVerdict("unsupported", sentence, None, ("it states nothing to be checked",))
    judge = _Judge(text, question, documents, frozenset(answering), bridge)
    groups: tuple[tuple[GateKind, Sequence[PackedPassage], Sequence[PackedPassage]], ...] = (
        ("found", cited, cited),
        ("misattributed", others, packed.passages),
    )
    for kind, alone, together in groups:
        support = judge.supported_by_one(alone) or judge.supported_by_parts(together)
        claim = support and judge.claim(support)
        if claim:
            return GateVerdict(kind, sentence, claim)
    nearest = judge.nearest(packed.passages)
    kind = "unsupported" if sentence.markers else "uncited"
    if nearest and is_across(text, nearest[0].text):
        if bridge is None:
            return GateVerdict(kind, sentence, None, (NOT_COMPARED,))
        near = check_across(text, [nearest[0].text], bridge)
        return GateVerdict(kind, sentence, None, near.mismatches or (_too_low(near),))
    whole = check_support(text, [s.text for s in nearest])
    if whole.holds:
        return GateVerdict("stitched", sentence, None, ("no sentence states these facts together",))
    return GateVerdict(kind, sentence, None, whole.mismatches or (_too_low(whole),))


def _too_low(check: SupportCheck) -> str:
    return f"support {check.score:.2f} is too low"


@dataclass(frozen=True, slots=True)
class _Judge:
    """Looks for the support of one claim."""

    text: str
    question: str
    documents: Mapping[str, Document]
    answering: frozenset[tuple[str, Span]]
    bridge: Bridge | None

    def given(self, stored: StoredSentence) -> Given:
        """What a claim may take from the question, if this sentence answers it."""
        if not _ASKS_FOR_SOMETHING.search(self.question) or not any(
            document_id == stored.document.id and span.overlaps(stored.span)
            for document_id, span in self.answering
        ):
            return NOTHING_GIVEN
        asked = analyse_question(self.question)
        return Given(asked.content - asked.names - asked.numbers, asked.names)

    def nearest(self, passages: Sequence[PackedPassage]) -> list[StoredSentence]:
        """The sentences of each passage that are nearest to the claim, best first: those that
        share most words with it, in another language those of the highest cosine."""
        found: list[tuple[float, StoredSentence]] = []
        for passage in passages:
            stored = list(stored_sentences(passage, self.documents))
            texts = [s.text for s in stored]
            if self.bridge is not None and is_across(self.text, passage.text):
                shares = tuple(self.bridge.similarities(self.text, texts))
            else:
                shares = check_support(self.text, texts).sentence_words
            ranked = sorted(zip(shares, stored, strict=True), key=lambda pair: -pair[0])
            found += ranked[:_COMPARED]
        return [stored for _, stored in sorted(found, key=lambda pair: -pair[0])]

    def supported_by_one(self, passages: Sequence[PackedPassage]) -> _Support | None:
        """The first sentence, nearest first, that states all that the claim states."""
        for stored in self.nearest(passages):
            given = self.given(stored)
            check, citations = check_stored(self.text, stored, self.bridge, given)
            # In another language the check itself has compared every part.
            said = is_across(self.text, stored.text) or _is_said(self.text, citations, given.words)
            if check.holds and said and self._answers(stored):
                return _Support(citations, check.score, given)
        return None

    def supported_by_parts(self, passages: Sequence[PackedPassage]) -> _Support | None:
        """A sentence for each part of a compound claim, all of them about its subject."""
        parts = _parts(self.text)
        if len(parts) < 2:
            return None
        nearest = self.nearest(passages)
        if any(_is_altered(self.text, stored) for stored in nearest[:_COMPARED]):
            return None
        citations: list[Citation] = []
        for part in parts:
            for stored in nearest:
                check, cited = check_stored(part, stored)
                about = _is_about(_subject(self.text), stored)
                if not check.mismatches and check.words >= _PART_SUPPORT and about:
                    citations += [c for c in cited if c not in citations]
                    break
            else:
                return None
        evidence = [citation.quote for citation in citations]
        cited_documents = {c.document_id: self.documents[c.document_id] for c in citations}
        known = ". ".join(map(known_of, cited_documents.values()))
        check = check_support(self.text, evidence, context=known)
        said = check.holds and _is_said(self.text, citations)
        return _Support(tuple(citations), check.score) if said else None

    def claim(self, support: _Support) -> Claim | None:
        """The claim so cited, None where it does not pass the last check of all."""
        claim = Claim(self.text, support.citations, support.score)
        try:
            verify_claim(claim, self.documents, bridge=self.bridge, given=support.given.stems)
        except CitationError:
            return None
        return claim

    def _answers(self, stored: StoredSentence) -> bool:
        """Whether a sentence speaks of what is asked, where the claim alone does not tell."""
        if not _is_fragment(self.text):
            return True
        asked = analyse_question(self.question)
        stems = stored.stems
        if not all(name in stems or name_is_among(name, stems) for name in asked.names):
            return False
        held = len(asked.content & stems)
        return held >= _QUESTION_WORDS * len(asked.content)


def _is_altered(claim: str, stored: StoredSentence) -> bool:
    """Whether a claim is nearly a stored sentence, but with another fact in it."""
    check = check_support(claim, [stored.text])
    return bool(check.mismatches) and check.words >= _NEARLY_ALL


def _parts(text: str, least: int = 2) -> list[str]:
    """The parts of a compound sentence, each of at least so many content words."""
    parts: list[str] = []
    at = 0
    for joint in [*_JOINTS.finditer(text), None]:
        end = joint.start() if joint else len(text)
        part = text[at:end].strip()
        if len(analyse_question(part).content) < least and parts:
            # "Austria and Benin": no part of its own.
            parts[-1] = text[text.rindex(parts[-1]) : end].strip()
        elif part:
            parts.append(part)
        at = joint.end() if joint else end
    return parts


def _subject(text: str) -> frozenset[str]:
    """Stems of the claim's first name, else of its first content word."""
    plain = search_text(text)
    names = find_names(plain)
    if names:
        first = names[0].run
        return frozenset(s for name in names if name.run == first for s in name.stems)
    content = analyse_question(text).content
    return frozenset([s for s in stem_tokens(plain) if s in content][:1])


def _is_about(subject: frozenset[str], stored: StoredSentence) -> bool:
    stems = stored.stems
    return bool(subject) and all(s in stems or name_is_among(s, stems) for s in subject)


def _is_said(
    claim: str, citations: Sequence[Citation], given: frozenset[str] = frozenset()
) -> bool:
    """Whether each part of a claim, names and figures aside, is in words that are cited.

    The score counts names and figures, and rare ones most: with those alone a claim could
    say anything of them.
    """
    cited = frozenset(s for c in citations for s in stem_tokens(search_text(c.quote)))
    known = cited | frozenset(s for c in citations for s in stem_tokens(search_text(c.title)))
    plain = search_text(claim)
    names = {name.text for name in find_names(plain)}
    names.update(word for date in find_calendar_dates(plain) for word in date.text.split())
    # A capital that tells no name by itself ("the Relations"), but is new: a name after all.
    strange = any(
        word not in names and not all(s in known or name_is_among(s, known) for s in stems)
        for word in _CAPITALISED.findall(plain)
        if (stems := [s for s in stem_tokens(word) if s not in FUNCTION_WORDS])
    )
    parts = [claim, *_parts(claim, 1)]
    return not strange and all(_words_said(part, cited, given) >= _PART_WORDS for part in parts)


def _words_said(part: str, cited: frozenset[str], given: frozenset[str]) -> float:
    terms = analyse_question(part)
    names = {stem for name in find_names(search_text(part)) for stem in name.stems}
    words = terms.content - names - terms.names - terms.numbers - given
    return len(words & cited) / len(words) if words else 1.0


def _is_fragment(text: str) -> bool:
    if is_chinese(text):
        return sum(map(str.isalnum, text)) < _FRAGMENT_CHARACTERS
    terms = analyse_question(text)
    return len(terms.content | terms.names | terms.numbers) < _FRAGMENT_WORDS
