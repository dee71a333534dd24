import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.config import load_settings
from rag.errors import SettingsError
from rag.index.split import clip_title, describe_splitter, encoder_text, split_document
from rag.read.reader import read_document
from rag.settings import SplitSettings
from rag.text.normalise import NORMALISER
from rag.text.statements import find_statements, visible_text
from rag.text.tokens import load_tokenizer
from rag.types import Span
from tests.rag.text.test_sentences import AWKWARD

PROSE = (
    "The fair opened in Shanghai on Thursday. More than three hundred guests came from ten "
    "countries, among them ministers and mayors. They spoke of green technology. "
)


def words(text):
    """A countable stand-in for tokens: runs of letters, and other characters one by one."""
    return len(re.findall(r"[A-Za-z]+|\S", text))


def encoder_words(texts):
    return [words(text) + 2 for text in texts]


def document(text, source="page.txt"):
    return read_document(source, text.encode("utf-8", errors="replace"))


def split(doc, max_tokens=40, encoder_limit=64, title_tokens=8, **counters):
    return split_document(
        doc,
        SplitSettings(max_tokens=max_tokens, title_tokens=title_tokens),
        count_tokens=counters.get("count_tokens", words),
        count_encoder_tokens=counters.get("count_encoder_tokens", encoder_words),
        encoder_limit=encoder_limit,
    )


def check(doc, passages, max_tokens, encoder_limit):
    text, at = doc.text, 0
    for passage in passages:
        start, end = passage.span.start, passage.span.end
        assert start >= at
        # Only what a reader does not see is in no passage.
        assert not visible_text(text, Span(at, start), doc.blocks, doc.language).strip()
        assert passage.span.of(text).strip() == passage.span.of(text) != ""
        assert passage.id == f"{doc.id}:{start}-{end}"
        assert passage.document_id == doc.id
        assert words(passage.span.of(text)) <= max_tokens
        assert encoder_words([encoder_text(passage, title_tokens=8)])[0] <= encoder_limit
        at = end
    assert not visible_text(text, Span(at, len(text)), doc.blocks, doc.language).strip()


@settings(max_examples=200, deadline=None)
@given(
    AWKWARD.filter(
        lambda t: (
            t.encode("utf-8", "replace").decode().strip("\ufeff\u200b \t\r\n")
            and sum(c < " " or c == "\x7f" for c in t) == 0
        )
    ),
    st.integers(12, 60),
    st.sampled_from(["page.txt", "page.md"]),
)
def test_passages_cover_the_document_in_order_and_keep_both_limits(text, max_tokens, source):
    # Characters of up to eighteen when unified (ligatures of phrases) stay below 2 * 12.
    if not text.strip():
        return
    doc = document(text, source)
    check(doc, split(doc, max_tokens, max_tokens + 10), max_tokens, max_tokens + 10)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=1, max_size=150),
    st.integers(5, 30),
    st.data(),
)
def test_no_word_is_ever_cut(parts, max_tokens, data):
    joints = [data.draw(st.sampled_from([" ", " ", ". ", "\n", ", "])) for _ in parts]
    doc = document("".join(part + joint for part, joint in zip(parts, joints, strict=True)))
    for passage in split(doc, max_tokens):
        before = doc.text[: passage.span.start][-1:]
        after = doc.text[passage.span.end :][:1]
        assert not (before.isalnum() and doc.text[passage.span.start].isalnum())
        assert not (after.isalnum() and doc.text[passage.span.end - 1].isalnum())


def test_passages_are_whole_sentences_and_there_is_no_tiny_last_one():
    doc = document(PROSE * 7)
    passages = split(doc, 60)
    assert all(passage.span.of(doc.text).endswith(".") for passage in passages)
    sizes = [words(passage.span.of(doc.text)) for passage in passages]
    assert min(sizes) > 0.6 * max(sizes)


def test_a_new_section_starts_a_new_passage_with_its_heading_path():
    doc = document(
        "# Fair\n\nIt opened.\n\n## Guests\n\nThey came.\n\n```\n# no heading\n```\n\n"
        "## Hosts\n\n### Staff\n\nThey worked.\n",
        "fair.md",
    )
    passages = split(doc)
    assert [(p.headings, p.span.of(doc.text).splitlines()[0]) for p in passages] == [
        (("Fair",), "# Fair"),
        (("Fair", "Guests"), "## Guests"),
        (("Fair", "Hosts", "Staff"), "## Hosts"),
    ]


SECTIONED = [
    "# Fair\n\nIt opened.\n\n## Guests ##\n\nThey came.\n\n```\n# no heading\n```\n\n"
    "## Hosts\n\n### Staff\n\nThey worked.\n",
    "---\ntitle: Fair\n# a comment\n---\n\n# Opening\n\nIt opened.\n\n# Close\n\nIt closed.\n",
    "# Fair\n\n" + PROSE.replace(". ", ".\n") * 4 + "\n## Guests\n\nThey\ncame from\nfar.\n",
]


@pytest.mark.parametrize("text", SECTIONED)
def test_markdown_splits_alike_with_either_line_end(text):
    one, other = document(text, "a.md"), document(text.replace("\n", "\r\n"), "a.md")
    assert one.title == other.title
    assert [(p.headings, p.search_text) for p in split(one)] == [
        (p.headings, p.search_text) for p in split(other)
    ]
    assert len({p.headings for p in split(one)}) > 1
    assert not any("#" in heading for p in split(one) for heading in p.headings)


def test_the_number_signs_that_close_a_heading_stand_after_a_space():
    doc = document("# Notes on C#\n\nText.\n\n## Part ##\n\n### F# #\n\nMore.\n", "a.md")
    assert [p.headings for p in split(doc)] == [
        ("Notes on C#",),
        ("Notes on C#", "Part", "F#"),
    ]


@pytest.mark.parametrize("text", ["# a" + " " * 100_000 + "x", "# a" + " #" * 50_000 + " x"])
def test_a_long_heading_takes_linear_time(text):
    started = time.process_time()
    split(document(text, "a.md"))
    assert time.process_time() - started < 2


def test_a_text_without_headings_has_no_heading_path():
    passages = split(document("The fair opened in May.\n\nGuests came from ten countries."))
    assert [passage.headings for passage in passages] == [()]


def test_a_passage_inside_a_table_is_searched_with_its_header():
    rows = "\n".join(f"| Keeper {number} | {1900 + number} |" for number in range(30))
    doc = document(f"Light\n\n| Name | Since |\n|---|---|\n{rows}\n", "keepers.md")
    passages = split(doc)
    assert len(passages) > 2
    assert all("Name | Since" in passage.search_text for passage in passages[1:])
    assert not any("---" in passage.search_text for passage in passages)


def test_no_passage_cuts_a_statement_or_parts_a_lead_in_from_its_first_item():
    items = "\n".join(f"- Item number {number} of the list, in words." for number in range(20))
    doc = document(f"{PROSE}\n\nThe items are:\n\n{items}\n", "items.md")
    passages = split(doc)
    statements = find_statements(doc.text, doc.blocks, doc.language)
    for statement in statements:
        assert sum(statement.span.overlaps(passage.span) for passage in passages) == 1
    lead = doc.text.index("The items are:")
    (holding,) = [p for p in passages if p.span.start <= lead < p.span.end]
    assert "Item number 0 " in holding.span.of(doc.text)


def test_a_heading_never_ends_a_passage_that_text_follows():
    paragraph = "Guests came from many countries and spoke of technology for a long time. "
    for filler in range(1, 12):
        text = paragraph * filler + "\n\nThe Second Part\n\n" + paragraph * 3
        doc = document(text)
        assert not any(p.span.of(text).endswith("Second Part") for p in split(doc))


def test_the_title_stands_above_the_text_unless_the_text_begins_with_it():
    doc = document("Fair Opens in Shanghai\n\n" + PROSE * 3)
    first, second, *_ = split(doc)
    assert encoder_text(first) == first.search_text
    assert encoder_text(second) == f"Fair Opens in Shanghai\n{second.search_text}"


def test_a_long_title_is_clipped_at_a_word():
    title = "Seminar on the Industrial Technology and Innovation Programme held in Wuzhen"
    assert clip_title(title, 6) == "Seminar on the Industrial"
    assert clip_title(title, 99) == title
    assert clip_title("工业发展组织总干事访问深圳", 4) == "工业发展"
    doc = document(f"{title}\n\n{PROSE * 3}")
    passages = split(doc, 30, encoder_limit=48, title_tokens=6)
    check(doc, passages, 30, 48)
    assert encoder_text(passages[-1], title_tokens=6).startswith("Seminar on the Industrial\n")
    assert passages[-1].title == doc.title


def test_a_title_the_encoder_has_no_room_for_leaves_half_to_the_text():
    doc = document(f"{'1' * 30}\n\n{PROSE * 3}")
    passages = split(doc, 40, encoder_limit=24, title_tokens=30)
    assert all(words(passage.search_text) > 4 for passage in passages)


@given(AWKWARD, st.integers(0, 20))
def test_a_clipped_title_begins_the_title_and_clipping_twice_is_clipping_once(title, tokens):
    clipped = clip_title(title, tokens)
    assert title.strip().startswith(clipped)
    assert clip_title(clipped, tokens) == clipped


def test_search_text_is_repaired_while_the_span_stays_as_read():
    doc = document("On theoccasion of the fair, inorder to meet.")
    (passage,) = split(doc)
    assert passage.span.of(doc.text) == doc.text
    assert passage.search_text == "On the occasion of the fair, in order to meet."


def test_settings_describe_all_that_decides_a_passage():
    one, other = SplitSettings(), SplitSettings(title_tokens=16)
    assert (
        describe_splitter(one)
        != describe_splitter(other)
        != describe_splitter(SplitSettings(max_tokens=16))
    )
    assert NORMALISER in describe_splitter(one)
    assert describe_splitter(SplitSettings()) == describe_splitter(one)
    with pytest.raises(SettingsError, match="max_tokens"):
        load_settings(environment={}, flags={"split.max_tokens": 0})


@pytest.mark.parametrize("text", ["哈" * 3000, "x" * 3000, "的，" * 1500, "word " * 2000])
def test_text_without_sentences_is_cut_to_the_real_limits(text):
    count = load_tokenizer().count
    doc = document(text)
    passages = split(doc, 180, 256, count_tokens=count)
    assert "".join(p.span.of(doc.text) for p in passages).replace(" ", "") == text.replace(" ", "")
    assert all(count(p.span.of(doc.text)) <= 180 for p in passages)
    assert all(encoder_words([encoder_text(p)])[0] <= 256 for p in passages)
