import pytest

from rag.question.analysis import analyse_question
from rag.text.words import name_is_among, stem_tokens


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When did LI Yong visit Huawei's headquarters, and in which city?", "date"),
        ("Since when has UNIDO cooperated with China?", "date"),
        ("In which year was the office opened?", "date"),
        ("How many guests attended UNIDO Day 2024?", "number"),
        ("How much money did Huawei donate to UNIDO?", "money"),
        ("How much did the city pay for it?", "money"),
        ("Who presided over the first plenary?", "person"),
        ("By whom was the charter approved?", "person"),
        ("Why was the institute founded?", "reason"),
        ("Which city hosted the fair?", "place"),
        ("What is digital poverty?", "definition"),
        ("Which topics did they discuss?", "other"),
        ("李勇什么时候访问了华为？", "date"),
        ("有多少嘉宾出席了活动？", "number"),
        ("华为捐了多少钱？", "money"),
        ("谁主持了会议？", "person"),
        ("会议在哪里举行？", "place"),
        ("什么是数字贫困？", "definition"),
    ],
)
def test_the_wording_tells_what_type_of_answer_is_asked_for(question, kind):
    assert analyse_question(question).expects == kind


def test_names_and_numbers_are_told_from_content_words():
    terms = analyse_question("Who chaired the WiiTs National Advisory Group in 2020?")
    assert {"wii", "nation", "advisori", "group"} <= terms.names
    assert terms.numbers == {"2020"}
    assert "chair" in terms.content
    assert not {"who", "the", "in", "2020"} & terms.content


def test_the_opening_word_is_no_name_merely_because_it_has_a_capital():
    assert analyse_question("Which guests came?").names == frozenset()
    assert "unido" in analyse_question("UNIDO was founded when?").names


def test_words_of_each_language_that_carry_no_evidence_are_left_out():
    asked = analyse_question("Wann wurde das Museum der Stadt eröffnet?")
    assert asked.language == "de"
    assert asked.content == {"museum", "stadt", "eroffn"}


def test_chinese_question_words_carry_no_evidence():
    asked = analyse_question("谁访问了华为总部？")
    assert any("华" in token for token in asked.content)
    assert not any("谁" in token for token in asked.content)


@pytest.mark.parametrize(
    "question", ["什么？", "谁？", "在哪里？", "是的吗", "Who is it?", "?!", "🙂"]
)
def test_a_question_that_names_nothing_is_known_as_such(question):
    assert analyse_question(question).empty


def test_a_latin_name_in_a_chinese_question_is_that_word_alone():
    assert analyse_question("ZTE的总部在哪里？").names == {"zte"}
    assert analyse_question("Tesla的总部在哪里？").names == {"tesla"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("China", "Chinese", True),
        ("American", "America", True),
        ("Germany", "German", True),
        ("Indonesia", "Indonesian", True),
        ("Maria", "Mario", False),
        ("Zheng", "Zhen", False),
        ("Niger", "Nigeria", False),
        ("COP26", "COP27", False),
        ("Paris", "parish", False),
    ],
)
def test_names_are_related_by_demonym_endings_only(one, other, same):
    (stem,), (other_stem,) = stem_tokens(one), stem_tokens(other)
    assert name_is_among(stem, [other_stem]) is same
