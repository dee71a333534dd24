"""What every way in that writes to a terminal needs; text of documents is never markup."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["harmless", "make_console", "make_progress", "one_line"]

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


def make_console(*, stderr: bool = False) -> Console:
    """A console that treats text as text: no markup, no emoji codes, no highlighting."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def make_progress() -> Progress:
    """A progress bar on standard error that is gone when it is done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=make_console(stderr=True),
        transient=True,
    )
