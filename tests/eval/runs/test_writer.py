import json

import pytest

from eval.errors import RunError
from eval.runs.folder import read_run
from eval.runs.writer import RunWriter, find_unfinished
from tests.eval.run_cases import manifest, question, questions, summary, written


def test_an_unfinished_run_goes_on_without_what_was_done(tmp_path):
    records = questions(6)
    written(tmp_path / "run", records[:4], finish=False)
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
    folder = written(tmp_path / "run", questions(3), finish=False)
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
    done = written(tmp_path / "done", records)
    with pytest.raises(RunError, match="has a finished run in it; choose another --out"):
        RunWriter(done, manifest())
    other = written(tmp_path / "other", records, finish=False)
    with pytest.raises(RunError, match="with other settings in it;"):
        RunWriter(other, manifest(records, identity="00", settings={"answer.passages": 9}))
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("do not touch")
    with pytest.raises(RunError, match="is not a run"):
        RunWriter(mine, manifest())
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


def test_the_latest_unfinished_run_of_the_same_identity_is_found(tmp_path):
    written(tmp_path / "a", questions(1), finish=False, started="2025-01-01T00:00:00+00:00")
    written(tmp_path / "b", questions(1), finish=False, started="2025-01-02T00:00:00+00:00")
    written(tmp_path / "c", questions(1), finish=True, started="2025-01-03T00:00:00+00:00")
    written(tmp_path / "d", questions(1), finish=False, identity="00")
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "run.json").write_text("{}")
    assert find_unfinished(tmp_path, manifest().identity) == tmp_path / "b"
    assert find_unfinished(tmp_path, "ff") is None
    assert find_unfinished(tmp_path / "none", "ff") is None


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
