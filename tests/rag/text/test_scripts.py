from __future__ import annotations

import pytest

from rag.text.scripts import is_chinese, is_latin, reads_text


@pytest.mark.parametrize(
    "text",
    ["Who is it?", "Où est Müller?", "", "2019", "What does 中国 mean here?", "Die α-Strahlung"],
)
def test_mostly_latin_letters_are_latin(text: str) -> None:
    assert is_latin(text)
    assert reads_text("latin", text)


@pytest.mark.parametrize(
    "text",
    [
        "总干事是谁？",
        "UNIDO的总干事是谁？",
        "Кто директор?",
        "من هو المدير؟",
        "所長は誰ですか",
        "누구입니까",
    ],
)
def test_other_scripts_are_read_only_by_models_that_read_any(text: str) -> None:
    assert not is_latin(text)
    assert not reads_text("latin", text)
    assert reads_text("any", text)


def test_the_beginning_of_a_long_text_decides() -> None:
    assert not is_latin("工业发展" * 500 + "letters " * 2000)


def test_chinese_is_told_by_its_characters_not_by_one_borrowed_word():
    assert is_chinese("联合国工发组织的总干事是谁？")
    assert is_chinese("UNIDO的总干事是谁？")
    assert not is_chinese("What does 中国 mean?")
    assert not is_chinese("Who is it?")


def test_korean_and_kana_are_not_chinese():
    assert not is_chinese("박람회는 목요일에 열렸다.")
    assert not is_chinese("さようなら")
