import pytest

from rag.answer.decide import decide_by_support
from rag.answer.rules.lists import MOST_ITEMS, asks_list, find_list_items
from rag.question.analysis import analyse_question
from rag.settings import AnswerSettings
from tests.rag.answer.test_compose import candidate
from tests.rag.answer.test_verify import make_document

LINES = ["The founders are:", "- UNIDO", "- the Ministry of Commerce", "- the city of Shanghai"]
DOCUMENT = make_document("It opened in 2001.\n\n" + "\n".join(LINES) + "\n\nIt moved twice.")
DOCUMENTS = {DOCUMENT.id: DOCUMENT}
OTHERS = [candidate(DOCUMENT, text, 0.2) for text in ("It opened in 2001.", "It moved twice.")]


def judged(best):
    items = [candidate(DOCUMENT, line, 0.9 if line == best else 0.1) for line in LINES]
    return sorted([*items, *OTHERS], key=lambda c: (-c.support, c.span))


def items(question, candidates):
    return find_list_items(analyse_question(question), candidates, DOCUMENTS, min_support=0.5)


@pytest.mark.parametrize("best", LINES)
def test_a_list_question_gets_the_whole_list_with_its_lead_in(best):
    candidates = judged(best)
    found = items("What are the founders?", candidates)
    assert [c.quote for c in found] == LINES
    decision = decide_by_support(candidates, AnswerSettings(), items=found)
    assert [each.best.quote for each in decision.statements] == LINES


def test_a_question_for_one_thing_or_without_support_gets_no_list():
    assert items("When did it open?", judged(LINES[1])) == ()
    assert items("What are the founders?", [*OTHERS]) == ()


def test_a_list_has_an_end():
    lines = [f"- item {number}" for number in range(10, 40)]
    document = make_document("\n".join(lines))
    candidates = [candidate(document, line, 0.9) for line in lines]
    question = analyse_question("List the items")
    found = find_list_items(question, candidates, {document.id: document}, min_support=0.5)
    assert len(found) == MOST_ITEMS


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


def test_of_a_long_list_the_part_with_the_best_item_is_given():
    lines = ["The members are:", *(f"- Member {n}" for n in range(20))]
    document = make_document("\n".join(lines))
    candidates = [
        candidate(document, line, 0.9 if line == "- Member 16" else 0.6) for line in lines
    ]
    ranked = sorted(candidates, key=lambda c: (-c.support, c.span))
    found = find_list_items(
        analyse_question("Which members are there?"),
        ranked,
        {document.id: document},
        min_support=0.5,
    )
    assert len(found) == MOST_ITEMS
    assert "- Member 16" in [c.quote for c in found]
