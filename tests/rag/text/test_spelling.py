import pytest

from rag.text.spelling import correctable_stems, near_words, respelled


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
    assert correctable_stems("Did the labortaory of Zhéng open in 1985, 工业?") == [
        "labortaori",
        "zheng",
    ]
    assert correctable_stems("Who opened the laboratory?") == []


def test_a_correction_keeps_the_ending_of_the_word():
    near = {"adminstr": ["administr"], "compnai": ["compani"]}
    assert (
        respelled("Which adminstrators left the Compnay?", near)
        == "Which administrators left the company?"
    )


def test_letters_beside_a_mark_are_no_word_to_correct():
    near = {"mullerin": ["muller"], "selller": ["seller"]}
    assert respelled("Müllerin, 联合国selller, selller-in", near) == (
        "Müllerin, 联合国seller, selller-in"
    )
