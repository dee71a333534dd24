from dataclasses import replace

import pytest

from eval.structure import rows
from eval.structure.made.body import Reading
from eval.structure.made.cases import MadeCase
from eval.structure.rows import fault
from rag.errors import ReadError
from rag.types import Block, Document, Span

TEXT = "Bring:\n1. rope\n2. lamp"
LEAD_IN, ROPE, LAMP = Span(0, 6), Span(7, 14), Span(15, 22)
CASE = MadeCase(
    id="made-000",
    shape="txt numbers",
    language="en",
    source="list.txt",
    data=TEXT.encode(),
    readings=(Reading("lamp", ("Bring:",)),),
    others=("rope",),
)


@pytest.fixture
def read_as(monkeypatch):
    """Have documents read as these blocks."""

    def use(*blocks):
        document = Document("id", ("s",), "", TEXT, "hash", "en", (), {}, blocks)
        monkeypatch.setattr(rows, "read_document", lambda source, data: document)

    return use


def item(span, *context):
    return Block(span, "item", level=1, context=context)


def test_an_item_with_its_lead_in_is_right_with_its_number_or_without(read_as):
    read_as(Block(LEAD_IN, "paragraph"), item(ROPE, LEAD_IN), item(LAMP, LEAD_IN))
    assert fault(CASE) is None
    read_as(Block(LEAD_IN, "paragraph"), item(ROPE), item(Span(18, 22), LEAD_IN))
    assert fault(CASE) is None


@pytest.mark.parametrize("number", ["iii.", "(iii)", "VIII."])
def test_a_roman_number_is_as_good_as_any_other(number):
    data = TEXT.replace("2.", number).replace("1.", number).encode()
    assert fault(replace(CASE, data=data)) is None


def test_an_item_without_its_lead_in_or_with_its_sibling_is_wrong(read_as):
    read_as(Block(LEAD_IN, "paragraph"), item(ROPE), item(LAMP))
    assert fault(CASE) == "its context lacks 'Bring:' in its place"
    read_as(Block(LEAD_IN, "paragraph"), item(ROPE), item(LAMP, LEAD_IN, ROPE))
    assert fault(CASE) == "its context holds 'rope'"


def test_an_item_that_is_no_statement_of_its_own_is_wrong(read_as):
    read_as(Block(LEAD_IN, "paragraph"), Block(Span(7, 22), "code", context=(LEAD_IN,)))
    assert fault(CASE) == "no statement says it"


def test_a_document_that_is_not_read_is_wrong(monkeypatch):
    def refuse(source, data):
        raise ReadError("no text")

    monkeypatch.setattr(rows, "read_document", refuse)
    assert fault(CASE) == "not read: no text"
