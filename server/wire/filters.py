"""Filters and dates as users write them, for the command line and the API alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rag.errors import FilterError
from rag.types import Filters


def make_filters(
    sources: Sequence[str] | None, since: str | None, until: str | None, language: str | None
) -> Filters:
    """The filters; ``since`` begins on its first day, ``until`` ends on its last.

    Raises:
        FilterError: a date is not valid, or since is after until.
    """
    first = _days("since", since)[0] if since else None
    last = _days("until", until)[1] if until else None
    if first and last and first > last:
        raise FilterError(
            f"since {since} is after until {until}, so no document can match",
            remedy="swap the two dates",
        )
    return Filters(sources=tuple(sources or ()), since=first, until=last, language=language)


def last_day(as_of: str | None) -> date | None:
    """The last day of the year, month or day ``as_of``.

    Raises:
        FilterError: the date is not valid.
    """
    return _days("as_of", as_of)[1] if as_of else None


def _days(name: str, text: str) -> tuple[date, date]:
    # Loads the tables of languages, which a command without dates does not need.
    from rag.text.dates import parse_iso

    try:
        return parse_iso(text)
    except ValueError as error:
        raise FilterError(
            f"'{text}' is not a valid date for {name}", remedy="write YYYY, YYYY-MM or YYYY-MM-DD"
        ) from error
