"""Query parameters that several routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from rag.types import Filters
from server.wire.filters import make_filters
from server.wire.shapes import DateText, LanguageText, SourceText


def _query_filters(
    source: Annotated[
        list[SourceText],
        Query(
            max_length=20,
            default_factory=list,
            description="only documents with a source that matches one of these",
        ),
    ],
    since: Annotated[DateText | None, Query(description="published since")] = None,
    until: Annotated[DateText | None, Query(description="published until")] = None,
    language: Annotated[LanguageText | None, Query()] = None,
) -> Filters:
    return make_filters(source, since, until, language)


QueryFilters = Annotated[Filters, Depends(_query_filters)]
