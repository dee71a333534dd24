from dataclasses import replace

import pytest

from rag.answer.rules.similarity import (
    is_foreign,
    similarities,
    support_by_similarity,
    unread_pairs,
)
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


def test_the_similarity_stands_at_the_sentence_it_is_of_and_counts_its_context_half():
    encoder = HashingEncoder()
    pairs = [(sentence, f"Baking. {sentence}") for sentence in SENTENCES]
    found = similarities("Eggs and flour.", pairs, LANGUAGES, {1, 2}, encoder)
    asked = encoder.encode_queries(["Eggs and flour."])[0]
    alone, in_context = (
        encoder.encode_passages(texts) @ asked for texts in zip(*pairs, strict=True)
    )
    assert found[0] is found[3] is None
    assert found[1:3] == [pytest.approx((alone[at] + in_context[at]) / 2) for at in (1, 2)]
    assert found[1] < found[2] < alone[2]


def test_an_encoder_that_cannot_read_the_question_or_the_sentence_says_nothing():
    pairs = [(sentence, sentence) for sentence in SENTENCES]
    for question, wanted in (("谁？", {0, 2}), ("Who?", {1, 3})):
        assert similarities(question, pairs, LANGUAGES, wanted, NarrowEncoder()) == [None] * 4


@pytest.mark.parametrize(
    ("question", "sentence", "language", "foreign"),
    [
        ("Wer baute den Leuchtturm von Brest?", "The lighthouse was built in 1871.", "en", True),
        ("Who built it?", "Der Leuchtturm wurde 1871 gebaut.", "de", True),
        ("Who built it?", "It was built by Berg.", "en", False),
        ("Berg 1871", "Der Leuchtturm wurde 1871 gebaut.", "de", False),
        ("谁？", "Berg.", "und", True),
        ("谁建了灯塔？", "灯塔建于1871年。", "zh", False),
    ],
)
def test_a_sentence_is_foreign_where_its_language_is_surely_not_the_questions(
    question, sentence, language, foreign
):
    assert is_foreign(question, sentence, language) == foreign


def test_support_grows_with_nearness_and_falls_with_the_rank_and_a_missing_figure():
    def support(near=0.95, features=FEATURES, place=0, foreign=False):
        return support_by_similarity(features, near, place=place, foreign=foreign)

    assert support() > 0.5 > support(0.8)
    assert support(place=3) < support()
    assert support(features=replace(FEATURES, number_coverage=0.0)) < support()


def test_words_in_common_count_in_one_language_only():
    def support(coverage, foreign):
        features = replace(FEATURES, sentence_coverage=coverage)
        return support_by_similarity(features, 0.9, place=0, foreign=foreign)

    assert support(1.0, False) > support(0.0, False)
    assert support(1.0, True) == support(0.0, True)
