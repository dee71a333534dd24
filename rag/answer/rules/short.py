"""The short answer: the exact characters of a claim that name the thing asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.answer.rules.spans import AnswerSpan, find_answer_spans
from rag.answer.rules.support import name_is_among
from rag.answer.verify import verify_citation
from rag.question.analysis import QuestionTerms
from rag.text.normalise import search_text
from rag.text.words import stem_tokens
from rag.types import Citation, Claim, Document, Span

# Likelihood below which a span is too far from the question's words, and how many times
# as likely as the next it must be. Of the SQuAD 2.0 dev sample's 29 questions whose
# sentence holds the answer and whose kind of answer has a form, these give one to 17, of
# them 15 right; 1.25 times gives 18 and 16, a likelihood of .4 gives 15 and 14.
LEAST_LIKELIHOOD = 0.3
CLEAR_RATIO = 1.5
# One of two things asked for would be half an answer.
_ASKS_TWICE = re.compile(
    r"\w.*(?:,|\band\b|\bor\b)\s(?:\w+\s)?(?:who|whom|when|where|what|which|how|why)\b",
    re.IGNORECASE,
)
# "And" without a comma may join two words.
_NEXT_CLAUSE = re.compile(r"[;；，]|,\s(?:and|but|while|whereas|although|though)\s")


def clear_answer_span(question: QuestionTerms, sentence: str) -> AnswerSpan | None:
    """The span of a sentence (as read) that answers, where one is clearly the likeliest."""
    spans = find_answer_spans(question, sentence)
    if not spans or spans[0].likelihood < LEAST_LIKELIHOOD:
        return None
    others = [span for span in spans[1:] if span.value != spans[0].value]
    if others and spans[0].likelihood < CLEAR_RATIO * others[0].likelihood:
        return None
    return spans[0]


def _tells_of_others(question: QuestionTerms, sentence: str, span: Span) -> bool:
    """Whether somebody whom the question names comes only in a later clause.

    "Gong came in 2020, and met Li in May" has 2020 before Li, and nothing of theirs.
    """
    joint = _NEXT_CLAUSE.search(sentence, span.end)
    if joint is None:
        return False
    at = joint.start()
    parts = (search_text(sentence[:at]), search_text(sentence[at:]))
    here, later = (stem_tokens(part, question.language) for part in parts)
    return any(
        not name_is_among(name, frozenset(here)) and name_is_among(name, frozenset(later))
        for name in question.names
    )


def find_short_answer(
    question: QuestionTerms, claims: Sequence[Claim], documents: Mapping[str, Document]
) -> Citation | None:
    """The clear answer of the first claim, cited by its own span inside the claim's.

    None where the kind of thing asked for has no form to be known by, or several things
    of that kind are as likely, or two things are asked: a short answer is exact or not given.

    Raises:
        CitationError: the claim does not quote its document.
    """
    if not claims or _ASKS_TWICE.search(question.text):
        return None
    claim = claims[0]
    found = clear_answer_span(question, claim.text)
    cited = next((c for c in claim.citations if c.quote == claim.text), None)
    if found is None or cited is None or _tells_of_others(question, claim.text, found.span):
        return None
    start = cited.span.start + found.span.start
    span = Span(start, start + len(found.span))
    short = replace(cited, span=span, quote=found.text)
    verify_citation(short, documents[short.document_id])
    return short
