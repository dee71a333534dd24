"""Charts of the report: pure functions from numbers to inline SVG.

Colours, fonts and line widths are classes of the page's style sheet, so that charts follow
its light and dark themes. Every chart has a title and a description in words, and every
mark shows its numbers on hover. Text is escaped here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from eval.report.strips import pixels

WIDTH, HEIGHT = 520, 340
LEFT, RIGHT, TOP, BOTTOM = 46, 508, 26, 290
FIFTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
# Of the height of a reliability plot: the counts at its foot.
COUNTS_HEIGHT = 34
# The risk over the first few questions varies widely; it must not set the scale.
STEADY_COVERAGE = 0.1


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """The threshold in force on the risk-coverage curve; shares in [0, 1]."""

    min_support: float
    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class ScoreBin:
    """Questions whose score lies in one tenth of [0, 1]: how many, and how many right.

    ``tenth`` counts from 0; ``score`` is their mean; ``low`` and ``high`` are the 95%
    interval of ``right``, a share.
    """

    tenth: int
    count: int
    score: float
    right: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Frame:
    """Coordinates: x over [0, 1] of the width, y from ``low`` at ``floor`` to ``high``."""

    low: float = 0.0
    high: float = 1.0
    floor: float = BOTTOM

    def x(self, share: float) -> float:
        return LEFT + share * (RIGHT - LEFT)

    def y(self, value: float) -> float:
        return self.floor - (value - self.low) / (self.high - self.low) * (self.floor - TOP)

    def points(self, curve: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{pixels(self.x(x))},{pixels(self.y(y))}" for x, y in curve)

    def line(self, name: str, one: tuple[float, float], other: tuple[float, float]) -> str:
        return f'<polyline class="{name}" points="{self.points([one, other])}"/>'


def risk_coverage_chart(
    curve: Sequence[tuple[float, float]],
    point: OperatingPoint | None,
    limits: Sequence[float],
) -> str:
    """Share of wrong answers over the share of questions answered, best score first.

    ``curve``: (coverage, risk) in rising coverage. What rises above the chart in the
    first tenth of the questions is cut.
    """
    steady = [risk for coverage, risk in curve if coverage >= STEADY_COVERAGE]
    highest = max([*steady, *limits, *([point.risk] if point else [])])
    frame = _Frame(high=min(1.0, math.ceil(highest * 10 + 0.5) / 10))
    levels = _tenths(0.0, frame.high)
    parts = [
        _grid([(frame.y(level), f"{level:.0%}") for level in levels]),
        _x_axis([(frame.x(tick), f"{tick:.0%}") for tick in FIFTHS], "answered"),
        _y_title("wrong, of those answered"),
    ]
    for limit in limits:
        parts.append(frame.line("limit", (0, limit), (1, limit)))
        # A grid line is labelled by the axis already.
        if limit not in levels:
            parts.append(_note(RIGHT, frame.y(limit) - 4, f"{limit:.0%}", "end"))
    # A nested viewport cuts what rises above the chart, without an id to refer to.
    parts.append(
        f'<svg y="{TOP - 3}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 {TOP - 3} {WIDTH} {HEIGHT}" overflow="hidden">'
        f'<polyline class="line c0" points="{frame.points(curve)}"/></svg>'
    )
    words = ", ".join(f"{risk:.0%} wrong at {coverage:.0%}" for coverage, risk in _tenth_of(curve))
    if point is not None:
        parts.append(_threshold(point, frame.x(point.coverage), frame.y(point.risk)))
        words += f"; the threshold answers {point.coverage:.0%} with {point.risk:.0%} wrong"
    return _chart("Risk by coverage", words, parts)


def reliability_chart(bins: Sequence[ScoreBin], min_support: float | None) -> str:
    """Share right over mean score, a point a bin with its interval, counts below."""
    frame = _Frame(floor=BOTTOM - COUNTS_HEIGHT - 8)
    parts = [
        _grid([(frame.y(tick), f"{tick:.1f}") for tick in FIFTHS]),
        _x_axis([(frame.x(tick), f"{tick:.1f}") for tick in FIFTHS], "support score"),
        _y_title("share right"),
        frame.line("ideal", (0, 0), (1, 1)),
    ]
    if min_support is not None:
        x = frame.x(min_support)
        parts.append(
            f'<line class="limit" x1="{pixels(x)}" x2="{pixels(x)}" y1="{TOP - 4}" y2="{BOTTOM}"/>'
        )
        # Above the plot, where no point can cover it, and right of the axis title.
        parts.append(_note(max(x, 130), TOP - 8, f"threshold {min_support:.2f}", "middle"))
    most = max((one.count for one in bins), default=1)
    parts += [_count_bar(one, frame, most) + _bin_mark(one, frame) for one in bins]
    words = ", ".join(f"{one.right:.2f} right at {one.score:.2f}" for one in bins)
    return _chart("Share right by support score", words, parts)


# --- Parts of a chart --------------------------------------------------------------


def _chart(title: str, words: str, parts: Iterable[str]) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(words)}</desc>{''.join(parts)}</svg>"
    )


def _grid(levels: Iterable[tuple[float, str]]) -> str:
    return "".join(
        f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{pixels(y)}" y2="{pixels(y)}"/>'
        f'<text x="{LEFT - 8}" y="{pixels(y + 4)}" text-anchor="end">{text}</text>'
        for y, text in levels
    )


def _x_axis(ticks: Iterable[tuple[float, str]], title: str) -> str:
    labels = "".join(
        f'<text x="{pixels(x)}" y="{BOTTOM + 18}" text-anchor="middle">{text}</text>'
        for x, text in ticks
    )
    return (
        f'<line class="axis" x1="{LEFT}" x2="{RIGHT}" y1="{BOTTOM}" y2="{BOTTOM}"/>{labels}'
        f'<text class="name" x="{RIGHT}" y="{BOTTOM + 40}" text-anchor="end">{title}</text>'
    )


def _y_title(text: str) -> str:
    """Above the axis, set horizontally."""
    return f'<text class="name" x="0" y="12">{text}</text>'


def _tenths(low: float, high: float) -> list[float]:
    """Every tenth from low to high, every fifth where that would be more than six."""
    first, last = round(low * 10), round(high * 10)
    step = 1 if last - first <= 6 else 2
    return [tenth / 10 for tenth in range(first, last + 1, step)]


def _threshold(point: OperatingPoint, x: float, y: float) -> str:
    """The operating point, labelled on the side that has room."""
    side, shift = ("end", -10) if point.coverage > 0.5 else ("start", 10)
    lift = -8 if y > TOP + 30 else 18
    return (
        f'<circle class="threshold" cx="{pixels(x)}" cy="{pixels(y)}" r="5.5"><title>threshold '
        f"{point.min_support:.2f}: {point.coverage:.1%} answered, {point.risk:.1%} of them wrong"
        f'</title></circle><text class="note strong" x="{pixels(x + shift)}" '
        f'y="{pixels(y + lift)}" text-anchor="{side}">threshold {point.min_support:.2f}</text>'
    )


def _note(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f'<text class="note" x="{pixels(x)}" y="{pixels(y)}" text-anchor="{anchor}">{text}</text>'
    )


def _count_bar(one: ScoreBin, frame: _Frame, most: int) -> str:
    """The number of questions in a bin, as a bar on the axis."""
    left, right = frame.x(one.tenth / 10) + 1, frame.x((one.tenth + 1) / 10) - 1
    height = COUNTS_HEIGHT * one.count / most
    return (
        f'<rect class="count" x="{pixels(left)}" y="{pixels(BOTTOM - height)}" '
        f'width="{pixels(right - left)}" height="{pixels(height)}">'
        f"<title>{one.count} questions</title></rect>"
    )


def _bin_mark(one: ScoreBin, frame: _Frame) -> str:
    """A bin's point and interval."""
    x, y = pixels(frame.x(one.score)), pixels(frame.y(one.right))
    whisker = frame.line("whisker", (one.score, one.low), (one.score, one.high))
    return (
        f"<g><title>{one.count} with a score around {one.score:.2f}: {one.right:.2f} right"
        f" (95% interval {one.low:.2f} to {one.high:.2f})</title>{whisker}"
        f'<circle class="dot c0" cx="{x}" cy="{y}" r="4.5"/></g>'
    )


def _tenth_of(curve: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The curve's first point in each tenth of coverage, for its description."""
    picked: dict[int, tuple[float, float]] = {}
    for coverage, risk in curve:
        picked.setdefault(math.floor(coverage * 10), (coverage, risk))
    return [picked[tenth] for tenth in sorted(picked)]
