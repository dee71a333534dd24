import subprocess
import sys

import pytest

from rag.text.language import is_chinese, is_latin, language_of, reads_text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The fair was opened by the mayor on Thursday, and more than 300 guests came.", "en"),
        ("Die Messe wurde am Donnerstag in der Stadt eröffnet.", "de"),
        ("La foire a été ouverte jeudi par le maire de la ville.", "fr"),
        ("La feria fue inaugurada el jueves por el alcalde de la ciudad.", "es"),
        ("La fiera è stata inaugurata giovedì dal sindaco della città.", "it"),
        ("A feira foi inaugurada na quinta-feira pelo prefeito da cidade.", "pt"),
        ("De beurs werd donderdag door de burgemeester van de stad geopend.", "nl"),
        ("Ярмарку открыл в четверг мэр города.", "ru"),
        ("Messen blev åbnet af borgmesteren for at samle byens folk.", "da"),
        ("深圳市市长星期四为博览会揭幕。", "zh"),
        ("深圳市市长星期四为UNIDO和Huawei Technologies的博览会揭幕，三百名来宾出席。", "zh"),
        ("深圳のフェアは木曜日に市長によって開かれました。", "ja"),
        ("박람회는 목요일에 시장에 의해 열렸다.", "ko"),
        ("Who opened the museum?", "en"),
        ("Wer hat das Museum eröffnet?", "de"),
        ("谁为博物馆揭幕？", "zh"),
        ("12345", "und"),
        ("2019-04-24 | 35 | 12", "und"),
        ("", "und"),
    ],
)
def test_the_language_is_named_where_it_is_clear(text, language):
    assert language_of(text) == language


def test_english_and_chinese_do_not_wait_for_the_model():
    program = (
        "import sys; from rag.text.language import is_chinese, is_latin, language_of, reads_text;"
        "assert language_of('Who visited Huawei in April 2019?') == 'en';"
        "assert language_of('They came with the mayor.') == 'en';"
        "assert language_of('谁为博物馆揭幕？') == 'zh';"
        "assert 'py3langid' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "text",
    ["Who is it?", "Où est Müller?", "", "2019", "What does 中国 mean here?", "Die α-Strahlung"],
)
def test_mostly_latin_letters_are_latin(text):
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
def test_other_scripts_are_read_only_by_models_that_read_any(text):
    assert not is_latin(text)
    assert not reads_text("latin", text)
    assert reads_text("any", text)


@pytest.mark.parametrize(
    ("text", "language", "read"),
    [
        ("Who opened the museum?", "", True),
        ("museum 1931", "", True),
        ("Wer hat das Museum im Hafen eröffnet?", "", False),
        ("Wer hat das Museum im Hafen eröffnet?", "en", True),
        ("Museum", "de", False),
        ("Museum", "und", True),
        ("谁为博物馆揭幕？", "", False),
    ],
)
def test_a_model_of_english_reads_no_other_language_in_latin_letters(text, language, read):
    assert reads_text("english", text, language) == read
    assert reads_text("any", text, language)


def test_the_beginning_of_a_long_text_decides():
    assert not is_latin("工业发展" * 500 + "letters " * 2000)


def test_chinese_is_told_by_its_characters_not_by_one_borrowed_word():
    assert is_chinese("联合国工发组织的总干事是谁？")
    assert is_chinese("UNIDO的总干事是谁？")
    assert not is_chinese("What does 中国 mean?")
    assert not is_chinese("Who is it?")


def test_korean_and_kana_are_not_chinese():
    assert not is_chinese("박람회는 목요일에 열렸다.")
    assert not is_chinese("さようなら")
