"""The question in a message that is too long to be one: a template, a pasted mail."""

from __future__ import annotations

import re

from rag.text.sentences import sentences_of

# Tags part what a client's template puts together: <context>, <user_query>.
_TAG = re.compile(r"</?[A-Za-z][\w:-]{0,40}(?: [^<>]{0,200})?>")
_MARKS = ("?", "？", "؟", "\u037e")
_CLOSERS = " \t\"'”’»)]*_`"
# What frames pasted text is short; of a longer paragraph only this much is read.
_PARAGRAPH_CHARACTERS = 20_000


def question_in(message: str, *, limit: int) -> str:
    """The question of a message, of at most ``limit`` characters.

    The last one of its last paragraph, else of its first, since both frame what is pasted
    between them, else the last one of all; without a question mark its last lines. A message
    within the limit is its own question.
    """
    message = message.strip()
    if len(message) <= limit:
        return message
    paragraphs = _paragraphs(message)
    for paragraph in (paragraphs[-1], paragraphs[0], *reversed(paragraphs[1:-1])):
        text = paragraph[-_PARAGRAPH_CHARACTERS:]
        spans = sentences_of(text, "en") if any(mark in text for mark in _MARKS) else []
        for span in reversed(spans):
            sentence = span.of(text)
            if sentence.rstrip(_CLOSERS).endswith(_MARKS):
                return _last(sentence, limit)
    return _last(paragraphs[-1], limit)


def _paragraphs(message: str) -> list[str]:
    """Its paragraphs without tags, which part them too; itself where it is all tags."""
    lines = [line.rstrip() for line in _TAG.sub("\n\n", message).splitlines()]
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return ["\n".join(lines) for lines in paragraphs if lines] or [message]


def _last(text: str, limit: int) -> str:
    """Its last lines within the limit, or, of a line that is longer, its last words."""
    if len(text) <= limit:
        return text
    end = text[-limit:]
    for gap in ("\n", " "):
        _, found, rest = end.partition(gap)
        if found and rest.strip():
            return rest.strip()
    return end
