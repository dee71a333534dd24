"""The bundled questions, asked by the real models, held to the committed baseline."""

import json
import re
from dataclasses import replace

import pytest

from eval.analysis.compare import compare_runs
from eval.analysis.gate import BUNDLED_BASELINE, check_gate
from eval.runs.folder import read_run
from eval.runs.runner import run_questions
from rag.assistant import Assistant
from rag.types import Abstention, Answer
from server.cli import main as cli
from tests.conftest import ROOT, bundled_plan
from tests.rag.test_assistant import assert_quotes_exactly


class ReversedReading:
    """The real reading model with everything that it says upside down."""

    def __init__(self, model):
        self._model = model
        self.name, self.revision, self.reads = model.name, model.revision, model.reads

    def read(self, question, passages):
        return [
            replace(
                reading,
                relevance=-reading.relevance,
                answers=-reading.answers,
                statements=tuple(
                    replace(each, evidence=-each.evidence) for each in reading.statements
                ),
            )
            for reading in self._model.read(question, passages)
        ]


@pytest.fixture(scope="module")
def baseline():
    return read_run(BUNDLED_BASELINE)


def test_the_bundled_run_is_no_worse_than_the_baseline(bundled, monkeypatch, capsys):
    """What CI gates on: `footnote eval gate RUN`."""
    run, _ = bundled
    monkeypatch.setattr("sys.argv", ["footnote", "eval", "gate", str(run.folder)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code, capsys.readouterr().out


@pytest.mark.slow
def test_a_reversed_reading_model_shuts_the_gate(bundled, baseline, sample, tmp_path):
    sound, _ = bundled
    plan = bundled_plan(tmp_path, sample=24, filters={"language": "en", "answerable": "true"})
    broken = Assistant(
        sample.store,
        sample.settings,
        encoder=sample.encoder,
        reading=ReversedReading(sample.models.english_reading),
    )
    run = run_questions(broken, plan)
    asked = {record.id for record in run.records}
    before = replace(baseline, records=tuple(r for r in baseline.records if r.id in asked))
    failures = check_gate(before, run, RANKED).failures
    assert [failure.split(" is worse")[0] for failure in failures] == list(RANKED)
    # Nothing but the fault shuts it: the sound system passes on the same questions.
    fine = replace(sound, records=tuple(r for r in sound.records if r.id in asked))
    assert check_gate(before, fine, RANKED).failures == ()


# What a reading model is for, on answerable questions.
RANKED = {
    "answer.contains_gold": 0.01,
    "answer.first_right": 0.01,
    "retrieval.reranked.ndcg@10": 0.01,
}


@pytest.mark.slow
def test_every_quote_of_the_bundled_run_is_exact_and_every_sentence_footnoted(bundled):
    run, _ = bundled
    metrics = run.summary.metrics
    assert metrics["citation.exactness"].value == 1.0
    assert metrics["citation.sentence_coverage"].value == 1.0
    assert metrics["citation.exactness"].n >= 50
    assert run.summary.failed == 0


def test_the_baseline_is_a_run_of_the_bundled_set_as_it_is_now(baseline, bundled):
    run, _ = bundled
    assert baseline.manifest.questions.sha256 == run.manifest.questions.sha256, (
        "the questions or the archive changed: make a new baseline, see eval/README.md"
    )
    assert [record.id for record in baseline.records] == [record.id for record in run.records]
    assert compare_runs(baseline, run).shared == len(run.records)


def test_the_baseline_names_no_place_of_the_machine_it_was_made_on(baseline):
    text = "".join(
        path.read_text("utf-8") for path in BUNDLED_BASELINE.iterdir() if path.suffix != ".md"
    )
    assert str(ROOT) not in text
    # No absolute path: a slash at the beginning of a JSON string, but for text of documents.
    assert not re.findall(r'"(?:source|document|data|cache_dir)": ?"/', text)
    json.loads((BUNDLED_BASELINE / "run.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def outcomes(bundled):
    """The outcome of every question of the sample set."""
    return bundled[1]


@pytest.mark.slow
def test_every_citation_of_every_answer_quotes_its_document_exactly(sample, outcomes):
    answered = [o for o in outcomes.values() if isinstance(o, Answer)]
    assert len(answered) >= 50
    for answer in answered:
        assert answer.claims
        for claim in answer.claims:
            assert claim.citations
            assert claim.text == claim.citations[0].quote
            assert_quotes_exactly(sample, claim.citations)
    for outcome in outcomes.values():
        if isinstance(outcome, Abstention):
            assert_quotes_exactly(sample, outcome.nearest)


@pytest.mark.slow
def test_every_short_answer_is_quoted_from_within_the_first_claims_citation(sample, outcomes):
    answers = [o for o in outcomes.values() if isinstance(o, Answer) and o.short_answer]
    assert len(answers) >= 10
    for answer in answers:
        assert_quotes_exactly(sample, [answer.short_answer])
        cited = answer.claims[0].citations[0]
        assert answer.short_answer.document_id == cited.document_id
        assert cited.span.start <= answer.short_answer.span.start
        assert answer.short_answer.span.end <= cited.span.end
