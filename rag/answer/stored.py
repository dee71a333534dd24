"""The stored sentences of a passage, and the check of a claim against one of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from rag.answer.across import Bridge, check_claim
from rag.answer.check import SupportCheck
from rag.answer.context import refers_back, sentences_before
from rag.answer.facts import find_calendar_dates, find_names
from rag.answer.sense import states_nothing
from rag.answer.verify import cite, known_of
from rag.generate.pack import PackedPassage
from rag.question.analysis import stem_tokens
from rag.text.normalise import search_text
from rag.text.numbers import find_figures
from rag.text.sentences import split_sentences
from rag.types import Citation, Document, Span

__all__ = [
    "NOTHING_GIVEN",
    "Given",
    "Place",
    "StoredSentence",
    "check_stored",
    "stands_among",
    "stored_sentences",
]

# Id of a document, and a span of it.
Place = tuple[str, Span]

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
class Given:
    """Stems of a question that a claim may repeat, where the sentence cited answers it.

    That it answers was decided before a word was written, so its words need not be those of
    the question again; ``names`` must still stand in it or near it.
    """

    words: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @property
    def stems(self) -> frozenset[str]:
        """Words and names together."""
        return self.words | self.names


NOTHING_GIVEN = Given()


@dataclass(frozen=True, slots=True)
class StoredSentence:
    """A sentence of a document, with what it refers back to."""

    document: Document
    span: Span
    text: str

    @property
    def citation(self) -> Citation:
        """The citation of it alone."""
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
        return self._stems_with(self._before, self.document.title)

    @property
    def subjects(self) -> frozenset[str]:
        """Stems of what it may be about: where it refers back, the title is not."""
        return self._stems_with(self._before or self.document.title)

    @property
    def _before(self) -> str:
        return " ".join(citation.quote for citation in self.antecedents)

    def _stems_with(self, *others: str) -> frozenset[str]:
        return frozenset(stem_tokens(search_text(" ".join((self.text, *others)))))


def stands_among(document_id: str, span: Span, places: Collection[Place]) -> bool:
    """Whether a stretch of a document overlaps one of these places."""
    return any(document_id == other and span.overlaps(place) for other, place in places)


def stored_sentences(
    passage: PackedPassage, documents: Mapping[str, Document]
) -> Iterator[StoredSentence]:
    """The sentences of a passage in text order, without those that tell a reader what to say
    and those that ask."""
    document = documents[passage.document_id]
    for s in split_sentences(passage.text, document.language):
        span = Span(passage.span.start + s.start, passage.span.start + s.end)
        text = span.of(document.text)
        if not (_INSTRUCTION.search(text) or states_nothing(text)):
            yield StoredSentence(document, span, text)


def check_stored(
    claim: str,
    stored: StoredSentence,
    bridge: Bridge | None = None,
    given: Given = NOTHING_GIVEN,
) -> tuple[SupportCheck, tuple[Citation, ...]]:
    """The check against one sentence, and what is to be cited for it.

    The title and date of its document, and what the sentence refers back to, may say who
    is meant; they never say when, unless the sentence gives no year of its own. What is
    ``given`` with the question needs no words of the sentence.
    """
    alone = check_claim(claim, [stored.text], bridge=bridge, given=given.stems)
    own = (stored.citation,)
    if alone.holds or not (alone.missing_names or alone.missing_dates or alone.missing_numbers):
        return alone, own
    known = known_of(stored.document)
    if _has_year(stored.text):
        known = stored.document.title
    helped = check_claim(claim, [stored.text], context=known, bridge=bridge, given=given.stems)
    if not helped.missing_names:
        return helped, own
    if not (helped.missing_numbers or helped.missing_dates) and _names_its_subject(
        claim, helped, given.names
    ):
        for before in stored.antecedents:
            both = check_claim(
                claim, [stored.text, before.quote], context=known, bridge=bridge, given=given.stems
            )
            if not both.mismatches:
                return both, _joined(before, stored)
    return helped, own


def _names_its_subject(claim: str, check: SupportCheck, asked: frozenset[str]) -> bool:
    """Whether the names that a sentence lacks are where the claim begins, as "she" may be,
    or are asked about.

    Anywhere else, or beside a pronoun that still refers back, they are other names.
    """
    names = find_names(search_text(claim))
    first = {
        name.text for name in names if name.run == names[0].run or asked.issuperset(name.stems)
    }
    # Names in Chinese claims of English sentences have no capitals: they are what opens them.
    opening = {name for name in check.missing_names if claim.startswith(name)}
    return set(check.missing_names) <= first | opening and not refers_back(claim)


def _joined(before: Citation, stored: StoredSentence) -> tuple[Citation, ...]:
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
