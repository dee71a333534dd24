"""A Document becomes Passages: whole statements, sized in tokens, section by section."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from rag.settings import SplitSettings
from rag.text.normalise import NORMALISER, search_text
from rag.text.sentences import cut_to_fit
from rag.text.statements import find_statements, visible_text
from rag.types import Document, Passage, Span, Statement, passage_id

CountTokens = Callable[[str], int]
CountEncoderTokens = Callable[[Sequence[str]], list[int]]

SPLITTER = "split.v2"
TITLE_TOKENS = 32
# Of a passage that begins inside a table or list: as much of its header or lead-in is read
# with it.
_CONTEXT_TOKENS = 48


def describe_splitter(settings: SplitSettings) -> str:
    """Canonical description: two indexes with equal ones hold equal passages."""
    return (
        f"{SPLITTER} {NORMALISER} max_tokens={settings.max_tokens} "
        f"title_tokens={settings.title_tokens}"
    )


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never divided between passages: a span and its share of tokens.

    ``context`` is what its first statement is not understood without.
    """

    span: Span
    tokens: int
    context: tuple[Span, ...]


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
    """Passages in reading order that never overlap and together hold every statement.

    Each holds at most ``settings.max_tokens`` by ``count_tokens``, and its
    ``encoder_text`` at most ``encoder_limit`` by ``count_encoder_tokens``. They are made
    of whole statements; one too long for a passage is cut at white space, in Chinese and
    Japanese at punctuation or between characters. Only an unbroken run of characters
    that exceeds a limit by itself is cut inside, between graphemes. A passage never
    crosses a heading, and begins and ends with a statement.

    Two things may exceed a limit: a single grapheme, and, in what the encoder reads, a
    title that takes more than half of it; the text then still gets the other half.
    """
    title = _title_line(document.title, settings.title_tokens)
    title_cost = count_encoder_tokens([f"{title}\n"])[0] if title else 0
    encoder_limit = max(encoder_limit, title_cost + encoder_limit // 2)

    def fitted(drafts: Sequence[_Draft]) -> Iterator[Passage]:
        """Passages of the drafts, those over a limit halved until they keep it."""
        passages = [_passage(document, draft, encoder_limit) for draft in drafts]
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

    @cache  # sections share the headings above them
    def shown(heading: Span) -> str:
        text = visible_text(document.text, heading, document.blocks, document.language)
        return " ".join(text.split())

    drafts: list[_Draft] = []
    for section in _sections(find_statements(document.text, document.blocks, document.language)):
        units = _units(document.text, section, settings.max_tokens, count_tokens)
        headings = tuple(map(shown, _heading_path(section)))
        drafts += [_Draft(group, headings) for group in _pack(units, settings.max_tokens)]
    return tuple(fitted(drafts))


def encoder_text(passage: Passage, *, title_tokens: int = TITLE_TOKENS) -> str:
    """What the encoder reads: the clipped title above a search text that does not repeat it.

    A function of the stored passage alone, so that it can be encoded again at any time;
    ``title_tokens`` must be what the passage was split with.
    """
    title = _title_line(passage.title, title_tokens)
    if not title or passage.search_text.casefold().startswith(title.casefold()):
        return passage.search_text
    return f"{title}\n{passage.search_text}"


@lru_cache(maxsize=256)  # all passages of a document share their title
def _title_line(title: str, max_tokens: int) -> str:
    return clip_title(search_text(title), max_tokens)


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


def _passage(document: Document, draft: _Draft, encoder_limit: int) -> Passage:
    span = draft.span
    outside = [each for each in draft.units[0].context if each.end <= span.start]
    context = "\n".join(
        visible_text(document.text, each, document.blocks, document.language) for each in outside
    )
    clipped = clip_title(search_text(context), min(_CONTEXT_TOKENS, encoder_limit // 4))
    shown = search_text(visible_text(document.text, span, document.blocks, document.language))
    return Passage(
        id=passage_id(document.id, span),
        document_id=document.id,
        span=span,
        headings=draft.headings,
        title=document.title,
        search_text=f"{clipped} {shown}" if clipped else shown,
    )


def _sections(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """The statements from one heading to the next; a heading without text of its own
    belongs to the section after it."""
    section: list[Statement] = []
    for statement in statements:
        if statement.kind == "heading" and any(each.kind != "heading" for each in section):
            yield section
            section = []
        section.append(statement)
    if section:
        yield section


def _heading_path(section: Sequence[Statement]) -> tuple[Span, ...]:
    last = section[-1]
    return (*last.headings, last.span) if last.kind == "heading" else last.headings


def _units(
    text: str, section: Sequence[Statement], max_tokens: int, count_tokens: CountTokens
) -> list[_Unit]:
    """The section's statements, those too long in pieces.

    What the next one is not understood without (its heading, lead-in, header row or
    question) is tied to it.
    """
    units: list[_Unit] = []
    tied: _Unit | None = None
    previous_end = section[0].span.start
    for at, statement in enumerate(section):
        span = statement.span
        # Counted with the white space before it, as it will stand in the passage: the
        # encoding joins a space to the word that follows.
        tokens = count_tokens(text[previous_end : span.end])
        previous_end = span.end
        unit = _Unit(span, tokens, statement.context)
        if tied is not None:
            if tied.tokens + tokens <= max_tokens:
                unit = _Unit(Span(tied.span.start, span.end), tied.tokens + tokens, tied.context)
            else:
                units += _cut(text, tied, max_tokens, count_tokens)
            tied = None
        if at + 1 < len(section) and _leads(statement, section[at + 1]):
            tied = unit
        else:
            units += _cut(text, unit, max_tokens, count_tokens)
    return units


def _leads(statement: Statement, following: Statement) -> bool:
    return statement.kind == "heading" or statement.span in following.context


def _cut(text: str, unit: _Unit, max_tokens: int, count_tokens: CountTokens) -> list[_Unit]:
    if unit.tokens <= max_tokens:
        return [unit]
    pieces = cut_to_fit(text, unit.span, max_tokens, count_tokens)
    return [_Unit(piece, count_tokens(piece.of(text)), unit.context) for piece in pieces]


def _pack(units: Sequence[_Unit], max_tokens: int) -> list[tuple[_Unit, ...]]:
    """Group units in order, as few groups as the limit allows, of sizes as even as can be."""
    groups = _pack_greedily(units, max_tokens)
    if len(groups) < 2:
        return groups
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
    context = draft.units[0].context
    return [_Draft((_Unit(piece, tokens // 2, context),), draft.headings) for piece in pieces]
