import pytest

from eval.errors import RunError
from eval.records import SCHEMA_VERSION
from eval.runs.folder import read_run
from tests.eval.run_cases import manifest, questions, summary, written


def test_a_run_is_read_back_as_it_was_written(tmp_path):
    records = questions(9)
    run = read_run(written(tmp_path / "run", records))
    assert run.records == tuple(records)
    assert run.manifest == manifest(records)
    assert run.summary == summary(records)
    assert run.name == "run"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("run.json", "{", "cannot be read"),
        ("run.json", '{"schema_version": 999}', "schema version 999"),
        ("summary.json", f'{{"schema_version": {SCHEMA_VERSION}}}', "is damaged: identity"),
        ("questions.jsonl", '{"id": 1}\n', "line 1, is damaged"),
    ],
)
def test_a_damaged_run_is_named(tmp_path, name, content, reason):
    folder = written(tmp_path / "run", questions(2))
    (folder / name).write_text(content)
    with pytest.raises(RunError, match=reason) as caught:
        read_run(folder)
    assert name in str(caught.value)


def test_records_that_are_missing_or_doubled_are_noticed(tmp_path):
    folder = written(tmp_path / "run", questions(4))
    path = folder / "questions.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines)[:-1])  # an editor took the last line end
    assert len(read_run(folder).records) == 4
    path.write_bytes(b"".join(lines[:3]))
    with pytest.raises(RunError, match="summary counts 4 questions"):
        read_run(folder)
    path.write_bytes(b"".join([*lines[:3], lines[0]]))
    with pytest.raises(RunError, match="recorded twice"):
        read_run(folder)
    path.unlink()
    with pytest.raises(RunError, match="has 0"):
        read_run(folder)


def test_a_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(RunError, match="is not a run"):
        read_run(tmp_path)
