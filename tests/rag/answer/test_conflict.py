from dataclasses import replace

import pytest

from rag.answer.conflict import find_conflict
from rag.answer.decide import decide_by_support
from rag.answer.features import Surroundings, statement_features
from rag.question.analysis import analyse_question
from rag.settings import AnswerSettings
from rag.types import Candidate, DocumentDate, Span, Statement
from tests.fakes import statement_reading
from tests.rag.answer.test_verify import make_document


def archive(question, *dated):
    """A document for each (year, text, answer), and its one sentence read, best first."""
    terms = analyse_question(question)
    documents, candidates = {}, []
    for number, (year, text, answer) in enumerate(dated):
        document = make_document(text, f"{number}.txt")
        dates = (DocumentDate(year, None, None, "published", "test"),) if year else ()
        documents[document.id] = replace(document, dates=dates)
        features = statement_features(
            terms,
            text,
            *statement_reading(9.0),
            Surroundings(lead="", around=""),
        )
        statement = Statement(Span(0, len(text)), "paragraph", (), ())
        support = 0.9 - number / 100
        span = Span(text.index(answer), text.index(answer) + len(answer))
        features = replace(features, span=9.0)
        candidates.append(
            Candidate(document.id, "p", statement, text, span, features, support, "kept")
        )
    return terms, candidates, documents


def conflict(question, *dated):
    terms, candidates, documents = archive(question, *dated)
    return [c.quote for c in find_conflict(terms, candidates, documents, min_support=0.5)]


LI = (2019, "LI Yong is the Director General of UNIDO.", "LI Yong")
MUELLER = (2022, "Gerd Müller is the Director General of UNIDO.", "Gerd Müller")
WHO = "Who is the Director General of UNIDO?"


def test_documents_that_name_different_holders_are_both_said_newest_first():
    assert conflict(WHO, LI, MUELLER) == [MUELLER[1], LI[1]]
    assert conflict(WHO, (None, *LI[1:]), MUELLER) == [MUELLER[1], LI[1]]


def test_the_conflicting_sentences_lead_the_answer_even_beyond_its_usual_bounds():
    terms, candidates, documents = archive(WHO, LI, MUELLER)
    found = find_conflict(terms, candidates, documents, min_support=0.5)
    settings = AnswerSettings(max_claims=1, keep_within=0.0)
    decision = decide_by_support(candidates, settings, conflicting=found)
    assert [each.best.quote for each in decision.quotations] == [MUELLER[1], LI[1]]
    assert decision.conflict


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (
            "How many guests came to the fair?",
            ("More than 300 guests came to the fair.", "More than 300"),
            ("About 260 guests came to the fair.", "260"),
        ),
        (
            "When was UNIDO founded?",
            ("UNIDO was founded in 1966.", "1966"),
            ("UNIDO was founded in 1967.", "1967"),
        ),
        (
            "When is the fair?",
            ("The fair is on 3 May 2021.", "3 May 2021"),
            ("The fair is on 5 May 2021.", "5 May 2021"),
        ),
    ],
)
def test_documents_that_give_different_figures_conflict(question, one, other):
    assert len(conflict(question, (2019, *one), (2020, *other))) == 2


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (WHO, LI[1:], ("Yong Li is the Director General of UNIDO.", "Yong Li")),
        (WHO, MUELLER[1:], ("Director General of UNIDO is Gerd Muller.", "Gerd Muller")),
        (WHO, MUELLER[1:], ("Mr Müller is the Director General of UNIDO.", "Müller")),
        (
            "When did UNIDO Day open?",
            ("UNIDO Day did open on 24 April 2019.", "24 April 2019"),
            ("UNIDO Day did open on 2019-04-24.", "2019-04-24"),
        ),
        (
            "When was UNIDO founded?",
            ("UNIDO was founded on 17 November 1966.", "17 November 1966"),
            ("UNIDO was founded in 1966.", "1966"),
        ),
        (
            "How many guests came to the fair?",
            ("To the fair came 2,500 guests.", "2,500"),
            ("To the fair came 2500 guests.", "2500 guests"),
        ),
        (
            "How many guests came to the fair?",
            ("More than 300 guests came to the fair.", "300"),
            ("To the fair came 310 guests.", "310"),
        ),
        (
            "Who visited the fair?",
            ("LI Yong visited the fair.", "LI Yong"),
            ("Gerd Müller visited the fair.", "Gerd Müller"),
        ),
        (
            "Why was the fair put off?",
            ("It was put off for want of money.", "for want of money"),
            ("It was put off since the hall had burnt.", "the hall had burnt"),
        ),
        (
            "Who was mayor in 2015?",
            ("Yang Xiong was mayor in 2015.", "Yang Xiong"),
            ("Ying Yong was mayor in 2018.", "Ying Yong"),
        ),
    ],
)
def test_what_agrees_or_answers_another_question_is_no_conflict(question, one, other):
    assert conflict(question, (2019, *one), (2020, *other)) == []


def test_an_answer_that_was_read_with_doubt_never_conflicts():
    terms, candidates, documents = archive(WHO, LI, MUELLER)
    doubted = replace(candidates[1], features=replace(candidates[1].features, span=0.0))
    assert find_conflict(terms, [candidates[0], doubted], documents, min_support=0.5) == ()


def test_one_document_alone_or_a_weak_sentence_never_conflicts():
    terms, candidates, documents = archive(WHO, LI, MUELLER)
    weak = [candidates[0], replace(candidates[1], support=0.4)]
    assert find_conflict(terms, weak, documents, min_support=0.5) == ()
    same = [candidates[0], replace(candidates[1], document_id=candidates[0].document_id)]
    assert find_conflict(terms, same, documents, min_support=0.5) == ()
