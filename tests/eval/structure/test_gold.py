import json

import pytest

from eval.structure.gold import Boundaries, GoldDocument, boundaries, fit, read_gold, without_marks
from rag.types import Document, Span
from tests.eval.cli.conftest import SUITE

STATEMENTS = (Span(0, 10), Span(11, 20), Span(22, 30))


@pytest.mark.parametrize(
    ("piece", "kind"),
    [
        ((11, 20), "one"),
        ((0, 20), "run"),
        ((0, 30), "run"),
        ((12, 20), "inside"),
        ((11, 19), "inside"),
        ((5, 20), "cut"),
        ((11, 25), "cut"),
        ((20, 22), "none"),
        ((9, 10), "inside"),
        ((20, 30), "cut"),
    ],
)
def test_evidence_is_one_statement_a_run_a_part_or_cuts_some(piece, kind):
    assert fit(Span(*piece), STATEMENTS) == kind


def gold(text, statements, sentences, language="en"):
    """Of a text whose statements and gold sentences are given by their words."""
    spans = [
        without_marks(text, [Span(at := text.index(part), at + len(part)) for part in parts])
        for parts in (statements, sentences)
    ]
    document = Document("id", ("d",), "", text, "hash", language, (), {}, ())
    return GoldDocument(document, text, spans[0], (), spans[1])


def test_boundaries_that_gold_tells_are_right_or_missed():
    text = "It sank. It rose. It left."
    found = boundaries(gold(text, ["It sank.", "It rose.", "It left."], ["It rose."]))
    assert found == Boundaries(right=(9, 18), missed=(), false=())
    found = boundaries(gold(text, ["It sank. It rose.", "It left."], ["It rose."]))
    assert found == Boundaries(right=(18,), missed=(9,), false=())


def test_a_boundary_inside_gold_is_false_unless_other_gold_tells_it():
    text = "So. It met Dr. Orme. It left."
    parted = ["So.", "It met Dr.", "Orme.", "It left."]
    assert boundaries(gold(text, parted, ["It met Dr. Orme."])).false == (15,)
    assert boundaries(gold(text, parted, ["It met Dr. Orme.", "Orme."])).false == ()


def test_lines_of_evidence_may_be_statements_of_their_own():
    text = "They are:\n- red\n2) blue"
    found = boundaries(gold(text, ["They are:", "red", "2) blue"], [text]))
    assert found == Boundaries(right=(), missed=(), false=())


def test_marks_and_white_space_at_an_edge_do_not_count():
    text = "**Open.** *It left.* | It rose."
    found = boundaries(gold(text, ["Open.", "It left.", "It rose."], ["Open.** ", "*It left.* |"]))
    assert found == Boundaries(right=(11, 23), missed=(), false=())


@pytest.fixture
def suite(tmp_path):
    for name, rows in SUITE.items():
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_numbers_of_items_and_quotation_marks_at_an_edge_do_not_count():
    text = 'He said: "So.\n1. It sank. "It rose." It left.'
    parted = ['He said: "So.', "1. It sank.", '"It rose."', "It left."]
    found = boundaries(gold(text, parted, ["It sank.", "It rose."]))
    assert found == Boundaries(right=(17, 27, 37), missed=(), false=())


def test_evidence_that_begins_amid_a_sentence_tells_nothing_of_its_begin():
    text = "So. Harn - It sank. It rose."
    found = boundaries(gold(text, ["So.", "Harn - It sank.", "It rose."], ["It sank."]))
    assert found == Boundaries(right=(20,), missed=(), false=())


@pytest.mark.parametrize(
    ("language", "first", "second", "false"),
    [
        ("de", "Am 12.", "Juni sank es.", (7,)),
        ("en", "We count 12.", "It sank.", ()),
        ("en", "We count 1912.", "It sank.", (15,)),
        ("en", "**Fate.**", "It sank.", ()),
        ("en", "Fate.", "It sank.", (6,)),
        ("zh", "船沉了。", "人回来了。", (4,)),
    ],
)
def test_a_boundary_is_false_only_where_gold_would_tell_it(language, first, second, false):
    text = f"{first} {second}" if language != "zh" else first + second
    assert boundaries(gold(text, [first, second], [text], language)).false == false


def test_a_suite_gives_each_gold_span_once_and_those_of_claims_besides(suite):
    rows = [
        {"doc_id": "d1", "evidence": ["Ana Ruiz ran the mill."]},
        {"doc_id": "d2", "evidence": ["The quay is four hundred metres long.", "Not there."]},
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (suite / "claims.jsonl").write_text(lines)
    (mill, quay), lost = read_gold(suite)
    assert lost == 1
    assert [span.of(mill.document.text) for span in mill.evidence] == ["The mill opened in 1911."]
    assert mill.sentences == mill.statements == (Span(0, 24), Span(25, 47))
    assert quay.evidence == ()
    assert len(quay.sentences) == 1


def test_a_suite_without_claims_has_the_evidence_of_its_questions(suite):
    (mill,), lost = read_gold(suite)
    assert lost == 0
    assert mill.sentences == mill.evidence == (Span(0, 24),)
