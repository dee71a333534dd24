from pathlib import Path

import pytest

from eval.analysis.compare import compare_runs
from eval.analysis.gate import DEFAULT_MAX_DROPS, check_gate, parse_max_drops
from eval.errors import EvalError, RunError
from eval.measure.measures import MEASURES
from eval.runs.folder import Run
from tests.eval.run_cases import abstained, failed, manifest, question, summary


def run(records, **changes):
    return Run(Path("run"), manifest(records, **changes), tuple(records), summary(records))


def case(number, *, right, score=0.9, kind="factoid_person"):
    measures = {
        "answer.first_right": float(right),
        "answer.precision": float(right),
        "abstention.false_refusal": 0.0,
        "citation.exactness": 1.0,
        "citation.sentence_coverage": 1.0,
    }
    return question(
        id=f"q{number}", type=kind, best_right=right, decision_score=score, measures=measures
    )


def cases(rights):
    return [case(number, right=right) for number, right in enumerate(rights)]


def overall(comparison, metric):
    (found,) = [d for d in comparison.differences if d.metric == metric and d.type is None]
    return found


def test_a_run_compared_with_itself_shows_no_difference():
    records = cases([True, False] * 20)
    comparison = compare_runs(run(records), run(records))
    assert {d.verdict for d in comparison.differences} == {"the same"}
    assert comparison.changed == ()
    assert comparison.notes == ()


def test_a_clear_gain_is_better_and_its_mirror_worse():
    low, high = run(cases([True] * 10 + [False] * 30)), run(cases([True] * 30 + [False] * 10))
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
    found = overall(compare_runs(run(before), run(after)), "answer.first_right")
    assert found.verdict == "no difference shown"
    assert found.p == 1.0


def test_of_a_metric_that_should_be_low_a_rise_is_worse():
    def refusing(n):
        records = [case(number, right=True) for number in range(40)]
        for record in records[:n]:
            record.measures["abstention.false_refusal"] = 1.0
        return run(records)

    found = overall(compare_runs(refusing(2), refusing(20)), "abstention.false_refusal")
    assert found.difference > 0
    assert found.verdict == "worse"


def test_each_run_keeps_its_own_figure_where_it_answers_other_questions():
    def answered(positions):
        records = cases([True] * 30)
        return run(
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
    comparison = compare_runs(run(before), run(after))
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
    one = run(records)
    other = run(
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
        compare_runs(one, run([case(77, right=True)]))


def test_against_a_run_that_only_searched_rankings_alone_are_compared():
    measures = {"retrieval.dense.map": 0.5, "answer.first_right": 1.0, "abstention.recall": 1.0}
    answers = run([question(measures=measures)])
    searched = run([question(outcome="searched", measures=measures)], mode="retrieval")
    comparison = compare_runs(searched, answers)
    assert {d.metric for d in comparison.differences} == {"retrieval.dense.map"}
    assert any("only rankings are compared" in note for note in comparison.notes)
    with pytest.raises(RunError, match="baseline of the same mode"):
        check_gate(answers, searched, ONE)


def test_no_p_is_given_where_the_runs_have_other_questions():
    def partly(n):
        records = cases([True] * 30)
        for record in records[n:]:
            del record.measures["answer.precision"]
        return run(records)

    found = overall(compare_runs(partly(20), partly(30)), "answer.precision")
    assert found.p is None


# --- The gate


ONE = {"answer.first_right": 0.01}


def test_the_gate_is_open_for_the_same_run_and_for_a_better_one():
    before = run(cases([True] * 20 + [False] * 20))
    assert check_gate(before, before, ONE).failures == ()
    assert check_gate(before, run(cases([True] * 40)), ONE).failures == ()


def test_the_gate_is_shut_for_a_significantly_worse_run():
    report = check_gate(run(cases([True] * 40)), run(cases([True] * 20 + [False] * 20)), ONE)
    (failure,) = report.failures
    assert failure.startswith("answer.first_right is worse by 0.500 (allowed 0.01): 1.000 -> 0.500")


def test_the_gate_forgives_a_drop_within_what_is_allowed_or_that_chance_explains():
    before, worse = run(cases([True] * 40)), run(cases([True] * 20 + [False] * 20))
    assert check_gate(before, worse, {"answer.first_right": 0.6}).failures == ()
    one_off = run(cases([True] * 39 + [False]))
    assert check_gate(before, one_off, ONE).failures == ()


def test_a_single_wrong_quote_or_bare_sentence_shuts_the_gate():
    before = run(cases([True] * 40))
    for metric in ("citation.exactness", "citation.sentence_coverage"):
        records = cases([True] * 40)
        records[7].measures[metric] = 0.5
        (failure,) = check_gate(before, run(records), ONE).failures
        assert failure == f"{metric} is 0.9875; it must be 1"


def test_failed_and_missing_questions_shut_the_gate():
    before = run(cases([True] * 10))
    broken = [*cases([True] * 9), failed(id="q9", question=question().question)]
    assert any("1 questions failed" in f for f in check_gate(before, run(broken), ONE).failures)
    fewer = run(cases([True] * 9))
    assert check_gate(before, fewer, ONE).failures == (
        "1 questions of the baseline were not asked",
    )


def test_runs_of_different_questions_or_without_the_metric_are_refused():
    before = run(cases([True] * 5))
    questions = before.manifest.questions.model_copy(update={"sha256": "00"})
    other = run(cases([True] * 5), questions=questions)
    with pytest.raises(RunError, match="has other questions or documents"):
        check_gate(before, other, ONE)
    with pytest.raises(RunError, match=r"do not both have abstention\.recall"):
        check_gate(before, before, {"abstention.recall": 0.01})


def test_max_drops_are_parsed_or_named():
    assert parse_max_drops([]) == DEFAULT_MAX_DROPS
    assert parse_max_drops(["answer.first_right=0.05"]) == {"answer.first_right": 0.05}
    for text, reason in (
        ("answer.first_rigth=0.1", "did you mean 'answer.first_right'"),
        ("answer.first_right", "is not METRIC=NUMBER"),
        ("answer.first_right=2", "from 0 to 1"),
    ):
        with pytest.raises(EvalError, match=reason):
            parse_max_drops([text])


def test_every_gated_metric_is_a_metric_of_quality():
    assert DEFAULT_MAX_DROPS.keys() <= MEASURES.keys()
    assert not [name for name in MEASURES if "latency" in name or "token" in name.split(".")[0]]


def test_unanswerable_questions_count_in_the_scores():
    records = [*cases([True] * 20), *(abstained(id=f"n{n}") for n in range(20))]
    found = overall(compare_runs(run(records), run(records)), "abstention.auroc")
    assert found.first == 1.0
