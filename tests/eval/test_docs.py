import re

from eval.measure.measures import MEASURES
from tests.conftest import ROOT

DOCS = " ".join((ROOT / "eval" / "README.md").read_text("utf-8").split())


def documented(name):
    """As the table names it: one row for all stages and depths."""
    return re.sub(r"recall@\d+", "recall@k", re.sub(r"retrieval\.\w+", "retrieval.STAGE", name))


def test_every_metric_is_explained_in_one_line_with_its_source():
    for name, measure in MEASURES.items():
        said = measure.description
        if ".recall@" in name:
            said = re.sub(r"first \d+$", "first k", said)
        lower = "" if measure.higher_is_better else " (lower is better)"
        row = f"| `{documented(name)}`{lower} | {said} | {measure.source} |"
        assert " ".join(row.split()) in DOCS, name


def test_the_docs_name_no_metric_that_is_not():
    shown = set(re.findall(r"\| `((?:answer|citation|abstention|draft|retrieval)\.[^`]+)`", DOCS))
    assert shown == {documented(name) for name in MEASURES}


def test_every_eval_command_is_explained():
    source = (ROOT / "eval" / "cli" / "commands.py").read_text("utf-8")
    commands = re.findall(r"@app\.command\(\)\ndef (\w+)", source)
    commands += [
        f"questions {name}" for name in re.findall(r'questions_app\.command\("(\w+)"', source)
    ]
    assert len(commands) >= 9
    for command in commands:
        assert f"`footnote eval {command} " in DOCS, command
    for flag in re.findall(r'"(--[a-z-]+)"', source):
        if flag not in {"--config", "--json", "--data", "--run", "--dry-run", "--all"}:
            assert flag in DOCS, flag
