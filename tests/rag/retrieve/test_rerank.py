import pytest

from rag.retrieve.rerank import rerank
from rag.types import Hit, Passage, Span


def hit(name):
    passage = Passage(name, name, Span(0, 1), (), "", name)
    return Hit(passage, None, None, None, None)


def order(names, logits):
    return "".join(h.passage.id for h in rerank([hit(name) for name in names], logits))


def test_a_passage_that_both_orders_put_high_comes_first():
    assert order("abc", {"a": 0.1, "b": 9.0, "c": 0.2}) == "bac"


def test_the_model_alone_does_not_lift_the_last_passage_over_one_that_both_find_good():
    assert order("abcdef", {"a": 8.0, "b": 7.0, "c": 1, "d": 0, "e": -1, "f": 9.0}) == "afbcde"


def test_of_equals_the_one_placed_better_before_stays_ahead():
    assert order("ab", {"a": 1.0, "b": 2.0}) == "ab"


def test_passages_that_were_not_read_keep_their_places_and_get_no_logit():
    hits = rerank([hit(name) for name in "axbcy"], {"a": 0.1, "b": 9.0, "c": 0.2})
    assert [h.passage.id for h in hits] == ["b", "x", "a", "c", "y"]
    assert [h.reranked and h.reranked.rank for h in hits] == [1, None, 3, 4, None]
    assert hits[0].reranked.score == pytest.approx(9.0)
