import pytest

from eval.analysis.gate import DEFAULT_MAX_DROPS, check_gate, parse_max_drops
from eval.errors import EvalError, RunError
from eval.measure.measures import MEASURES
from tests.eval.run_cases import cases, failed, question, run_of

ONE = {"answer.first_right": 0.01}


def test_the_gate_is_open_for_the_same_run_and_for_a_better_one():
    before = run_of(cases([True] * 20 + [False] * 20))
    assert check_gate(before, before, ONE).failures == ()
    assert check_gate(before, run_of(cases([True] * 40)), ONE).failures == ()


def test_the_gate_is_shut_for_a_significantly_worse_run():
    report = check_gate(run_of(cases([True] * 40)), run_of(cases([True] * 20 + [False] * 20)), ONE)
    (failure,) = report.failures
    assert failure.startswith("answer.first_right is worse by 0.500 (allowed 0.01): 1.000 -> 0.500")


def test_the_gate_forgives_a_drop_within_what_is_allowed_or_that_chance_explains():
    before, worse = run_of(cases([True] * 40)), run_of(cases([True] * 20 + [False] * 20))
    assert check_gate(before, worse, {"answer.first_right": 0.6}).failures == ()
    one_off = run_of(cases([True] * 39 + [False]))
    assert check_gate(before, one_off, ONE).failures == ()


def test_a_single_wrong_quote_or_bare_sentence_shuts_the_gate():
    before = run_of(cases([True] * 40))
    for metric in ("citation.exactness", "citation.sentence_coverage"):
        records = cases([True] * 40)
        records[7].measures[metric] = 0.5
        (failure,) = check_gate(before, run_of(records), ONE).failures
        assert failure == f"{metric} is 0.9875; it must be 1"


def test_failed_and_missing_questions_shut_the_gate():
    before = run_of(cases([True] * 10))
    broken = [*cases([True] * 9), failed(id="q9", question=question().question)]
    assert any("1 questions failed" in f for f in check_gate(before, run_of(broken), ONE).failures)
    fewer = run_of(cases([True] * 9))
    assert check_gate(before, fewer, ONE).failures == (
        "1 questions of the baseline were not asked",
    )


def test_runs_of_different_questions_or_without_the_metric_are_refused():
    before = run_of(cases([True] * 5))
    questions = before.manifest.questions.model_copy(update={"sha256": "00"})
    other = run_of(cases([True] * 5), questions=questions)
    with pytest.raises(RunError, match="has other questions or documents"):
        check_gate(before, other, ONE)
    with pytest.raises(RunError, match=r"do not both have abstention\.f1"):
        check_gate(before, before, {"abstention.f1": 0.01})


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


def test_a_baseline_of_another_mode_is_refused():
    answers = run_of([question()])
    searched = run_of([question(outcome="searched")], mode="retrieval")
    with pytest.raises(RunError, match="baseline of the same mode"):
        check_gate(answers, searched, ONE)
