import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer.compose import compose_quotes
from rag.answer.context import add_context
from rag.answer.decide import Quotation
from rag.question.analysis import analyse_question
from tests.rag.answer.test_compose import candidate
from tests.rag.answer.test_verify import make_document

TEXT = (
    "Keepers of the light\n\nAda Holt came to the light in 1911. She had been a teacher. Her term "
    "was long. Others helped.\n\nShe was glad.\n\n灯塔管理员吴忠致辞。他说，灯塔愿意合作。"
)


def answer(question, *quotes, text=TEXT):
    document = make_document(text)
    chosen = [Quotation(candidate(document, quote, 0.9), frozenset()) for quote in quotes]
    documents = {document.id: document}
    claims = add_context(
        analyse_question(question), chosen, compose_quotes(chosen, documents), documents
    )
    return [[cited.quote for cited in claim.context] for claim in claims]


@pytest.mark.parametrize(
    ("question", "quote", "context"),
    [
        (
            "What had Ada Holt been?",
            "She had been a teacher.",
            "Ada Holt came to the light in 1911.",
        ),
        ("Was Holt's term long?", "Her term was long.", "Ada Holt came to the light in 1911."),
        ("吴忠说了什么？", "他说，灯塔愿意合作。", "灯塔管理员吴忠致辞。"),
    ],
)
def test_what_a_statement_does_not_name_is_said_by_one_before_it(question, quote, context):
    (found,) = answer(question, quote)
    assert found == [context]


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("When did Ada Holt come?", "Ada Holt came to the light in 1911."),
        ("Who is Zeno?", "She was glad."),
    ],
)
def test_a_statement_that_names_it_or_that_nothing_helps_brings_no_context(question, quote):
    assert answer(question, quote) == [[]]


def test_what_the_answer_just_said_is_not_said_again():
    quotes = ("Ada Holt came to the light in 1911.", "She had been a teacher.")
    assert answer("What had Ada Holt been?", *quotes) == [[], []]


def test_the_heading_above_says_who_is_meant():
    text = "# Hours\n\n## Tarn bridge\n\nClosed on Monday.\n\n## Holm bridge\n\nAlways open."
    assert answer("When is the Tarn bridge closed?", "Closed on Monday.", text=text) == [
        ["## Tarn bridge"]
    ]


@settings(deadline=None)
@given(st.text(max_size=80))
def test_every_context_quotes_its_document_before_the_claim(text):
    document = make_document(f"Ada Holt came. {text} She left.")
    chosen = [Quotation(candidate(document, "She left.", 0.9), frozenset())]
    documents = {document.id: document}
    (claim,) = add_context(
        analyse_question("When did Ada Holt leave?"),
        chosen,
        compose_quotes(chosen, documents),
        documents,
    )
    assert all(c.span.of(document.text) == c.quote for c in claim.context)
    assert all(c.span.end <= claim.citations[0].span.start for c in claim.context)
