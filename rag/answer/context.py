"""Context for the reader: what a cited sentence means by "he" or "the organisation"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.answer.verify import cite, verify_claim
from rag.text.names import find_persons
from rag.text.sentences import split_sentences
from rag.types import Citation, Claim, Document, Span

# A pronoun deeper in a sentence mostly means something of the same sentence.
_OPENING_WORDS = 6
_OPENING_CHARACTERS = 8
_HUMAN = re.compile(r"(?<!\w)(?:he|she|his|her|him)(?!\w)|[他她]", re.IGNORECASE)
_THING = re.compile(
    r"""
    (?<!\w) (?: they | their | them | its | these | those
      | it (?!\s (?:is | was | has\sbeen)
           \s (?:in | on | at | only | because | \w+\s (?:that | to)
              | (?:an?\s)? (?:\w+\s)? (?:year | time | day)) \b)
      | this (?!\s (?:year | month | week | day | time | means))
      | the \s
        (?:latter | former | two | organi[sz]ation | agency | agreement | company | body | office
          | institute | university | city | country | ministry | committee | programme | program
          | project | visit | meeting | conference | group | treaty | alliance | cent(?:re|er)
          | fair)
        (?!\s (?:of | on | for | between | called | that | which | in | at | to) \b | [-\w])
    ) (?![\w'’])
    | 它 | 该[一-鿿] | 其(?![他中余实次])
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CHINESE = re.compile(r"[一-鿿]")
_NAME = re.compile(r"(?<!^)(?<![.!?“\"(] )(?<![^\W_])[A-ZÀ-Þ][\w’'-]+")
_BLANK_LINE = re.compile(r"(?:\r?\n[^\S\n]*){2,}")
# How far back is looked, in sentences and in code points.
_SENTENCES_BACK = 3
_CHARACTERS_BACK = 1500


def refers_back(sentence: str) -> bool:
    """Whether the sentence opens with a pronoun or "the organisation" whose meaning stands
    before it: no name precedes the word within the sentence."""
    return _referring(sentence) is not None


def _referring(sentence: str) -> re.Match[str] | None:
    for pattern in (_HUMAN, _THING):
        match = pattern.search(sentence)
        if match is None:
            continue
        before = sentence[: match.start()]
        chinese = len(_CHINESE.findall(before or sentence)) > 0
        near = (
            match.start() <= _OPENING_CHARACTERS
            if chinese
            else len(before.split()) < _OPENING_WORDS
        )
        if near and not _NAME.search(before) and not find_persons(before):
            return match
    return None


def add_context(claims: Sequence[Claim], documents: Mapping[str, Document]) -> tuple[Claim, ...]:
    """The claims, each that refers back with the sentence or title that says to whom.

    The nearest of the three sentences before it in the same paragraph that does not refer
    back itself (and, for "he", names a person), else the title where the document writes
    it, else the sentence just before. None where the claim before it in the answer is that
    sentence.

    Raises:
        CitationError: a context does not quote its document.
    """
    found: list[Claim] = []
    said: tuple[Citation, ...] = ()
    for claim in claims:
        cited = claim.citations[0]
        context = _context(claim.text, cited, documents[cited.document_id])
        if context is not None and not _is_said(context, said):
            claim = replace(claim, context=(context,))
            verify_claim(claim, documents)
        found.append(claim)
        said = (*claim.context, *claim.citations)
    return tuple(found)


def _is_said(context: Citation, said: Sequence[Citation]) -> bool:
    return any(c.document_id == context.document_id and c.span == context.span for c in said)


def _context(sentence: str, cited: Citation, document: Document) -> Citation | None:
    match = _referring(sentence)
    if match is None:
        return None
    human = bool(_HUMAN.fullmatch(match[0]))
    before = sentences_before(document, cited.span.start)
    for span in before:
        text = span.of(document.text)
        if not refers_back(text) and (not human or find_persons(text)):
            return cite(document, span.start, span.end)
    title = document.text.find(document.title) if document.title else -1
    if 0 <= title < cited.span.start and (not human or find_persons(document.title)):
        return cite(document, title, title + len(document.title))
    return cite(document, before[0].start, before[0].end) if before else None


def sentences_before(document: Document, start: int) -> list[Span]:
    """The three sentences before an offset in its paragraph, nearest first."""
    offset = max(0, start - _CHARACTERS_BACK)
    text = document.text[offset:start]
    breaks = [match.end() for match in _BLANK_LINE.finditer(text)]
    if breaks:
        offset, text = offset + breaks[-1], text[breaks[-1] :]
    spans = split_sentences(text, document.language)
    if offset and offset == start - _CHARACTERS_BACK:
        # Cut from its beginning.
        spans = spans[1:]
    return [Span(offset + s.start, offset + s.end) for s in reversed(spans)][:_SENTENCES_BACK]
