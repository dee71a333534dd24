import numpy as np
import pytest

from rag.retrieve.rerank import rerank
from rag.types import Hit, Passage, Span


class ScriptedReranker:
    """Scores by text, as told."""

    name = "scripted"
    revision = "1"
    reads = "latin"

    def __init__(self, logits):
        self.logits = logits

    def score(self, query, texts):
        return np.array([self.logits[text] for text in texts], dtype=np.float32)


def hit(name):
    passage = Passage(f"{name}:0-1", name, Span(0, 1), (), "", name)
    return Hit(passage, None, None, None, None)


def order(names, logits, limit=10):
    hits = rerank([hit(name) for name in names], "?", ScriptedReranker(logits), limit=limit)
    return "".join(h.passage.search_text for h in hits)


def test_a_passage_that_both_orders_put_high_comes_first():
    assert order("abc", {"a": 0.1, "b": 9.0, "c": 0.2}) == "bac"


def test_the_reranker_alone_does_not_lift_the_last_passage_over_one_that_both_find_good():
    assert order("abcdef", {"a": 8.0, "b": 7.0, "c": 1, "d": 0, "e": -1, "f": 9.0}) == "afbcde"


def test_of_equals_the_one_placed_better_before_stays_ahead():
    assert order("ab", {"a": 1.0, "b": 2.0}) == "ab"


def test_passages_beyond_the_limit_follow_as_they_were():
    hits = rerank(
        [hit(name) for name in "abcd"], "?", ScriptedReranker({"a": 1.0, "b": 2.0}), limit=2
    )
    assert [h.passage.search_text for h in hits] == ["a", "b", "c", "d"]
    assert [h.reranked.rank if h.reranked else None for h in hits] == [1, 2, None, None]
    assert hits[1].reranked.score == pytest.approx(2.0)


def test_a_passage_that_the_reranker_cannot_read_keeps_its_place_and_gets_no_logit():
    hits = rerank(
        [hit(name) for name in ("a", "李勇参观了华为", "b", "c", "上海")],
        "Who?",
        # A passage that is scored all the same would be a KeyError here.
        ScriptedReranker({"a": 0.1, "b": 9.0, "c": 0.2}),
        limit=5,
    )
    assert [h.passage.search_text for h in hits] == ["b", "李勇参观了华为", "a", "c", "上海"]
    assert [h.reranked and h.reranked.rank for h in hits] == [1, None, 3, 4, None]


def test_a_question_that_the_reranker_cannot_read_moves_nothing():
    hits = [hit("a"), hit("b")]
    assert rerank(hits, "谁参观了华为？", ScriptedReranker({"a": 0.0, "b": 9.0}), limit=2) == hits


def test_a_near_duplicate_takes_nobodys_place():
    text = " ".join(f"word{n}" for n in range(60))
    names = [text, f"{text} again", "b", "c"]
    hits = rerank(
        [hit(name) for name in names],
        "?",
        ScriptedReranker({text: 1.0, "b": 5.0, "c": 3.0}),
        limit=3,
    )
    # All three distinct ones were read, and the repeat was not.
    assert {h.passage.search_text: h.reranked.score for h in hits} == {
        text: 1.0,
        f"{text} again": 1.0,
        "b": 5.0,
        "c": 3.0,
    }
