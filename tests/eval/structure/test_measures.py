import pytest

from eval.structure.gold import GoldDocument
from eval.structure.made.cases import made_cases
from eval.structure.measures import (
    Measured,
    evidence_measure,
    goal_of,
    recall_measure,
    rows_measure,
    sentences_measure,
)
from rag.types import Document, Span
from tests.eval.run_cases import questions, run_of

TEXT = "It sank. It rose. It left."
WHOLE = (Span(0, 8), Span(9, 17), Span(18, 26))


def gold(evidence, *, statements=WHOLE, language="en", key="d"):
    document = Document("id", (key,), "", TEXT, "hash", language, (), {}, ())
    return GoldDocument(document, TEXT, statements, evidence, evidence)


def test_evidence_is_counted_by_language_and_over_all():
    measured = evidence_measure(
        "set", [gold((Span(0, 8), Span(0, 17), Span(3, 8))), gold((Span(9, 26),), language="fr")]
    )
    english, french, overall = measured.rows
    assert (english.group, english.n, english.value) == ("en", 3, pytest.approx(2 / 3))
    assert english.counts == {"one": 1, "run": 1, "inside": 1, "cut": 0, "none": 0}
    assert (french.group, french.value, french.reached) == ("fr", 1.0, True)
    assert (overall.group, overall.n, overall.value) == ("all", 4, 0.75)
    assert english.interval[0] < english.value < english.interval[1]
    (miss,) = measured.misses
    assert (miss.kind, miss.text, miss.found) == ("inside", "sank.", ("It sank.",))


def test_sentences_are_judged_by_precision_and_recall_of_boundaries():
    wrong = (Span(0, 17), Span(18, 20), Span(21, 26))
    measured = sentences_measure(
        "set",
        [gold(WHOLE), gold(WHOLE, statements=wrong, key="e"), gold(WHOLE, language="th")],
    )
    (english,) = measured.rows
    assert english.counts == {
        "documents": 2,
        "precision": 0.75,
        "recall": 0.75,
        "missed": 1,
        "false": 1,
    }
    assert english.value == 0.75
    assert [(miss.kind, miss.text) for miss in measured.misses] == [
        ("missed", "It sank. ¦It rose. It left."),
        ("false", "It sank. It rose. It ¦left."),
    ]


def test_one_document_alone_gives_no_interval():
    (row,) = sentences_measure("set", [gold(WHOLE)]).rows
    assert (row.value, row.interval) == (1.0, None)


def test_rows_are_counted_by_format_shape_and_language():
    measured = rows_measure(made_cases(60), lambda case: "lost" if case.format == "html" else None)
    values = {row.group: row.value for row in measured.rows}
    assert (values["md"], values["html"], values["txt"]) == (1.0, 0.0, 1.0)
    assert values["html table"] == 0.0
    lost = [case for case in made_cases(60) if case.format == "html"]
    assert values["all"] == pytest.approx(1 - len(lost) / 60)
    assert len(measured.misses) == len(lost)
    assert {miss.kind for miss in measured.misses} == {"lost"}


def test_recall_is_of_the_first_four_documents_by_language():
    run = run_of(questions(40))
    measured = recall_measure(run)
    asked = [r for r in run.records if r.answerable and r.gold.documents]
    assert measured.rows[-1].n == len(asked)
    assert measured.rows[-1].value == pytest.approx(
        sum(
            len(set(r.rankings["reranked"][:4]) & set(r.gold.documents)) / len(r.gold.documents)
            for r in asked
        )
        / len(asked)
    )


def test_goals_are_higher_in_english():
    assert [goal_of("evidence", group) for group in ("en", "fr", "all")] == [0.97, 0.93, 0.93]
    assert [goal_of("recall", group) for group in ("en", "zh")] == [0.97, 0.92]


def test_measured_parts_are_added():
    part = sentences_measure("set", [gold(WHOLE)])
    assert len((part + part + Measured()).rows) == 2
