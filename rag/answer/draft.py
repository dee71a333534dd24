"""A language model's draft, read as it streams: sentences with the passages they cite.

The draft is written one character after another through the same steps, so that however
the stream cuts it (inside a marker, inside a word) the sentences are the same. A sentence
is given out once nothing that follows can still belong to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from rag.generate.thoughts import ThoughtFilter
from rag.text.sentences import split_sentences

__all__ = ["DraftParser", "DraftSentence"]

_OPEN, _CLOSE = "[［【〔", "]］】〕"
_NUMBERS = r"\d{1,3}(?:\s*(?:,|，|、|;|；|and|&|[-–—~～至])\s*\^?\d{1,3})*"
_KIND = r"(?:\^|(?:passages?|sources?|documents?|docs?|段落|来源|文档)\s*[:：#]?\s*)"
# [1], [1, 2], [1-3], 【1】, ［1］, [^1], [Passage 1], 【1†title】, [1](address).
_MARKER = re.compile(
    rf"[{re.escape(_OPEN)}]\s*{_KIND}?(?P<numbers>{_NUMBERS})\s*(?:†[^】\]\n]*)?"
    rf"[{re.escape(_CLOSE)}](?:\([^()\s]*\))?",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(\d+)\s*[-–—~～至]\s*\^?(\d+)|(\d+)")
# Of a range no more than this is meant; of a longer one the two ends are taken.
_LONGEST_RANGE = 20
# An open bracket with more than this behind it and no end is no marker.
_LONGEST_MARKER = 80
# What runs on without an end is no sentence, and reading it again and again takes time.
_LONGEST_SENTENCE = 2000
_END = re.compile(r"(?P<latin>[.!?…]+[\"'”’)]*)|(?P<wide>[。！？]+[”’」』）》\"]*)")
_TERMINATORS = ".!?。！？"
_FENCES = ("```", "~~~")
_HELD_FENCE = re.compile(r"(?:`{1,2}|~{1,2})$")
_ITEM = re.compile(r"^\s*(?:[-*+•●▪·–—]\s+|\(?\d{1,3}[.)、]\s*(?=\D|$)|\(?[a-z][.)]\s+)")
_ITEM_ONLY = re.compile(r"\s*\(?(?:\d{1,3}|[a-z])[.)]")
_HEADING = re.compile(r"\s*#{1,6}\s")
_EMPHASIS = re.compile(r"\*\*|__|`|<\|[^|>\n]*\|>")
_LIST_OF_SOURCES = re.compile(
    r"\W*(?:references|sources|citations|bibliography|notes|参考文献|参考资料|来源|引用)\W*",
    re.IGNORECASE,
)
# What a model says before it answers, and how it names the passages.
_PREAMBLE = re.compile(
    r"""\s* (?:
      (?:sure|certainly|of\s course|okay|ok)\b [^\w\n]{0,3}
      | (?:here\s (?:is|are) | here['’]s | below\s (?:is|are)) \b [^.:：\n]{0,80} [:：]
      | (?:final\s)? (?:answer|response) \s* [:：]
      | (?:回答|答案|答) \s* [:：]
      | (?:based\s on | according\s to | as\s (?:stated|said|noted|mentioned)\s (?:in|by)
          | as\s per)\s
        (?: (?:the\s)? (?:(?:provided|given|numbered|above|archive)\s)*
            (?:passages?|documents?|sources?|context|archive|information) (?:\s(?:provided|given))?
            (?:\s\d{1,3} (?=\W))?
          )? \s* (?:\x00\s*)* [,:，：]
      | (?:the\s)? (?:passages?|documents?|sources?) (?:\s\d{1,3} (?=\W))? \s* (?:\x00\s*)*
        (?:states?|says?|notes?|mentions?|reports?|indicates?)\s that \b
      | (?:根据|依据) (?:所给|提供的|上述|以上|给出的)? (?:文档|段落|资料|来源|文章|内容)?
        \s* (?:\x00\s*)* [,，:：]
    ) \s*""",
    re.IGNORECASE | re.VERBOSE,
)
# Stands for a marker while the text around it is read.
_PLACE = "\x00"


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence of a draft without its markers, and the numbers these give, each once."""

    text: str
    markers: tuple[int, ...]


class DraftParser:
    """Reads one draft; feed it chunks, then finish it."""

    def __init__(self) -> None:
        self._thoughts = ThoughtFilter()
        self._pending = ""
        self._breaks = 0
        self._fence = ""
        self._behind = ""
        self._leading = False
        self._over = False

    def feed(self, chunk: str) -> list[DraftSentence]:
        """The sentences that this chunk settles, in order; what is thought is none."""
        found: list[DraftSentence] = []
        for character in chunk:
            said, only_thought = self._thoughts.read(character)
            found += [sentence for each in said for sentence in self._step(each)]
            if only_thought:
                self._forget()
        return found

    def finish(self) -> list[DraftSentence]:
        """What is left when the draft ends; an open code block or thought holds nothing."""
        last = self._thoughts.finish()
        found = [sentence for each in last for sentence in self._step(each)]
        found += self._flush()
        self._fence, self._breaks = "", 0
        return found

    def _forget(self) -> None:
        """Go on as at the beginning of a draft. Sentences given out stay so: each was
        judged for itself."""
        self._pending = self._fence = self._behind = ""
        self._breaks = 0
        self._leading = self._over = False

    def _step(self, character: str) -> list[DraftSentence]:
        if character == "\r" or character == _PLACE or self._over:
            return []
        if self._fence:
            self._behind = (self._behind + character)[-len(self._fence) :]
            if self._behind == self._fence:
                self._fence = self._behind = ""
            return []
        if character == "\n":
            self._breaks += 1
            return []
        found: list[DraftSentence] = []
        if self._breaks:
            if character.isspace():
                return []
            if self._runs_on(character):
                self._pending += " "
            else:
                found = self._flush()
            self._breaks = 0
        self._pending += character
        if self._pending.endswith(_FENCES):
            self._fence = self._pending[-3:]
            self._pending = self._pending[:-3]
            return [*found, *self._flush()]
        if len(self._pending) > _LONGEST_SENTENCE:
            return [*found, *self._flush()]
        return [*found, *self._settled(final=False)]

    def _runs_on(self, character: str) -> bool:
        """Whether the line that begins so goes on with the one before it."""
        held = self._pending.rstrip()
        if self._breaks > 1 or not held or held.endswith((":", "：")) or _HEADING.match(held):
            return False
        if character in _OPEN:
            return not _MARKER.search(held)
        return character.islower() and held[-1] not in _TERMINATORS + _CLOSE

    def _flush(self) -> list[DraftSentence]:
        """All that is pending, its end being that of a line."""
        found = list(self._settled(final=True))
        rest, self._pending, self._leading = self._pending, "", False
        return [*found, *self._sentence(rest)]

    def _settled(self, *, final: bool) -> Iterator[DraftSentence]:
        while (end := self._sentence_end(final=final)) is not None:
            said, self._pending = self._pending[:end], self._pending[end:].lstrip()
            yield from self._sentence(said)

    def _sentence_end(self, *, final: bool) -> int | None:
        """Where the first sentence of what is pending ends, once that is certain."""
        text = self._pending
        if _HEADING.match(text) or _HELD_FENCE.search(text):
            return None
        self._leading = self._leading or bool(_MARKER.match(_ITEM.sub("", text, count=1)))
        for match in _END.finditer(text):
            after = _after_markers(text, match.end())
            rest = text[after:].lstrip()
            if not rest or (not final and _may_become_marker(rest, text[after:] == rest)):
                return None
            cited = after > match.end()
            if not self._ends(match, rest, cited=cited):
                continue
            spaced = cited and text[match.end()].isspace()
            # "[1] One. [2] Two.": here the markers come before what they are for.
            return match.end() if self._leading and spaced else after
        return None

    def _ends(self, match: re.Match[str], rest: str, *, cited: bool) -> bool:
        """Whether a sentence ends at this mark, ``rest`` being what follows it."""
        text = self._pending
        if match["wide"] or cited:
            return True
        if not text[match.end() : match.end() + 1].isspace() or rest[0].islower():
            return False
        head = _MARKER.sub("", text[: match.end()])
        if _ITEM_ONLY.fullmatch(head):
            return False
        ends = {span.end for span in split_sentences(f"{head} {rest[0]}")}
        return len(head.rstrip()) in ends

    def _sentence(self, raw: str) -> list[DraftSentence]:
        """The sentence that this stretch of the draft says; none for headings and the like."""
        bare = _EMPHASIS.sub("", raw).strip()
        if _LIST_OF_SOURCES.fullmatch(bare):
            self._over = True
        if self._over or _HEADING.match(bare):
            return []
        numbers = [number for m in _MARKER.finditer(bare) for number in _numbers(m["numbers"])]
        text = _ITEM.sub("", _MARKER.sub(_PLACE, bare), count=1)
        text = _without_preamble(text)
        if not any(map(str.isalnum, text)) or (not numbers and text.endswith((":", "："))):
            return []
        return [DraftSentence(text, tuple(dict.fromkeys(numbers)))]


def _after_markers(text: str, at: int) -> int:
    """Where the markers that follow ``at``, and a full stop behind them, end."""
    end = at
    while match := _MARKER.match(text, _after_space(text, end)):
        end = match.end()
    return end + 1 if end > at and text[end : end + 1] in (".", "。") else end


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _may_become_marker(rest: str, adjacent: bool) -> bool:
    """Whether more characters could make ``rest`` a marker, or part of the one before it."""
    if rest[0] in _OPEN:
        return len(rest) < _LONGEST_MARKER and not any(close in rest for close in _CLOSE)
    return adjacent and rest[0] == "(" and ")" not in rest and len(rest) < _LONGEST_MARKER


def _numbers(written: str) -> Iterator[int]:
    for first, last, alone in _RANGE.findall(unicodedata.normalize("NFKC", written)):
        if alone:
            yield int(alone)
        elif 0 <= int(last) - int(first) <= _LONGEST_RANGE:
            yield from range(int(first), int(last) + 1)
        else:
            yield from (int(first), int(last))


def _without_preamble(text: str) -> str:
    """The words themselves: no preamble, no markers, the spaces around these tidied."""
    whole = text
    while match := _PREAMBLE.match(text):
        text = text[match.end() :].lstrip(" ,，")
    opened = text == whole
    text = re.sub(rf"([.!?。！？][\"”’)]*)\s*(?:{_PLACE}\s*)+[.。]?$", r"\1", text)
    text = re.sub(rf"\s*{_PLACE}", "", text).strip()
    text = re.sub(r"\s+([.,;:!?])(?=\s|$)", r"\1", re.sub(r"\s+", " ", text)).strip(" ,，")
    # "eBay opened in 1995" begins as it was written; what a preamble stood before does not.
    return text if opened else text[:1].upper() + text[1:]
