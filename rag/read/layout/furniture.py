"""Headers and footers of pages in a text that has lost its pages."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from rag.read.layout.lines import PAGE, Line, ended
from rag.read.layout.marks import roman

_DIGITS = re.compile(r"\d+")
_BARE_PAGE = re.compile(r"\W{0,3}\s?\d{1,4}\s?(?:/\s?\d{1,4})?\W{0,3}")
# A page's number at the begin or end of a line.
_FIRST = re.compile(r"\W{0,3}(\d{1,4}|[ivxl]{1,7})(?:\s*[|–—•·-]\s+|\s{2,}|\W{0,3}$)")
_LAST = re.compile(r"(?:^|\s[|–—•·-]\s*|\s\s)\W{0,3}(\d{1,4}|[ivxl]{1,7})\W{0,3}$")
_HEADER_WIDTH = 100
_LONG = 40
# So far apart are bare numbers that count pages.
_PAGE_CHARACTERS = 600
_CLUSTER = 4


def furniture_of(lines: Sequence[Line]) -> set[int]:
    """Which lines are headers and footers of pages.

    They recur, the same or with a number that counts, beside a page's end or in the
    middle of a sentence. The first line of the text is its title all the same.
    """
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for at, line in enumerate(lines):
        if len(line.text) <= _HEADER_WIDTH:
            groups[" ".join(_DIGITS.sub("0", line.text).split())].append(at)
    recurring = [group for group in groups.values() if len(group) > 1]
    cluster = _clusters({at for group in recurring for at in group})
    at_ends = {first for first, last in set(cluster.values()) if _at_page_end(lines, first, last)}
    counting = {
        at
        for group in recurring
        if _counts_up(lines, group) and _is_page_count(lines, group, cluster, at_ends)
        for at in group
    }
    beside = {cluster[at][0] for at in counting} | at_ends
    found = set(counting)
    for group in recurring:
        clusters = [cluster[at] for at in group]
        outer = all(
            first in beside or first == 0 or last == len(lines) - 1 for first, last in clusters
        )
        same = len({lines[at].text for at in group}) == 1
        if same and outer and any(first in beside for first, _ in clusters):
            found.update(group)
    pages = _numbered_pages(lines)
    found |= pages
    return found if 0 in counting | pages else found - {0}


def _numbered_pages(lines: Sequence[Line]) -> set[int]:
    """Lines with a page's number at one edge that count up, however the rest of them differs.

    Those on left and right pages do. Some stand in the middle of a sentence, others have
    the words of one of those and a number between the numbers around them.
    """
    inside = [
        (at, page)
        for at in range(1, len(lines) - 1)
        if (lines[at].gap or lines[at + 1].gap) and _at_page_end(lines, at, at, marked=False)
        if (page := _page_of(lines[at].text)) is not None
    ]
    found: dict[int, tuple[int, str]] = {}
    for (at, one), (then, other) in pairwise(inside):
        if 0 < other[0] - one[0] <= 2:
            found |= {at: one, then: other}
    words = {rest for _, rest in found.values()}
    places = sorted(found)
    for at, line in enumerate(lines) if found else ():
        number, rest = _page_of(line.text) or (0, "")
        if not number or rest not in words or at in found:
            continue
        place = bisect_left(places, at)
        before = found[places[place - 1]][0] if place else -2
        after = found[places[place]][0] if place < len(places) else number + 3
        if before < number < after and min(number - before, after - number) <= 2:
            found[at] = number, rest
    return set(found)


def _page_of(text: str) -> tuple[int, str] | None:
    """The number of a page at one edge of a line, and the rest of it."""
    match = _LAST.search(text) or _FIRST.match(text) if len(text) <= _HEADER_WIDTH else None
    if match is None:
        return None
    number = match[1]
    rest = " ".join((text[: match.start()] + text[match.end() :]).split())
    return (int(number) if number.isdecimal() else roman(number)), rest


def _is_page_count(
    lines: Sequence[Line],
    group: Sequence[int],
    cluster: dict[int, tuple[int, int]],
    at_ends: set[int],
) -> bool:
    """Whether numbers that count up stand where pages end, or are bare and far apart."""
    at_end = sum(cluster[at][0] in at_ends for at in group)
    if at_end and at_end >= 0.3 * len(group):
        return True
    return _BARE_PAGE.fullmatch(lines[group[0]].text) is not None and all(
        lines[then].start - lines[at].end >= _PAGE_CHARACTERS for at, then in pairwise(group)
    )


def _clusters(recurring: set[int]) -> dict[int, tuple[int, int]]:
    """For each line that recurs the first and the last of those it stands among."""
    found: dict[int, tuple[int, int]] = {}
    run: list[int] = []
    for at in [*sorted(recurring), -1]:
        if run and at != run[-1] + 1:
            found.update((each, (run[0], run[-1])) for each in run)
            run = []
        run.append(at)
    return found


def _at_page_end(lines: Sequence[Line], first: int, last: int, *, marked: bool = True) -> bool:
    """Whether a few lines stand at a page's ``marked`` end, or in the middle of a sentence."""
    if last - first >= _CLUSTER:
        return False
    if marked and any(line.gap == PAGE for line in lines[first : last + 2]):
        return True
    if first == 0 or last + 1 == len(lines):
        return False
    before = lines[first - 1].text
    return not ended(before) and len(before) >= _LONG and lines[last + 1].text[0].islower()


def _counts_up(lines: Sequence[Line], group: Sequence[int]) -> bool:
    """Whether one number of the lines counts up by one and the others stay."""
    rows = [[int(number[:9]) for number in _DIGITS.findall(lines[at].text)] for at in group]
    steps = [{then - now for now, then in pairwise(column)} for column in zip(*rows, strict=True)]
    return steps.count({1}) == 1 and steps.count({0}) == len(steps) - 1
