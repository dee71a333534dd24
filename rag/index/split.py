"""A Document becomes Passages: whole sentences, sized in tokens, section by section."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.settings import SplitSettings
from rag.text.normalise import NORMALISER, search_text
from rag.text.sentences import cut_to_fit, heading_words, split_sentences
from rag.types import Document, Passage, Span, passage_id

CountTokens = Callable[[str], int]
CountEncoderTokens = Callable[[Sequence[str]], list[int]]

SPLITTER = "split.v1"
TITLE_TOKENS = 32
_HEADING_CHARACTERS = 80
# Its words, without the closing #s: those after a space ("# Notes on C#" has none).
# Possessive: a long run of spaces would take time by its square.
_MARKDOWN_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(?=\S)([^\r\n]*)", re.MULTILINE)
_FENCE = re.compile(
    r"^ {0,3}(```+|~~~+).*?(?:^ {0,3}\1[`~]*[ \t]*\r?$|\Z)", re.DOTALL | re.MULTILINE
)
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n.*?^(?:---|\.\.\.)[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_MARKDOWN_SUFFIXES = (".md", ".markdown")


def describe_splitter(settings: SplitSettings) -> str:
    """Canonical description: two indexes with equal ones hold equal passages."""
    return (
        f"{SPLITTER} {NORMALISER} max_tokens={settings.max_tokens} "
        f"title_tokens={settings.title_tokens}"
    )


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never divided between passages: a span and its share of tokens."""

    span: Span
    tokens: int


@dataclass(frozen=True, slots=True)
class _Draft:
    """A passage to be: units that follow one another within one section."""

    units: tuple[_Unit, ...]
    headings: tuple[str, ...]

    @property
    def span(self) -> Span:
        return Span(self.units[0].span.start, self.units[-1].span.end)


def split_document(
    document: Document,
    settings: SplitSettings,
    *,
    count_tokens: CountTokens,
    count_encoder_tokens: CountEncoderTokens,
    encoder_limit: int,
) -> tuple[Passage, ...]:
    """Passages in reading order that never overlap and cover all but white space.

    Each holds at most ``settings.max_tokens`` by ``count_tokens``, and its
    ``encoder_text`` at most ``encoder_limit`` by ``count_encoder_tokens``. They are made
    of whole sentences; a sentence too long for one is cut at white space, in Chinese and
    Japanese at punctuation or between characters. Only an unbroken run of characters
    that exceeds a limit by itself is cut inside, between graphemes. A passage never
    crosses a Markdown heading.

    Two things may exceed a limit: a single grapheme, and, in what the encoder reads, a
    title that takes more than half of it; the text then still gets the other half.
    """
    title = clip_title(search_text(document.title), settings.title_tokens)
    title_cost = count_encoder_tokens([f"{title}\n"])[0] if title else 0
    encoder_limit = max(encoder_limit, title_cost + encoder_limit // 2)

    def fitted(drafts: Sequence[_Draft]) -> Iterator[Passage]:
        """Passages of the drafts, those over a limit halved until they keep it."""
        passages = [_passage(document, draft) for draft in drafts]
        counts = count_encoder_tokens(
            [encoder_text(passage, title_tokens=settings.title_tokens) for passage in passages]
        )
        for draft, passage, encoder_tokens in zip(drafts, passages, counts, strict=True):
            tokens = count_tokens(passage.span.of(document.text))
            fits = encoder_tokens <= encoder_limit and tokens <= settings.max_tokens
            halves = [draft] if fits else _halved(document.text, draft)
            if len(halves) == 1:
                yield passage
            else:
                yield from fitted(halves)

    drafts: list[_Draft] = []
    for section in _sections(document):
        units = _units(document, section, settings.max_tokens, count_tokens)
        drafts += [_Draft(group, section.headings) for group in _pack(units, settings.max_tokens)]
    return tuple(fitted(drafts))


def encoder_text(passage: Passage, *, title_tokens: int = TITLE_TOKENS) -> str:
    """What the encoder reads: the clipped title above a search text that does not repeat it.

    A function of the stored passage alone, so that it can be encoded again at any time;
    ``title_tokens`` must be what the passage was split with.
    """
    title = clip_title(search_text(passage.title), title_tokens)
    if not title or passage.search_text.casefold().startswith(title.casefold()):
        return passage.search_text
    return f"{title}\n{passage.search_text}"


def clip_title(title: str, max_tokens: int) -> str:
    """As many whole words from the start of ``title`` as ``max_tokens`` allow.

    Tokens are estimated, from above for English and Chinese: six letters of the Latin
    alphabet, or one other character, to a token. Nothing marks the clipping; a first
    word too long by itself is cut between characters.
    """
    rest, end = max_tokens, 0
    for word in re.finditer(r"\S+", title):
        rest -= _estimated_tokens(word[0])
        if rest < 0:
            break
        end = word.end()
    if end or not title:
        return title[:end].strip()
    first = title.split(maxsplit=1)[0] if title.strip() else ""
    while first and _estimated_tokens(first) > max_tokens:
        first = first[:-1]
    return first


def _estimated_tokens(word: str) -> int:
    letters = [len(run) for run in re.findall(r"[A-Za-z]+", word)]
    return sum(-(-length // 6) for length in letters) + len(word) - sum(letters)


def _passage(document: Document, draft: _Draft) -> Passage:
    span = draft.span
    return Passage(
        id=passage_id(document.id, span),
        document_id=document.id,
        span=span,
        headings=draft.headings,
        title=document.title,
        search_text=search_text(span.of(document.text)),
    )


def _units(
    document: Document, section: _Section, max_tokens: int, count_tokens: CountTokens
) -> list[_Unit]:
    """The section's sentences, those too long in pieces, headings tied to what follows."""
    text = document.text
    units: list[_Unit] = []
    heading: _Unit | None = None
    previous_end = section.span.start
    for sentence in split_sentences(section.span.of(text), document.language):
        span = Span(section.span.start + sentence.start, section.span.start + sentence.end)
        # Counted with the white space before it, as it will stand in the passage: the
        # encoding joins a space to the word that follows.
        tokens = count_tokens(text[previous_end : span.end])
        previous_end = span.end
        unit = _Unit(span, tokens)
        if heading is not None:
            if heading.tokens + tokens <= max_tokens:
                unit = _Unit(Span(heading.span.start, span.end), heading.tokens + tokens)
            else:
                units.append(heading)
            heading = None
        if unit.span.start == span.start and _is_heading(text, span, section.span.end):
            heading = unit
        elif unit.tokens > max_tokens:
            pieces = cut_to_fit(text, unit.span, max_tokens, count_tokens)
            units.extend(_Unit(piece, count_tokens(piece.of(text))) for piece in pieces)
        else:
            units.append(unit)
    if heading is not None:
        units.append(heading)
    return units


def _is_heading(text: str, span: Span, section_end: int) -> bool:
    """Whether it is a short line of its own, with no end mark, above other text."""
    if len(span) > _HEADING_CHARACTERS or span.end >= section_end:
        return False
    line = span.of(text)
    gap = text[span.end : span.end + 1]
    return "\n" not in line and gap.isspace() and gap not in " \u00a0" and line[-1].isalnum()


def _pack(units: Sequence[_Unit], max_tokens: int) -> list[tuple[_Unit, ...]]:
    """Group units in order, as few groups as the limit allows, of sizes as even as can be."""
    groups = _pack_greedily(units, max_tokens)
    # The least limit that still gives as few groups spares a tiny last one.
    low, high = 0, max_tokens
    while high - low > max(1, max_tokens // 64):
        middle = (low + high) // 2
        evened = _pack_greedily(units, middle)
        if len(evened) > len(groups):
            low = middle
        else:
            groups, high = evened, middle
    return groups


def _pack_greedily(units: Sequence[_Unit], max_tokens: int) -> list[tuple[_Unit, ...]]:
    groups: list[tuple[_Unit, ...]] = []
    group: list[_Unit] = []
    total = 0
    for unit in units:
        if group and total + unit.tokens > max_tokens:
            groups.append(tuple(group))
            group, total = [], 0
        group.append(unit)
        total += unit.tokens
    if group:
        groups.append(tuple(group))
    return groups


def _halved(text: str, draft: _Draft) -> list[_Draft]:
    """Two drafts of about equal size, or the same one where it is a single grapheme."""
    if len(draft.units) > 1:
        half = sum(unit.tokens for unit in draft.units) / 2
        total, at = 0, 0
        while at < len(draft.units) - 1 and (at == 0 or total + draft.units[at].tokens <= half):
            total += draft.units[at].tokens
            at += 1
        parts = [draft.units[:at], draft.units[at:]]
        return [_Draft(part, draft.headings) for part in parts]
    span, tokens = draft.units[0].span, draft.units[0].tokens
    pieces = cut_to_fit(text, span, (len(span) + 1) // 2, len)
    return [_Draft((_Unit(piece, tokens // 2),), draft.headings) for piece in pieces]


@dataclass(frozen=True, slots=True)
class _Section:
    """A stretch of text, its own heading included, and the headings above it, outermost first."""

    span: Span
    headings: tuple[str, ...]


def _sections(document: Document) -> Iterator[_Section]:
    """The document's sections in order, together all of its text.

    A heading with no text of its own belongs to the section after it. Other than
    Markdown (by the suffix of a source) a document is one section without headings.
    """
    text, start, path = document.text, 0, dict[int, str]()
    if not any(source.lower().endswith(_MARKDOWN_SUFFIXES) for source in document.sources):
        yield _Section(Span(0, len(text)), ())
        return
    # Blanked out character for character, so that offsets hold.
    shown = _FENCE.sub(lambda fence: " " * len(fence[0]), text)
    front = _FRONT_MATTER.match(text)
    own_text_from = 0
    for match in _MARKDOWN_HEADING.finditer(shown, front.end() if front else 0):
        if text[own_text_from : match.start()].strip():
            yield _Section(Span(start, match.start()), tuple(path[level] for level in sorted(path)))
            start = match.start()
        level = len(match[1])
        path = {above: title for above, title in path.items() if above < level}
        path[level] = heading_words(match[2])
        own_text_from = match.end()
    yield _Section(Span(start, len(text)), tuple(path[level] for level in sorted(path)))
