from dataclasses import replace

import pytest

from rag.answer.decide import decide_by_support
from rag.answer.rules.lists import MOST_ITEMS, asks_list, find_list_items
from rag.question.analysis import analyse_question
from rag.settings import AnswerSettings
from rag.types import Block, Span
from tests.rag.answer.test_compose import candidate
from tests.rag.answer.test_verify import make_document


def listing(lead, *items, kind="item"):
    """A document of a paragraph, a lead-in, its items and another paragraph."""
    lines = ["It opened in 2001.", lead, *items, "It moved twice."]
    text, blocks, context = "", [], ()
    for line in lines:
        span = Span(len(text), len(text) + len(line))
        text += f"{line}\n"
        if line in items:
            blocks.append(Block(span, kind, level=1, context=context))
        else:
            blocks.append(Block(span, "paragraph"))
            context = (span,)
    return replace(make_document(text), blocks=tuple(blocks))


ITEMS = ("- UNIDO", "- the Ministry of Commerce", "- the city of Shanghai")
DOCUMENT = listing("The founders are:", *ITEMS)


def judged(best, document=DOCUMENT):
    lines = document.text.splitlines()
    found = [candidate(document, line, 0.9 if line == best else 0.1) for line in lines]
    return sorted(found, key=lambda c: (-c.support, c.span))


def items(question, candidates, document=DOCUMENT):
    documents = {document.id: document}
    return find_list_items(analyse_question(question), candidates, documents, min_support=0.5)


@pytest.mark.parametrize("best", ["The founders are:", *ITEMS])
def test_a_list_question_gets_all_items_in_order(best):
    candidates = judged(best)
    found = items("What are the founders?", candidates)
    assert tuple(c.quote for c in found) == ITEMS
    decision = decide_by_support(candidates, AnswerSettings(max_claims=1), items=found)
    assert tuple(each.best.quote for each in decision.quotations[: len(ITEMS)]) == ITEMS


def test_what_leads_into_a_list_is_no_answer_without_it():
    assert [c.quote for c in items("Who founded it?", judged("The founders are:"))] == [*ITEMS]


def test_items_that_nothing_judged_are_given_too():
    assert len(items("List the founders", judged(ITEMS[1])[:1])) == len(ITEMS)


def test_a_question_for_one_thing_or_without_support_gets_no_list():
    assert items("Who was second?", judged(ITEMS[1])) == ()
    assert items("What are the founders?", judged("It moved twice.")) == ()
    assert items("What are the founders?", [replace(c, support=0.2) for c in judged("")]) == ()


def test_how_many_is_answered_by_the_items_where_none_has_a_number():
    (best, *others) = judged(ITEMS[0])
    assert len(items("How many founders are there?", [best, *others])) == len(ITEMS)
    numbered = replace(best, quote="The three founders")
    assert items("How many founders are there?", [numbered, *others]) == ()


@pytest.mark.parametrize("kind", ["item", "row"])
def test_of_a_long_list_the_part_with_the_best_item_is_given(kind):
    members = [f"- Member {number}" for number in range(100, 100 + 2 * MOST_ITEMS)]
    document = listing("The members are:", *members, kind=kind)
    found = items("Which members are there?", judged(members[30], document), document)
    assert len(found) == MOST_ITEMS
    assert members[30] in [c.quote for c in found]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which countries tried it?", True),
        ("List the founders", True),
        ("What are the founders?", True),
        ("有哪些单位参加？", True),
        ("Who founded it?", False),
        ("What is UNIDO?", False),
        ("Which city is it?", False),
    ],
)
def test_what_asks_for_several_things_is_told_by_its_wording(question, expected):
    assert asks_list(analyse_question(question)) is expected
