import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer.context import add_context, refers_back
from rag.answer.verify import cite
from rag.types import Claim
from tests.rag.answer.test_verify import make_document

TEXT = (
    "Title\n\nLI Yong came to Vienna in 2013. He had been a vice minister. His term was long.\n\n"
    "The United Nations created UNIDO in 1966. For years it was an organ. In 1985 it turned "
    "into an agency.\n\nShe was glad.\n\n南南合作金融中心总干事吴忠致辞。他说，中心愿意合作。"
)
DOCUMENT = make_document(TEXT)
DOCUMENTS = {DOCUMENT.id: DOCUMENT}


def claim(quote):
    start = TEXT.index(quote)
    citation = cite(DOCUMENT, start, start + len(quote))
    return Claim(quote, (citation,), 0.9)


def context(quote):
    return [c.quote for c in add_context([claim(quote)], DOCUMENTS)[0].context]


@pytest.mark.parametrize(
    ("quote", "before"),
    [
        ("He had been a vice minister.", "LI Yong came to Vienna in 2013."),
        ("His term was long.", "LI Yong came to Vienna in 2013."),
        ("In 1985 it turned into an agency.", "The United Nations created UNIDO in 1966."),
        ("他说，中心愿意合作。", "南南合作金融中心总干事吴忠致辞。"),
    ],
)
def test_a_sentence_that_refers_back_brings_the_one_that_says_to_whom(quote, before):
    assert context(quote) == [before]


@pytest.mark.parametrize(
    "quote", ["LI Yong came to Vienna in 2013.", "The United Nations created UNIDO in 1966."]
)
def test_a_sentence_that_stands_alone_brings_none(quote):
    assert context(quote) == []


def test_what_the_answer_just_said_is_not_said_again():
    claims = add_context(
        [claim("LI Yong came to Vienna in 2013."), claim("He had been a vice minister.")], DOCUMENTS
    )
    assert [c.context for c in claims] == [(), ()]


def test_nothing_before_it_in_its_paragraph_gives_no_context():
    assert context("She was glad.") == []


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("In 2001, he noted, the office opened.", True),
        ("The agreement was signed in May.", True),
        ("The agreement on trade was signed in May.", False),
        ("It was in May that the plant opened.", False),
        ("On Monday Gerd Müller said he was glad.", False),
        ("It was an odd year for celebrations.", False),
        ("该组织成立于1966年。", True),
        ("李勇访问了华为，他很高兴。", False),
    ],
)
def test_only_an_opening_word_without_a_name_before_it_refers_back(sentence, expected):
    assert refers_back(sentence) is expected


@settings(deadline=None)
@given(st.text(max_size=80), st.data())
def test_every_context_quotes_its_document_exactly(text, data):
    document = make_document(f"LI Yong came. {text} He left.")
    end = len(document.text)
    start = data.draw(st.integers(0, end - 1))
    cited = cite(document, start, end)
    (found,) = add_context([Claim(cited.quote, (cited,), 0.9)], {document.id: document})
    assert all(c.span.of(document.text) == c.quote for c in found.context)
    assert all(c.span.end <= start for c in found.context)
