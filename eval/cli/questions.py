"""``footnote eval questions``: question files from an archive or from feedback, and their check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from eval.cli.console import make_console
from eval.cli.options import Archive, Config, Data, settings_of
from eval.errors import EvalError


def new_questions(
    archive: Annotated[
        Path, typer.Option("--from", help="Folder or file to propose questions about.")
    ],
    out: Annotated[Path, typer.Option(help="Question file to append accepted ones to.")] = Path(
        "questions.jsonl"
    ),
    limit: Annotated[int | None, typer.Option(min=1, help="Propose at most N.")] = None,
    accept_all: Annotated[
        bool, typer.Option("--all", help="Accept every proposal without asking.")
    ] = False,
) -> None:
    """Propose questions about your documents, each with its evidence, to accept or edit.

    They are made from templates over the dates, names, numbers and offices in the text.
    Review each one: a document that states the answer in other words is not in its evidence.
    """
    from eval.propose.proposals import propose_questions
    from eval.propose.review import review
    from eval.questions.indexing import library_of_archive

    if out.is_dir():
        raise EvalError(f"--out {out} is a folder", remedy="name a file")
    if not accept_all and not sys.stdin.isatty():
        raise EvalError(
            "proposals cannot be reviewed: standard input is not a terminal",
            remedy="run this in a terminal, or give --all",
        )
    console = make_console()
    library = library_of_archive(archive)
    proposals = propose_questions(library.documents, root=archive.absolute())
    found = review(
        proposals,
        out,
        console=console,
        ask=lambda prompt: console.input(prompt, markup=False),
        limit=limit,
        accept_all=accept_all,
    )
    console.print(
        f"{found.accepted} questions added to {out}, {found.skipped} skipped, "
        f"{found.known} reviewed before",
        soft_wrap=True,
    )
    if found.accepted:
        console.print(f"footnote eval --archive {archive} --questions {out}", style="dim")


def questions_from_feedback(
    out: Annotated[Path, typer.Option(help="Question file to write; it must not exist yet.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Write readers' feedback on answers as cases to review.

    Answers marked helpful come with their quotes as evidence, wrong ones without evidence:
    'footnote eval questions check' lists those until you add some.
    """
    from eval.propose.feedback import cases_from_feedback, write_new_file
    from rag.assistant import Assistant

    with Assistant.open(data, settings=settings_of(config)) as assistant:
        rows = cases_from_feedback(assistant.journal)
        archive = assistant.settings.data
    if not rows:
        raise EvalError(f"there is no feedback on answers from {archive}")
    write_new_file(out, rows)
    console = make_console()
    console.print(f"{len(rows)} cases to review in {out}", soft_wrap=True)
    console.print(f"footnote eval questions check {out} --data {archive}", style="dim")


def check_questions(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Question file (JSON lines).")],
    archive: Archive = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Check a question file against its archive, without asking anything."""
    from eval.questions.indexing import library_of_archive, library_of_store
    from eval.questions.question_file import read_question_file
    from rag.assistant import Assistant

    if (archive is None) == (data is None):
        raise EvalError(
            "the documents that the questions are about are not given",
            remedy="give either --archive PATH or --data DIR",
        )
    if archive is not None:
        library = library_of_archive(archive)
    else:
        with Assistant.open(data, settings=settings_of(config)) as assistant:
            library = library_of_store(assistant)
    found = read_question_file(file, library)
    answerable = sum(case.answerable for case in found.cases)
    make_console().print(
        f"{len(found.cases)} questions are valid: {answerable} answerable, "
        f"{len(found.cases) - answerable} unanswerable"
    )
