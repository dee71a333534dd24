import re

import pytest

from eval.report.strips import interval_bar


def test_an_interval_is_drawn_on_its_scale():
    bar = interval_bar(0.5, 0.25, 0.75)
    low, high = map(float, re.search(r'class="span" x1="([\d.]+)" x2="([\d.]+)"', bar).groups())
    left, right = map(float, re.search(r'class="track" x1="([\d.]+)" x2="([\d.]+)"', bar).groups())
    assert (low - left) / (right - left) == pytest.approx(0.25, abs=0.01)
    assert (high - left) / (right - left) == pytest.approx(0.75, abs=0.01)
    assert "95% interval 0.250 to 0.750" in bar
