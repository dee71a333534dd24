import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer.rules.recognise import find_mentions
from rag.answer.rules.spans import asked_kind, find_answer_spans
from rag.question.analysis import analyse_question

KINDS = ("date", "number", "money", "person", "place")
QUESTIONS = (
    "When was it founded?",
    "How many people came to Shanghai?",
    "How much did it cost?",
    "What percentage of people came?",
    "Who chaired the meeting in 2019?",
    "Which city hosted it?",
    "有多少人参加？",
    "谁在上海？",
)
PIECES = st.sampled_from(
    [
        "LI Yong",
        "Gerd Müller",
        "24 April 2019",
        "2013 until January 2017",
        "２００１年",
        "300多位",
        "总干事李勇在",
        "in Shanghai, China",
        "US$2.5 million",
        "36 specialists",
        "twenty-five",
        "On site,36",
        "5 per cent",
        "%",
        "’s",
        "St.",
        "\u00a0",
        "\n",
        "the",
        "of",
        ", ",
        ". ",
        "–",
        "(UNIDO)",
        "1990s",
        "第十届",
        "在上海举行",
        "十多个",
    ]
)
SENTENCES = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map(" ".join))


@settings(deadline=None)
@given(SENTENCES)
def test_every_mention_lies_within_the_sentence_and_overlaps_no_other(sentence):
    for kind in KINDS:
        mentions = find_mentions(sentence, kind)
        for mention in mentions:
            assert 0 <= mention.span.start < mention.span.end <= len(sentence)
            assert mention.span.of(sentence).strip() == mention.span.of(sentence)
        ends = [mention.span.end for mention in mentions]
        starts = [mention.span.start for mention in mentions]
        assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))


@settings(deadline=None)
@given(SENTENCES, st.sampled_from(QUESTIONS))
def test_every_answer_span_quotes_the_sentence_exactly_likeliest_first(sentence, question):
    spans = find_answer_spans(analyse_question(question), sentence)
    assert all(span.span.of(sentence) == span.text for span in spans)
    assert all(0 < span.likelihood <= 1 for span in spans)
    assert [s.likelihood for s in spans] == sorted((s.likelihood for s in spans), reverse=True)


@pytest.mark.parametrize(
    ("kind", "sentence", "texts"),
    [
        ("date", "He led it from 2013 until January 2017.", ["2013", "January 2017"]),
        ("date", "It opened in 1985 and closed on 24 April 2019.", ["1985", "24 April 2019"]),
        ("date", "By the late 1990s, in the 10th century.", ["late 1990s", "10th century"]),
        ("date", "上海投促办成立于２００１年。", ["２００１年"]),
        ("number", "On site,36 specialists debated.", ["36"]),
        ("number", "It took three years and 2,500 people.", ["three years", "2,500"]),
        ("number", "In 2019 it cost $5 million.", []),
        ("number", "共有300多位嘉宾到场。", ["300多位"]),
        ("money", "US$2.5 million, or 2 million euros.", ["US$2.5 million", "2 million euros"]),
        ("number", "About 5.5% of it, and ten per cent.", ["About 5.5%", "ten per cent"]),
        ("person", "SHENZHEN, 24 April 2019 – LI Yong was there.", ["LI Yong"]),
        ("person", "Mayor GONG Zheng met Dr. Gerd Müller of UNIDO.", ["GONG Zheng", "Gerd Müller"]),
        ("person", "The University of Vienna opened in Austria on Monday.", []),
        ("person", "中心总干事吴忠在开幕式上致辞。", ["吴忠"]),
        ("place", "SHENZHEN, 24 April – from Bonn, Germany.", ["SHENZHEN", "Bonn, Germany"]),
    ],
)  # fmt: skip
def test_every_form_is_found_as_it_is_written(kind, sentence, texts):
    found = find_mentions(sentence, kind)
    assert [mention.span.of(sentence) for mention in found] == texts


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("person", "It was LI Yong.", "It was Yong Li."),
        ("person", "It was Gerd Müller.", "It was Gerd Muller."),
        ("number", "There were 2,500 guests.", "There were 2500 visitors."),
        ("number", "There were five guests.", "There were 5 guests."),
        ("number", "There were 2.5 million guests.", "There were 2,500,000 guests."),
        ("number", "共有十五位嘉宾。", "There were 15 guests."),
        ("date", "It was on 24 April 2019.", "It was on 2019-04-24."),
        ("date", "It was on April 24th, 2019.", "活动于2019年4月24日举行。"),
    ],
)
def test_the_same_written_otherwise_has_the_same_value(kind, one, other):
    assert find_mentions(one, kind)[0].value == find_mentions(other, kind)[0].value


@pytest.mark.parametrize(
    ("question", "sentence", "best"),
    [
        (
            "How many countries took part?",
            "More than 300 guests from ten countries took part.",
            "ten",
        ),
        (
            "In what year did he become mayor of Shanghai?",
            "He became mayor in 2017 and left on 3 May.",
            "2017",
        ),
        ("Which city is he from?", "He came from Bonn and lives in Germany.", "Bonn"),
        ("Which Huawei executive was the host?", "The host was ZHOU Mingcheng.", "ZHOU Mingcheng"),
    ],
)
def test_the_span_that_fits_the_question_comes_first(question, sentence, best):
    assert find_answer_spans(analyse_question(question), sentence)[0].text == best


def test_what_the_question_says_itself_is_no_answer():
    question = analyse_question("When did LI Yong visit Huawei after 2018?")
    assert find_answer_spans(question, "LI Yong visited Huawei in 2018.") == []
    asked = analyse_question("Whom did LI Yong meet?")
    assert [s.text for s in find_answer_spans(asked, "LI Yong met GONG Zheng.")] == ["GONG Zheng"]


def test_what_has_no_form_is_not_looked_for():
    question = analyse_question("Why did the meeting end?")
    assert asked_kind(question) is None
    assert find_answer_spans(question, "It ended on 24 April 2019 because of rain.") == []
