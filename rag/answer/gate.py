"""The gate: a sentence of a draft leaves only when the archive says what it says.

A sentence is compared with the stored sentences one at a time, not with a passage as a
whole: the name of one sentence and the year of the next make a fact that neither states.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.answer.check import SupportCheck, check_support
from rag.answer.context import refers_back, sentences_before
from rag.answer.draft import DraftSentence
from rag.answer.facts import FUNCTION_WORDS, find_calendar_dates, find_names
from rag.answer.figures import find_figures
from rag.answer.pack import Packed, PackedPassage
from rag.answer.question import analyse_question, is_chinese, stem_tokens
from rag.answer.support import name_is_among
from rag.answer.verify import cite, known_of, verify_claim
from rag.errors import CitationError
from rag.normalise import search_text
from rag.sentences import split_sentences
from rag.types import Citation, Claim, Document, Span

__all__ = ["GateKind", "GateVerdict", "gate_sentence"]

GateKind = Literal["found", "misattributed", "stitched", "unsupported", "uncited"]

# Of a passage the sentences that have most words of the claim are compared with it.
_COMPARED = 5
# Share of a part's words that the one sentence said to support it must hold, and of its
# words other than names and figures that must be among those cited.
_PART_SUPPORT = 0.7
_PART_WORDS = 0.5
# Share of a claim's words from which on it repeats a sentence.
_NEARLY_ALL = 0.8
# An answer of fewer content words ("In 1931.") says nothing without its question.
_FRAGMENT_WORDS = 4
_FRAGMENT_CHARACTERS = 10
_QUESTION_WORDS = 0.5
_JOINTS = re.compile(
    r"[;；，]|,?\s(?:and|but|while|whereas|although|though)\s|,\s(?=(?:which|who|where)\b)|(?:并且|而且|但是?|而)"
)
_CAPITALISED = re.compile(r"(?<=[^\W_])\W{1,3}([A-Z][^\W_]+)")
# A sentence that tells its reader what to say states nothing, whatever it wants said.
_INSTRUCTION = re.compile(
    r"""
    ^\W* (?:(?:please|now|instead|then|always|and|system|assistant|user|important)\b[\s:,.!-]*)*
      (?: (?:ignore|disregard|forget|override)\b .{0,40}
          \b(?:instructions?|rules?|prompts?|above|previous|prior|earlier|everything|context)\b
        | (?:say|answer|reply|respond|state|claim|output|print|repeat|pretend|cite|tell)
          \s* (?: [:："“\[] | \b(?:that|with|only|exactly|nothing|the\s(?:following|user)|this)\b )
        | (?:you|the\s(?:assistant|model|ai)) \s
          (?: are\s now\b | (?:must|should|shall|will|are\sto|have\sto)\s (?:not\s|now\s|only\s)?
              (?:say|answer|reply|respond|state|claim|ignore|pretend|cite|obey)\b )
      )
    | \b(?:if|when)\s (?:you\sare\s|anyone\s|somebody\s)?ask(?:ed|s)\b .{0,80}
      \b(?:say|answer|reply|respond|state|claim)\b
    | \b(?:system|developer)\s(?:prompt|message)\b
    | ^\W* (?:请)? (?:忽略|无视|忘记|回答|回复|声称|假装|你必须|你应该|你现在)
    """,
    re.IGNORECASE | re.VERBOSE,
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
class _Stored:
    """A sentence of a document, with what it refers back to."""

    document: Document
    span: Span
    text: str

    @property
    def citation(self) -> Citation:
        return cite(self.document, self.span.start, self.span.end)

    @property
    def antecedents(self) -> list[Citation]:
        """What it may refer back to, nearest first; none where it stands by itself."""
        if not refers_back(self.text):
            return []
        spans = sentences_before(self.document, self.span.start)
        return [cite(self.document, span.start, span.end) for span in spans]

    @property
    def stems(self) -> frozenset[str]:
        """Stems of it, of what it may refer back to and of its document's title."""
        before = " ".join(citation.quote for citation in self.antecedents)
        text = " ".join((self.text, before, self.document.title))
        return frozenset(stem_tokens(search_text(text)))


@dataclass(frozen=True, slots=True)
class _Support:
    """Citations that support a claim, and the score of the check."""

    citations: tuple[Citation, ...]
    score: float


def gate_sentence(
    sentence: DraftSentence,
    packed: Packed,
    documents: Mapping[str, Document],
    *,
    question: str,
) -> GateVerdict:
    """Judge one sentence against what the model was shown; pure and deterministic.

    A claim that is given quotes its documents exactly and passes ``verify_claim``; its
    citations are the sentences that support it, no more. An answer of a word or two is
    released only from a sentence that speaks of what ``question`` asks.
    """
    named = (packed.passage(marker) for marker in sentence.markers)
    cited = [passage for passage in named if passage is not None]
    others = [passage for passage in packed.passages if passage not in cited]
    text = sentence.text
    if analyse_question(text).empty:
        return GateVerdict("unsupported", sentence, None, ("it states nothing to be checked",))
    judge = _Judge(text, question, documents)
    groups: tuple[tuple[GateKind, Sequence[PackedPassage], Sequence[PackedPassage]], ...] = (
        ("found", cited, cited),
        ("misattributed", others, packed.passages),
    )
    for kind, alone, together in groups:
        support = judge.supported_by_one(alone) or judge.supported_by_parts(together)
        claim = support and judge.claim(support)
        if claim:
            return GateVerdict(kind, sentence, claim)
    whole = check_support(text, [s.text for s in judge.nearest(packed.passages)])
    kind = "unsupported" if sentence.markers else "uncited"
    if whole.holds:
        return GateVerdict("stitched", sentence, None, ("no sentence states these facts together",))
    reasons = whole.mismatches or (f"support {whole.score:.2f} is too low",)
    return GateVerdict(kind, sentence, None, reasons)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Looks for the support of one claim."""

    text: str
    question: str
    documents: Mapping[str, Document]

    def nearest(self, passages: Sequence[PackedPassage]) -> list[_Stored]:
        """The sentences of each passage that share most words with the claim, best first."""
        found: list[tuple[float, _Stored]] = []
        for passage in passages:
            stored = list(_sentences(passage, self.documents))
            shares = check_support(self.text, [s.text for s in stored]).sentence_words
            ranked = sorted(zip(shares, stored, strict=True), key=lambda pair: -pair[0])
            found += ranked[:_COMPARED]
        return [stored for _, stored in sorted(found, key=lambda pair: -pair[0])]

    def supported_by_one(self, passages: Sequence[PackedPassage]) -> _Support | None:
        """The first sentence, nearest first, that states all that the claim states."""
        for stored in self.nearest(passages):
            check, citations = _check(self.text, stored)
            if check.holds and _is_said(self.text, citations) and self._answers(stored):
                return _Support(citations, check.score)
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
                check, cited = _check(part, stored)
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
            verify_claim(claim, self.documents)
        except CitationError:
            return None
        return claim

    def _answers(self, stored: _Stored) -> bool:
        """Whether a sentence speaks of what is asked, where the claim alone does not tell."""
        if not _is_fragment(self.text):
            return True
        asked = analyse_question(self.question)
        stems = stored.stems
        if not all(name in stems or name_is_among(name, stems) for name in asked.names):
            return False
        held = len(asked.content & stems)
        return held >= _QUESTION_WORDS * len(asked.content)


def _sentences(passage: PackedPassage, documents: Mapping[str, Document]) -> Iterator[_Stored]:
    document = documents[passage.document_id]
    for s in split_sentences(passage.text, document.language):
        span = Span(passage.span.start + s.start, passage.span.start + s.end)
        text = span.of(document.text)
        if not _INSTRUCTION.search(text):
            yield _Stored(document, span, text)


def _check(claim: str, stored: _Stored) -> tuple[SupportCheck, tuple[Citation, ...]]:
    """The check against one sentence, and what is to be cited for it.

    The title and date of its document, and what the sentence refers back to, may say who
    is meant; they never say when, unless the sentence gives no year of its own.
    """
    alone = check_support(claim, [stored.text])
    own = (stored.citation,)
    if alone.holds or not (alone.missing_names or alone.missing_dates or alone.missing_numbers):
        return alone, own
    known = known_of(stored.document)
    if _has_year(stored.text):
        known = stored.document.title
    helped = check_support(claim, [stored.text], context=known)
    if not helped.missing_names:
        return helped, own
    if not (helped.missing_numbers or helped.missing_dates) and _names_its_subject(claim, helped):
        for before in stored.antecedents:
            both = check_support(claim, [stored.text, before.quote], context=known)
            if not both.mismatches:
                return both, _joined(before, stored)
    return helped, own


def _names_its_subject(claim: str, check: SupportCheck) -> bool:
    """Whether the names that a sentence lacks are where the claim begins, as "she" may be.

    Anywhere else, or beside a pronoun that still refers back, they are other names.
    """
    names = find_names(search_text(claim))
    first = {name.text for name in names if name.run == names[0].run}
    return set(check.missing_names) <= first and not refers_back(claim)


def _is_altered(claim: str, stored: _Stored) -> bool:
    """Whether a claim is nearly a stored sentence, but with another fact in it."""
    check = check_support(claim, [stored.text])
    return bool(check.mismatches) and check.words >= _NEARLY_ALL


def _joined(before: Citation, stored: _Stored) -> tuple[Citation, ...]:
    """One citation where nothing but white space is between the two, else both."""
    between = stored.document.text[before.span.end : stored.span.start]
    if before.span.end <= stored.span.start and not between.strip():
        return (cite(stored.document, before.span.start, stored.span.end),)
    return (stored.citation, before)


def _has_year(text: str) -> bool:
    plain = search_text(text)
    return any(date.year for date in find_calendar_dates(plain)) or any(
        figure.year for figure in find_figures(plain)
    )


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


def _is_about(subject: frozenset[str], stored: _Stored) -> bool:
    stems = stored.stems
    return bool(subject) and all(s in stems or name_is_among(s, stems) for s in subject)


def _is_said(claim: str, citations: Sequence[Citation]) -> bool:
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
    return not strange and all(_words_said(part, cited) >= _PART_WORDS for part in parts)


def _words_said(part: str, cited: frozenset[str]) -> float:
    terms = analyse_question(part)
    names = {stem for name in find_names(search_text(part)) for stem in name.stems}
    words = terms.content - names - terms.names - terms.numbers
    return len(words & cited) / len(words) if words else 1.0


def _is_fragment(text: str) -> bool:
    if is_chinese(text):
        return sum(map(str.isalnum, text)) < _FRAGMENT_CHARACTERS
    terms = analyse_question(text)
    return len(terms.content | terms.names | terms.numbers) < _FRAGMENT_WORDS
