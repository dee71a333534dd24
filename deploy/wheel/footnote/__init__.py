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
    Document,
    DocumentDate,
    Filters,
    Hit,
    Outcome,
    Passage,
    Question,
    Span,
    Turn,
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
    "Document",
    "DocumentDate",
    "Filters",
    "FootnoteError",
    "Hit",
    "Outcome",
    "Passage",
    "Question",
    "Settings",
    "Span",
    "Turn",
    "load_settings",
]


def __getattr__(name: str) -> Any:
    # Loaded when first asked for: they bring libraries that a command may not need.
    if name == "Assistant":
        from rag.assistant import Assistant

        return Assistant
    if name in ("Settings", "load_settings"):
        from rag import config

        return getattr(config, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
