import time

import pytest

from rag.answer.compound import is_compound


@pytest.mark.parametrize(
    "question",
    [
        "When did the library open, and who was its first librarian?",
        "Where and when was the treaty signed?",
        "Who founded the college? And why?",
        "Is the mill older, and did the Gulf Company buy it?",
        "What is the difference between a mill and a forge?",
        "Which is older, Ohrid Library or Struga Library?",
        "Was the dam built before or after the war?",
        "Does the Gazette praise the bridge, while the Echo does not?",
        "What are the capitals of Chad and Niger, respectively?",
        "When did Ohrid, Prespa and Skadar become parks?",
        "Which of the two mayors spoke?",
        "Which mayor, as reported by the Gazette and the Echo, resigned?",
        "Who was the mayor of the town that built the first dam?",
        "Which firm bought the mill, was fined for dumping, and is owned by its workers?",
        "图书馆什么时候开放，第一任馆长是谁？",
        "磨坊和铁匠铺有什么区别？",
        "大桥和水坝哪个更早建成？",
        "大桥通车、水坝动工，这些事件发生在同一年吗？",
        "大桥通车当天，哪位市长讲话？",
    ],
)
def test_questions_of_several_parts_are_told(question):
    assert is_compound(question)


@pytest.mark.parametrize(
    "question",
    [
        "When did the library open?",
        "Who built the bridge between Ohrid and Struga?",
        "What is the name of the mayor who opened the dam?",
        "What did the Ministry of Industry and Trade decide in 2019?",
        "Who was mayor from 1931 to 1940 and after the war?",
        "How many people work for Smith and Sons, founded in 1877?",
        "Which river, the longest of the country, floods in spring?",
        "Who received a distinction from the head of the college?",
        "Why is the mill famous?",
        "图书馆什么时候开放？",
        "2019年4月24日李勇访问了哪家公司？",
        "第一任馆长是谁？",
        "市长和代表团参观了哪里？",
    ],
)
def test_questions_of_one_part_do_not_pay_for_others(question):
    assert not is_compound(question)


@pytest.mark.parametrize(
    "piece", ["A, ", "is, and is ", "和、", "Aa ", "the a of the ", "reported B "]
)
def test_the_longest_question_is_judged_in_no_time(piece):
    begun = time.perf_counter()
    is_compound((piece * 1000)[:1000])
    assert time.perf_counter() - begun < 1.0
