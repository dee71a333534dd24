import re
from collections import Counter

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import AP, RR, Qrel, R, ScoredDoc, nDCG

from eval.measure.metrics import (
    average_precision,
    contains_answer,
    evidence_recall,
    exact_match,
    ndcg_at,
    overlaps,
    recall_at,
    reciprocal_rank_at,
    slot_recall,
    token_f1,
    token_recall,
)
from eval.questions.answers import normalise_answer
from tests.eval.questions.test_answers import prose, published_tokens

# --- Rankings ----------------------------------------------------------------------

ids = [f"d{number}" for number in range(150)]
rankings = st.permutations(ids).flatmap(
    lambda order: st.integers(0, len(order)).map(lambda depth: order[:depth])
)
relevant_ids = st.sets(st.sampled_from(ids), min_size=1, max_size=40)


@settings(max_examples=50, deadline=None)
@given(rankings, relevant_ids)
def test_retrieval_metrics_equal_those_of_ir_measures(ranking, relevant):
    qrels = [Qrel("q", item, 1) for item in relevant]
    # Falling scores without ties: nobody's way of breaking ties matters.
    run = [ScoredDoc("q", item, float(-rank)) for rank, item in enumerate(ranking)]
    measures = [nDCG @ 10, RR @ 10, AP, *(R @ k for k in (1, 3, 5, 10, 20, 100))]
    theirs = ir_measures.calc_aggregate(measures, qrels, run) if run else dict.fromkeys(measures, 0)
    ours = {
        nDCG @ 10: ndcg_at(10, ranking, relevant),
        RR @ 10: reciprocal_rank_at(10, ranking, relevant),
        AP: average_precision(ranking, relevant),
        **{R @ k: recall_at(k, ranking, relevant) for k in (1, 3, 5, 10, 20, 100)},
    }
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_average_precision_divides_by_all_that_is_relevant_found_or_not():
    assert average_precision(["a", "x", "b"], {"a", "b", "c", "d"}) == (1 + 2 / 3) / 4


def test_with_nothing_relevant_every_retrieval_metric_is_zero():
    assert average_precision(["a"], ()) == 0.0
    assert ndcg_at(10, ["a"], ()) == recall_at(10, ["a"], ()) == 0.0
    assert reciprocal_rank_at(10, ["a"], ()) == 0.0


# --- Answers in a text -------------------------------------------------------------


def published_f1(text, answer):
    said, gold = published_tokens(text), published_tokens(answer)
    shared = sum((Counter(said) & Counter(gold)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(said), shared / len(gold)
    return 2 * precision * recall / (precision + recall)


@settings(deadline=None)
@given(prose, prose)
def test_f1_and_exact_match_of_ascii_text_are_the_published_ones(text, answer):
    assert token_f1(text, [answer]) == pytest.approx(published_f1(text, answer))
    same = published_tokens(text) == published_tokens(answer)
    assert exact_match(text, [answer]) == (same and bool(published_tokens(text)))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("He met LI Yong in the city of Wuzhen.", "Li Yong"),
        ("It began on 24 April, 2019.", "24 April 2019"),
        ("in Shanghai , China .", "Shanghai, China"),
        ("the visit to Huawei's campus", "Huawei"),
        ("Li 's visit", "Li's visit"),
        ("Li's visit", "Li 's visit"),
        ("a state - owned bank", "state-owned"),
        ("a state-owned bank", "state - owned"),
        ("AIM\u200bGlobal", "AIM Global"),
        ("总干事李勇访问深圳。", "李勇"),
        ("李 勇 访问 深圳", "李勇"),
        ("总干事李勇访问Huawei总部", "访问 huawei"),
        ("10,000 guests", "10000"),
        ("the year ２０１９", "2019"),
    ],
)
def test_an_answer_is_found_however_text_and_answer_are_written(text, answer):
    assert contains_answer(text, [answer], match="any")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("10,000 guests", "10"),
        ("3.5 million", "5"),
        ("2019年", "19"),
        ("Yongle", "Yong"),
        ("It may or may not be.", "mayor"),
        ("Li met Yong", "Li Yong"),
        ("李先生勇敢", "李勇"),
        ("anything", "the"),
        ("anything", "…"),
        ("", ""),
    ],
)
def test_an_answer_is_not_found_in_pieces_of_words_and_numbers(text, answer):
    assert not contains_answer(text, [answer], match="any")
    assert slot_recall(text, [answer]) == 0.0


tokens = st.sampled_from(["li", "yong", "2019", "10", "勇", "海", "wu-zhen", "o'neil"])
sequences = st.lists(tokens, max_size=7)


@settings(deadline=None)
@given(sequences, sequences, sequences.filter(bool))
def test_every_answer_is_found_in_a_text_that_quotes_it(before, after, answer):
    text = " ".join([*before, *answer, *after])
    assert contains_answer(text, [" ".join(answer)], match="all")


@settings(deadline=None)
@given(st.text("ab ,.'-1李", max_size=12), st.text("ab ,.'-1李", max_size=5))
def test_an_answer_is_found_exactly_when_one_reading_has_it_as_a_run(text, answer):
    def parted(value):
        return re.sub(r"(?<!1)[,.'-]|[,.'-](?!1)", " ", value)

    def run(wanted, found):
        starts = range(len(found) - len(wanted) + 1)
        return bool(wanted) and any(found[i : i + len(wanted)] == wanted for i in starts)

    assert contains_answer(text, [answer], match="any") == (
        run(normalise_answer(answer), normalise_answer(text))
        or run(normalise_answer(parted(answer)), normalise_answer(parted(text)))
    )


def test_all_wants_every_answer_any_wants_one_and_slot_recall_counts_them():
    text, answers = "Gong Zheng met Li Yong.", ["Li Yong", "Gong Zheng", "Müller"]
    assert contains_answer(text, answers, match="any")
    assert not contains_answer(text, answers, match="all")
    assert contains_answer(text, answers[:2], match="all")
    assert slot_recall(text, answers) == 2 / 3


def test_without_answers_nothing_is_right():
    assert not contains_answer("text", [], match="any")
    assert not contains_answer("text", [], match="all")
    assert slot_recall("text", []) == token_f1("text", []) == 0.0
    assert not exact_match("text", [])


def test_the_best_of_several_answers_counts():
    answers = ["Yong", "the Director General", "Li Yong"]
    assert exact_match("Li Yong!", answers)
    assert token_f1("Mr Li Yong", answers) == pytest.approx(2 * 2 / 5)


def test_f1_of_chinese_counts_characters():
    assert token_f1("李勇总干事", ["李勇"]) == pytest.approx(2 * 2 / 7)


# --- Evidence ----------------------------------------------------------------------

places = st.tuples(st.sampled_from("xy"), st.integers(0, 12), st.integers(0, 12)).map(
    lambda place: (place[0], min(place[1:]), max(place[1:]))
)


@settings(deadline=None)
@given(places, places)
def test_places_overlap_when_they_share_a_character(one, other):
    shared = set(range(one[1], one[2])) & set(range(other[1], other[2]))
    assert overlaps(one, other) == overlaps(other, one) == (one[0] == other[0] and bool(shared))


@settings(deadline=None)
@given(st.lists(places, max_size=4), st.lists(places, max_size=4))
def test_evidence_recall_is_the_share_of_gold_places_that_are_cited(cited, gold):
    covered = [place for place in gold if any(overlaps(it, place) for it in cited)]
    assert evidence_recall(cited, gold) == (len(covered) / len(gold) if gold else 0.0)


def test_token_recall_is_the_share_of_the_best_answer_that_is_said():
    assert token_recall("the mill opened in 1911", ["opened 1911", "it burned down"]) == 1.0
    assert token_recall("opened", ["opened 1911", "it burned down"]) == 0.5
    assert token_recall("磨坊开业", ["磨坊于一九一一年开业"]) == pytest.approx(4 / 10)
    assert token_recall("anything", []) == token_recall("", ["x"]) == 0.0
