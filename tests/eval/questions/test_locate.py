from hypothesis import given
from hypothesis import strategies as st

from eval.questions.locate import locate_quote


@given(st.text("ab 。.“”ＡＢ\n\u00a0", min_size=1), st.integers(0, 30), st.integers(1, 10))
def test_a_quote_is_found_whatever_its_spacing(text, start, length):
    quote = text[start : start + length]
    respaced = " ".join(quote.split())
    span = locate_quote(respaced, text)
    if not respaced.strip():
        assert span is None
        return
    found = "".join(span.of(text).split())
    assert locate_quote(found, "".join(respaced.split())) is not None


def test_a_quote_that_is_not_there_is_not_found():
    assert locate_quote("The mill closed", "The mill opened") is None
    assert locate_quote("", "text") is None
    assert (
        locate_quote("shut ,  today。", "It SHUT, today. ").of("It SHUT, today. ") == "SHUT, today."
    )
