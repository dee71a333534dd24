import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer.draft import DraftParser, DraftSentence
from rag.generate.thoughts import ThoughtFilter, without_thoughts


def read(draft, size=None):
    parser = DraftParser()
    step = size or max(1, len(draft))
    found = []
    for at in range(0, len(draft), step):
        found += parser.feed(draft[at : at + step])
    return [(s.text, s.markers) for s in [*found, *parser.finish()]]


OPENED, MOVED = "The library opened on 3 May 1931.", "It moved in 1988."


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (f"{OPENED[:-1]} [1]. {MOVED[:-1]} [2].", [(OPENED, (1,)), (MOVED, (2,))]),
        (f"{OPENED} [1] {MOVED} [2]", [(OPENED, (1,)), (MOVED, (2,))]),
        (f"{OPENED}[1] {MOVED}[2]", [(OPENED, (1,)), (MOVED, (2,))]),
        (f"{OPENED} [1].  {MOVED} [2].", [(OPENED, (1,)), (MOVED, (2,))]),
        (f"{OPENED}[1][2] {MOVED}[2, 3]", [(OPENED, (1, 2)), (MOVED, (2, 3))]),
        (f"{OPENED}【1】{MOVED}［２］", [(OPENED, (1,)), (MOVED, (2,))]),
        (f"{OPENED} [1-3] {MOVED} [1, 3–5]", [(OPENED, (1, 2, 3)), (MOVED, (1, 3, 4, 5))]),
        (f"[1] {OPENED} [2] {MOVED}", [(OPENED, (1,)), (MOVED, (2,))]),
        (f"[1] {OPENED}\n[2] {MOVED}", [(OPENED, (1,)), (MOVED, (2,))]),
        (f"{OPENED}\n[1]\n{MOVED} [2]", [(OPENED, (1,)), (MOVED, (2,))]),
        (f"- {OPENED[:-1]} [1]\n- {MOVED[:-1]} [2]", [(OPENED[:-1], (1,)), (MOVED[:-1], (2,))]),
        (f"1. {OPENED} [1]\n2. {MOVED} [2]", [(OPENED, (1,)), (MOVED, (2,))]),
        (f"# Library\n\nHere is the answer:\n\n{OPENED} [1]", [(OPENED, (1,))]),
        (f"Here is the answer: {OPENED} [1]", [(OPENED, (1,))]),
        (f"**Answer:** {OPENED} [1]", [(OPENED, (1,))]),
        (f"Sure! According to the passages, {OPENED} [1]", [(OPENED, (1,))]),
        (f"According to [1], {OPENED}", [(OPENED, (1,))]),
        (f"Passage [1] states that {OPENED}", [(OPENED, (1,))]),
        (f"{OPENED} 【1†source】 {MOVED} [^2]", [(OPENED, (1,)), (MOVED, (2,))]),
        (f"{OPENED} [1](http://a/b.c) {MOVED} [2]", [(OPENED, (1,)), (MOVED, (2,))]),
        (f"{OPENED} [1]\n\nSources:\n[1] Town Gazette", [(OPENED, (1,))]),
        (f"```python\nprint('It is. [1]')\n```\n{OPENED} [1]", [(OPENED, (1,))]),
        (f"{OPENED} [1] ```x [2]``` {MOVED} [2]", [(OPENED, (1,)), (MOVED, (2,))]),
        (f"{OPENED} [1] ```never closed [2]", [(OPENED, (1,))]),
        (
            "图书馆于1931年开放[1]。它于1988年搬迁。[2]",
            [("图书馆于1931年开放。", (1,)), ("它于1988年搬迁。", (2,))],
        ),
        ("答案：图书馆于1931年开放【1，2】。", [("图书馆于1931年开放。", (1, 2))]),
        (
            "It opened in 1931 [1] and moved in 1988 [2].",
            [("It opened in 1931 and moved in 1988.", (1, 2))],
        ),
        (
            "Dr. A. B. Cole of the U.S. Army paid $3.5 million. [1]",
            [("Dr. A. B. Cole of the U.S. Army paid $3.5 million.", (1,))],
        ),
        ("It opened in [2019] by law.", [("It opened in [2019] by law.", ())]),
        ("It opened [sic] in May. [1]", [("It opened [sic] in May.", (1,))]),
        ("NO ANSWER", [("NO ANSWER", ())]),
        ("It opened in\nMay 1931. [1]", [("It opened in", ()), ("May 1931.", (1,))]),
        ("It opened\nin May 1931. [1]", [("It opened in May 1931.", (1,))]),
        ("It opened [1", [("It opened [1", ())]),
        (f"<think>\nHmm. It says {MOVED} [2]\n</think>\n\n{OPENED} [1]", [(OPENED, (1,))]),
        (f"<THINKING>{MOVED} [2]</Thinking>{OPENED} [1]", [(OPENED, (1,))]),
        (f"{OPENED} [1]\n<think>{MOVED} [2]</think>", [(OPENED, (1,))]),
        (f"{OPENED} [1] <think>never closed. {MOVED} [2]", [(OPENED, (1,))]),
        (f"<think>```</think>{OPENED} [1]", [(OPENED, (1,))]),
        (f"It opened, I think, in May [2]</think>{OPENED} [1]", [(OPENED, (1,))]),
        ("It is <thin [1].", [("It is <thin.", (1,))]),
        ("It is <think", [("It is <think", ())]),
        ("<<think>so</think>It is. [1]", [("<It is.", (1,))]),
        ("[1]", []),
        ("", []),
    ],
)
def test_every_way_of_citing_gives_the_sentence_and_its_passages(draft, expected):
    assert read(draft) == expected
    assert read(draft, 1) == expected


PIECES = st.sampled_from(
    [
        OPENED,
        MOVED,
        "opened",
        " ",
        " ",
        "\n",
        "\n\n",
        "\r\n",
        ".",
        "。",
        "?",
        "[1]",
        "[1, 2]",
        "[1",
        "]",
        "【2】",
        "［３］",
        "[1-3]",
        "(",
        ")",
        "```",
        "`",
        "~~~",
        "- ",
        "1. ",
        "# Head",
        "Sure! ",
        "Answer: ",
        "Here is:",
        "Sources:",
        "图书馆",
        "1931年",
        "Dr. ",
        "U.S. ",
        '"',
        "”",
        "**",
        ":",
        "A",
        "a",
        "\x00",
        "<|im_end|>",
        "†",
        ", ",
        "<think>",
        "</think>",
        "</THINKING>",
        "<",
        "</thin",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=5), max_size=25).map("".join), st.data())
def test_any_chunking_of_a_draft_gives_the_same_sentences(draft, data):
    whole = read(draft)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(draft)), max_size=8)))
    parser = DraftParser()
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(draft)], strict=True):
        found += parser.feed(draft[start:end])
    found += parser.finish()
    assert [(s.text, s.markers) for s in found] == whole
    assert all(any(map(str.isalnum, text)) for text, _ in whole)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_thoughts_left_out_of_a_stream_are_those_left_out_of_the_whole(text):
    thoughts = ThoughtFilter()
    said = ""
    for character in text:
        more, only_thought = thoughts.read(character)
        said = "" if only_thought else said + more
    assert said + thoughts.finish() == without_thoughts(text)


def test_a_sentence_leaves_before_the_next_one_is_written_but_not_before_its_markers_are():
    parser = DraftParser()
    assert parser.feed(f"{OPENED} [1") == []
    assert parser.feed("]") == []
    assert parser.feed(" I") == [DraftSentence(OPENED, (1,))]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True))
def test_markers_are_never_part_of_what_is_said(numbers):
    draft = OPENED + "".join(f" [{number}]" for number in numbers)
    assert read(draft) == [(OPENED, tuple(numbers))]


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        ("eBay was founded in 1995 [1].", "eBay was founded in 1995."),
        ("[1] eBay was founded in 1995.", "eBay was founded in 1995."),
        ("According to passage 1, the firm was sold [1].", "The firm was sold."),
    ],
)
def test_only_what_a_preamble_stood_before_is_given_a_capital(draft, said):
    parser = DraftParser()
    assert [each.text for each in (*parser.feed(draft), *parser.finish())] == [said]
