"""Packing: which passages a language model gets to read, in what order, safely delimited."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.answer.context import refers_back
from rag.question.analysis import analyse_question, stem_tokens
from rag.text.sentences import split_sentences
from rag.types import Document, Hit, Span

__all__ = [
    "Packed",
    "PackedPassage",
    "escape_text",
    "pack_context",
    "render_passages",
]

# How far around a passage is looked for what completes it, in code points.
_AROUND = 2000
_SENTENCES_BACK = 3
_SENTENCES_ON = 4
# Share of a passage's sentences that were packed before from which on it repeats them.
_REPEATED = 0.9
# Every marker counts as two digits: the numbers are given when all have been chosen.
_ANY_MARKER = 99
_BLANK_LINE = re.compile(r"(?:\r?\n[^\S\n]*){2,}")
_LIST_ITEM = re.compile(r"\s*(?:[-*+•●▪]\s|\(?\d{1,3}[.)、])")

# What could close a delimiter, open another, or be a control token of a model
# ("<|im_end|>", "[INST]"), also where a tokenizer folds wide forms. One for one, always
# the same. A number in brackets, as of a footnote, would pass for one of our markers.
_ANGLES = str.maketrans(
    {"<": "‹", ">": "›", "＜": "‹", "＞": "›", "﹤": "‹", "﹥": "›", "\x00": " "}
)
_CONTROL = re.compile(r"[\[［](?=/?[A-Z_]{3,}[\]］])")
_NUMBERED = re.compile(r"[\[［【〔](\s*\^?\d[\d\s,，、;；–—-]*)(?:[\]］】〕])")


@dataclass(frozen=True, slots=True)
class PackedPassage:
    """A stretch of a document that the model reads: ``text`` is ``document.text[span]``.

    ``marker`` is the number it is cited by, from 1 in the order shown; ``published`` an
    ISO 8601 date at the precision known, or None.
    """

    marker: int
    document_id: str
    title: str
    published: str | None
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Packed:
    """The passages in the order shown, and the ids of those for which there was no room.

    ``shortened`` are the ids of passages of which only some sentences are shown.
    """

    passages: tuple[PackedPassage, ...]
    left_out: tuple[str, ...]
    shortened: tuple[str, ...] = ()

    def passage(self, marker: int) -> PackedPassage | None:
        """The passage of that marker, None where there is none."""
        return self.passages[marker - 1] if 1 <= marker <= len(self.passages) else None


def pack_context(
    hits: Sequence[Hit],
    documents: Mapping[str, Document],
    *,
    budget_tokens: int,
    count_tokens: Callable[[str], int],
    question: str = "",
) -> Packed:
    """Choose and order what the model reads, within ``budget_tokens`` as rendered.

    ``hits`` come best first. A passage comes with the sentences that complete it: the
    rest of one that was cut, what "he" in its first refers to, the list that its last
    leads into. Passages of one document that meet become one; what repeats another is
    given once. Of a passage that does not fit whole, the whole sentences around the one
    nearest to ``question`` are given, if any do. The best evidence stands first and the
    second best last, since models overlook what is in the middle (Liu et al., "Lost in
    the Middle", TACL 2024).
    """
    chosen: list[PackedPassage] = []
    packer = _Packer(budget_tokens, count_tokens, frozenset(_words(question)))
    left_out: list[str] = []
    shortened: list[str] = []
    for hit in hits:
        document = documents[hit.passage.document_id]
        whole = _passage(document, _completed(document, hit.passage.span))
        if _is_repeat(whole, document, chosen, documents):
            continue
        changed = packer.with_passage(chosen, whole, document)
        if changed is None:
            part = packer.part_of(chosen, whole, document)
            changed = None if part is None else [*chosen, part]
            (left_out if changed is None else shortened).append(hit.passage.id)
        chosen = changed or chosen
    ordered = [*chosen[::2], *reversed(chosen[1::2])]
    numbered = [replace(passage, marker=at) for at, passage in enumerate(ordered, start=1)]
    return Packed(tuple(numbered), tuple(left_out), tuple(shortened))


def render_passages(passages: Sequence[PackedPassage]) -> str:
    """The passages as a prompt shows them: each delimited, its marker first.

    Nothing in a title or text can close the delimiter, look like a marker or be a control
    token: angle brackets and the brackets of numbers are replaced. Deterministic.
    """
    return "\n".join(map(_rendered, passages))


def _rendered(passage: PackedPassage) -> str:
    title = " ".join(escape_text(passage.title).split())
    head = ", ".join(filter(None, (title, passage.published)))
    lines = [f"[{passage.marker}] {head}".rstrip(), escape_text(passage.text).strip()]
    return "\n".join(("<passage>", *lines, "</passage>"))


def escape_text(text: str) -> str:
    """Text that is safe between a prompt's delimiters; as long, and the same every time."""
    return _CONTROL.sub("(", _NUMBERED.sub(r"(\1)", text.translate(_ANGLES)))


def _window_sentences(document: Document, span: Span) -> list[Span]:
    """The sentences of the document in and around a span, in reading order.

    Around: within two thousand code points and the same paragraph. Whole sentences only.
    """
    start, end = max(0, span.start - _AROUND), min(len(document.text), span.end + _AROUND)
    breaks = [match.end() for match in _BLANK_LINE.finditer(document.text, start, span.start)]
    cut_before = start > 0 and not breaks
    start = breaks[-1] if breaks else start
    blank = _BLANK_LINE.search(document.text, span.end, end)
    cut_after = blank is None and end < len(document.text)
    end = blank.start() if blank else end
    found = [
        Span(start + s.start, start + s.end)
        for s in split_sentences(document.text[start:end], document.language)
    ]
    first = 1 if cut_before and found and found[0].end <= span.start else 0
    last = -1 if cut_after and found and found[-1].start >= span.end else None
    return found[first:last]


def _completed(document: Document, span: Span) -> Span:
    """The span with the sentences that make it whole, as far as they are near."""
    sentences = _window_sentences(document, span)
    inside = [at for at, sentence in enumerate(sentences) if sentence.overlaps(span)]
    if not inside:
        return span
    first, last = inside[0], inside[-1]
    while first > max(0, inside[0] - _SENTENCES_BACK) and refers_back(
        sentences[first].of(document.text)
    ):
        first -= 1
    limit = min(len(sentences) - 1, last + _SENTENCES_ON)
    if sentences[last].of(document.text).rstrip().endswith((":", "：")):
        while last < limit and (
            last == inside[-1] or _LIST_ITEM.match(sentences[last + 1].of(document.text))
        ):
            last += 1
    return Span(
        min(span.start, sentences[first].start) if first == inside[0] else sentences[first].start,
        max(span.end, sentences[last].end),
    )


@dataclass(frozen=True, slots=True)
class _Packer:
    """Counts what fits; ``wanted`` are the question's words."""

    budget: int
    count: Callable[[str], int]
    wanted: frozenset[str]

    def fits(self, passages: Sequence[PackedPassage]) -> bool:
        return self.count(render_passages(passages)) <= self.budget

    def with_passage(
        self, chosen: Sequence[PackedPassage], new: PackedPassage, document: Document
    ) -> list[PackedPassage] | None:
        """The chosen with another, joined to those it meets; None where that is too long."""
        met = [passage for passage in chosen if _meets(passage, new, document)]
        if not met:
            changed = [*chosen, new]
        else:
            start = min(p.span.start for p in (*met, new))
            joined = _passage(document, Span(start, max(p.span.end for p in (*met, new))))
            # It keeps the place of the best of them.
            changed = [joined if p is met[0] else p for p in chosen if p is met[0] or p not in met]
        return changed if self.fits(changed) else None

    def part_of(
        self, chosen: Sequence[PackedPassage], whole: PackedPassage, document: Document
    ) -> PackedPassage | None:
        """The longest run of whole sentences around the best one that fits, if any does."""
        span = whole.span
        for packed in chosen:
            # What is packed already is no news.
            if packed.document_id == whole.document_id and packed.span.overlaps(span):
                return None
        inside = [
            s
            for s in _window_sentences(document, span)
            if span.start <= s.start and s.end <= span.end
        ]
        if not inside:
            return None
        held = [len(self.wanted & _words(s.of(document.text))) for s in inside]
        first = last = max(range(len(inside)), key=lambda at: (held[at], -at))
        part = _passage(document, inside[first])
        if not self.fits([*chosen, part]):
            return None
        grown = True
        while grown:
            grown = False
            for one, other in ((first, last + 1), (first - 1, last)):
                if one < 0 or other >= len(inside):
                    continue
                longer = _passage(document, Span(inside[one].start, inside[other].end))
                if self.fits([*chosen, longer]):
                    first, last, part, grown = one, other, longer, True
        return part


def _passage(document: Document, span: Span) -> PackedPassage:
    published = document.published
    return PackedPassage(
        marker=_ANY_MARKER,
        document_id=document.id,
        title=document.title,
        published=published.isoformat() if published else None,
        span=span,
        text=span.of(document.text),
    )


def _meets(one: PackedPassage, other: PackedPassage, document: Document) -> bool:
    """Whether only white space, if anything, lies between two stretches of one document."""
    if one.document_id != other.document_id:
        return False
    first, second = sorted((one.span, other.span))
    return not document.text[first.end : max(first.end, second.start)].strip()


def _is_repeat(
    new: PackedPassage,
    document: Document,
    chosen: Sequence[PackedPassage],
    documents: Mapping[str, Document],
) -> bool:
    known = {key for packed in chosen for key in _keys(packed, documents[packed.document_id])}
    own = _keys(new, document)
    return bool(own) and sum(key in known for key in own) >= _REPEATED * len(own)


def _keys(passage: PackedPassage, document: Document) -> list[tuple[str, ...]]:
    """Each sentence by its words, whatever white space and punctuation are between them."""
    return [
        key
        for s in split_sentences(passage.text, document.language)
        if (key := tuple(stem_tokens(s.of(passage.text))))
    ]


def _words(text: str) -> frozenset[str]:
    terms = analyse_question(text)
    return terms.content | terms.names | terms.numbers
