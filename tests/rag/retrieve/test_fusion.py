from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve.fusion import fuse_scores, reciprocal_rank_fusion

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


scores = st.dictionaries(
    st.sampled_from("abcdefgh"), st.integers(1, 100).map(lambda n: n / 100), max_size=6
)


def fused_of(dense, lexical, documents=None, lexical_weight=0.5):
    documents = documents or {key: key for key in [*dense, *lexical]}
    return fuse_scores(dense, lexical, documents=documents, lexical_weight=lexical_weight)


def test_a_passage_far_ahead_of_the_others_keeps_its_lead_over_ones_that_both_retrievers_found():
    dense = {"answer": 0.9, "near": 0.31, "far": 0.3}
    lexical = {"near": 5.0, "other": 4.9, "far": 4.8, "answer": 4.7}
    assert next(iter(fused_of(dense, lexical))) == "answer"
    ranks = reciprocal_rank_fusion([list(dense), list(lexical)])
    assert next(iter(ranks)) == "near"


def test_an_encoder_whose_cosines_lie_close_together_counts_as_much_as_another():
    wide = {"a": 0.8, "b": 0.4, "c": 0.2}
    narrow = {key: 0.9 + 0.1 * cosine for key, cosine in wide.items()}
    lexical = {"b": 3.0, "c": 9.0}
    one, other = fused_of(wide, lexical), fused_of(narrow, lexical)
    assert list(one) == list(other)
    assert all(abs(one[key] - other[key]) < 1e-9 for key in one)


def test_two_passages_of_a_document_that_match_in_their_own_ways_are_evidence_for_both():
    documents = {"d:near": "d", "d:worded": "d", "e:some": "e", "f:far": "f"}
    dense = {"d:near": 0.6, "e:some": 0.58, "f:far": 0.1}
    lexical = {"d:worded": 8.0, "e:some": 1.0}
    assert next(iter(fused_of(dense, lexical, documents))) == "d:near"
    alone = dict(zip(documents, documents, strict=True))
    assert next(iter(fused_of(dense, lexical, alone))) == "e:some"


def test_without_a_lexical_ranking_the_dense_order_stays_and_the_other_way_round():
    ranking = {"b": 0.9, "a": 0.5, "c": 0.4}
    assert list(fused_of(ranking, {})) == list(ranking)
    assert list(fused_of({}, ranking)) == list(ranking)
    assert fused_of({}, {}) == {}


@given(scores, scores)
def test_every_scored_passage_is_fused_once_in_falling_order_with_ties_by_id(dense, lexical):
    fused = fused_of(dense, lexical)
    assert set(fused) == {*dense, *lexical}
    assert list(fused) == sorted(fused, key=lambda key: (-fused[key], key))


@given(scores, scores)
def test_a_passage_better_in_both_rankings_is_never_behind(dense, lexical):
    fused = fused_of(dense, lexical)
    for one in fused:
        for other in fused:
            if dense.get(one, 0) > dense.get(other, 0) and lexical.get(one, 0) > lexical.get(
                other, 0
            ):
                assert fused[one] > fused[other]


def test_words_in_common_with_another_script_never_beat_clear_nearness():
    # A figure is all that a Chinese question shares with "far"; "near" is what it asks.
    dense = {"near": 0.85, "far": 0.8, "other": 0.79}
    documents = {key: key for key in dense}
    fused = {
        foreign: list(
            fuse_scores(
                dense,
                {"far": 3.0},
                documents=documents,
                lexical_weight=0.5,
                foreign={"far"} if foreign else (),
            )
        )
        for foreign in (True, False)
    }
    assert fused[True][0] == "near"
    assert fused[False][0] == "far"
