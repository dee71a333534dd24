import re
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eval.questions.answers import is_short, normalise_answer


def published_tokens(text):
    """SQuAD 1.1's rules, in the order in which its paper's evaluation applies them."""
    text = text.lower()
    for mark in string.punctuation:
        text = text.replace(mark, "")
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


ascii_text = st.text(st.characters(max_codepoint=127), max_size=40)
english_words = ["the", "a", "an", "The", "mayor", "met", "Li", "Yong's", "2,019", "A.", "non-stop"]
english = st.lists(st.sampled_from(english_words), max_size=8).map(" ".join)
prose = ascii_text | english


@settings(deadline=None)
@given(prose)
@example("\x00a\x01 the\x1ca")
def test_ascii_text_gets_exactly_the_tokens_of_the_published_rules(text):
    assert normalise_answer(text) == published_tokens(text)


def test_punctuation_is_deleted_and_leaves_no_gap():
    assert normalise_answer("The U.S.'s state-owned $1,000") == ["uss", "stateowned", "1000"]


def test_text_stored_with_spaces_before_punctuation_has_the_same_tokens():
    assert normalise_answer("Shanghai , China .") == normalise_answer("Shanghai, China.")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("中国上海", ["中", "国", "上", "海"]),
        ("东京（とうきょう）、タワー", [*"东京とうきょうタワー"]),
        ("2019年4月24日", ["2019", "年", "4", "月", "24", "日"]),
        ("华为Huawei公司", ["华", "为", "huawei", "公", "司"]),
        ("the上海", ["上", "海"]),
        ("２０１９ ＵＮＩＤＯ", ["2019", "unido"]),
        ("«Straße» – “STRASSE”…", ["strasse", "strasse"]),
        ("€5 × ½", ["5", "12"]),
        ("co\u00adoperation\u00a0office", ["cooperation", "office"]),
        ("人人々\u3000𠮷", ["人", "人", "々", "𠮷"]),
    ],
)
def test_beyond_ascii_forms_are_unified_and_chinese_is_counted_by_character(text, tokens):
    assert normalise_answer(text) == tokens


@settings(deadline=None)
@given(st.text(max_size=30))
def test_the_width_of_characters_and_their_case_do_not_matter(text):
    wide = text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    assert normalise_answer(wide) == normalise_answer(text)
    if text.isascii():
        assert normalise_answer(text.upper()) == normalise_answer(text)


@pytest.mark.parametrize(
    ("answer", "short"),
    [("word " * 12, True), ("word " * 13, False), ("字" * 18, True), ("字" * 19, False)],
)
def test_an_answer_of_at_most_twelve_words_is_short(answer, short):
    assert is_short(answer) is short
