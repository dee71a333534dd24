"""What chat clients show, and what is left of it when they send it back."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.assistant import MAX_QUESTION_CHARACTERS
from rag.text.display import one_line
from rag.text.language import is_chinese
from rag.types import Turn
from server.http.problems import ProblemError
from server.openai.messages import asked_in
from server.openai.requests import InputMessage
from server.openai.text import compose, said_in
from server.wire.notes import reads_chinese
from server.wire.outcome import AbstentionOut, AnswerOut, CitationOut, ClaimOut

BASE = "http://archive.example:8000"


def cited(quote, number=1, published="2019-04-24", title="A visit"):
    return CitationOut(
        document_id=f"doc{number}",
        title=title,
        source=f"/archive/{number}.txt",
        published=published,
        start=10,
        end=10 + max(1, len(quote)),
        quote=quote or "x",
        permalink=f"/documents/doc{number}?hash=ab&span=10-{10 + max(1, len(quote))}",
    )


COMMON = {
    "question": "When?",
    "standalone_question": None,
    "as_of": None,
    "generation": "1",
    "models": {},
    "timings_ms": {},
}


def answered(*texts, conflict=False, short=None, context=(), question="When?"):
    return AnswerOut(
        **COMMON | {"question": question},
        short_answer=cited(short) if short else None,
        conflict=conflict,
        claims=[
            ClaimOut(text=text, support=0.9, footnotes=[n], context=[cited(c) for c in context])
            for n, text in enumerate(texts, start=1)
        ],
        citations=[cited(text, n) for n, text in enumerate(texts, start=1)],
    )


def abstained(explanation, mentions=(), nearest=(), question="When?"):
    return AbstentionOut(
        **COMMON | {"question": question},
        reason="insufficient_evidence",
        kind=None,
        explanation=explanation,
        mentions=[cited(text, n) for n, text in enumerate(mentions, start=1)],
        nearest=[cited(text, n) for n, text in enumerate(nearest, start=1)],
    )


def test_every_marker_stands_where_its_annotation_says_and_links_to_its_source():
    composed = compose(answered("First [sic].", "他于2019年访问了深圳。", "Third."), BASE + "/")
    content = composed.content
    assert len(composed.markers) == 3
    for number, marker in enumerate(composed.markers, start=1):
        assert content[marker.start : marker.end] == f"[[{number}]]({marker.url})"
        assert marker.url == BASE + marker.citation.permalink


def test_every_span_is_the_claim_without_its_footnotes():
    answer = answered("On 24 April.", "In May.", conflict=True, context=["He is the head."])
    composed = compose(answer, BASE)
    said = [composed.content[start:end] for start, end in composed.spans]
    assert said == ["On 24 April.", "In May."]
    assert "**2019-04-24:** On 24 April. [[1]]" in composed.content


HOSTILE = [
    "![pixel](http://evil.example/p.png) and [click](javascript:alert(1))",
    "<img src=x onerror=alert(1)> & &lt;b&gt;",
    "# heading",
    "- item",
    "1. item",
    "> quoted",
    "**bold** _it_ `code` ~~gone~~ | cell |",
    "[1]: http://evil.example",
    "a\\*b\\",
    "one\n\n- two\n```\nthree",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_and_html_of_a_document_stay_text(text):
    content = compose(answered(text), BASE).content
    shown = content.rpartition(" [[1]](")[0]
    assert "\n" not in shown
    # Nothing that could open a link, an image, a tag or a block is left unescaped.
    bare = re.sub(r"\\.", "", shown)
    assert not re.search(r"[\[\]<>`*_~|]", bare)
    assert not re.match(r"[#+-]|\d+[.)] ", bare)


MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
# Mostly what Markdown and HTML are made of.
SIGNS = st.text(st.sampled_from("\\`*_~[](){}<>!#+-=.:|&;\"'/ \n\tax1?é中") | st.characters())


@given(SIGNS | st.sampled_from(HOSTILE))
@example("&amp; &#42; &notit; &copy")
@example("http://evil.example/ <http://evil.example/>")
@example("=====")
def test_a_markdown_reader_sees_the_documents_own_characters(text):
    shown, markers = rendered(compose(answered(text), BASE).content)
    assert markers == [f"{BASE}/documents/doc1?hash=ab&span=10-{10 + max(1, len(text))}"]
    assert " ".join(shown.split()) == " ".join(f"{one_line(text)} [1]".split())


def rendered(content):
    """The text that a reader of Markdown shows, and where its links lead; nothing else."""
    shown, links = [], []
    for token in MARKDOWN.parse(content):
        assert token.type in ("paragraph_open", "paragraph_close", "inline")
        for child in token.children or ():
            assert child.type in ("text", "text_special", "link_open", "link_close")
            shown.append(child.content)
            links += [child.attrs["href"]] if child.type == "link_open" else []
    return "".join(shown), links


@given(st.lists(st.text(max_size=60), min_size=1, max_size=4), st.booleans())
def test_what_an_answer_said_comes_back_whole(texts, conflict):
    answer = answered(*texts, conflict=conflict, short="24 April", context=["Who *he* is."])
    said = " ".join(one_line(text) for text in texts)
    assert said_in(compose(answer, BASE).content) == said


@pytest.mark.parametrize("more", [{}, {"mentions": ["It met."]}, {"nearest": ["It met."]}])
@pytest.mark.parametrize("question", ["When?", "什么时候？"])
def test_what_an_abstention_said_comes_back_as_its_explanation(more, question):
    outcome = abstained(
        "The archive does not say. Nothing mentions 'X'.", **more, question=question
    )
    content = compose(outcome, BASE).content
    assert said_in(content) == outcome.explanation
    assert content.count("](http") == len([*outcome.mentions, *outcome.nearest])


def test_another_assistants_text_loses_only_its_footnote_marks():
    assert said_in("It opened in 1966 [1][2], say [both](http://a.example).") == (
        "It opened in 1966, say [both](http://a.example)."
    )


def test_a_conflict_is_said_in_the_questions_language():
    assert "The sources differ" in compose(answered("A.", "B.", conflict=True), BASE).content
    chinese = compose(answered("甲。", "乙。", conflict=True, question="谁？"), BASE).content
    assert "来源说法不一" in chinese


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
            [("user", "x" * (MAX_QUESTION_CHARACTERS + 1))],
            "messages[0].content",
            "string_above_max_length",
        ),
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


@pytest.mark.parametrize(
    "question", ["Who is 李勇?", "谁是 LI Yong？", "李勇是谁？", "Who?", "ab中"]
)
def test_notes_are_in_the_language_that_explanations_are_in(question):
    assert reads_chinese(question) == is_chinese(question)
