from dataclasses import replace

import pytest

from rag.answer.conflict import find_conflict
from rag.answer.decide import decide_by_support
from rag.answer.rules.support import RankingFeatures, read_features
from rag.question.analysis import analyse_question
from rag.settings import AnswerSettings
from rag.types import Candidate, DocumentDate, Span, Statement
from tests.rag.answer.test_verify import make_document


def archive(question, *dated):
    """A document for each (year, text), and its one sentence judged, best first."""
    terms = analyse_question(question)
    documents, candidates = {}, []
    for number, (year, text) in enumerate(dated):
        document = make_document(text, f"{number}.txt")
        dates = (DocumentDate(year, None, None, "published", "test"),) if year else ()
        documents[document.id] = replace(document, dates=dates)
        features = read_features(
            terms,
            text,
            lead="",
            around="",
            sentence_logit=5.0,
            passage_logit=5.0,
            ranking=RankingFeatures(0.0, 0.0, 0.0),
        )
        statement = Statement(Span(0, len(text)), "paragraph", (), ())
        support = 0.9 - number / 100
        candidates.append(Candidate(document.id, "p", statement, text, features, support, "kept"))
    return terms, candidates, documents


def conflict(question, *dated):
    terms, candidates, documents = archive(question, *dated)
    return [c.quote for c in find_conflict(terms, candidates, documents, min_support=0.5)]


LI = (2019, "LI Yong is the Director General of UNIDO.")
MUELLER = (2022, "Gerd Müller is the Director General of UNIDO.")
WHO = "Who is the Director General of UNIDO?"


def test_documents_that_name_different_holders_are_both_said_newest_first():
    assert conflict(WHO, LI, MUELLER) == [MUELLER[1], LI[1]]
    assert conflict(WHO, (None, LI[1]), MUELLER) == [MUELLER[1], LI[1]]


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
            "More than 300 guests came to the fair.",
            "About 260 guests came to the fair.",
        ),
        ("When was UNIDO founded?", "UNIDO was founded in 1966.", "UNIDO was founded in 1967."),
    ],
)
def test_documents_that_give_different_figures_conflict(question, one, other):
    assert len(conflict(question, (2019, one), (2020, other))) == 2


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (WHO, LI[1], "Yong Li is the Director General of UNIDO."),
        (WHO, MUELLER[1], "Director General of UNIDO is Gerd Muller."),
        (
            "When did UNIDO Day open?",
            "UNIDO Day did open on 24 April 2019.",
            "UNIDO Day did open on 2019-04-24.",
        ),
        (
            "When was UNIDO founded?",
            "UNIDO was founded on 17 November 1966.",
            "UNIDO was founded in 1966.",
        ),
        (
            "How many guests came to the fair?",
            "To the fair came 2,500 guests.",
            "To the fair came 2500 guests.",
        ),
        (
            "How many guests came to the fair?",
            "More than 300 guests came to the fair.",
            "To the fair came 310 guests.",
        ),
        ("Who visited the fair?", "LI Yong visited the fair.", "Gerd Müller visited the fair."),
        (WHO, LI[1], "Gerd Müller spoke at the opening of a trade fair."),
        ("Who was mayor in 2015?", "Yang Xiong was mayor in 2015.", "Ying Yong was mayor in 2018."),
    ],
)
def test_what_agrees_or_answers_another_question_is_no_conflict(question, one, other):
    assert conflict(question, (2019, one), (2020, other)) == []


def test_one_document_alone_or_a_weak_sentence_never_conflicts():
    terms, candidates, documents = archive(WHO, LI, MUELLER)
    weak = [candidates[0], replace(candidates[1], support=0.4)]
    assert find_conflict(terms, weak, documents, min_support=0.5) == ()
    same = [candidates[0], replace(candidates[1], document_id=candidates[0].document_id)]
    assert find_conflict(terms, same, documents, min_support=0.5) == ()
