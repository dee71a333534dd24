"""``footnote eval``: the commands that evaluate. ``server.cli.main`` finds them by entry point.

Imports that bring torch or scipy stand inside the commands: ``footnote --help`` must be fast.
"""

from __future__ import annotations

import typer

from eval.cli.analysis import compare, gate, report, table
from eval.cli.calibrate import calibrate
from eval.cli.claims import claims
from eval.cli.questions import check_questions, new_questions, questions_from_feedback
from eval.cli.run import rescore, run, show
from eval.cli.structure import structure

app = typer.Typer(
    name="eval",
    help="Evaluate answers, citations, retrieval and abstention on a question set.",
    no_args_is_help=False,
    invoke_without_command=True,
    add_completion=False,
)
app.callback()(run)
app.command()(show)
app.command()(rescore)
app.command()(table)
app.command()(compare)
app.command()(gate)
app.command()(report)
app.command()(calibrate)
app.command()(structure)
app.command()(claims)

questions_app = typer.Typer(help="Make and check question files.", no_args_is_help=True)
questions_app.command("new")(new_questions)
questions_app.command("from-feedback")(questions_from_feedback)
questions_app.command("check")(check_questions)
app.add_typer(questions_app, name="questions")
