"""Parameters that several routes take in their address."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from rag.types import Filters
from server.wire.shapes import DateText, LanguageText, SourceText, make_filters

__all__ = ["QueryFilters"]


def _query_filters(
    source: Annotated[
        list[SourceText],
        Query(
            max_length=20,
            default_factory=list,
            description="only sources that match any of these",
        ),
    ],
    since: Annotated[DateText | None, Query(description="published then or later")] = None,
    until: Annotated[DateText | None, Query(description="published then or before")] = None,
    language: Annotated[LanguageText | None, Query()] = None,
) -> Filters:
    return make_filters(source, since, until, language)


QueryFilters = Annotated[Filters, Depends(_query_filters)]
