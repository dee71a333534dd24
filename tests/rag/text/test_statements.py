"""Statements cover what a document says, whole and in order, each with what it needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.statements import SILENT, find_statements, visible_text
from rag.types import Block, Span


def at(text, part, start=0):
    begin = text.index(part, start)
    return Span(begin, begin + len(part))


LINES = st.lists(
    st.tuples(
        st.sampled_from(
            ["paragraph", "heading", "item", "row", "turn", "code", "furniture", "hidden"]
        ),
        st.text(st.sampled_from("ab. A!。\u0301*"), min_size=1, max_size=25).filter(str.strip),
        st.booleans(),
    ),
    max_size=8,
)


def blocks_of(lines):
    """A text of these lines, each a block; every asterisk is hidden."""
    text, blocks = "", []
    for kind, line, continues in lines:
        stripped = line.strip()
        start = len(text) + line.index(stripped)
        hidden = tuple(
            Span(start + place, start + place + 1)
            for place, character in enumerate(stripped)
            if character == "*"
        )
        span = Span(start, start + len(stripped))
        follows = continues and kind == "paragraph"
        blocks.append(Block(span, kind, hidden=hidden, continues=follows))
        text += f"{line}\n"
    return text, tuple(blocks)


@given(LINES)
def test_statements_cover_all_that_is_said_and_never_overlap(lines):
    text, blocks = blocks_of(lines)
    covered = [False] * len(text)
    end = 0
    for statement in find_statements(text, blocks, "en"):
        assert statement.span.start >= end
        end = statement.span.end
        covered[statement.span.start : end] = [True] * len(statement.span)
    for block in blocks:
        if block.kind in SILENT:
            continue
        for offset in range(block.span.start, block.span.end):
            seen = not any(h.start <= offset < h.end for h in block.hidden)
            assert covered[offset] or text[offset].isspace() or not seen


@given(LINES, st.data())
def test_a_part_of_the_text_has_the_statements_that_reach_into_it(lines, data):
    text, blocks = blocks_of(lines)
    start = data.draw(st.integers(0, len(text)))
    within = Span(start, data.draw(st.integers(start, len(text))))
    everything = find_statements(text, blocks, "en")
    assert find_statements(text, blocks, "en", within) == [
        statement for statement in everything if statement.span.overlaps(within)
    ]


def test_a_sentence_goes_on_over_a_running_header_that_is_not_shown():
    text = "The new gates were\n\nHARN REVIEW 2019\n\nfitted in June. They hold."
    blocks = (
        Block(at(text, "The new gates were"), "paragraph"),
        Block(at(text, "HARN REVIEW 2019"), "furniture"),
        Block(at(text, "fitted in June. They hold."), "paragraph", continues=True),
    )
    first, second = find_statements(text, blocks, "en")
    assert first.span.of(text).endswith("fitted in June.")
    assert visible_text(text, first.span, blocks, "en") == "The new gates were fitted in June."
    assert visible_text(text, second.span, blocks, "en") == "They hold."


def test_a_row_is_one_statement_with_its_header_and_its_cells_are_told_apart():
    text = "Keepers\nName | Year\nAda Holt. Senior | 1911"
    header = at(text, "Name | Year")
    row = at(text, "Ada Holt. Senior | 1911")
    cells = (at(text, "Ada Holt. Senior"), at(text, "1911"))
    blocks = (
        Block(at(text, "Keepers"), "heading", level=1),
        Block(header, "header", cells=(at(text, "Name"), at(text, "Year"))),
        Block(row, "row", context=(header,), cells=cells),
    )
    found = find_statements(text, blocks, "en")[-1]
    assert (found.span, found.context, found.headings) == (
        row,
        (header,),
        (at(text, "Keepers"),),
    )
    assert visible_text(text, row, blocks, "en") == "Ada Holt. Senior | 1911"


def test_marks_of_emphasis_belong_to_their_sentence_and_are_not_shown():
    sentence = "It opened on a Monday in May, in the presence of the mayor and the council."
    text = f"**{sentence}** Then <!-- no --> it shut."
    end = len(sentence) + 4
    hidden = (Span(0, 2), Span(end - 2, end), at(text, "<!-- no -->"))
    blocks = (Block(Span(0, len(text)), "paragraph", hidden=hidden),)
    first, second = find_statements(text, blocks, "en")
    assert first.span.of(text) == f"**{sentence}**"
    assert visible_text(text, first.span, blocks, "en") == sentence
    assert visible_text(text, second.span, blocks, "en") == "Then  it shut."


def test_a_label_set_off_by_marks_is_context_of_what_follows():
    text = "**Weir.** A low wall across a river. It holds the water back."
    blocks = (Block(Span(0, len(text)), "paragraph", hidden=(Span(0, 2), Span(7, 9))),)
    label, first, second = find_statements(text, blocks, "en")
    assert label.span.of(text) == "**Weir.**"
    assert first.span.of(text) == "A low wall across a river."
    assert first.context == second.context == (label.span,)


def test_a_label_set_off_by_marks_may_stand_behind_a_number():
    text = "2. **Weir.** A low wall across a river."
    blocks = (Block(Span(0, len(text)), "item", 1, hidden=(Span(3, 5), Span(10, 12))),)
    *_, label, said = find_statements(text, blocks, "en")
    assert label.span.of(text) == "2. **Weir.**"
    assert said.context == (label.span,)


def test_a_later_sentence_of_a_turn_comes_with_the_speaker():
    text = "BEN: At half past six. From pier 4."
    question = Span(0, 0)
    blocks = (Block(Span(0, len(text)), "turn", context=(question,)),)
    first, second = find_statements(text, blocks, "en")
    assert first.context == (question,)
    assert second.context == (question, first.span)


def test_headings_below_another_of_their_level_are_not_its_parts():
    text = "One\nTwo\nA text."
    spans = [at(text, part) for part in ("One", "Two", "A text.")]
    blocks = (
        Block(spans[0], "heading", level=1),
        Block(spans[1], "heading", level=1),
        Block(spans[2], "paragraph"),
    )
    assert [s.headings for s in find_statements(text, blocks, "en")] == [(), (), (spans[1],)]


def test_a_word_that_a_line_end_parts_is_shown_whole():
    text = "The county of Harn-\nfeld has one-\nstop offices."
    blocks = (Block(Span(0, len(text)), "paragraph"),)
    assert visible_text(text, blocks[0].span, blocks, "en") == (
        "The county of Harnfeld has one-stop offices."
    )


def test_a_quoted_word_that_a_line_end_parts_is_shown_whole():
    text = "> In Harn-\n> feld."
    blocks = (Block(Span(0, len(text)), "quotation", 1, hidden=(Span(0, 2), Span(11, 13))),)
    assert visible_text(text, blocks[0].span, blocks, "en") == "In Harnfeld."


def test_a_question_that_begins_a_block_is_context_of_what_follows():
    text = "1. May dogs come? On a lead. Not in the hut."
    question, *answers = find_statements(text, (Block(Span(0, len(text)), "item", 1),), "en")
    assert question.span.of(text) == "1. May dogs come?"
    assert [each.context for each in answers] == [(question.span,)] * 2


@pytest.mark.parametrize("kind", ["item", "field"])
def test_an_item_or_field_is_one_statement_over_its_lines_as_an_address_is_not(kind):
    text = "- the log of the last\n  12 months"
    whole = Span(0, len(text))
    whole_block, address = (Block(whole, each) for each in (kind, "paragraph"))
    assert [s.span for s in find_statements(text, (whole_block,), "en")] == [whole]
    assert len(find_statements(text, (address,), "en")) == 2


def test_code_is_parted_at_blank_lines():
    text = "[a]\nx = 1. Y\n\n  \n[b]\nz = 2"
    blocks = (Block(Span(0, len(text)), "code"),)
    found = find_statements(text, blocks, "en")
    assert [statement.span.of(text) for statement in found] == ["[a]\nx = 1. Y", "[b]\nz = 2"]
