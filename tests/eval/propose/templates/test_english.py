import pytest

from eval.propose.proposals import propose_questions
from tests.eval.propose.proposal_cases import asked, document


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            "Ada Byron, Director General of the World Loom Union, spoke of cloth.",
            "Who is the Director General of the World Loom Union?",
            "Ada Byron",
        ),
        (
            "The Mayor of Halden, Per Lunde, cut the ribbon.",
            "Who is the Mayor of Halden?",
            "Per Lunde",
        ),
        ("LOOM President Ada Byron said no.", "Who is the LOOM President?", "Ada Byron"),
        (
            "On 24 April 2019, Ada Byron visited the Halden Mill.",
            "When did Ada Byron visit the Halden Mill?",
            "24 April 2019",
        ),
        (
            "The Halden Mill bought two looms from Sweden in May 1903.",
            "When did the Halden Mill buy two looms from Sweden?",
            "May 1903",
        ),
        (
            "The World Loom Union was established in 1966.",
            "When was the World Loom Union established?",
            "1966",
        ),
        (
            "The World Loom Union has worked with Norway since 1972.",
            "Since when has the World Loom Union worked with Norway?",
            "1972",
        ),
        (
            "The Loom Fair attracted more than 300 guests from Norway.",
            "How many guests did the Loom Fair attract from Norway?",
            "more than 300",
        ),
        (
            "The World Loom Union has 41 members in Europe.",
            "How many members does the World Loom Union have in Europe?",
            "41",
        ),
        (
            "The Halden Mill is a weaving mill on the river Tista.",
            "What is the Halden Mill?",
            "a weaving mill on the river Tista",
        ),
        (
            "Guests of the World Loom Union (WLU) were late.",
            "What does WLU stand for?",
            "World Loom Union",
        ),
    ],
)
def test_a_clear_english_sentence_gives_a_question_in_good_english(sentence, question, answer):
    found = asked(sentence)
    assert found[question][0] == answer


@pytest.mark.parametrize(
    "sentence",
    [
        "On 24 April 2019, he visited the Halden Mill.",
        "The organization was established in 1966.",
        "In 2001, Ada Byron set up the office.",
        "On 24 April 2019, Ada Byron visited it.",
        "Ada Byron blorked the Halden Mill in May 1903.",
        "Xiong Meng, Secretary of the Party Committee, Vice President and Dean of Tex, left.",
        "On theoccasion of the Fair, Ada Byronvisited the Halden Mill in 1903.",
        "It is a mill on the river Tista.",
        "Members met in Halden.",
    ],
)
def test_nothing_is_asked_of_a_sentence_that_does_not_say_all_of_it(sentence):
    assert asked(sentence) == {}


@pytest.mark.parametrize("part", ["Alpha Beta, President of ", "The aa of ", "(Alpha ", "In 2019 "])
def test_a_sentence_without_end_takes_no_time(part):
    assert list(propose_questions([document(part * 20_000)])) == []
