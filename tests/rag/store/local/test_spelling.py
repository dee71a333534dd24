import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.store.local.spelling import WORD, edit_distance, near_words, with_ending_of
from rag.text.variants import joined_words, same_words, written_numbers

words = st.text(alphabet="abcd", max_size=6)


def vocabulary(**passages):
    def bits(word):
        return sum({1 << (ord(letter) & 31) for letter in word})

    return [(term, bits(term), count) for term, count in passages.items()]


def near(stem, **passages):
    return [found.term for found in near_words(stem, vocabulary(**passages))]


@pytest.mark.parametrize("mistyped", ["compnai", "compni", "compaani", "compabi"])
def test_every_kind_of_typing_error_finds_the_word(mistyped):
    assert near(mistyped, compani=3, compar=90, total=5) == ["compani"]


def test_a_word_of_the_archive_is_never_corrected():
    assert near("zheng", zheng=1, zhang=99) == []


def test_of_equally_near_words_the_commoner_error_and_then_the_commoner_word_comes_first():
    assert near("worls", worlt=50, world=2) == ["world", "worlt"]
    assert near("plane", plano=2, planx=9) == ["planx", "plano"]


def test_two_errors_are_corrected_in_long_words_only():
    assert near("organisatoin", organization=4) == ["organization"]
    assert near("hosue", horse=4) == []
    assert near("plants", plaids=1, plaudit=1) == []


@given(words, words)
def test_the_distance_is_symmetric_and_never_above_the_obvious(one, other):
    most = 8
    distance = edit_distance(one, other, most=most)
    assert distance == edit_distance(other, one, most=most)
    assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))
    assert (distance == 0) == (one == other)
    assert edit_distance(one, other, most=1) == min(distance, 2)


def test_a_correction_keeps_the_ending_of_the_word():
    assert with_ending_of("adminstrators", "adminstr", "administr") == "administrators"
    assert with_ending_of("compnay", "compnai", "compani") == "company"


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
    assert american in same_words(british)
    assert british in same_words(american)


def test_most_words_have_no_other_spelling():
    assert [w for w in ("passage", "huawei", "2019", "for", "hour", "工业") if same_words(w)] == []


def test_numbers_in_words_are_found_as_digits():
    assert written_numbers(["super", "bowl", "fifty"]) == ["50"]
    assert written_numbers(["in", "nineteen", "sixty", "nine", "there"]) == ["1969"]
    assert written_numbers(["two", "thousand", "sixteen"]) == ["2016"]
    assert written_numbers(["three", "hundred", "guests", "and", "twenty", "two", "chairs"]) == [
        "300",
        "22",
    ]
    assert written_numbers(["one", "of", "two"]) == []


def test_a_word_that_was_parted_is_joined_again():
    assert "basketball" in joined_words(["basket", "ball", "team"])


def test_letters_beside_a_mark_are_no_word_to_correct():
    assert WORD.findall("Müllerin in Bogotá, 联合国selller, Shenzen") == ["selller", "Shenzen"]
