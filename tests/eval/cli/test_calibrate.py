from rag.config import load_settings
from tests.eval.run_cases import abstained, question, written


def test_a_threshold_below_that_of_uncertain_answers_brings_it_down_too(footnote, tmp_path):
    records = [question(id=f"a{n}", decision_score=0.6 + n / 1000) for n in range(200)]
    records += [abstained(id=f"u{n}", decision_score=n / 1000) for n in range(50)]
    path = tmp_path / "footnote.toml"
    path.write_text("[answer]\nmin_support = 0.9\nmin_uncertain = 0.9\n")
    folder = written(tmp_path / "run", records)
    code, _, err = footnote("eval", "calibrate", "--run", folder)
    assert code == 0, err
    answer = load_settings(path, environment={}).answer
    assert answer.min_uncertain == answer.min_support < 0.9


def test_calibration_refuses_too_few_questions_and_writes_nothing(footnote, suite, tmp_path):
    footnote("eval", "--suite", suite, "--out", "run")
    code, _, err = footnote("eval", "calibrate", "--run", "run")
    assert code == 1
    assert "too few questions to calibrate: 2 answerable, 1 unanswerable" in err
    assert not (tmp_path / "footnote.toml").exists()
