"""What a reasoning model thinks before it answers is no part of its draft."""

from __future__ import annotations

import re

__all__ = ["ThoughtFilter", "without_thoughts"]

_NAMES = ("think", "thinking")
_BEGINS = tuple(f"<{name}>" for name in _NAMES)
_ENDS = tuple(f"</{name}>" for name in _NAMES)
_TAGS = _BEGINS + _ENDS
_LONGEST = max(map(len, _TAGS))
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.IGNORECASE | re.DOTALL)
_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)


class ThoughtFilter:
    """Leaves ``<think>...</think>`` out of a text that comes a character at a time.

    What may yet become a tag is held back; a thought without an end goes on to the end of
    the text. An end without a beginning, as of models whose template begins the thought
    for them, says that all before it was thought.
    """

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False

    def read(self, character: str) -> tuple[str, bool]:
        """What is said now, and whether all that was said before it was only thought."""
        self._held += character
        if self._thinking:
            self._held = self._held[-_LONGEST:]
            if self._held.lower().endswith(_ENDS):
                self._held, self._thinking = "", False
            return "", False
        said = ""
        while self._held:
            tag = self._held.lower()
            if tag in _TAGS:
                self._held, self._thinking = "", tag in _BEGINS
                return said, tag in _ENDS
            if any(known.startswith(tag) for known in _TAGS):
                break
            said, self._held = said + self._held[0], self._held[1:]
        return said, False

    def finish(self) -> str:
        """What was held back when the text ends."""
        held, self._held = self._held, ""
        return "" if self._thinking else held


def without_thoughts(text: str) -> str:
    """A whole text without its thoughts."""
    return _END.split(_THOUGHT.sub("", text))[-1]
