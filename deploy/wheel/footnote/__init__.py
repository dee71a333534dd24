"""Footnote answers questions over a document archive and cites every sentence exactly.

These names are the public interface; everything else may change in any version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rag.errors import FootnoteError
from rag.types import (
    Abstention,
    Answer,
    Citation,
    Claim,
    Claimed,
    Document,
    DocumentDate,
    Event,
    Filters,
    Finished,
    Hit,
    Outcome,
    Passage,
    Question,
    Ranked,
    Read,
    Span,
    Turn,
    Understood,
    Waiting,
)

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.config import load_settings
    from rag.settings import Settings

__all__ = [
    "Abstention",
    "Answer",
    "Assistant",
    "Citation",
    "Claim",
    "Claimed",
    "Document",
    "DocumentDate",
    "Event",
    "Filters",
    "Finished",
    "FootnoteError",
    "Hit",
    "Outcome",
    "Passage",
    "Question",
    "Ranked",
    "Read",
    "Settings",
    "Span",
    "Turn",
    "Understood",
    "Waiting",
    "load_settings",
]


def __getattr__(name: str) -> Any:
    # Loaded when first asked for: they bring libraries that a command may not need.
    if name == "Assistant":
        from rag.assistant import Assistant

        return Assistant
    if name == "Settings":
        from rag.settings import Settings

        return Settings
    if name == "load_settings":
        from rag.config import load_settings

        return load_settings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
