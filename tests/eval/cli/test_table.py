from eval.runs.folder import read_run, write_run


def test_runs_become_a_table_and_are_scored_again_without_asking(footnote, suite, tmp_path):
    footnote("eval", "--suite", suite, "--out", "run")
    before = read_run(tmp_path / "run")
    code, out, _ = footnote("eval", "table", "run", "run", "--metric", "answer.contains_gold")
    rows = out.splitlines()
    assert code == 0
    assert rows[0].endswith("| `answer.contains_gold` |")
    assert len(rows) == 4
    assert rows[2].startswith("| tiny | 3 (1 unanswerable) |")
    broken = before.records[0].model_copy(update={"measures": {}})
    write_run(before.folder, (broken, *before.records[1:]), before.summary)
    assert footnote("eval", "rescore", "run")[0] == 0
    after = read_run(tmp_path / "run")
    assert after.records == before.records
    assert after.summary.metrics == before.summary.metrics
    assert after.summary.peak_memory_mib == before.summary.peak_memory_mib
