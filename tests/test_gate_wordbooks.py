"""The gate with wordbooks: other words for the same pass, a changed fact in them does not."""

import pytest

from rag.answer.check import check_support
from rag.answer.draft import DraftSentence
from rag.answer.facts import chinese_names
from rag.answer.gate import gate_sentence
from rag.answer.rewording import NO_WORDBOOKS, Wordbooks
from rag.generate.pack import Packed, PackedPassage
from rag.lexicon import load_lexicon
from rag.thesaurus import load_thesaurus
from rag.types import Span
from tests.rag.answer.test_verify import make_document


@pytest.fixture(scope="module")
def wordbooks():
    return Wordbooks(load_thesaurus(), load_lexicon())


def judge(source, claim, wordbooks, question="What happened?"):
    document = make_document(source)
    passage = PackedPassage(1, document.id, document.title, None, Span(0, len(source)), source)
    return gate_sentence(
        DraftSentence(claim, (1,)),
        Packed((passage,), ()),
        {document.id: document},
        question=question,
        wordbooks=wordbooks,
    )


SAME = [
    ("The college was founded in Lund in 1931.", "In 1931 the college was established in Lund."),
    ("The seventeen goals were adopted in 2015.", "The 17 goals were adopted in 2015."),
    ("The fair was in its tenth edition in 2019.", "The fair was in its 10th edition in 2019."),
    ("About 260 guests came to the fair.", "Around 260 guests came to the fair."),
    ("中心于2001年在上海成立。", "中心于2001年在上海设立。"),
]


@pytest.mark.parametrize(("source", "claim"), SAME)
def test_the_same_in_other_words_is_released_in_the_claims_own_words(wordbooks, source, claim):
    verdict = judge(source, claim, wordbooks)
    assert verdict.claim is not None, verdict.reasons
    assert verdict.claim.text == claim
    assert [c.quote for c in verdict.claim.citations] == [source]


def test_without_wordbooks_it_is_not():
    assert judge(*SAME[0], NO_WORDBOOKS).claim is None


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        # What is planned is not done.
        ("The firm will build 300 homes in Lund in 2030.", "The firm built 300 homes in Lund."),
        ("The firm plans to sell the mill in Lund.", "The firm sold the mill in Lund."),
        ("The firm plans to establish a school in Lund.", "The firm founded a school in Lund."),
        ("If the vote fails, the mayor will leave in May.", "The mayor left in May."),
        ("The firm is trying to sell 300 homes in Lund.", "The firm sold 300 homes in Lund."),
        # Nearly the same is not.
        ("Norway signed the treaty in 1931.", "Norway ratified the treaty in 1931."),
        ("The army defeated 300 soldiers in May.", "The army killed 300 soldiers in May."),
        ("The board predicted 20 hospitals by May.", "The board promised 20 hospitals by May."),
        ("The chairman resigned in May 2019.", "The chairwoman resigned in May 2019."),
        ("Company earnings rose by 20 per cent.", "Company wages rose by 20 per cent."),
        ("The firm was taken over in Lund in 1931.", "The firm took over in Lund in 1931."),
        ("The firm was sold in Lund in 1931.", "The firm sells in Lund in 1931."),
        ("李强担任北京学校校长。", "李强担任北京学校总统。"),
        ("该厂可以在五月停产。", "该厂可能在五月停产。"),
        ("该厂应该在五月停产。", "该厂必须在五月停产。"),
        ("警方扣留了三名官员。", "警方逮捕了三名官员。"),
        # Which one is not how many, and what it counts stays behind a number.
        ("The eighteenth session was held in Lund.", "18 sessions were held in Lund."),
        ("36 experts came from ministries of Lund.", "Experts came from 36 ministries of Lund."),
        # A clause keeps its date.
        (
            "Li was the deputy mayor of Lund before he moved to Bergen in June 2013.",
            "Li was the deputy mayor of Lund in June 2013.",
        ),
        # Nothing is added that was thought to add nothing.
        (
            "Anna Bell was director of the museum in Lund.",
            "Anna Bell is the current director of the museum in Lund.",
        ),
    ],
)
def test_another_fact_in_like_words_is_withheld(wordbooks, source, claim):
    assert judge(source, claim, wordbooks).claim is None


def test_an_it_in_a_title_of_two_things_is_not_the_one_asked_for(wordbooks):
    source = (
        "In Lund the members adopted the Lund Charter in 1931. It made open trade and free "
        "ports the aim of the league. In Bergen they adopted the Bergen Charter in 1950."
    )
    claim = "The Bergen Charter of 1950 made open trade and free ports the aim of the league."
    assert judge(source, claim, wordbooks).claim is None


def test_a_number_that_counts_another_thing_is_missing():
    check = check_support("Experts came from 36 ministries.", ["36 experts came from ministries."])
    assert check.missing_numbers == ("36",)
    assert not check_support("36 old experts came.", ["36 experts, old ones, came."]).mismatches


def test_a_surname_within_another_word_is_no_name():
    assert chinese_names("中心成立于2001年", frozenset()) == []
    assert chinese_names("双方谈到合作", frozenset()) == []
    assert chinese_names("吴忠表示欢迎", frozenset()) == ["吴忠"]


def test_chinese_words_that_add_nothing_are_not_missed(wordbooks):
    source = "李强和王敏星期五在北京市政府大楼会谈。"
    assert judge(source, "李强和王敏星期五在北京市政府大楼进行会谈。", wordbooks).claim is not None
    assert judge(source, "李强和王敏星期五在北京市政府大楼停止会谈。", wordbooks).claim is None
