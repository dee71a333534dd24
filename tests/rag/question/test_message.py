import time

import pytest

from rag.question.message import question_in

MAIL = (
    "Dear all,\n\nthe quay of Saltby was closed in May. Who has the keys? Tom asked me twice.\n"
    "The ferry leaves at nine, and the caf\xe9 opens at ten.\n\n"
) * 10 + "Kind regards,\nAnn\n"
CONTEXT = "<context>\n" + '<source id="1">Is it open? It is open from nine.</source>\n' * 30
TASK = "### Task:\nRespond to the user query using the context.\n\n### Guidelines:\n- Be brief.\n\n"


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("When does it open? " + "Please be precise. " * 90, "When does it open?"),
        ("Please be precise. " * 90 + "When does it open?", "When does it open?"),
        (MAIL + "\nWhen does the ferry leave?", "When does the ferry leave?"),
        ("When does the ferry leave? Here is the mail:\n\n" + MAIL, "When does the ferry leave?"),
        (MAIL, "Who has the keys?"),
        (
            f"{TASK}{CONTEXT}</context>\n<user_query>When does it close?</user_query>\n",
            "When does it close?",
        ),
        (f"{TASK}{CONTEXT}</context>\n\nWhen does it close?", "When does it close?"),
        ("请根据资料回答。" * 200 + "\n\n游泳池门票多少钱？", "游泳池门票多少钱？"),
        ("نص طويل. " * 200 + "\n\nمتى يفتح المتحف؟", "متى يفتح المتحف؟"),
        ("She wrote: " + "word " * 300 + '\n\n"When does it close?"', '"When does it close?"'),
        ("word " * 300 + "\n\nopening hours of the quay", "opening hours of the quay"),
    ],
)
def test_the_question_of_a_long_message_is_found_by_where_it_stands(message, question):
    assert question_in(message, limit=1000) == question


def test_a_message_within_the_limit_is_its_own_question():
    assert question_in("  Hello.\nWhen? Where. ", limit=1000) == "Hello.\nWhen? Where."


def test_without_a_question_its_last_lines_are_asked():
    lines = [f"line {number} of a long note" for number in range(200)]
    asked = question_in("\n".join(lines), limit=100)
    assert asked == "\n".join(lines[-4:])
    assert question_in("x" * 3000, limit=100) == "x" * 100


@pytest.mark.parametrize("part", ["<", "<a ", "? ", "?\n\n", "\n \n", "x", "</a>"])
def test_a_hostile_message_takes_time_in_proportion(part):
    began = time.perf_counter()
    assert len(question_in(part * (200_000 // len(part)) + "x", limit=1000)) <= 1000
    assert time.perf_counter() - began < 20
