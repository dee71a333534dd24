import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.measure.statistics import (
    guaranteed_threshold,
    mcnemar_exact,
    percentile_interval,
    resample_counts,
    share_interval,
    share_upper_bound,
)

# --- Bootstrap ---------------------------------------------------------------------


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 40))
def test_every_resample_draws_n_questions(n, resamples):
    counts = resample_counts(n, resamples=resamples)
    assert counts.shape == (resamples, n)
    assert (counts.sum(axis=1) == n).all()


def test_the_same_seed_draws_the_same_and_another_does_not():
    one, again, other = (resample_counts(50, resamples=20, seed=seed) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_each_question_is_drawn_as_often_as_chance_has_it():
    counts = resample_counts(300, resamples=4_000)
    assert counts.dtype == np.uint16
    assert resample_counts(255, resamples=1).dtype == np.uint8
    # The mean of 4,000 counts of variance 1 has a standard error of 0.016.
    assert np.abs(counts.mean(axis=0) - 1).max() < 0.08
    assert (counts == 0).mean() == pytest.approx((1 - 1 / 300) ** 300, abs=0.002)


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution():
    values = np.random.default_rng(3).normal(size=200)
    low, high = percentile_interval(resample_counts(200) @ values / 200)
    half = 1.96 * values.std() / math.sqrt(200)
    assert low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_samples_that_are_not_defined_do_not_count():
    samples = np.array([np.nan, 1.0, 2.0, 3.0, np.nan])
    assert percentile_interval(samples, 0.5) == (1.5, 2.5)
    assert all(map(math.isnan, percentile_interval(np.full(3, np.nan))))
    assert all(map(math.isnan, percentile_interval(np.empty(0))))


# --- Shares ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "low", "high"), [("wilson", 0.4902, 0.9433), ("exact", 0.4439, 0.9748)]
)
def test_the_interval_of_eight_in_ten_is_the_published_one(method, low, high):
    assert share_interval(8, 10, method=method) == pytest.approx((low, high), abs=1e-4)


def test_without_an_error_the_upper_bound_is_the_nth_root():
    assert share_upper_bound(0, 59, 0.95) == pytest.approx(1 - 0.05 ** (1 / 59))


def test_with_nothing_counted_every_share_is_possible():
    assert share_interval(0, 0) == (0.0, 1.0)
    assert share_upper_bound(0, 0, 0.95) == 1.0
    assert mcnemar_exact(0, 0) == 1.0


def test_mcnemar_of_many_questions_is_as_the_normal_distribution_has_it():
    # (10100 - 9900) / sqrt(20000) = 1.414: p = .157.
    assert mcnemar_exact(9_900, 10_100) == pytest.approx(0.157, abs=0.003)
    assert mcnemar_exact(10_100, 9_900) == mcnemar_exact(9_900, 10_100)


# --- Selection with guaranteed risk ------------------------------------------------


def draw_questions(generator, n):
    """Scores in [0, 1); a question is right with the probability 0.6 + 0.4 * score."""
    scores = generator.random(n)
    return scores, generator.random(n) < 0.6 + 0.4 * scores


def test_the_true_risk_exceeds_the_promised_one_no_more_often_than_said():
    generator, broken, given_ = np.random.default_rng(11), 0, 0
    for _ in range(400):
        guarantee = guaranteed_threshold(
            *draw_questions(generator, 300), max_risk=0.15, confidence=0.8
        )
        if guarantee:
            given_ += 1
            # Wrong with 0.4 * (1 - score): on average, above the threshold, half of its top.
            broken += 0.2 * (1 - guarantee.threshold) > 0.15
    assert given_ > 200
    assert broken <= 0.2 * 400


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.5, 0.9]) | st.floats(0, 1), st.booleans())))
def test_a_guarantee_describes_what_its_threshold_accepts(questions):
    scores, right = [it[0] for it in questions], [it[1] for it in questions]
    guarantee = guaranteed_threshold(scores, right, max_risk=0.7)
    if guarantee:
        accepted = [ok for score, ok in questions if score >= guarantee.threshold]
        assert guarantee.threshold in scores
        assert (guarantee.accepted, guarantee.n) == (len(accepted), len(questions))
        assert guarantee.errors == accepted.count(False)
        assert guarantee.risk == guarantee.errors / guarantee.accepted
        assert guarantee.coverage == guarantee.accepted / guarantee.n
        assert guarantee.risk <= guarantee.bound <= 0.7
        # At most ceil(log2 n) tests share the chance of being wrong.
        tests = max(1, math.ceil(math.log2(guarantee.n)))
        part = 1 - (1 - guarantee.confidence) / tests
        assert guarantee.bound == share_upper_bound(guarantee.errors, guarantee.accepted, part)


def test_the_search_ends_next_to_the_widest_threshold_where_risk_only_grows():
    # The best 300 of 512 are right: risk and bound grow with every question after them.
    scores, right = np.linspace(1, 0, 512), np.arange(512) < 300
    guarantee = guaranteed_threshold(scores, right, max_risk=0.1)
    next_bound = share_upper_bound(guarantee.errors + 1, guarantee.accepted + 1, 1 - 0.05 / 9)
    assert guarantee.bound <= 0.1 < next_bound


def test_questions_that_are_all_right_are_all_accepted_if_there_are_enough():
    scores = np.linspace(0, 1, 200)
    guarantee = guaranteed_threshold(scores, np.ones(200, bool), max_risk=0.05)
    assert (guarantee.coverage, guarantee.threshold, guarantee.errors) == (1.0, 0.0, 0)


@pytest.mark.parametrize(
    ("scores", "right"), [([], []), ([0.5], [True]), ([0.1, 0.2, 0.3], [False] * 3)]
)
def test_without_enough_right_questions_nothing_is_promised(scores, right):
    assert guaranteed_threshold(scores, right, max_risk=0.1) is None


def test_scores_that_are_no_numbers_are_refused():
    for scores in ([float("nan")], [0.1, 0.2]):
        with pytest.raises(ValueError, match="each question needs a score"):
            guaranteed_threshold(scores, [True], max_risk=0.1)
