import json

import jsonschema

from eval.records import run_schema
from tests.conftest import ROOT
from tests.eval.run_cases import questions, written


def test_the_files_of_a_run_follow_the_documented_schema(tmp_path):
    folder = written(tmp_path / "run", questions(9))
    schema = json.loads((ROOT / "eval" / "run.schema.json").read_text(encoding="utf-8"))
    assert schema == run_schema(), "run `python -m eval.records > eval/run.schema.json`"
    for name in ("run.json", "summary.json"):
        jsonschema.validate(json.loads((folder / name).read_text()), schema[name])
    for line in (folder / "questions.jsonl").read_text().splitlines():
        jsonschema.validate(json.loads(line), schema["questions.jsonl"])
