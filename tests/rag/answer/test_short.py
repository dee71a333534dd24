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
