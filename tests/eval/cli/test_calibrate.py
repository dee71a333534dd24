def test_calibration_refuses_too_few_questions_and_writes_nothing(footnote, suite, tmp_path):
    footnote("eval", "--suite", suite, "--out", "run")
    code, _, err = footnote("eval", "calibrate", "--run", "run")
    assert code == 1
    assert "too few questions to calibrate: 2 answerable, 1 unanswerable" in err
    assert not (tmp_path / "footnote.toml").exists()
