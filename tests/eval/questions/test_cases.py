import pytest

from eval.errors import QuestionSetError
from eval.questions.cases import Case, Gold, select_cases


def case(number, kind):
    gold = Gold(answers=(), match="any", documents=(), evidence=())
    return Case(f"q{number}", "Why?", (), "en", kind, {"type": kind}, None, False, gold)


def test_filters_limit_and_sample_choose_the_same_questions_each_time():
    cases = [case(n, "odd" if n % 2 else "even") for n in range(20)]
    odd = select_cases(cases, filters={"type": "odd"}, limit=3)
    assert [case.id for case in odd] == ["q1", "q3", "q5"]
    drawn = [select_cases(cases, filters={}, limit=None, sample=5, seed=s) for s in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert [cases.index(case) for case in drawn[0]] == sorted(cases.index(c) for c in drawn[0])


def test_a_filter_that_means_nothing_is_named():
    cases = [case(1, "odd")]
    with pytest.raises(QuestionSetError, match="no question has the field 'colour'; use one of"):
        select_cases(cases, filters={"colour": "red"}, limit=None)
    with pytest.raises(QuestionSetError, match="none of 1 questions matches"):
        select_cases(cases, filters={"type": "none"}, limit=None)
