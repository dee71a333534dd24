import pytest

from eval.analysis.compare import compare_runs
from eval.errors import RunError
from tests.eval.run_cases import abstained, case, cases, question, run_of


def overall(comparison, metric):
    (found,) = [d for d in comparison.differences if d.metric == metric and d.type is None]
    return found


def test_a_run_compared_with_itself_shows_no_difference():
    records = cases([True, False] * 20)
    comparison = compare_runs(run_of(records), run_of(records))
    assert {d.verdict for d in comparison.differences} == {"the same"}
    assert comparison.changed == ()
    assert comparison.notes == ()


def test_a_clear_gain_is_better_and_its_mirror_worse():
    low, high = run_of(cases([True] * 10 + [False] * 30)), run_of(cases([True] * 30 + [False] * 10))
    gain = overall(compare_runs(low, high), "answer.first_right")
    assert (gain.first, gain.second, gain.difference) == (0.25, 0.75, 0.5)
    assert gain.verdict == "better"
    assert 0 < gain.low < 0.5 < gain.high
    assert gain.p == pytest.approx(2 / 2**20)
    loss = overall(compare_runs(high, low), "answer.first_right")
    assert loss.verdict == "worse"
    assert (loss.low, loss.high) == pytest.approx((-gain.high, -gain.low), abs=1e-9)


def test_one_changed_question_of_many_shows_no_difference():
    before, after = cases([True] * 20 + [False] * 20), cases([True] * 21 + [False] * 19)
    found = overall(compare_runs(run_of(before), run_of(after)), "answer.first_right")
    assert found.verdict == "no difference shown"
    assert found.p == 1.0


def test_of_a_metric_that_should_be_low_a_rise_is_worse():
    def refusing(n):
        records = [case(number, right=True) for number in range(40)]
        for record in records[:n]:
            record.measures["abstention.false_refusal"] = 1.0
        return run_of(records)

    found = overall(compare_runs(refusing(2), refusing(20)), "abstention.false_refusal")
    assert found.difference > 0
    assert found.verdict == "worse"


def test_each_run_keeps_its_own_figure_where_it_answers_other_questions():
    def answered(positions):
        records = cases([True] * 30)
        return run_of(
            [
                record
                if at in positions
                else record.model_copy(update={"measures": {"answer.first_right": 0.0}})
                for at, record in enumerate(records)
            ]
        )

    found = overall(compare_runs(answered(range(20)), answered(range(10, 30))), "answer.precision")
    assert (found.first, found.second, found.n) == (1.0, 1.0, 30)


def test_differences_are_shown_by_type_and_changed_questions_side_by_side():
    kinds = ["factoid_date"] * 15 + ["list"] * 15
    before = [case(n, right=True, kind=kind) for n, kind in enumerate(kinds)]
    after = [case(n, right=kind == "list", kind=kind) for n, kind in enumerate(kinds)]
    comparison = compare_runs(run_of(before), run_of(after))
    by_type = {
        d.type: d.verdict for d in comparison.differences if d.metric == "answer.first_right"
    }
    assert by_type == {None: "worse", "factoid_date": "worse", "list": "the same"}
    assert {changed.first.id for changed in comparison.changed} == {f"q{n}" for n in range(15)}
    assert comparison.changed[0].metrics == ("answer.first_right", "answer.precision")
    assert (comparison.changed[0].first.best_right, comparison.changed[0].second.best_right) == (
        True,
        False,
    )


def test_what_makes_runs_less_comparable_is_said():
    records = cases([True] * 3)
    one = run_of(records)
    other = run_of(
        [*records[1:], case(9, right=True)],
        settings={"answer.min_support": 0.7, "answer.passages": 4, "retrieve.k": 60},
        code="d1" * 32,
        commit="fedcba987654",
    )
    comparison = compare_runs(one, other)
    assert (comparison.shared, comparison.only_first, comparison.only_second) == (2, 1, 1)
    assert "answer.min_support: 0.55 -> 0.7" in comparison.notes
    assert "code: 0123456789ab -> fedcba987654" in comparison.notes
    with pytest.raises(RunError, match="have no questions in common"):
        compare_runs(one, run_of([case(77, right=True)]))


def test_against_a_run_that_only_searched_rankings_alone_are_compared():
    measures = {
        "retrieval.dense.map": 0.5,
        "answer.first_right": 1.0,
        "abstention.refused_outright": 1.0,
    }
    answers = run_of([question(measures=measures)])
    searched = run_of([question(outcome="searched", measures=measures)], mode="retrieval")
    comparison = compare_runs(searched, answers)
    assert {d.metric for d in comparison.differences} == {"retrieval.dense.map"}
    assert any("only rankings are compared" in note for note in comparison.notes)


def test_no_p_is_given_where_the_runs_have_other_questions():
    def partly(n):
        records = cases([True] * 30)
        for record in records[n:]:
            del record.measures["answer.precision"]
        return run_of(records)

    found = overall(compare_runs(partly(20), partly(30)), "answer.precision")
    assert found.p is None


def test_unanswerable_questions_count_in_the_scores():
    records = [*cases([True] * 20), *(abstained(id=f"n{n}") for n in range(20))]
    found = overall(compare_runs(run_of(records), run_of(records)), "abstention.auroc")
    assert found.first == 1.0
