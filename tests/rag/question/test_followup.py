import json
import re
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rich.console import Console

from rag.assistant import MAX_QUESTION_CHARACTERS
from rag.errors import QuestionError
from rag.question.followup import standalone_question
from rag.types import Answer, Question, Turn
from server.cli.render import render_receipt
from server.wire.outcome import outcome_out, outcome_schema


def talk(*texts):
    """A history: user and assistant in turns, the user first."""
    roles = ("user", "assistant")
    return tuple(Turn(roles[position % 2], text) for position, text in enumerate(texts))


BRIDGE = talk(
    "When did the Halden Bridge Trust reopen its museum in Oslo?",
    "The museum opened its doors again on 3 May 2016, said Ingrid Moe, who runs it.",
)
MAYOR = talk("Who is the mayor of Bergen?", "The mayor of Bergen is Kari Lunde.")
CHINESE = talk("滨海博物馆什么时候重新开放？", "博物馆于2016年5月3日重新开放。")


def carried(question, history):
    """What the brackets behind the question hold, each piece."""
    understood = standalone_question(question, history)
    assert understood.startswith(question)
    rest = understood.removeprefix(question).strip()
    return re.split("[,，] ?", rest.strip("()（）")) if rest else []


@pytest.mark.parametrize(
    "question",
    [
        "Who paid for it?",
        "Why?",
        "Did they find a sponsor?",
        "What else was opened there?",
        "How many guests came?",
        "And in 2020?",
        "Tell me more.",
        "Who directed that museum?",
        "Is it open on Sundays, and who paid for it?",
    ],
)
def test_a_question_that_points_back_is_given_the_names_it_leaves_out(question):
    assert {"Halden Bridge Trust", "Oslo"} <= set(carried(question, BRIDGE))


@pytest.mark.parametrize(
    "question",
    [
        "When was the Norsk Folkemuseum founded?",
        "Is it true that Oslo has two airports?",
        "How long does it take to fly from Oslo to Bergen?",
        "What is a suspension bridge?",
        "Did Ingrid Moe say who her predecessor was?",
        "When did Kari Lunde take office, and what did she promise?",
        "Are there any direct trains between the airport and the harbour in winter?",
        "If a museum closes for good, who inherits its collection of paintings and letters?",
        "And who built the Nidaros Cathedral in Trondheim?",
        "Thank you very much!",
    ],
)
def test_a_question_that_stands_by_itself_stays_as_it_is(question):
    assert standalone_question(question, BRIDGE) == question


@pytest.mark.parametrize(
    "question",
    [
        "谁出的钱？",
        "它有多少展品？",
        "那2020年呢？",
        "为什么？",
        "该馆的馆长是谁？",
        "活动由谁主持？",
    ],
)
def test_a_chinese_question_that_points_back_is_given_its_topic(question):
    assert "滨海博物馆" in carried(question, CHINESE)


@pytest.mark.parametrize(
    "question",
    [
        "什么是悬索桥？",
        "《山海经》的作者是谁？",
        "其他国家加入世界贸易组织花了多少年？",
        "卑尔根大学成立于哪一年？",
        "王教授访问上海时，他参观了哪些工厂？",
        "谢谢！",
    ],
)
def test_a_chinese_question_that_stands_by_itself_stays_as_it_is(question):
    assert standalone_question(question, CHINESE) == question


def test_he_and_she_mean_whom_the_reply_names():
    assert "Kari Lunde" in carried("When was she elected?", MAYOR)
    assert "Kari Lunde" not in carried("Since when?", MAYOR)


def test_there_means_the_place_that_the_reply_names():
    history = talk("Where did the Halden Bridge Trust meet?", "In Drammen, on a Monday.")
    assert "Drammen" in carried("Who welcomed the guests there?", history)


def test_another_name_takes_the_place_of_the_last_one():
    assert carried("What about Stavanger?", MAYOR) == ["mayor"]
    again = talk("Who is the mayor of Bergen?", "Kari Lunde.", "And Stavanger?", "Not said.")
    assert carried("Since when?", again) == ["Stavanger", "mayor"]


def test_another_year_takes_the_place_of_the_last_one():
    history = talk("How many people visited the Oslo museum in 2019?", "About 4,000.")
    assert carried("And in 2020?", history) == ["Oslo", "people visited", "museum"]
    chinese = talk("2019年有多少人参观滨海博物馆？")
    assert "2019" not in standalone_question("那2020年呢？", chinese)


def test_the_topic_is_found_behind_follow_ups_and_courtesies():
    history = talk(*[turn.text for turn in BRIDGE], "Who paid for it?", "The city.", "Thanks!")
    assert "Halden Bridge Trust" in carried("Was that enough?", history)


def test_another_topic_leaves_the_old_one_behind():
    history = talk(*[turn.text for turn in BRIDGE], *[turn.text for turn in MAYOR])
    assert carried("How old is she?", history) == ["Kari Lunde", "Bergen", "mayor"]


WORDS = """
who when why what about and in there he it they its that the museum Halden Oslo NATO of 2016 thanks
他 它 那里 谁 什么时候 滨海博物馆 为什么 呢 ？ ? , . 《山海经》 “海 角” Ingrid’s 's ( )
""".split()  # noqa: SIM905
ODD = ["\ud800", "\x00", "\n"]
TEXTS = st.lists(st.sampled_from(WORDS + ODD) | st.text(max_size=6), max_size=12).map(" ".join)
TURNS = st.builds(Turn, st.sampled_from(["user", "assistant"]), TEXTS)


@given(TEXTS, st.lists(TURNS, max_size=6), st.integers(0, 200))
@hypothesis_settings(max_examples=300, deadline=None)
def test_the_question_stays_whole_and_what_is_carried_was_said_and_fits(question, history, limit):
    understood = standalone_question(question, history, limit=limit)
    assert understood == standalone_question(question, list(history), limit=limit)
    assert understood.startswith(question)
    assert len(understood) <= max(limit, len(question))
    said = {character for turn in history for character in turn.text}
    assert set(understood.removeprefix(question)) <= said | set(" (, )（，）")


@given(TEXTS)
def test_without_a_history_every_question_stays_as_it_is(question):
    assert standalone_question(question, ()) == question


def test_a_very_long_history_is_no_trouble():
    history = talk(*["it and that, who when " * 20_000 + "the Halden museum"] * 40)
    assert standalone_question("Why?", history).startswith("Why?")


@pytest.fixture(scope="module")
def follow_up(sample):
    """A question about a visit, and the outcome of one that only its history explains."""
    asked = "When did UNIDO's LI Yong use a stop in Shenzhen to see Huawei?"
    first = sample.ask(asked)
    assert isinstance(first, Answer)
    said = " ".join(claim.text for claim in first.claims)
    question = Question("Who welcomed him there?", history=talk(asked, said))
    return question, sample.ask(question)


def test_a_follow_up_is_answered_from_the_document_that_its_history_is_about(sample, follow_up):
    question, outcome = follow_up
    assert "LI Yong" in outcome.standalone
    assert "Huawei" in outcome.standalone
    assert outcome.question == question
    nearest = sample.document(outcome.ranking[0].passage.document_id)
    assert "huawei" in nearest.sources[0]
    alone = sample.ask(question.text)
    assert alone.standalone is None
    assert not (isinstance(alone, Answer) and "Huawei" in alone.claims[0].text)


def test_a_search_with_a_history_finds_what_the_outcome_rests_on(sample, follow_up):
    question, outcome = follow_up
    hits = sample.search(question, limit=len(outcome.ranking)).hits
    assert {hit.passage.id for hit in hits} == {hit.passage.id for hit in outcome.ranking}


def test_a_history_changes_nothing_of_a_question_that_stands_by_itself(sample, follow_up):
    question, _ = follow_up
    text = "When did UNIDO Day 2024 take place?"
    alone, later = sample.ask(text), sample.ask(replace(question, text=text))
    assert later.standalone is None
    assert (alone.ranking, alone.candidates) == (later.ranking, later.candidates)


def test_the_outcome_shows_how_a_follow_up_was_understood(follow_up):
    question, outcome = follow_up
    shape = json.loads(outcome_out(outcome, explain=True).model_dump_json())
    jsonschema.validate(shape, outcome_schema())
    assert shape["question"] == question.text
    assert shape["standalone_question"] == outcome.standalone
    console = Console(width=300)
    with console.capture() as shown:
        console.print(render_receipt(outcome))
    assert f"Understood as: {outcome.standalone}" in shown.get()
    plain = replace(outcome, standalone=None)
    assert json.loads(outcome_out(plain).model_dump_json())["standalone_question"] is None


def test_the_length_limit_is_on_what_was_asked_not_on_what_is_carried(quick):
    assistant = quick()
    long = ("Who paid for it, " + "and why, " * 200)[: MAX_QUESTION_CHARACTERS - 1] + "?"
    outcome = assistant.ask(Question(long, history=BRIDGE))
    assert outcome.standalone is None
    with pytest.raises(QuestionError, match="characters"):
        assistant.ask(Question(long + "?", history=BRIDGE))
