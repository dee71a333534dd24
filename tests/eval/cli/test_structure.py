import json

from tests.eval.run_cases import questions, written


def test_figures_are_printed_and_written_with_what_was_missed(footnote, suite, tmp_path):
    written(tmp_path / "run", questions(30))
    code, out, err = footnote(
        "eval", "structure", "--suite", "tiny", "--run", "run", "--out", "found.json"
    )
    assert code == 0, err
    for title in ("gold evidence", "rows with headers", "sentence boundaries", "recall@4"):
        assert title in out
    assert "suites/tiny en  1.000" in out
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    measures = [row["measure"] for row in found["rows"]]
    assert list(dict.fromkeys(measures)) == ["evidence", "rows", "sentences", "recall"]
    (evidence,) = (row for row in found["rows"] if row["measure"] == "evidence")
    assert (evidence["value"], evidence["n"], evidence["reached"]) == (1.0, 1, True)
    overall = next(row for row in found["rows"] if (row["set"], row["group"]) == ("made", "all"))
    assert overall["n"] == 400
    missed = [miss for miss in found["misses"] if miss["measure"] == "rows"]
    assert len(missed) == round(400 * (1 - overall["value"]))


def test_what_a_measure_missed_can_be_listed(footnote, suite):
    gold = suite / "queries.jsonl"
    gold.write_text(gold.read_text().replace("The mill opened in 1911.", "mill opened in 1911."))
    code, out, _ = footnote("eval", "structure", "--suite", suite, "--list", "evidence")
    assert code == 0
    assert "d1: inside" in out
    assert "| The mill opened in 1911." in out
    assert "1 missed" in out


def test_an_unknown_measure_is_named_with_those_that_there_are(footnote):
    code, _, err = footnote("eval", "structure", "--list", "beauty")
    assert code == 1
    assert "no measure 'beauty'" in err
    assert "evidence, rows, sentences, recall" in err
