"""Text of documents as it may be shown: it never moves a cursor or changes a colour."""

from __future__ import annotations

# A document must not move the cursor or change colours: no control character but line
# breaks and tabs reaches the terminal.
_CONTROLS = {
    code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\r\t\x85"
}


def harmless(text: str) -> str:
    """The text with control characters replaced, one for one."""
    return text.translate(_CONTROLS)


def one_line(text: str) -> str:
    """The text with each run of white space as one space, for display only."""
    return harmless(" ".join(text.split()))
