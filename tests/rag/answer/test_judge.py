"""Statements judged by the real models: what structure says decides what is quoted."""

from dataclasses import asdict, replace

import pytest

from rag.answer.judge import support_score
from rag.assistant import Assistant
from rag.settings import MULTILINGUAL_WEIGHTS, SupportWeights
from rag.types import Answer
from tests.fakes import full_features

NOTES = "Brack mine\n\nThe Brack mine closed in 1921.²\n\n----\n² According to the union, 1923.\n"
FIRST_LINE = "The warranty of the Orlen P40 pump lasts 36 months.\nFor repairs call the shop.\n"
TABLE = (
    "# Crews\n\n| Boat | Mechanic |\n|---|---|\n| Petrel | Dora Finch |\n| Heron | Otto Lund |\n"
)
STEPS = (
    "# Lathe\n\nTo start the lathe:\n\n1. Check the oil.\n2. Close the guard.\n3. Press start.\n"
)


@pytest.fixture
def ask(sample, tmp_path):
    """A function that asks a question of one document, with the models of the sample."""

    def asked(text, question, name="note.txt"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        opened = Assistant.open(tmp_path / "data", settings=sample.settings)
        with opened as assistant:
            assistant.models = sample.models
            assistant.ingest(tmp_path / name)
            return assistant.ask(question)

    return asked


def quotes(outcome):
    assert isinstance(outcome, Answer)
    return [claim.shown for claim in outcome.claims]


def test_a_footnote_never_stands_before_the_statement_it_is_a_note_to(ask):
    assert quotes(ask(NOTES, "When did the Brack mine close?"))[0].startswith("The Brack mine")


def test_a_first_line_that_is_a_fact_answers_alone(ask):
    assert quotes(ask(FIRST_LINE, "How long does the warranty of the Orlen P40 pump last?")) == [
        "The warranty of the Orlen P40 pump lasts 36 months."
    ]


def test_a_row_answers_with_its_header_beside_it(ask):
    outcome = ask(TABLE, "Who is the mechanic of the Petrel?", "crews.md")
    assert quotes(outcome)[0] == "Petrel | Dora Finch"
    assert [cited.shown for cited in outcome.claims[0].context] == ["Boat | Mechanic"]


def test_all_steps_come_in_order(ask):
    outcome = ask(STEPS, "What are the steps to start the lathe?", "lathe.md")
    assert quotes(outcome)[:3] == ["1. Check the oil.", "2. Close the guard.", "3. Press start."]


def test_what_the_model_says_is_support_and_never_takes_it_away():
    base = full_features(evidence=1.0, answers=1.0)
    for weights in (MULTILINGUAL_WEIGHTS, SupportWeights()):
        for name, value in asdict(base).items():
            better = replace(base, **{name: value + 0.5})
            assert support_score(better, weights) >= support_score(base, weights)
        certain = replace(base, evidence=9.0, answers=9.0)
        assert support_score(certain, weights) > support_score(base, weights)


def test_candidates_come_in_the_order_of_their_support(sample):
    outcome = sample.ask("Since when has UNIDO cooperated with China?")
    supports = [candidate.support for candidate in outcome.candidates]
    assert len(supports) > 10
    assert supports == sorted(supports, reverse=True)
