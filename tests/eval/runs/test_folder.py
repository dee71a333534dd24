import json

import jsonschema
import pytest

from eval.errors import RunError
from eval.records import SCHEMA_VERSION, run_schema
from eval.runs.folder import RunWriter, find_unfinished, read_run
from tests.conftest import ROOT
from tests.eval.run_cases import manifest, question, questions, summary


def write(folder, records, *, finish=True, **changes):
    writer = RunWriter(folder, manifest(records, **changes))
    for record in records:
        writer.add(record)
    if finish:
        writer.finish(summary(records))
    writer.close()
    return folder


def test_a_run_is_read_back_as_it_was_written(tmp_path):
    records = questions(9)
    run = read_run(write(tmp_path / "run", records))
    assert run.records == tuple(records)
    assert run.manifest == manifest(records)
    assert run.summary == summary(records)
    assert run.name == "run"


def test_the_files_of_a_run_follow_the_documented_schema(tmp_path):
    folder = write(tmp_path / "run", questions(9))
    schema = json.loads((ROOT / "eval" / "run.schema.json").read_text(encoding="utf-8"))
    assert schema == run_schema(), "run `python -m eval.records > eval/run.schema.json`"
    for name in ("run.json", "summary.json"):
        jsonschema.validate(json.loads((folder / name).read_text()), schema[name])
    for line in (folder / "questions.jsonl").read_text().splitlines():
        jsonschema.validate(json.loads(line), schema["questions.jsonl"])


def test_an_unfinished_run_goes_on_without_what_was_done(tmp_path):
    records = questions(6)
    write(tmp_path / "run", records[:4], finish=False)
    with pytest.raises(RunError, match="not finished"):
        read_run(tmp_path / "run")
    writer = RunWriter(tmp_path / "run", manifest())
    assert writer.done == records[:4]
    for record in records[4:]:
        writer.add(record)
    writer.finish(summary(records))
    writer.close()
    assert read_run(tmp_path / "run").records == tuple(records)


def test_a_line_cut_short_by_a_crash_is_dropped_and_asked_again(tmp_path):
    folder = write(tmp_path / "run", questions(3), finish=False)
    path = folder / "questions.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    writer = RunWriter(folder, manifest())
    assert len(writer.done) == 2
    writer.add(question(id="again"))
    writer.close()
    ids = [json.loads(line)["id"] for line in path.read_text().splitlines()]
    assert ids[-1] == "again"
    assert len(ids) == 3


def test_a_folder_with_anything_else_in_it_is_refused(tmp_path):
    records = questions(2)
    done = write(tmp_path / "done", records)
    with pytest.raises(RunError, match="has a finished run in it; choose another --out"):
        RunWriter(done, manifest())
    other = write(tmp_path / "other", records, finish=False)
    with pytest.raises(RunError, match="with other settings in it;"):
        RunWriter(other, manifest(records, identity="00", settings={"answer.passages": 9}))
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("do not touch")
    with pytest.raises(RunError, match="is not a run"):
        RunWriter(mine, manifest())
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


def test_the_latest_unfinished_run_of_the_same_identity_is_found(tmp_path):
    write(tmp_path / "a", questions(1), finish=False, started="2025-01-01T00:00:00+00:00")
    write(tmp_path / "b", questions(1), finish=False, started="2025-01-02T00:00:00+00:00")
    write(tmp_path / "c", questions(1), finish=True, started="2025-01-03T00:00:00+00:00")
    write(tmp_path / "d", questions(1), finish=False, identity="00")
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "run.json").write_text("{}")
    assert find_unfinished(tmp_path, manifest().identity) == tmp_path / "b"
    assert find_unfinished(tmp_path, "ff") is None
    assert find_unfinished(tmp_path / "none", "ff") is None


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
    folder = write(tmp_path / "run", questions(2))
    (folder / name).write_text(content)
    with pytest.raises(RunError, match=reason) as caught:
        read_run(folder)
    assert name in str(caught.value)


def test_two_processes_never_write_to_one_run(tmp_path):
    records = questions(2)
    writer = RunWriter(tmp_path / "run", manifest(records))
    writer.add(records[0])
    assert find_unfinished(tmp_path, manifest().identity) is None
    with pytest.raises(RunError, match="another process is writing"):
        RunWriter(tmp_path / "run", manifest(records))
    writer.close()
    assert find_unfinished(tmp_path, manifest().identity) == tmp_path / "run"
    again = RunWriter(tmp_path / "run", manifest(records))
    assert again.done == records[:1]
    again.close()


def test_records_that_are_missing_or_doubled_are_noticed(tmp_path):
    folder = write(tmp_path / "run", questions(4))
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
