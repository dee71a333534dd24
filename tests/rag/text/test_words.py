import sqlite3
from pathlib import Path

import pytest
import symspellpy
from hypothesis import given
from hypothesis import strategies as st

from rag.text.words import (
    DOUBTFUL_WEIGHT,
    index_stem,
    index_words,
    lexical_tokens,
    query_terms,
    spelling_variants,
)
from rag.types import QueryTerm


def said(query, near=None):
    return [term.word for term in query_terms(query, near or {}) if term.weight == 1.0]


def meant(query, near=None):
    return [term.word for term in query_terms(query, near or {}) if term.weight == DOUBTFUL_WEIGHT]


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("technology", "technolog"),
        ("technologies", "technolog"),
        ("technological", "technolog"),
        ("assembly", "assembl"),
        ("assemble", "assembl"),
        ("organisations", "organis"),
        ("as", "as"),
        ("工业", "工业"),
    ],
)
def test_words_of_one_meaning_share_a_stem(word, stem):
    assert index_stem(word) == stem


def test_stems_are_those_of_sqlites_porter_tokenizer():
    # A fifth of an English word list, and all words of two endings that dialects of Porter's
    # stemmer treat otherwise.
    listed = Path(symspellpy.__file__).with_name("frequency_dictionary_en_82_765.txt")
    words = [line.split()[0] for line in listed.read_text("utf-8-sig").splitlines()]
    words = [w for w in words if w.isalpha()]
    words = [*words[::5], *(w for w in words if w.endswith(("bly", "logy", "logies")))]
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE held USING fts5 (body, tokenize = 'porter ascii')")
    database.execute("CREATE VIRTUAL TABLE stems USING fts5vocab (held, 'instance')")
    database.executemany("INSERT INTO held (rowid, body) VALUES (?, ?)", enumerate(words, start=1))
    stems = database.execute("SELECT doc, term FROM stems").fetchall()
    database.close()
    assert len(stems) == len(words)
    assert [words[at - 1] for at, stem in stems if index_stem(words[at - 1]) != stem] == []


def test_a_date_is_found_however_it_is_written():
    for text in ("on 24 April 2019", "2019-04-24", "2019年4月24日", "April 24th, 2019"):
        assert index_words(text)[-2:] == ["ym201904", "md0424"]
    assert index_words("April 24th")[-1] == "md0424"


@given(st.text(max_size=60))
def test_a_query_asks_for_words_as_the_index_holds_them(text):
    held = index_words(text)
    assert len(held) >= len(lexical_tokens(text))
    assert set(said(text)) <= set(held)


def test_stop_words_are_asked_for_only_when_there_is_nothing_else():
    assert said("Who is in the museum?") == ["museum"]
    assert said("Who is in?") == ["who", "is", "in"]


def test_each_word_is_asked_for_once_with_its_other_spelling():
    assert query_terms("labour, labour")[0] == QueryTerm("labour", ("labor",), 1.0)
    assert said("labour, labour") == ["labour"]


def test_what_a_question_only_may_mean_counts_less():
    assert "basketbal" in meant("the basket ball team")
    assert meant("super bowl fifty")[:1] == ["50"]
    assert meant("the Zheng visit", {"zheng": ["zhang"]})[0] == "zhang"
    assert "director" in meant("theDirector spoke")
    assert not set(meant("museum museum")) & set(said("museum museum"))


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("organisation", "organization"),
        ("programmes", "programs"),
        ("centre", "center"),
        ("labour", "labor"),
        ("analysed", "analyzed"),
        ("travelling", "traveling"),
        ("defence", "defense"),
    ],
)
def test_british_and_american_spellings_lead_to_each_other(british, american):
    assert american in spelling_variants(british)
    assert british in spelling_variants(american)


def test_most_words_have_no_other_spelling():
    words = ("passage", "huawei", "2019", "for", "hour", "工业")
    assert [word for word in words if spelling_variants(word)] == []
