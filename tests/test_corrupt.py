from eval.corrupt import vary_sentences
from rag.answer.check import check_support

SENTENCES = (
    "LI Yong was in Shenzhen with 2500 delegates on 24 April 2019, his office said.",
    "GONG Zheng has met Gerd Müller in Shanghai.",
)


def test_every_corrupted_sentence_is_stopped_and_the_shortened_one_released():
    variants = list(vary_sentences(SENTENCES, seed=1))
    assert {v.change for v in variants} == {"number", "date", "name", "negation", "shortened"}
    for variant in variants:
        assert variant.said != variant.true
        assert check_support(variant.said, [variant.true]).holds == (variant.change == "shortened")


def test_the_same_seed_makes_the_same_sentences():
    assert list(vary_sentences(SENTENCES, seed=3)) == list(vary_sentences(SENTENCES, seed=3))
