"""What an abstention says of why, and of what the archive does say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answer.shortfall import WordCounts
from rag.assistant import Assistant
from rag.question.analysis import content_words
from rag.types import Abstention


@pytest.fixture(scope="module")
def silent(sample_data, settings):
    """An Assistant over the sample archive to which no evidence is sufficient."""
    never = replace(settings, answer=replace(settings.answer, min_support=1.0, min_uncertain=1.0))
    with Assistant.open(sample_data, settings=never) as assistant:
        yield assistant


@pytest.fixture
def abstain(silent):
    def ask(question: str) -> Abstention:
        outcome = silent.ask(question)
        assert isinstance(outcome, Abstention)
        return outcome

    return ask


@pytest.mark.parametrize(
    "question",
    ["At what temperature does ethanol boil?", "How do I sort a list in Python?", "红烧肉怎么做？"],
)
def test_a_question_of_another_subject_is_off_topic_and_nothing_is_mentioned(abstain, question):
    outcome = abstain(question)
    assert outcome.kind == "off_topic"
    assert outcome.mentions == ()


def test_words_that_the_archive_lacks_are_named_as_the_question_writes_them(abstain):
    assert "'Pythons'" in abstain("What do Pythons in Ghana eat?").explanation
    assert "“Python”" in abstain("怎么用Python排序？").explanation


@pytest.mark.parametrize(
    ("question", "said", "mentioned"),
    [
        ("Who is the mayor of Beijing?", "'Beijing'", "mayor"),
        ("How much money did Huawei promise UNIDO in 2019?", "The archive does not say", "Huawei"),
        ("Who manages the ITPO in Tokyo?", "who manages the ITPO in Tokyo", "ITPO"),
        ("2024年上交会的成交额是多少？", "档案中没有说明", "上交会"),
    ],
)
def test_a_missing_fact_is_told_with_what_is_said_of_the_subject(
    abstain, question, said, mentioned
):
    outcome = abstain(question)
    assert outcome.kind == "missing_fact"
    assert said in outcome.explanation
    assert any(mentioned.casefold() in c.quote.casefold() for c in outcome.mentions)


def test_every_mention_is_a_sentence_quoted_exactly_and_said_once(silent, abstain):
    for question in ("When did LI Yong visit Huawei?", "李勇为什么参观华为？", "What is GMIS?"):
        mentions = abstain(question).mentions
        assert 1 <= len(mentions) <= 3
        assert len({mention.quote for mention in mentions}) == len(mentions)
        for mention in mentions:
            text = silent.document(mention.document_id).text
            assert mention.span.of(text) == mention.quote


def test_other_reasons_have_no_kind_and_speak_the_questions_language(abstain):
    english, chinese = abstain("What?"), abstain("什么？")
    assert (english.reason, english.kind, english.mentions) == ("nothing_asked", None, ())
    assert "names nothing" in english.explanation
    assert "问题" in chinese.explanation


def test_a_rarer_word_weighs_more_and_every_word_something():
    counts = WordCounts(100, {"common": 100, "some": 10})
    weights = [counts.weight(word) for word in ("common", "some", "none")]
    assert weights == sorted(weights)
    assert weights[0] > 0


def test_content_words_keep_names_and_drop_figures_and_function_words():
    words = content_words("When did the eleven visitors see Huawei in 2019?")
    assert words == {"eleven": "eleven", "visitors": "visitor", "see": "see", "huawei": "huawei"}
