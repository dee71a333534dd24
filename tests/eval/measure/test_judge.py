"""Outcomes beside their gold: every verdict of a record, over made-up outcomes."""

from dataclasses import replace
from datetime import date

import pytest

from eval.measure.judge import Judge, criterion_of
from eval.measure.measures import MEASURES, question_measures
from eval.questions.cases import Case, Evidence, Gold
from eval.questions.library import Library
from rag.types import (
    Abstention,
    Answer,
    Candidate,
    Citation,
    Claim,
    Document,
    Hit,
    ModelIdentity,
    Passage,
    Question,
    Selection,
    Span,
    StageScore,
    Statement,
)
from tests.fakes import full_features

MILL = "The mill opened in 1911. Ana Ruiz ran it until 1930. It burned down."
QUAY = "The quay was built in 1911 too."
FEATURES = full_features()


def document(name, text):
    return Document(name, (f"/a/{name}.txt",), name, text, f"hash {name}", "en", (), {}, ())


LIBRARY = Library([document("mill", MILL), document("quay", QUAY)])
MILL_KEY, QUAY_KEY = "/a/mill.txt", "/a/quay.txt"


def case(**gold):
    answerable = gold.pop("answerable", True)
    values = {
        "answers": ("1911",),
        "match": "any",
        "documents": (MILL_KEY,),
        "evidence": (Evidence(MILL_KEY, Span(0, 24), MILL[:24]),),
    } | gold
    if not answerable:
        values = {"answers": (), "match": "any", "documents": (), "evidence": ()}
    return Case(
        "q",
        "When did the mill open?",
        (),
        "en",
        "date",
        {},
        date(2020, 1, 1),
        answerable,
        Gold(**values),
    )


def citation(name, start, end, quote=None):
    text = {"mill": MILL, "quay": QUAY}[name]
    return Citation(name, "", name, "", None, Span(start, end), *[quote or text[start:end]] * 2)


def candidate(name, start, end, support):
    text = {"mill": MILL, "quay": QUAY}[name]
    statement = Statement(Span(start, end), "paragraph", (), ())
    return Candidate(
        name, f"{name}:0-{len(text)}", statement, text[start:end], None, FEATURES, support, "kept"
    )


def hit(name, dense=None, lexical=None, fused=None):
    text = {"mill": MILL, "quay": QUAY}[name]
    passage = Passage(f"{name}:0-{len(text)}", name, Span(0, len(text)), (), name, text)
    scores = (StageScore(rank, 1.0) if rank else None for rank in (dense, lexical, fused))
    return Hit(passage, *scores, reranked=None)


RANKING = (hit("quay", dense=1, fused=2), hit("mill", dense=2, lexical=1, fused=1))


def answered(*citations, candidates=(), **others):
    claims = tuple(Claim(c.quote, c.shown, (c,), 0.9) for c in citations)
    best = tuple(candidates) or tuple(
        candidate(c.document_id, c.span.start, c.span.end, 0.9) for c in citations[:1]
    )
    return Answer(Question("q"), None, claims, RANKING, best, {}, 1, {"total": 5.0}, **others)


def abstained(*candidates):
    return Abstention(
        question=Question("q"),
        standalone=None,
        reason="insufficient_evidence",
        kind="missing_fact",
        explanation="no",
        mentions=(),
        nearest=(),
        ranking=RANKING,
        candidates=candidates,
        models={},
        generation=1,
        timings_ms={},
    )


def judged(one, outcome):
    judge = Judge(LIBRARY, lambda text: len(text.split()), answers=True)
    return judge.answered(one, outcome)


@pytest.mark.parametrize(
    ("short", "gold", "right"),
    [
        ({"short_answer": citation("mill", 0, 8)}, "the mill", 1.0),
        ({"short_answer": citation("mill", 0, 3)}, "the mill", 0.0),
        ({}, "no", None),
    ],
)
def test_a_short_answer_is_right_where_it_holds_a_gold_answer(short, gold, right):
    outcome = answered(citation("mill", 0, 24), **short)
    record = judged(case(answers=(gold,)), outcome)
    assert record.measures.get("answer.short_right") == right


def test_a_right_answer_with_the_gold_sentence_gets_full_marks():
    record = judged(case(), answered(citation("mill", 0, 24)))
    assert (record.outcome, record.criterion, record.best_right) == ("answered", "evidence", True)
    marks = {name: value for name, value in record.measures.items() if "retrieval" not in name}
    assert marks == {
        "answer.contains_gold": 1.0,
        "answer.slot_recall": 1.0,
        "answer.exact_match": 0.0,
        "answer.token_f1": pytest.approx(2 / (1 + 4)),
        "answer.token_recall": 1.0,
        "answer.first_right": 1.0,
        "answer.first_right_shown": 1.0,
        "answer.precision": 1.0,
        "citation.recall": 1.0,
        "citation.precision_evidence": 1.0,
        "citation.precision_document": 1.0,
        "citation.exactness": 1.0,
        "citation.sentence_coverage": 1.0,
        "abstention.false_refusal": 0.0,
    }
    assert record.tokens == {"context": 14, "answer": 5}
    assert record.as_of == "2020-01-01"


def test_the_right_words_from_another_document_are_wrong_by_evidence():
    record = judged(case(), answered(citation("quay", 0, 31)))
    assert record.measures["answer.contains_gold"] == 1.0
    assert record.best_right is False
    assert record.measures["answer.first_right"] == record.measures["answer.precision"] == 0.0
    assert record.measures["citation.precision_document"] == 0.0


def test_a_language_models_choice_is_recorded_with_its_seconds():
    chosen = Selection(ModelIdentity("scripted", "1"), "select.v1@0", shown=5, chosen=(2, 1))
    outcome = replace(
        answered(citation("mill", 0, 24)), selection=chosen, timings_ms={"select": 412.3}
    )
    found = judged(case(), outcome).selection
    assert (found.model.name, found.prompt, found.shown) == ("scripted", "select.v1@0", 5)
    assert (found.chosen, found.declined, found.failure) == ([2, 1], False, None)
    assert found.seconds == 0.412
    assert judged(case(), answered(citation("mill", 0, 24))).selection is None


def test_half_the_citations_on_evidence_is_half_precision():
    record = judged(case(), answered(citation("mill", 0, 24), citation("mill", 53, 68)))
    assert record.measures["citation.precision_evidence"] == 0.5
    assert record.measures["citation.precision_document"] == 1.0


def test_evidence_that_nobody_cites_lowers_recall():
    evidence = (
        Evidence(MILL_KEY, Span(0, 24), MILL[:24]),
        Evidence(QUAY_KEY, Span(0, 31), QUAY),
    )
    one = case(evidence=evidence, documents=(MILL_KEY, QUAY_KEY))
    assert judged(one, answered(citation("mill", 0, 24))).measures["citation.recall"] == 0.5
    assert judged(one, abstained()).measures["citation.recall"] == 0.0


def test_a_quote_that_is_not_there_is_not_exact():
    record = judged(case(), answered(citation("mill", 0, 24, "The mill opened in 1912.")))
    assert record.claims[0].citations[0].exact is False
    assert record.measures["citation.exactness"] == 0.0


def test_an_answer_that_must_give_all_gets_its_share():
    one = case(answers=("1911", "1930", "1950", "1970"), match="all")
    record = judged(one, answered(citation("mill", 0, 53)))
    assert record.measures["answer.contains_gold"] == 0.0
    assert record.measures["answer.slot_recall"] == 0.5


def test_a_refusal_of_an_answerable_question_is_false_and_knows_what_it_held_back():
    record = judged(case(), abstained(candidate("mill", 0, 24, 0.4), candidate("quay", 0, 31, 0.3)))
    assert (record.outcome, record.best_right, record.decision_score) == ("abstained", True, 0.4)
    assert record.measures["abstention.false_refusal"] == 1.0
    assert record.measures["abstention.precision"] == 0.0
    assert record.measures["answer.first_right"] == 0.0
    assert "answer.precision" not in record.measures


def test_a_refusal_where_the_archive_is_silent_is_right_and_an_answer_is_wrong():
    refused = judged(case(answerable=False), abstained())
    assert refused.measures == {
        "abstention.not_answered_as_sure": 1.0,
        "abstention.refused_outright": 1.0,
        "abstention.precision": 1.0,
    }
    said = judged(case(answerable=False), answered(citation("mill", 0, 24)))
    assert said.measures == {
        "abstention.not_answered_as_sure": 0.0,
        "abstention.refused_outright": 0.0,
        "answer.precision": 0.0,
        "citation.exactness": 1.0,
        "citation.sentence_coverage": 1.0,
    }


def test_an_uncertain_answer_is_neither_a_sure_one_nor_a_refusal():
    said = replace(answered(citation("mill", 0, 24)), sure=False)
    record = judged(case(), said)
    assert record.outcome == "uncertain"
    marks = {name: value for name, value in record.measures.items() if "retrieval" not in name}
    assert marks == {
        "answer.contains_gold": 0.0,
        "answer.slot_recall": 0.0,
        "answer.exact_match": 0.0,
        "answer.token_f1": 0.0,
        "answer.token_recall": 0.0,
        "answer.first_right": 0.0,
        "answer.first_right_shown": 1.0,
        "citation.recall": 0.0,
        "citation.exactness": 1.0,
        "citation.sentence_coverage": 1.0,
        "abstention.false_refusal": 0.0,
    }
    assert judged(case(answerable=False), said).measures == {
        "abstention.not_answered_as_sure": 1.0,
        "abstention.refused_outright": 0.0,
        "citation.exactness": 1.0,
        "citation.sentence_coverage": 1.0,
    }


def test_an_uncertain_answer_that_is_wrong_is_not_right_however_it_is_shown():
    said = replace(answered(citation("quay", 0, 31)), sure=False)
    assert judged(case(), said).measures["answer.first_right_shown"] == 0.0


def test_rankings_are_told_apart_by_stage_and_by_document():
    record = judged(case(), answered(citation("mill", 0, 24)))
    assert record.rankings == {
        "dense": [QUAY_KEY, MILL_KEY],
        "lexical": [MILL_KEY],
        "hybrid": [MILL_KEY, QUAY_KEY],
        "reranked": [QUAY_KEY, MILL_KEY],
    }
    assert record.measures["retrieval.dense.recall@1"] == 0.0
    assert record.measures["retrieval.dense.mrr@10"] == 0.5
    assert record.measures["retrieval.hybrid.ndcg@10"] == 1.0


@pytest.mark.parametrize(
    ("gold", "criterion"),
    [
        ({}, "evidence"),
        ({"evidence": (Evidence(MILL_KEY, None, "gone"),)}, "answer"),
        ({"evidence": ()}, "answer"),
        ({"evidence": (), "answers": ("word " * 13,)}, "document"),
        ({"evidence": (), "answers": ("字" * 19,)}, "document"),
        ({"evidence": (), "answers": ()}, "document"),
        ({"answerable": False}, None),
    ],
)
def test_the_best_sentence_is_judged_by_what_the_gold_allows(gold, criterion):
    assert criterion_of(case(**gold)) == criterion


def test_prose_is_not_asked_for_word_for_word():
    prose = ("The mill was opened in 1911 and was run by Ana Ruiz until the year 1930",)
    record = judged(case(answers=prose), answered(citation("mill", 0, 53)))
    assert "answer.contains_gold" not in record.measures
    assert "answer.exact_match" not in record.measures
    # opened in 1911 ana ruiz until 1930 mill, of 14 words without articles
    assert record.measures["answer.token_recall"] == pytest.approx(8 / 14)


def test_a_failed_question_counts_as_wrong_whatever_was_right():
    judge = Judge(LIBRARY, len, answers=True)
    record = judge.failed(case(), ValueError("out of memory"))
    assert (record.outcome, record.error) == ("failed", "out of memory")
    assert record.measures["answer.contains_gold"] == 0.0
    assert record.measures["abstention.false_refusal"] == 1.0
    assert record.measures["retrieval.dense.recall@100"] == 0.0
    silent = judge.failed(case(answerable=False), ValueError("out of memory"))
    assert silent.measures == {
        "abstention.not_answered_as_sure": 0.0,
        "abstention.refused_outright": 0.0,
    }


def test_a_search_is_judged_by_its_rankings_alone():
    judge = Judge(LIBRARY, len, answers=False)
    record = judge.retrieved(case(), RANKING, {"total": 3.0})
    assert record.outcome == "searched"
    assert record.measures
    assert all(name.startswith("retrieval.") for name in record.measures)
    assert judge.retrieved(case(answerable=False), RANKING, {}).measures == {}


def test_every_value_of_a_question_is_a_known_metric():
    sure = answered(citation("mill", 0, 24))
    outcomes = [sure, replace(sure, sure=False), abstained()]
    for one in (case(), case(answerable=False)):
        for outcome in outcomes:
            record = judged(one, outcome)
            assert question_measures(record, answers=True).keys() <= MEASURES.keys()


def test_the_source_around_a_citation_is_kept_for_showing():
    (claim,) = judged(case(), answered(citation("mill", 25, 53))).claims
    shown = claim.citations[0]
    assert shown.before + shown.quote + shown.after == MILL
    assert shown.document == MILL_KEY
