import pytest

from eval.claims.cases import ClaimCase
from eval.claims.measure import measure_claims


def case(kind=""):
    return ClaimCase("c", "", "p", "en", supported=not kind, kind=kind)


def test_the_threshold_is_the_highest_that_releases_enough():
    cases = [case() for _ in range(5)] + [case("negation")] * 2 + [case("scope")] * 2
    scores = [0.9, 0.8, 0.7, 0.2, 0.1, 0.75, 0.3, 0.1, 0.0]
    found = measure_claims(cases, scores, release=0.6)
    assert (found.threshold, found.released, found.supported) == (0.7, 0.6, 5)
    assert [(each.kind, each.passed, each.n) for each in found.passing] == [
        ("all", 1, 4),
        ("negation", 1, 2),
        ("scope", 0, 2),
    ]
    assert found.passing[0].share == 0.25
    assert found.auroc == pytest.approx((4 + 4 + 3 + 2 + 1.5) / 20)


def test_equal_scores_pass_together():
    found = measure_claims([case(), case(), case("unit")], [0.5, 0.5, 0.5], release=0.5)
    assert (found.released, found.passing[0].share) == (1.0, 1.0)


def test_claims_of_one_kind_alone_are_no_measure():
    with pytest.raises(ValueError, match="of both kinds"):
        measure_claims([case()], [0.5], release=0.6)
