import pytest

from rag.retrieve.words import count_words, find_near_words, near_words, respelled
from rag.store.local.store import LocalStore
from rag.text.words import query_terms
from tests.store_cases import document, passages, put

MINISTER = document(
    "The minister opened the laboratory in Shenzhen.\nIts organisation has a new programme."
)
CATS = document("Cats purr at night.\nDogs bark in the yard.", title="Animals")
CHINESE = document("华为公司的创始人是任正非。\n总部位于深圳市龙岗区。", language="zh")


@pytest.fixture
def store(tmp_path):
    with_words = LocalStore.open(tmp_path / "data")
    yield with_words
    with_words.close()


def search(store, question):
    with store.read() as view:
        terms = query_terms(question, find_near_words(view, question))
        return view.lexical_search(terms, limit=5)


def found(store, question):
    return [hit.passage_id for hit in search(store, question)]


def corrected(store, question):
    with store.read() as view:
        return respelled(question, find_near_words(view, question))


def store_documents(store, *documents):
    with store.write() as writer:
        put(writer, *documents)


def test_a_mistyped_word_finds_what_it_was_meant_to_be(store):
    store_documents(store, MINISTER, CATS)
    first = passages(MINISTER)[0].id
    assert found(store, "labortaory") == [first]
    assert found(store, "Shenzen") == [first]
    assert corrected(store, "Who opned the labortaory?") == "Who opened the laboratory?"
    assert corrected(store, "Who opened the laboratory?") == "Who opened the laboratory?"


def test_a_word_of_the_archive_counts_more_than_one_it_may_be_mistyped_for(store):
    store_documents(store, document("Zhang Wei spoke about trade."))
    (guessed,) = search(store, "zheng")
    (meant,) = search(store, "zhang")
    assert guessed.score == pytest.approx(meant.score / 2)
    unknown = document("Zheng spoke about trade.")
    store_documents(store, unknown)
    assert found(store, "zheng") == [passages(unknown)[0].id]
    assert corrected(store, "zheng") == "zheng"


def test_british_and_american_spellings_find_each_other(store):
    store_documents(store, MINISTER, CATS)
    assert found(store, "organization") == found(store, "program") == [passages(MINISTER)[1].id]


def test_an_english_word_that_the_archive_lacks_is_not_taken_for_another(store):
    store_documents(store, document("The plane landed late."), CATS)
    assert found(store, "plant") == []
    assert corrected(store, "Which plant?") == "Which plant?"


def test_no_number_is_taken_for_another(store):
    store_documents(store, document("Founded in 2019 with 4521 members."), CATS)
    assert found(store, "2018 4522") == []
    assert corrected(store, "4522 members") == "4522 members"


def test_chinese_words_are_found_without_spaces(store):
    store_documents(store, CATS, CHINESE)
    assert found(store, "深圳")[0] == passages(CHINESE)[1].id
    assert found(store, "创始人是谁")[0] == passages(CHINESE)[0].id
    assert found(store, "北京") == []


def test_a_date_is_found_however_it_is_written(store):
    iso, other = document("They met 2019-04-24 there"), document("They met 2019-05-23 there")
    store_documents(store, iso, other, *(document(f"no date number{n}") for n in range(9)))
    for asked in ("April 24th", "24. April", "4月24日", "24 April", "April 2019"):
        assert found(store, asked)[0] == passages(iso)[0].id


@pytest.mark.parametrize(
    "text", ["", "  ", '"', "cats AND (", "NEAR(", "title:cats", "-cats*", "^", "the of and", "🙂"]
)
def test_no_question_is_syntax(store, text):
    store_documents(store, CATS)
    # Stop words count when there is nothing else.
    expected = "cats" in text or text == "the of and"
    assert bool(found(store, text)) == expected


def test_a_word_is_as_frequent_as_the_passages_that_a_search_for_it_finds(store):
    store_documents(store, MINISTER, CATS, CHINESE)
    words = ["cats", "barking", "opening", "animals", "part", "深圳", "北京", "unheard", "3.14"]
    with store.read() as view:
        counted = count_words(view, words)
    assert counted.passages == 6
    assert counted.frequencies == {word: len(search(store, word)) for word in words} | {"part": 6}
    assert counted.frequencies["animals"] == 2, "the title is of both passages"
    assert counted.frequencies["barking"] == counted.frequencies["opening"] == 1


@pytest.mark.parametrize("mistyped", ["compnai", "compni", "compaani", "compabi"])
def test_every_kind_of_typing_error_finds_the_word(mistyped):
    assert near_words(mistyped, {"compani": 3, "compar": 90, "total": 5}) == ["compani"]


def test_a_word_of_the_archive_is_never_corrected():
    assert near_words("zheng", {"zheng": 1, "zhang": 99}) == []


def test_of_equally_near_words_the_commoner_error_and_then_the_commoner_word_comes_first():
    assert near_words("worls", {"worlt": 50, "world": 2}) == ["world", "worlt"]
    assert near_words("plane", {"plano": 2, "planx": 9}) == ["planx", "plano"]


def test_two_errors_are_corrected_in_long_words_only():
    assert near_words("organisatoin", {"organization": 4}) == ["organization"]
    assert near_words("hosue", {"horse": 4}) == []
    assert near_words("plants", {"plaids": 1, "plaudit": 1}) == []


def test_words_that_are_english_or_not_of_ascii_letters_are_not_corrected():
    near = {"labortaory": ["laboratori"], "open": ["opera"], "zheng": ["zhang"], "1985": ["1986"]}
    assert (
        respelled("Did the labortaory of Zhéng open in 1985, 工业?", near)
        == "Did the laboratory of Zhéng open in 1985, 工业?"
    )


def test_a_correction_keeps_the_ending_of_the_word():
    near = {"adminstrators": ["administr"], "compnay": ["compani"]}
    assert (
        respelled("Which adminstrators left the Compnay?", near)
        == "Which administrators left the company?"
    )


def test_letters_beside_a_mark_are_no_word_to_correct():
    near = {"mullerin": ["muller"], "selller": ["seller"]}
    assert respelled("Müllerin, 联合国selller, selller-in", near) == (
        "Müllerin, 联合国seller, selller-in"
    )
