import pytest

from rag.answer.short import LEAST_SCORE, find_short_answer
from rag.answer.verify import cite
from rag.errors import CitationError
from rag.types import Candidate, Claim, Span, Statement
from tests.fakes import full_features
from tests.rag.answer.test_verify import make_document

TEXT = "Before it. It weighs 9 1/2 tonnes. After it."
DOCUMENT = make_document(TEXT)
SENTENCE = Span(11, 34)


def short(answer, score=LEAST_SCORE):
    citation = cite(DOCUMENT, SENTENCE.start, SENTENCE.end)
    statement = Statement(SENTENCE, "paragraph", (), ())
    features = full_features(span=score)
    best = Candidate(DOCUMENT.id, "p", statement, citation.quote, answer, features, 0.9, "kept")
    claim = Claim(citation.quote, citation.quote, (citation,), 0.9)
    return find_short_answer(best, claim, {DOCUMENT.id: DOCUMENT})


def test_the_words_read_as_the_answer_are_cited_by_their_own_span():
    start = TEXT.index("9 1/2 tonnes")
    found = short(Span(start, start + 12))
    assert (found.quote, found.shown) == ("9 1/2 tonnes", "9 1/2 tonnes")
    assert found.span.of(TEXT) == found.quote


def test_without_words_or_with_a_doubtful_score_there_is_none():
    assert short(None) is None
    assert short(Span(21, 33), score=LEAST_SCORE - 0.1) is None


def test_a_span_beyond_the_document_is_no_answer():
    with pytest.raises(CitationError):
        short(Span(len(TEXT) - 1, len(TEXT) + 4))


@pytest.mark.parametrize(
    ("before", "shown"), [("-", "-4"), ("\u2212", "\u22124"), ("", "4"), ("3-", "4")]
)
def test_a_number_keeps_its_sign_and_a_range_makes_none(before, shown):
    text = f"It was {before}4 degrees."
    document = make_document(text)
    citation = cite(document, 0, len(text))
    statement = Statement(citation.span, "paragraph", (), ())
    start = text.index("4 degrees")
    best = Candidate(
        document.id, "p", statement, text, Span(start, start + 1), full_features(), 0.9, "kept"
    )
    claim = Claim(text, text, (citation,), 0.9)
    assert find_short_answer(best, claim, {document.id: document}).shown == shown
