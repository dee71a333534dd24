"""What chat clients show, and what is left of it when they send it back."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.text.display import one_line
from server.openai.text import compose, said_in
from server.wire.outcome import AbstentionOut
from tests.server.openai.outcomes import BASE, COMMON, answered, cited


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


@pytest.mark.parametrize(
    ("question", "opening"),
    [("When?", "The archive may say:"), ("什么时候？", "档案中可能有说明：")],
)
def test_an_answer_that_is_not_sure_opens_by_saying_so_and_comes_back_without_it(question, opening):
    composed = compose(answered("First.", "Second.", sure=False, question=question), BASE)
    assert composed.content.startswith(f"{opening}\n\nFirst. [[1]]")
    assert said_in(composed.content) == "First. Second."
    said = [composed.content[start:end] for start, end in composed.spans]
    assert said == ["First.", "Second."]


def test_another_assistants_text_loses_only_its_footnote_marks():
    assert said_in("It opened in 1966 [1][2], say [both](http://a.example).") == (
        "It opened in 1966, say [both](http://a.example)."
    )


def test_a_conflict_is_said_in_the_questions_language():
    assert "The sources differ" in compose(answered("A.", "B.", conflict=True), BASE).content
    chinese = compose(answered("甲。", "乙。", conflict=True, question="谁？"), BASE).content
    assert "来源说法不一" in chinese
