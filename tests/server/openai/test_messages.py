import pytest

from rag.assistant import MAX_QUESTION_CHARACTERS
from rag.types import Turn
from server.http.problems import ProblemError
from server.openai.messages import asked_in
from server.openai.requests import InputMessage
from server.openai.text import compose, said_in
from tests.server.openai.outcomes import BASE, answered


def messages(*pairs):
    return [InputMessage(role=role, content=content) for role, content in pairs]


def test_the_last_user_message_is_the_question_and_what_was_said_before_its_history():
    earlier = compose(answered("He came in 2019."), BASE).content
    asked = asked_in(
        messages(
            ("system", "You are a pirate."),
            ("user", "When did he come?"),
            ("assistant", earlier),
            ("tool", "42"),
            ("user", [{"type": "text", "text": "And"}, {"type": "text", "text": "she?"}]),
        ),
        "messages",
    )
    assert asked.text == "And\nshe?"
    assert asked.history == (
        Turn("user", "When did he come?"),
        Turn("assistant", "He came in 2019."),
    )


@pytest.mark.parametrize(
    ("sent", "param", "code"),
    [
        ([("system", "Hi")], "messages", "invalid_value"),
        ([("user", "A?"), ("user", "  ")], "messages[1].content", "invalid_value"),
        ([("user", None)], "messages[0].content", "invalid_value"),
        ([("user", [])], "messages[0].content", "invalid_value"),
        (
            [("user", [{"type": "text", "text": "this?"}, {"type": "image_url"}])],
            "messages[0].content[1]",
            "unsupported_content",
        ),
    ],
)
def test_every_message_that_is_no_question_is_refused_where_it_stands(sent, param, code):
    with pytest.raises(ProblemError) as refused:
        asked_in(messages(*sent), "messages")
    error = refused.value
    assert (error.status_code, error.code, error.more["param"]) == (400, code, param)
    assert error.remedy


def test_of_a_long_message_its_question_is_asked_and_that_is_said():
    message = "When did she visit Huawei? " + "Please be careful and precise. " * 50
    asked = asked_in(messages(("user", message)), "messages")
    assert (asked.text, asked.shortened_from) == (
        "When did she visit Huawei?",
        len(message.strip()),
    )
    assert asked_in(messages(("user", "When?")), "messages").shortened_from is None
    wordless = asked_in(messages(("user", "x" * (MAX_QUESTION_CHARACTERS + 1))), "messages")
    assert len(wordless.text) == MAX_QUESTION_CHARACTERS
    shape = answered("In 2019.", question=asked.text)
    content = compose(shape.model_copy(update={"shortened_from": 1550}), BASE).content
    assert "Of the message of 1,550 characters only this was asked" in content
    assert said_in(content) == "In 2019."


def test_a_long_history_keeps_its_newest_turns():
    long = messages(
        *[("user", f"Question {n}? " + "x" * 50_000) for n in range(200)], ("user", "Q")
    )
    history = asked_in(long, "messages").history
    assert 10 <= len(history) < 200
    assert history[-1].text.startswith("Question 199?")
    assert sum(len(turn.text) for turn in history) < 200_000


def test_an_image_said_earlier_does_not_keep_a_question_from_being_asked():
    asked = asked_in(
        messages(
            ("user", [{"type": "image_url"}, {"type": "text", "text": "Who?"}]), ("user", "When?")
        ),
        "messages",
    )
    assert asked.history == (Turn("user", "Who?"),)
