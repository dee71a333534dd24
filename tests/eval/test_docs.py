import re

import typer

from eval.cli.main import app
from eval.measure.measures import MEASURES
from tests.conftest import ROOT

DOCS = " ".join((ROOT / "docs" / "evaluation.md").read_text("utf-8").split())


def documented(name):
    """As the table names it: one row for all stages and depths."""
    return re.sub(r"recall@\d+", "recall@k", re.sub(r"retrieval\.\w+", "retrieval.STAGE", name))


def test_every_metric_is_explained_in_one_line_with_its_source():
    for name, measure in MEASURES.items():
        meaning = measure.description
        if ".recall@" in name:
            meaning = re.sub(r"first \d+$", "first k", meaning)
        lower = "" if measure.higher_is_better else " (lower is better)"
        row = f"| `{documented(name)}`{lower} | {meaning} | {measure.source} |"
        assert " ".join(row.split()) in DOCS, name


def test_the_docs_name_no_metric_that_does_not_exist():
    families = "|".join({name.partition(".")[0] for name in MEASURES})
    shown = set(re.findall(rf"\| `((?:{families})\.[^`]+)`", DOCS))
    assert shown == {documented(name) for name in MEASURES}


def test_every_eval_command_and_option_is_explained():
    group = typer.main.get_command(app)
    known = {"--config", "--json", "--data", "--run", "--dry-run", "--all", "--help"}
    commands = [("footnote eval", group)]
    for name, command in group.commands.items():
        commands += [
            (f"footnote eval {name} {part}", it)
            for part, it in getattr(command, "commands", {}).items()
        ] or [(f"footnote eval {name}", command)]
    assert len(commands) >= 11
    for usage, command in commands:
        assert f"`{usage}" in DOCS, usage
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option not in known:
                    assert option in DOCS, option
