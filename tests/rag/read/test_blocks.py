"""Blocks cover a text, in order, and never overlap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.read.blocks import covering, trimmed
from rag.types import Block, Span

TEXTS = st.text(st.sampled_from("a b\n\r\t\f.\u2029 \u00a0é"), max_size=60)


@given(TEXTS, st.data())
def test_blocks_cover_all_but_white_space_in_order(text, data):
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=6).map(sorted))
    named = [
        Block(Span(*pair), "item", level=1)
        for pair in zip(cuts[::2], cuts[1::2], strict=False)
        if pair[0] < pair[1]
    ]
    blocks = covering(text, named)
    end = 0
    for block in blocks:
        assert not text[end : block.span.start].strip()
        assert trimmed(text, block.span) == block.span
        end = block.span.end
    assert not text[end:].strip()


def test_what_no_reader_named_is_parted_into_paragraphs_at_blank_lines():
    text = "One\nline.\n \n- item\n\nTwo."
    item = Span(text.index("- item"), text.index("- item") + len("- item\n"))
    kinds = [(b.span.of(text), b.kind) for b in covering(text, [Block(item, "item", 1)])]
    assert kinds == [("One\nline.", "paragraph"), ("- item", "item"), ("Two.", "paragraph")]


@pytest.mark.parametrize("second", [Span(3, 8), Span(9, 99)])
def test_blocks_that_overlap_or_leave_the_text_are_refused(second):
    with pytest.raises(ValueError, match="overlaps"):
        covering("Some text.", [Block(Span(0, 4), "item"), Block(second, "row")])
