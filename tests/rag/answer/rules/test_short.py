import pytest

from rag.answer.rules.short import clear_answer_span, find_short_answer
from rag.answer.verify import cite
from rag.question.analysis import analyse_question
from rag.types import Claim
from tests.rag.answer.test_verify import make_document


def short(question, text):
    document = make_document(f"Before it. {text} After it.")
    citation = cite(document, 11, 11 + len(text))
    claim = Claim(text, text, (citation,), 0.9)
    found = find_short_answer(analyse_question(question), [claim], {document.id: document})
    if found is not None:
        assert found.span.of(document.text) == found.quote
        assert citation.span.start <= found.span.start
        assert found.span.end <= citation.span.end
    return found and found.quote


@pytest.mark.parametrize(
    ("question", "sentence", "answer"),
    [
        ("When was UNIDO created?", "UNIDO was created on 17 November 1966.", "17 November 1966"),
        (
            "How many guests came to the fair?",
            "In 2019 more than 300 guests came to the fair from ten countries.",
            "more than 300",
        ),
        (
            "When did Berg meet Anders?",
            "Berg, who came from Oslo, met Anders in March 2020, and then left.",
            "March 2020",
        ),
        (
            "When did Lund set up its office in Oslo?",
            "In 2001 Lund set up an Investment and Trade Office (ITO Oslo) with the council.",
            "2001",
        ),
        ("How many years is a term?", "A term is four years.", "four years"),
        ("Who was Mayor in 2015?", "Yang Xiong was Mayor from 2013 until 2017.", "Yang Xiong"),
        ("Where did the advisers meet?", "The advisers met in Wuzhen.", "Wuzhen"),
        ("谁在开幕式上致辞？", "中心总干事吴忠在开幕式上致辞。", "吴忠"),
    ],
)
def test_the_thing_asked_for_is_given_in_its_own_characters(question, sentence, answer):
    assert short(question, sentence) == answer


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Who met?", "GONG Zheng, Ma Jun and Gerd Müller met."),
        ("When did it open?", "It opened in spring."),
        ("Why did it close?", "It closed in 2019 for want of money."),
        (
            "When did Anders meet Mayor Berg?",
            "Berg came in March 2020, and it was he who met Anders one July.",
        ),
        ("When did it open, and in which city?", "It opened on 24 April 2019 in Vienna."),
    ],
)
def test_what_is_not_clear_is_not_given(question, sentence):
    assert short(question, sentence) is None


def test_one_thing_said_twice_is_clear():
    question = analyse_question("Who was mayor?")
    sentence = "Yang Xiong was mayor, and Xiong Yang was mayor again."
    assert clear_answer_span(question, sentence).text == "Yang Xiong"


def test_without_claims_there_is_no_short_answer():
    assert find_short_answer(analyse_question("When was it?"), [], {}) is None
