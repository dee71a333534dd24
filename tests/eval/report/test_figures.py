import pytest

from eval.report.figures import reliability_figure, risk_figure, scored_questions
from tests.eval import run_cases


def test_answering_what_the_archive_does_not_say_counts_as_wrong():
    records = [
        run_cases.question(decision_score=0.9),
        run_cases.abstained(decision_score=0.8, best_right=None),
        run_cases.question(decision_score=0.7, best_right=False),
        run_cases.failed(),
        run_cases.question(decision_score=0.6, best_right=None, criterion=None),
    ]
    assert scored_questions(records) == [(0.9, True), (0.8, False), (0.7, False)]


def test_the_risk_figure_says_how_much_each_limit_allows():
    scored = [(1 - number / 100, number < 18 or number > 60) for number in range(100)]
    figure = risk_figure(scored, None)
    by_hand = [
        (limit, max(k for k in range(1, 101) if wrong_among(scored, k) <= limit) / 100)
        for limit in (0.05, 0.10)
    ]
    assert [limit for limit, _ in figure.reached] == [0.05, 0.10]
    assert dict(figure.reached) == pytest.approx(dict(by_hand))


def wrong_among(scored, k):
    best = sorted(scored, reverse=True)[:k]
    return sum(not right for _, right in best) / k


def test_a_calibrated_score_has_no_calibration_error():
    scored = [
        (tenth / 10 + 0.05, rank < tenth * 2 + 1) for tenth in range(10) for rank in range(20)
    ]
    assert reliability_figure(scored, 0.5).calibration_error == pytest.approx(0)
    assert reliability_figure([(1.0, False)], None).calibration_error == pytest.approx(1)
    assert reliability_figure([(0.0, True)], None).calibration_error == pytest.approx(1)


def test_figures_without_questions_are_left_out():
    assert risk_figure([], None) is None
    assert reliability_figure([], 0.5) is None
