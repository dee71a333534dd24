"""The gate: a sentence of a draft leaves only when the archive says what it says.

A sentence is compared with the stored sentences one at a time, not with a passage as a
whole: the name of one sentence and the year of the next make a fact that neither states.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rag.answer.across import Bridge, check_across, is_across
from rag.answer.check import SupportCheck, check_support
from rag.answer.draft import DraftSentence
from rag.answer.rewording import NO_WORDBOOKS, Wordbooks, in_words_of
from rag.answer.rules.support import name_is_among
from rag.answer.sense import states_nothing
from rag.answer.stored import (
    NOTHING_GIVEN,
    Given,
    Place,
    StoredSentence,
    check_stored,
    stands_among,
    stored_sentences,
)
from rag.answer.verify import known_of, verify_claim
from rag.answer.wording import is_about, is_said, mixes_clauses, split_parts
from rag.errors import CitationError
from rag.generate.pack import Packed, PackedPassage
from rag.question.analysis import analyse_question, is_chinese
from rag.types import Citation, Claim, Document

__all__ = ["NOT_COMPARED", "GateKind", "GateVerdict", "gate_sentence"]

GateKind = Literal["found", "misattributed", "stitched", "unsupported", "uncited"]

# Of a passage the sentences that have most words of the claim are compared with it.
_COMPARED = 5
# Share of a part's words that the one sentence said to support it must hold.
_PART_SUPPORT = 0.7
# Share of a claim's words from which on it repeats a sentence.
_NEARLY_ALL = 0.8
# Why a sentence is withheld that nothing could be made of.
NOT_COMPARED = "it is in another language than the passages, and nothing here compares the two"
# An answer of fewer content words ("In 1931.") says nothing without its question.
_FRAGMENT_WORDS = 4
_FRAGMENT_CHARACTERS = 10
_QUESTION_WORDS = 0.5
# Of a question that yes or no answers every word is in doubt.
_ASKS_FOR_SOMETHING = re.compile(
    r"\b(?:who|whom|whose|what|which|when|where|why|how)\b|[谁何几]|什么|哪|多少|怎|为啥",
    re.IGNORECASE,
)


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
    """Citations that support a claim, the score of the check, what it took as given, and the
    claim in the words that were checked."""

    citations: tuple[Citation, ...]
    score: float
    wording: str
    given: Given = NOTHING_GIVEN


def gate_sentence(
    sentence: DraftSentence,
    packed: Packed,
    documents: Mapping[str, Document],
    *,
    question: str,
    answering: Collection[Place] = (),
    bridge: Bridge | None = None,
    wordbooks: Wordbooks = NO_WORDBOOKS,
) -> GateVerdict:
    """Judge one sentence against what the model was shown; deterministic.

    A claim that is given quotes its documents exactly and, put in the words of its sources,
    passes ``verify_claim``; its citations are the sentences that support it, no more. An answer
    of a word or two is released only from a sentence that speaks of what ``question`` asks.
    ``answering`` are the spans, by document id, of sentences that were found to answer the
    question: of those a claim may repeat the question's words. Without a
    ``bridge`` none is released that is in another language than its source. What the
    ``wordbooks`` know to mean the same is taken for the same word.

    Raises:
        ModelLoadError: the bridge's encoder ran out of memory, or its weights are no good.
    """
    named = (packed.passage(marker) for marker in sentence.markers)
    cited = [passage for passage in named if passage is not None]
    others = [passage for passage in packed.passages if passage not in cited]
    text = sentence.text
    if analyse_question(text).empty or states_nothing(text):
        return GateVerdict("unsupported", sentence, None, ("it states nothing to be checked",))
    judge = _Judge(text, question, documents, frozenset(answering), bridge, wordbooks)
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
    answering: frozenset[Place]
    bridge: Bridge | None
    wordbooks: Wordbooks
    # By marker: cited passages are read again with the others, and for each part.
    ranked: dict[int, list[tuple[float, StoredSentence]]] = field(default_factory=dict)

    def given(self, stored: StoredSentence) -> Given:
        """What a claim may take from the question, if this sentence answers it."""
        if not _ASKS_FOR_SOMETHING.search(self.question) or not self._is_answering(stored):
            return NOTHING_GIVEN
        asked = analyse_question(self.question)
        return Given(asked.content - asked.names - asked.numbers, asked.names)

    def nearest(self, passages: Sequence[PackedPassage]) -> list[StoredSentence]:
        """The sentences of each passage that are nearest to the claim, best first: those that
        share most words with it, in another language those of the highest cosine."""
        found = [pair for passage in passages for pair in self._nearest_in(passage)]
        return [stored for _, stored in sorted(found, key=lambda pair: -pair[0])]

    def _nearest_in(self, passage: PackedPassage) -> list[tuple[float, StoredSentence]]:
        if passage.marker not in self.ranked:
            stored = list(stored_sentences(passage, self.documents))
            texts = [s.text for s in stored]
            if self.bridge is not None and is_across(self.text, passage.text):
                shares = tuple(self.bridge.similarities(self.text, texts))
            else:
                shares = check_support(self.text, texts).sentence_words
            ranked = sorted(zip(shares, stored, strict=True), key=lambda pair: -pair[0])
            self.ranked[passage.marker] = ranked[:_COMPARED]
        return self.ranked[passage.marker]

    def supported_by_one(self, passages: Sequence[PackedPassage]) -> _Support | None:
        """The first sentence, nearest first, that states all that the claim states."""
        for stored in self.nearest(passages):
            given = self.given(stored)
            across = is_across(self.text, stored.text)
            said = self.text if across else in_words_of(stored.text, self.text, self.wordbooks)
            check, citations = check_stored(said, stored, self.bridge, given)
            # In another language the check itself has compared every part.
            if (
                check.holds
                and (across or is_said(said, citations, given=given.stems))
                and not mixes_clauses(said, stored.text)
                and self._answers(stored)
            ):
                return _Support(citations, check.score, said, given)
        return None

    def supported_by_parts(self, passages: Sequence[PackedPassage]) -> _Support | None:
        """A sentence for each part of a compound claim, all of them about its subject."""
        parts = split_parts(self.text)
        if len(parts) < 2:
            return None
        nearest = self.nearest(passages)
        if any(_is_altered(self.text, stored) for stored in nearest[:_COMPARED]):
            return None
        citations: list[Citation] = []
        for part in parts:
            for stored in nearest:
                check, cited = check_stored(part, stored)
                about = is_about(self.text, stored.subjects)
                if not check.mismatches and check.words >= _PART_SUPPORT and about:
                    citations += [c for c in cited if c not in citations]
                    break
            else:
                return None
        evidence = [citation.quote for citation in citations]
        cited_documents = {c.document_id: self.documents[c.document_id] for c in citations}
        known = ". ".join(map(known_of, cited_documents.values()))
        check = check_support(self.text, evidence, context=known)
        said = check.holds and is_said(self.text, citations)
        return _Support(tuple(citations), check.score, self.text) if said else None

    def claim(self, support: _Support) -> Claim | None:
        """The claim so cited, None where it does not pass the last check of all."""
        worded = Claim(support.wording, support.citations, support.score)
        try:
            verify_claim(worded, self.documents, bridge=self.bridge, given=support.given.stems)
        except CitationError:
            return None
        return replace(worded, text=self.text)

    def _is_answering(self, stored: StoredSentence) -> bool:
        return stands_among(stored.document.id, stored.span, self.answering)

    def _answers(self, stored: StoredSentence) -> bool:
        """Whether a sentence speaks of what is asked, where the claim alone does not tell."""
        if not _is_fragment(self.text):
            return True
        if self.answering:
            return self._is_answering(stored)
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


def _is_fragment(text: str) -> bool:
    if is_chinese(text):
        return sum(map(str.isalnum, text)) < _FRAGMENT_CHARACTERS
    terms = analyse_question(text)
    return len(terms.content | terms.names | terms.numbers) < _FRAGMENT_WORDS
