import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.text.sentences import cut_to_fit, sentences_of
from rag.types import Span

# Everything that has broken a splitter: line ends, odd spaces, marks, astral letters.
AWKWARD = st.text(
    st.one_of(
        st.sampled_from(
            "aB. \n\r\t\x00\v\f\x1c\x85!?,;:\"'”“’()[]。！？，、”』中文のU1#-*|"
            "\u200b\u200d\u00a0\u2028\u2029\u3000\u0301\ufeff"
            "\U0001d538\U0001f468\U0001f3fd\U00020000"
        ),
        st.characters(),
    ),
    max_size=120,
)


def sentences(text, language="en"):
    return [span.of(text) for span in sentences_of(text, language)]


@settings(max_examples=500, deadline=None)
@given(AWKWARD, st.sampled_from(["en", "zh", "de", "th", "und", ""]))
@example("a. \u200bB c.\xa0D", "en")
def test_sentences_are_in_order_trimmed_and_cover_all_but_white_space(text, language):
    at = 0
    for span in sentences_of(text, language):
        assert span.start >= at
        assert not text[at : span.start].strip()
        quote = span.of(text)
        assert quote
        assert quote == quote.strip()
        at = span.end
    assert not text[at:].strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One is here. Two is there.", ["One is here.", "Two is there."]),
        ("Dr. Wu of the U.S. came, e.g. by air.", ["Dr. Wu of the U.S. came, e.g. by air."]),
        ("It rose to 3.14 percent. Then fell.", ["It rose to 3.14 percent.", "Then fell."]),
        ("in the region.You may ask.", ["in the region.", "You may ask."]),
        ("of development.Zhou Cheng spoke.", ["of development.", "Zhou Cheng spoke."]),
        ('of innovation."Zhou Yiping said', ['of innovation."', "Zhou Yiping said"]),
        ("founded in 2020.The aim is", ["founded in 2020.", "The aim is"]),
        ("Written in Node.js by Mr.Smith today.", ["Written in Node.js by Mr.Smith today."]),
        ("See http://a.org/x.Html now", ["See http://a.org/x.Html now"]),
        ("Write to ann.Lee@unido.Org today", ["Write to ann.Lee@unido.Org today"]),
        ("A Ph.D in the U.S.A helps", ["A Ph.D in the U.S.A helps"]),
        ('He said, "I am. You are." Then', ['He said, "I am.', 'You are."', "Then"]),
        ("as below. “At present, all", ["as below.", "“At present, all"]),
        ('"What is it?" he asked.', ['"What is it?" he asked.']),
        ("(The end is near.) Then all slept.", ["(The end is near.)", "Then all slept."]),
        ("你好。“真的吗？”他问。好！", ["你好。", "“真的吗？”", "他问。", "好！"]),
        ("“是吗？”，他说。", ["“是吗？”，他说。"]),
        ("One ends.\u00a0Two\u00a0begins.", ["One ends.", "Two\u00a0begins."]),
    ],
)
def test_a_sentence_ends_where_a_reader_would_end_it(text, expected):
    assert sentences(text) == expected


def test_a_blank_line_ends_a_sentence_whatever_the_line_ends():
    for newline in ("\n", "\r\n", "\r"):
        text = f"A heading{newline} {newline}the text goes on"
        assert sentences(text) == ["A heading", "the text goes on"]


def test_a_line_break_inside_a_sentence_does_not_end_it():
    text = "Pattern recognition\nreceptors are used by the Air\nForce in all plants. They work."
    assert sentences(text) == [text[:-11], "They work."]


def test_a_line_break_of_two_characters_is_no_blank_line():
    text = "Pattern recognition\r\nreceptors are used by the Air\r\nForce. They work."
    assert sentences(text) == [text[:-11], "They work."]


def test_lines_that_stand_by_themselves_are_sentences():
    address = "Jie Zhao\u00a0\nIndustrial Officer\n12 Mill Lane"
    assert sentences(address) == ["Jie Zhao", "Industrial Officer", "12 Mill Lane"]


@pytest.mark.parametrize(
    "text",
    [
        "it was Per\nLunde, Mayor of Halden, who came.",
        "a survey of the\nUpper Mill",
        "the mill and its owners,\nA. Pask and B. Tarn",
        "the survey of that year by the County Surveyor of the Borough\nWilliam Pask",
    ],
)
def test_wrapped_lines_are_one_sentence(text):
    assert sentences(text) == [text]


LONG_RUNS = [
    "a.B",
    "\n \n",
    "a\n",
    "。",
    '"',
    "\u2028",
    "A\nB\n",
    "(a. B) ",
    "(A. ",
    "[",
    "](",
    ". ",
    "1. ",
    "A. " + "(" * 50,
    "»",
    "B.\n\n",
    "*",
    "中.",
    "Abc" * 20,
]


@pytest.mark.parametrize("run", LONG_RUNS)
def test_long_monotonous_text_takes_linear_time(run):
    # A quadratic step would take minutes; pytest's own patience is the limit.
    text = run * (200_000 // len(run))
    spans = sentences_of(text, "en")
    assert sum(map(len, spans)) >= len(text.replace("\n", "").replace("\u2028", "").strip()) // 2


@settings(max_examples=300, deadline=None)
@given(AWKWARD, st.integers(2, 30))
def test_pieces_keep_the_limit_and_cover_the_text(text, limit):
    pieces = cut_to_fit(text, Span(0, len(text)), limit, len)
    at = 0
    for piece in pieces:
        assert not text[at : piece.start].strip()
        assert piece.of(text) == piece.of(text).strip()
        assert piece.of(text)
        assert len(piece) <= limit or _is_one_grapheme(piece.of(text))
        at = piece.end
    assert not text[at:].strip()


def _is_one_grapheme(text):
    # The only excuse for a piece over the limit: nothing in it may be parted.
    return len(cut_to_fit(text, Span(0, len(text)), 1, len)) == 1


def test_words_are_never_cut_where_white_space_will_do():
    text = "alpha beta gamma, delta epsilon zeta"
    pieces = [piece.of(text) for piece in cut_to_fit(text, Span(0, len(text)), 20, len)]
    assert pieces == ["alpha beta gamma,", "delta epsilon zeta"]


def test_one_enormous_word_is_cut_between_graphemes():
    text = "e\u0301" * 40
    pieces = [piece.of(text) for piece in cut_to_fit(text, Span(0, len(text)), 7, len)]
    assert "".join(pieces) == text
    assert all(not piece.startswith("\u0301") for piece in pieces)
