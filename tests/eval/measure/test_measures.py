import pytest

from eval.measure.measures import question_measures
from eval.records import ClaimRecord, ModelRecord, SelectionRecord
from tests.eval.run_cases import FACTS, abstained, question, sentence

RIGHT, WRONG = sentence(FACTS[0]), sentence(FACTS[1], in_gold_evidence=False)


def selected(*chosen, failure=None):
    return SelectionRecord(
        model=ModelRecord(name="scripted", revision="1"),
        prompt="select.v1@0",
        shown=8,
        chosen=list(chosen),
        declined=not chosen and failure is None,
        failure=failure,
        seconds=0.4,
    )


def claims(*sentences):
    return [ClaimRecord(text=one.quote, support=0.9, citations=[one]) for one in sentences]


@pytest.mark.parametrize(("first", "second", "right"), [(RIGHT, WRONG, 1.0), (WRONG, RIGHT, 0.0)])
def test_a_language_models_choice_is_judged_by_its_first_statement(first, second, right):
    record = question(selection=selected(3, 1), claims=claims(first, second), best_right=False)
    assert question_measures(record, answers=True)["answer.first_right"] == right


def test_without_a_choice_the_best_supported_sentence_is_judged():
    for selection in (None, selected(failure="timeout")):
        record = question(selection=selection, claims=claims(WRONG), best_right=True)
        assert question_measures(record, answers=True)["answer.first_right"] == 1.0


def test_declined_and_failed_choices_are_counted_apart():
    names = ("selection.declined", "selection.failed")
    for record, values in [
        (question(selection=selected(1)), (0.0, 0.0)),
        (abstained(selection=selected()), (1.0, 0.0)),
        (question(selection=selected(failure="timeout")), (0.0, 1.0)),
    ]:
        found = question_measures(record, answers=True)
        assert tuple(found[name] for name in names) == values
    assert "selection.declined" not in question_measures(question(), answers=True)
