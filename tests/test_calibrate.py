import random
import tomllib

import pytest

from eval.calibrate import calibrate
from eval.errors import EvalError
from rag.config import load_settings, write_setting
from rag.errors import SettingsError
from tests.run_cases import abstained, failed, question


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
        (19, 100, "too few questions to calibrate: 19 answerable and 100 not"),
        (100, 3, "100 answerable and 3 not, at least 20 of each"),
        (25, 25, "too few questions to promise 10%"),
    ],
)
def test_too_few_questions_are_refused(answerable, silent, reason):
    with pytest.raises(EvalError, match=reason) as caught:
        calibrate(records(answerable, silent), before=0.5, max_error=0.1)
    assert "nothing was written" in str(caught.value)


def test_a_promise_that_no_threshold_keeps_is_refused():
    with pytest.raises(EvalError, match="no threshold keeps wrong answers at or below 5%"):
        calibrate(records(200, 200, skill=0.0), before=0.5, max_error=0.05)


def test_questions_that_failed_or_were_only_searched_do_not_count():
    others = [failed(id=f"f{n}") for n in range(50)]
    others += [question(id=f"r{n}", outcome="searched") for n in range(50)]
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


@pytest.mark.parametrize(
    ("key", "value", "content", "reason"),
    [
        ("answer.min_suport", 0.5, "", "did you mean 'answer.min_support'"),
        ("answer.min_support", 2.0, "", "must be from 0 to 1"),
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
