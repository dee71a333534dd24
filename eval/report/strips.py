"""Bars within a line or a table cell: pure functions from numbers to inline SVG.

Colours and line widths are classes of the page's style sheet. Every bar gives its numbers
in words (title). Text is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def pixels(value: float) -> str:
    """A coordinate with one decimal at most: short, since a page holds thousands."""
    return f"{value:.1f}".removesuffix(".0")


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
            # A gap between neighbours, unless the part is thinner than the gap.
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
