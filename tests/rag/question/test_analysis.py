import time
from dataclasses import replace

import pytest

from rag.answer.rules.support import (
    RankingFeatures,
    holds_answer_type,
    name_is_among,
    ranking_features,
    read_features,
    support_score,
)
from rag.question.analysis import analyse_question
from rag.settings import CHINESE_WEIGHTS, SupportWeights
from rag.text.words import stem_tokens
from rag.types import Hit, Passage, Span, StageScore
from tests.fakes import full_features

NO_RANKING = RankingFeatures(0.0, 0.0, 0.0)


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
    ("question", "holds", "lacks"),
    [
        ("When was it?", "It opened on 24 April 2019.", "It opened with a speech."),
        ("When was it?", "It has run since 1972.", "It has run for a while."),
        ("How many came?", "More than 300 guests came.", "A crowd came."),
        ("How many came?", "Three advisers came.", "Advisers came."),
        ("How much money was given?", "It gave $5 million.", "It gave 5 training courses."),
        ("How much money was given?", "It gave 5 million yuan.", "It gave much."),
        ("Who chaired it?", "It was chaired by Huang Feng.", "it was chaired by someone."),
        ("什么时候？", "会议于2019年4月24日举行。", "会议顺利举行。"),
        ("In which year was it?", "It opened on 24 April 2019.", "It opened on 24 April."),
        ("Where was it held?", "It was held in Wuzhen.", "It was held in the afternoon."),
        ("有多少人？", "共有三百多人到场。", "一是帮助企业，二是推动技术。"),
        ("捐了多少钱？", "捐赠了500万美元。", "捐赠了500本书。"),
    ],
)
def test_a_sentence_holds_the_type_asked_for_or_not(question, holds, lacks):
    asked = analyse_question(question)
    assert holds_answer_type(holds, asked)
    assert not holds_answer_type(lacks, asked)


def test_a_person_asked_for_is_not_the_person_named_in_the_question():
    asked = analyse_question("Who met LI Yong?")
    assert not holds_answer_type("LI Yong met several others.", asked)
    assert holds_answer_type("LI Yong was met by ZHOU Mingcheng.", asked)


def test_a_name_is_found_in_the_forms_that_a_text_may_give_it():
    question = analyse_question("Which Chinese minister met the Director-General Zhou Yiping?")
    features = read_features(
        question,
        "ZhouYiping, director general, met him in China.",
        lead="",
        around="",
        sentence_logit=0.0,
        passage_logit=0.0,
        ranking=NO_RANKING,
    )
    assert features.name_coverage == 1.0


def test_a_figure_of_the_question_is_looked_for_in_sentence_date_and_passage():
    question = analyse_question("Who led UNIDO at the 18th session in 2019?")

    def coverage(sentence, context):
        return read_features(
            question,
            sentence,
            lead="",
            around=context,
            sentence_logit=0.0,
            passage_logit=0.0,
            ranking=NO_RANKING,
        ).number_coverage

    assert coverage("LI Yong led it at the 18th session.", "2019-04-24") == 1.0
    assert coverage("LI Yong led it.", "2019-04-24") == 0.5
    assert coverage("LI Yong led it.", "") == 0.0
    assert coverage("LI Yong led it from 2013 until June 2021.", "the 18th session") == 1.0
    assert coverage("LI Yong led it in 2013, not in 2021.", "the 18th session") == 0.5


def test_each_sign_can_only_add_support():
    base = full_features(
        sentence_logit=1.0,
        sentence_coverage=0.5,
        name_coverage=0.5,
        number_coverage=0.5,
        type_match=False,
        currency=0.5,
        premise_stated=False,
    )
    for weights in (CHINESE_WEIGHTS, SupportWeights()):
        for better in (
            replace(base, sentence_coverage=1.0),
            replace(base, name_coverage=1.0),
            replace(base, number_coverage=1.0),
            replace(base, type_match=True),
            replace(base, currency=1.0),
            replace(base, premise_stated=True),
        ):
            assert support_score(better, weights) > support_score(base, weights)
    assert support_score(replace(base, sentence_logit=9.0), SupportWeights()) > support_score(
        base, SupportWeights()
    )


def test_a_ranking_says_how_clearly_it_found_something():
    def hit(logit, dense, lexical):
        passage = Passage("p", "d", Span(0, 1), (), "", "")
        return Hit(
            passage,
            StageScore(*dense) if dense else None,
            StageScore(lexical, 9.0) if lexical else None,
            None,
            StageScore(1, logit),
        )

    features = ranking_features(
        [hit(4.0, (1, 0.8), 2), hit(1.5, (2, 0.4), None), hit(-3.0, None, 1)]
    )
    assert features.margin == 2.5
    assert features.prominence == pytest.approx(1 - 0.2 / 0.4)
    assert features.agreement == 0.75
    assert ranking_features([]) == RankingFeatures(0.0, 0.0, 0.0)
    alike = ranking_features([hit(1.0, (1, 1.0), 1), hit(1.0, (2, 1.0), 2)])
    assert alike == RankingFeatures(0.0, 1.0, 1.0)


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


@pytest.mark.parametrize(
    "text", ["1" * 50_000, "A" * 50_000, "1,111" + ",111" * 10_000 + "x", "in " + "Aa " * 20_000]
)
def test_no_text_makes_the_checks_slow(text):
    started = time.process_time()
    for question in ("Where was it?", "How much money was it?", "When was it?", "Who was it?"):
        holds_answer_type(text, analyse_question(question))
    # Generous: only a blow-up of the patterns can reach it.
    assert time.process_time() - started < 5
