import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.measure import aggregates
from eval.measure.aggregates import (
    area_under_risk_coverage,
    auroc,
    coverage_at_risk,
    risk_coverage_curve,
    weighted_mean,
    weighted_ratio,
)

# Few levels, so that ties are common.
levels = st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0])
rows = st.lists(st.tuples(levels, st.booleans(), st.integers(0, 3)), min_size=1, max_size=12)
POINT = {
    "mean": lambda s, y, w: weighted_mean(y, w),
    "ratio": lambda s, y, w: weighted_ratio(y, np.abs(s), w),
    "auroc": auroc,
    "aurc": area_under_risk_coverage,
    "coverage": lambda s, y, w: coverage_at_risk(s, y, w, risk=0.3),
}


def columns(questions):
    scores, right, counts = (np.array(it) for it in zip(*questions, strict=True))
    return scores, right, counts


def once(n):
    return np.ones((1, n), np.uint8)


# --- The obvious ways --------------------------------------------------------------


def obvious_curve(scores, right):
    points = []
    for threshold in sorted(set(scores), reverse=True):
        accepted = [ok for score, ok in zip(scores, right, strict=True) if score >= threshold]
        risk = accepted.count(False) / len(accepted)
        points.append((len(accepted) / len(scores), risk, threshold))
    return points


def obvious_aurc(scores, right):
    risk_at = {threshold: risk for _, risk, threshold in obvious_curve(scores, right)}
    return sum(risk_at[score] for score in scores) / len(scores)


def obvious_auroc(scores, right):
    pairs = [
        (one > other) + (one == other) / 2
        for one, ok in zip(scores, right, strict=True)
        for other, also in zip(scores, right, strict=True)
        if ok and not also
    ]
    return sum(pairs) / len(pairs) if pairs else np.nan


def obvious_coverage(scores, right, risk):
    points = obvious_curve(scores, right)
    return max((coverage for coverage, at, _ in points if at <= risk), default=0.0)


# --- Promises ----------------------------------------------------------------------


@settings(deadline=None)
@given(rows)
def test_each_metric_equals_its_obvious_way(questions):
    scores, right, _ = columns(questions)
    pair, one = (scores.tolist(), right.tolist()), once(len(scores))
    assert auroc(scores, right, one) == pytest.approx([obvious_auroc(*pair)], nan_ok=True)
    assert area_under_risk_coverage(scores, right, one) == pytest.approx([obvious_aurc(*pair)])
    for risk in (0.0, 0.25, 1 / 3, 1.0):
        assert coverage_at_risk(scores, right, one, risk=risk) == pytest.approx(
            [obvious_coverage(*pair, risk)]
        )
    assert np.transpose(risk_coverage_curve(scores, right)) == pytest.approx(
        np.array(obvious_curve(*pair))
    )


@pytest.mark.parametrize("name", POINT)
@settings(deadline=None)
@given(questions=rows)
def test_a_row_of_counts_gives_what_repeating_the_questions_gives(name, questions):
    scores, right, counts = columns(questions)
    weighted = POINT[name](scores, right, counts[None, :])
    n = counts.sum()
    repeated = POINT[name](np.repeat(scores, counts), np.repeat(right, counts), once(n))
    assert weighted == pytest.approx(repeated, nan_ok=True)


@pytest.mark.parametrize("name", POINT)
@settings(deadline=None)
@given(questions=rows, data=st.data())
def test_the_order_of_the_questions_does_not_matter(name, questions, data):
    shuffled = data.draw(st.permutations(questions))
    one, other = (
        POINT[name](scores, right, counts[None, :])
        for scores, right, counts in map(columns, (questions, shuffled))
    )
    assert one == pytest.approx(other, nan_ok=True)


@pytest.mark.parametrize("name", POINT)
@settings(deadline=None)
@given(questions=rows, data=st.data())
def test_a_question_without_a_value_is_left_out(name, questions, data):
    scores, right, counts = columns(questions)
    known = np.array(data.draw(st.lists(st.booleans(), min_size=len(right), max_size=len(right))))
    values = np.where(known, right.astype(float), np.nan)
    with_gaps = POINT[name](scores, values, counts[None, :])
    without = POINT[name](scores[known], right[known], counts[None, known])
    assert with_gaps == pytest.approx(without, nan_ok=True)


@pytest.mark.parametrize("name", POINT)
def test_every_row_is_measured_by_itself_however_the_rows_are_cut_into_blocks(name, monkeypatch):
    draw = np.random.default_rng(5)
    scores, right = draw.random(40).round(1), draw.random(40) < 0.6
    weights = draw.integers(0, 4, (23, 40), np.uint8)
    alone = [POINT[name](scores, right, row[None, :])[0] for row in weights]
    monkeypatch.setattr(aggregates, "_BLOCK_CELLS", 5 * 40)
    assert POINT[name](scores, right, weights) == pytest.approx(alone)


@pytest.mark.parametrize("name", POINT)
def test_nothing_drawn_and_nothing_asked_are_not_defined(name):
    nothing = np.zeros((3, 2), np.uint8)
    assert np.isnan(POINT[name](np.array([0.1, 0.2]), np.array([True, False]), nothing)).all()
    empty = np.empty(0)
    assert np.isnan(POINT[name](empty, empty, np.ones((3, 0), np.uint8))).tolist() == [True] * 3


def test_auroc_equals_scikit_learns_with_and_without_weights():
    metrics = pytest.importorskip("sklearn.metrics")
    draw = np.random.default_rng(7)
    for decimals in (1, 8):
        scores = draw.random(60).round(decimals)
        right = draw.random(60) < scores
        weights = np.vstack([np.ones(60), draw.integers(0, 4, (5, 60))])
        theirs = [metrics.roc_auc_score(right, scores, sample_weight=row) for row in weights]
        assert auroc(scores, right, weights) == pytest.approx(theirs)


def test_auroc_is_not_defined_where_all_are_positive_or_none():
    for right in ([True, True], [False, False]):
        assert np.isnan(auroc([0.1, 0.2], right, once(2))).all()


def test_without_ties_the_area_is_the_published_mean_over_n_steps():
    # Risks at coverage 1/4 .. 4/4: 0, 1/2, 1/3, 1/2.
    area = area_under_risk_coverage([4, 3, 2, 1], [True, False, True, False], once(4))
    assert area == pytest.approx([(0 + 1 / 2 + 1 / 3 + 1 / 2) / 4])


def test_one_score_for_all_has_the_risk_of_answering_everything():
    right = [True, False, False, True, False]
    assert area_under_risk_coverage([1.0] * 5, right, once(5)) == pytest.approx([0.6])


def test_a_risk_that_is_met_exactly_is_met():
    right = np.arange(100) >= 29
    assert coverage_at_risk(np.ones(100), right, once(100), risk=0.29) == [1.0]
    assert coverage_at_risk(np.ones(100), right, once(100), risk=0.28) == [0.0]


def test_a_ratio_pools_over_the_questions():
    ratio = weighted_ratio([1.0, 0.0, np.nan], [1.0, 4.0, 9.0], np.array([[1, 1, 1], [2, 1, 5]]))
    assert ratio == pytest.approx([1 / 5, 2 / 6])


def test_weights_of_another_number_of_questions_are_refused():
    with pytest.raises(ValueError, match=r"shape \(b, 3\), got \(1, 2\)"):
        weighted_mean([1.0, 2.0, 3.0], once(2))
    with pytest.raises(ValueError, match="must have the same shape"):
        auroc([1.0, 2.0], [True], once(2))


def test_the_curve_without_questions_is_empty():
    assert [len(part) for part in risk_coverage_curve([], [])] == [0, 0, 0]
