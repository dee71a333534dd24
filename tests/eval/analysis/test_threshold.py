import random
import tomllib
from pathlib import Path

import pytest

from eval.analysis.threshold import calibrate, warnings_of
from eval.errors import EvalError
from eval.runs.folder import Run
from rag.config import load_settings, write_setting
from rag.errors import SettingsError
from tests.eval.run_cases import abstained, failed, manifest, question, summary


def records(answerable, silent, *, skill=1.0, seed=3):
    """Questions whose right answers score high and whose others score low, as far as skill."""
    chance = random.Random(seed)
    made = []
    for n in range(answerable):
        right = chance.random() < 0.9
        score = (0.7 if right else 0.3) * skill + chance.random() * 0.3
        made.append(question(id=f"a{n}", best_right=right, decision_score=score))
    for n in range(silent):
        made.append(abstained(id=f"s{n}", decision_score=0.2 * skill + chance.random() * 0.3))
    return made


def test_the_threshold_keeps_its_promise_on_new_questions_of_the_kind():
    found = calibrate(records(300, 150), before=0.5, max_error=0.1)
    promise = found.guarantee
    fresh = records(3000, 1500, seed=99)
    answered = [r for r in fresh if r.decision_score >= promise.threshold]
    wrong = [r for r in answered if not (r.answerable and r.best_right)]
    assert len(wrong) / len(answered) <= promise.bound <= 0.1
    assert len(answered) / len(fresh) == pytest.approx(promise.coverage, abs=0.05)
    assert found.accuracy_interval[0] <= 1 - promise.risk <= found.accuracy_interval[1]


def test_a_stricter_promise_answers_no_more():
    cases = records(300, 150, skill=0.5)
    strict, loose = (calibrate(cases, before=0.5, max_error=e).guarantee for e in (0.08, 0.3))
    assert strict.threshold > loose.threshold
    assert strict.coverage < loose.coverage


@pytest.mark.parametrize(
    ("answerable", "silent", "reason"),
    [
        (19, 100, "too few questions to calibrate: 19 answerable, 100 unanswerable"),
        (100, 3, "100 answerable, 3 unanswerable; give at least 20 of each"),
        (25, 25, "too few questions to guarantee 10%"),
    ],
)
def test_too_few_questions_are_refused(answerable, silent, reason):
    with pytest.raises(EvalError, match=reason) as caught:
        calibrate(records(answerable, silent), before=0.5, max_error=0.1)
    assert "nothing was written" in str(caught.value)


def test_a_promise_that_no_threshold_keeps_is_refused():
    with pytest.raises(EvalError, match="no threshold keeps wrong answers at or below 5%"):
        calibrate(records(200, 200, skill=0.0), before=0.5, max_error=0.05)


def test_a_run_that_only_searched_is_refused():
    with pytest.raises(EvalError, match="has no answers to calibrate on"):
        calibrate([question(outcome="searched")], before=0.5, max_error=0.1)


def test_what_may_void_the_promise_is_said(settings):
    records = [question()]
    made = manifest(records, settings={"answer.passages": 9, "answer.min_support": 0.9})
    run = Run(Path("run"), made, tuple(records), summary(records))
    (warning,) = warnings_of(run, settings)
    assert "(answer.passages)" in warning
    overridden = load_settings(environment={"FOOTNOTE_ANSWER_MIN_SUPPORT": "0.3"})
    assert any("FOOTNOTE_ANSWER_MIN_SUPPORT is set" in w for w in warnings_of(run, overridden))


def test_questions_that_failed_do_not_count():
    others = [failed(id=f"f{n}") for n in range(50)]
    assert (
        calibrate(records(300, 150), before=0.5, max_error=0.1).guarantee
        == calibrate([*records(300, 150), *others], before=0.5, max_error=0.1).guarantee
    )


# --- Writing the setting


def test_a_setting_is_written_and_the_rest_of_the_file_stays(tmp_path):
    path = tmp_path / "footnote.toml"
    path.write_text('# mine\ndata = "here"\n\n[answer]\npassages = 6  # more\nmin_support = 0.5\n')
    write_setting(path, "answer.min_support", 0.625, comment="calibrated")
    text = path.read_text()
    assert "# mine" in text
    assert "passages = 6  # more" in text
    assert "min_support = 0.625 # calibrated" in text
    settings = load_settings(path, environment={})
    assert (settings.answer.min_support, settings.answer.passages) == (0.625, 6)


def test_a_missing_file_or_section_is_made(tmp_path):
    path = tmp_path / "footnote.toml"
    write_setting(path, "answer.min_support", 0.25)
    write_setting(path, "data", "there")
    assert tomllib.loads(path.read_text()) == {"data": "there", "answer": {"min_support": 0.25}}


def test_line_ends_links_and_the_mode_of_the_file_stay(tmp_path):
    real, link = tmp_path / "real.toml", tmp_path / "link.toml"
    real.write_bytes(b"[answer]\r\npassages = 6\r\n")
    real.chmod(0o600)
    link.symlink_to(real)
    write_setting(link, "answer.min_support", 0.5, comment="of\x07 two\nlines")
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert b"passages = 6\r\n" in real.read_bytes()
    assert load_settings(link, environment={}).answer.min_support == 0.5
    assert "# of two lines" in real.read_text()


@pytest.mark.parametrize(
    ("key", "value", "content", "reason"),
    [
        ("answer.min_suport", 0.5, "", "did you mean 'answer.min_support'"),
        ("answer.min_support", 2.0, "", "less than or equal to 1"),
        ("answer.min_support", 0.5, "answer = 3\n", "cannot be changed"),
        ("answer.min_support", 0.5, "[answer\n", "cannot be changed"),
    ],
)
def test_a_setting_that_cannot_be_leaves_the_file_alone(tmp_path, key, value, content, reason):
    path = tmp_path / "footnote.toml"
    path.write_text(content)
    with pytest.raises(SettingsError, match=reason):
        write_setting(path, key, value)
    assert path.read_text() == content
