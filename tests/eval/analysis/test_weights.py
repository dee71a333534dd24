import random
import tomllib
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from typer.testing import CliRunner

from eval.analysis.weights import fit_weights
from eval.cli.main import app
from eval.errors import EvalError
from eval.runs.folder import Run
from rag.settings import SupportWeights
from tests.eval.run_cases import abstained, manifest, question, summary

FEATURES = [name for name in asdict(SupportWeights()) if name != "bias"]
WEAK = SupportWeights(bias=0.0, **dict.fromkeys(FEATURES, 0.0))


def records(n, *, telling="evidence", seed=1, silent=0.3):
    """Questions that are right when the telling feature says so; the other features are noise."""
    chance = random.Random(seed)
    made = []
    for number in range(n):
        features = {name: chance.random() for name in FEATURES}
        right = chance.random() < expit(8 * (features[telling] - 0.5))
        if right or chance.random() >= silent:
            made.append(question(id=f"q{seed}-{number}", best_right=right, features=features))
        else:
            made.append(abstained(id=f"q{seed}-{number}", features=features))
    return tuple(made)


def run(*found, name="set"):
    changed = manifest()
    named = changed.questions.model_copy(update={"name": name})
    return Run(Path("run"), changed.model_copy(update={"questions": named}), found, summary(found))


def test_the_sign_that_tells_right_from_wrong_gets_the_weight():
    fitted = fit_weights([run(*records(1500))], WEAK)
    weights = asdict(fitted.weights)
    assert weights["evidence"] == max(v for k, v in weights.items() if k != "bias") > 1
    assert all(weights[name] < 0.5 for name in FEATURES if name != "evidence")
    (only,) = fitted.sets
    assert only.auroc_left_out > 0.6 > only.auroc_before + 0.05
    assert only.log_loss_left_out < only.log_loss_before


def test_a_few_questions_hardly_move_the_weights_in_force():
    before = SupportWeights()
    few = fit_weights([run(*records(150, silent=0.7))], before).weights
    many = fit_weights([run(*records(3000))], before).weights

    def moved(after):
        return sum(abs(getattr(after, n) - getattr(before, n)) for n in FEATURES)

    assert moved(few) < 0.3 * moved(many)


def test_every_set_counts_the_same_however_large():
    small, large = records(200, telling="evidence"), records(2000, telling="answers")
    fitted = fit_weights([run(*small, name="small"), run(*large, name="large")], WEAK)
    assert fitted.weights.evidence == pytest.approx(fitted.weights.answers, rel=0.35)
    assert [part.name for part in fitted.sets] == ["small", "large"]
    # What one set teaches says nothing about the other.
    assert all(abs(part.auroc_left_out - 0.5) < 0.1 for part in fitted.sets)


def test_the_fit_is_the_minimum_and_the_same_each_time():
    found = run(*records(400))
    fitted = fit_weights([found], WEAK)
    assert fit_weights([found], WEAK) == fitted
    features = np.array([[r.features[n] for n in FEATURES] for r in found.records])
    right = np.array([r.answerable and r.best_right for r in found.records])
    spread = features.std(axis=0)

    def loss(weights):
        vector = np.array([getattr(weights, name) for name in FEATURES])
        z = np.where(right, 1, -1) * (features @ vector + weights.bias)
        return np.logaddexp(0, -z).sum() + 300 * ((vector * spread) ** 2).sum()

    least = loss(fitted.weights)
    for name in ("bias", *FEATURES):
        value = getattr(fitted.weights, name)
        assert loss(replace(fitted.weights, **{name: value + 0.2})) > least
        if value >= 0.2 or name == "bias":
            assert loss(replace(fitted.weights, **{name: value - 0.2})) > least


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (records(30), "too few questions to calibrate"),
        ([question(features={})], "has no features to fit to"),
        ([question(question="李勇何时访问华为？", features={"margin": 1.0})], "has no features"),
    ],
)
def test_what_cannot_be_fitted_to_is_refused(found, reason):
    with pytest.raises(EvalError, match=reason):
        fit_weights([run(*found)], WEAK)


def test_the_command_writes_the_weights_and_keeps_the_file(tmp_path):
    config = tmp_path / "footnote.toml"
    config.write_text("# mine\n[answer]\nmin_support = 0.6\n")
    folder = tmp_path / "run"
    made = records(200, silent=0.6)
    folder.mkdir()
    (folder / "run.json").write_text(manifest(made).model_dump_json())
    (folder / "questions.jsonl").write_text("".join(r.model_dump_json() + "\n" for r in made))
    (folder / "summary.json").write_text(summary(made).model_dump_json())
    arguments = ["calibrate", "--weights", "--run", str(folder), "--config", str(config)]
    dry = CliRunner().invoke(app, [*arguments, "--dry-run"])
    assert dry.exit_code == 0, dry.output
    assert "nothing was written" in dry.output
    assert "[support]" not in config.read_text()
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    written = tomllib.loads(config.read_text())
    assert written["answer"] == {"min_support": 0.6}
    assert "# mine" in config.read_text()
    assert set(written["support"]) == {"bias", *FEATURES}
    assert "fitted to 200 questions" in config.read_text()


def test_a_feature_that_never_varies_keeps_its_weight():
    made = [r.model_copy(update={"features": {**r.features, "span": 1.0}}) for r in records(400)]
    fitted = fit_weights([run(*made)], SupportWeights()).weights
    assert fitted.span == pytest.approx(SupportWeights().span, abs=0.05)
