"""Charts that stand in a line or a table's cell: pure functions from numbers to inline SVG.

Colours and line widths are classes that the page's style sheet defines. Every chart says
its numbers in words (title). Text is escaped here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["LogAxis", "interval_bar", "latency_axis", "latency_strip", "pixels", "share_bar"]

STRIP_WIDTH, STRIP_HEIGHT = 340, 30
STRIP_BINS = 48


def pixels(value: float) -> str:
    """A coordinate with one decimal at most: short, since a page holds thousands."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True, slots=True)
class LogAxis:
    """Milliseconds from 10**low to 10**high over the width of a strip."""

    low: int
    high: int

    @classmethod
    def over(cls, values: Iterable[float]) -> LogAxis:
        """The whole powers of ten around the values; a tenth of a millisecond at least."""
        known = [max(value, 0.1) for value in values] or [1.0]
        low = math.floor(math.log10(min(known)))
        return cls(low, max(low + 1, math.ceil(math.log10(max(known)))))

    def share(self, value: float) -> float:
        """Where a value lies, 0 at the left end and 1 at the right; beyond is cut."""
        place = (math.log10(max(value, 0.1)) - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, place))


def interval_bar(value: float, low: float | None, high: float | None) -> str:
    """A value in [0, 1] with its interval on a short track. 96 by 14 pixels."""
    left, width = 5.0, 86.0

    def at(share: float) -> str:
        return pixels(left + width * min(1.0, max(0.0, share)))

    span = ""
    words = f"{value:.3f}"
    if low is not None and high is not None:
        words += f", 95% interval {low:.3f} to {high:.3f}"
        span = f'<line class="span" x1="{at(low)}" x2="{at(high)}" y1="7" y2="7"/>'
    track = f'<line class="track" x1="{at(0)}" x2="{at(1)}" y1="7" y2="7"/>'
    dot = f'<circle class="point" cx="{at(value)}" cy="7" r="3.2"/>'
    return (
        f'<svg class="interval" viewBox="0 0 96 14" width="96" height="14" role="img">'
        f"<title>{words}</title>{track}{span}{dot}</svg>"
    )


def share_bar(parts: Sequence[tuple[str, str, int]], title: str) -> str:
    """Parts of a whole side by side. ``parts``: class name, label and count of each."""
    total = sum(count for _, _, count in parts) or 1
    bars, start = [], 0.0
    for name, label, count in parts:
        width = 1000 * count / total
        if count:
            # A hair of ground between neighbours, unless the part is thinner than that.
            shown = max(width - 2, width / 2)
            bars.append(
                f'<rect class="v-{escape(name)}" x="{pixels(start)}" y="0" width="{pixels(shown)}" '
                f'height="16"><title>{escape(label)}: {count}</title></rect>'
            )
        start += width
    return (
        '<svg class="shares" viewBox="0 0 1000 16" preserveAspectRatio="none" role="img">'
        f"<title>{escape(title)}</title>{''.join(bars)}</svg>"
    )


def latency_strip(values: Sequence[float], axis: LogAxis, marks: Mapping[str, float]) -> str:
    """Histogram of milliseconds on a logarithmic axis, with lines at the marks (p50, ...)."""
    counts = [0] * STRIP_BINS
    for value in values:
        counts[min(STRIP_BINS - 1, int(axis.share(value) * STRIP_BINS))] += 1
    most, width = max(counts, default=0) or 1, STRIP_WIDTH / STRIP_BINS
    bars = "".join(
        f'<rect x="{pixels(place * width)}" y="{pixels(STRIP_HEIGHT - height)}" '
        f'width="{pixels(width - 0.8)}" height="{pixels(height)}"/>'
        for place, count in enumerate(counts)
        if (height := (STRIP_HEIGHT - 4) * count / most)
    )
    lines = "".join(
        f'<line class="mark" x1="{x}" x2="{x}" y1="0" y2="{STRIP_HEIGHT}">'
        f"<title>{escape(name)}: {value:.1f} ms</title></line>"
        for name, value in marks.items()
        for x in [pixels(axis.share(value) * STRIP_WIDTH)]
    )
    words = ", ".join(f"{name} {value:.1f} ms" for name, value in marks.items())
    return (
        f'<svg class="strip" viewBox="0 0 {STRIP_WIDTH} {STRIP_HEIGHT}" width="{STRIP_WIDTH}" '
        f'height="{STRIP_HEIGHT}" role="img"><title>{escape(words)}</title>'
        f'<line class="track" x1="0" x2="{STRIP_WIDTH}" y1="{STRIP_HEIGHT}" y2="{STRIP_HEIGHT}"/>'
        f"{bars}{lines}</svg>"
    )


def latency_axis(axis: LogAxis) -> str:
    """The labels above the strips: powers of ten in milliseconds or seconds."""
    labels = []
    for power in range(axis.low, axis.high + 1):
        x = axis.share(10.0**power) * STRIP_WIDTH
        anchor = {axis.low: "start", axis.high: "end"}.get(power, "middle")
        text = f"{10.0**power:g} ms" if power < 3 else f"{10.0 ** (power - 3):g} s"
        labels.append(f'<text x="{pixels(x)}" y="11" text-anchor="{anchor}">{text}</text>')
    return (
        f'<svg class="strip" viewBox="0 0 {STRIP_WIDTH} 14" width="{STRIP_WIDTH}" height="14" '
        f'role="img"><title>Milliseconds, logarithmic</title>{"".join(labels)}</svg>'
    )
