from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve.fusion import reciprocal_rank_fusion

rankings = st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True), max_size=4)


def test_a_passage_both_retrievers_rank_second_beats_one_that_only_one_ranks_first():
    fused = reciprocal_rank_fusion([["solo", "both"], ["other", "both"]])
    assert next(iter(fused)) == "both"


def test_scores_are_the_published_sum():
    fused = reciprocal_rank_fusion([["a", "b"], ["b"]], k=60)
    assert fused == {"b": 1 / 62 + 1 / 61, "a": 1 / 61}


def test_ties_are_broken_by_id():
    assert list(reciprocal_rank_fusion([["b"], ["a"]])) == ["a", "b"]


@given(rankings)
def test_every_ranked_passage_is_fused_once_in_falling_order(lists):
    fused = reciprocal_rank_fusion(lists)
    assert set(fused) == {item for ranking in lists for item in ranking}
    assert list(fused.values()) == sorted(fused.values(), reverse=True)


@given(rankings)
def test_the_order_of_the_retrievers_does_not_matter_to_the_ranking(lists):
    one, other = reciprocal_rank_fusion(lists), reciprocal_rank_fusion(lists[::-1])
    assert set(one) == set(other)
    assert all(abs(one[key] - other[key]) < 1e-12 for key in one)
