from dataclasses import replace

import numpy as np
import pytest

from rag.answer.rules.similarity import similarities, support_across, support_within, unread_pairs
from tests.fakes import HashingEncoder, OverlapReranker, full_features

SENTENCES = ["Li Yong visited Huawei.", "李勇参观了华为。", "Eggs and flour.", "Besuch"]
LANGUAGES = ["en", "zh", "en", "de"]
FEATURES = full_features()


class NarrowEncoder(HashingEncoder):
    reads = "english"


class EnglishReranker(OverlapReranker):
    reads = "english"


@pytest.mark.parametrize(
    ("question", "unread"),
    [
        ("谁参观了华为？", {0, 1, 2, 3}),
        ("Who visited Huawei?", {1, 3}),
        ("Wer hat Huawei im April besucht?", {0, 1, 2, 3}),
    ],
)
def test_only_pairs_that_the_reranker_cannot_read_are_left_to_the_encoder(question, unread):
    assert unread_pairs(question, SENTENCES, LANGUAGES, EnglishReranker()) == unread


def test_a_reranker_that_reads_both_scripts_leaves_none():
    class Wide(OverlapReranker):
        reads = "any"

    assert not unread_pairs("谁参观了华为？", SENTENCES, LANGUAGES, Wide())


def test_the_cosine_stands_at_the_sentence_it_is_of():
    encoder = HashingEncoder()
    found = similarities("Eggs and flour.", SENTENCES, LANGUAGES, {1, 2}, encoder)
    rows = encoder.encode_passages(SENTENCES) @ encoder.encode_queries(["Eggs and flour."])[0]
    assert found[0] is None
    assert found[1:] == [*(pytest.approx(cosine) for cosine in np.asarray(rows)[1:3]), None]


def test_an_encoder_that_cannot_read_the_question_or_the_sentence_says_nothing():
    for question, wanted in (("谁？", {0, 2}), ("Who?", {1, 3})):
        found = similarities(question, SENTENCES, LANGUAGES, wanted, NarrowEncoder())
        assert found == [None] * 4


def test_across_scripts_support_grows_with_nearness_and_falls_when_a_figure_is_missing():
    near = support_across(FEATURES, 0.87, latin=True)
    assert near > 0.5 > support_across(FEATURES, 0.75, latin=True)
    assert support_across(replace(FEATURES, number_coverage=0.0), 0.87, latin=True) < near


def test_within_a_script_nearness_moves_what_the_words_say_both_ways():
    assert support_within(0.4, 0.93) > 0.5 > support_within(0.6, 0.85)
    assert support_within(0.4, 0.89) == pytest.approx(0.4)
    assert 0.0 <= support_within(0.0, -1.0) <= support_within(1.0, 1.0) <= 1.0
