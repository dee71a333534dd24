"""The commands described for readers: the manual page, and the reference in docs/cli.md."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import typer

EXIT_STATUS = {
    0: "done; an abstention is a normal outcome",
    1: "an error, which standard error names",
    2: "wrong usage",
    130: "interrupted",
}


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """What ``--help`` says of one command; ``parameters`` pairs each name with its help."""

    usage: str
    help: str
    parameters: tuple[tuple[str, str], ...]


def man(context: typer.Context) -> None:
    """Print the manual page; 'footnote man | man -l -' shows it."""
    sys.stdout.write(man_page(context.find_root().command))


def commands_of(root: Any) -> list[CommandHelp]:
    """Every command that can be run, in the order of ``footnote --help``; the root first."""
    return list(_walk(root, typer.Context(root, info_name="footnote")))


def _walk(command: Any, context: typer.Context) -> Iterator[CommandHelp]:
    children = getattr(command, "commands", {})
    if not children or command.invoke_without_command or context.parent is None:
        parameters = [param.get_help_record(context) for param in command.get_params(context)]
        yield CommandHelp(
            usage=re.sub(r"[{}]", "", command.get_usage(context).removeprefix("Usage: ")),
            help=" ".join((command.help or "").split()),
            parameters=tuple(
                # Only options say what type their value has.
                (name if name.startswith("-") else name.partition(" <")[0], " ".join(text.split()))
                for name, text in filter(None, parameters)
                if name != "--help"
            ),
        )
    for name, child in children.items():
        if not child.hidden:
            yield from _walk(child, typer.Context(child, info_name=name, parent=context))


def markdown(root: Any) -> str:
    """The commands as Markdown, a section each."""
    sections = []
    for command in commands_of(root):
        name = command.usage.partition(" [")[0]
        rows = [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in command.parameters]
        table = ["| Option | Meaning |", "|---|---|", *rows, ""] if rows else []
        sections += [f"## {name}", "", f"    {command.usage}", "", command.help, "", *table]
    statuses = [f"| {status} | {text} |" for status, text in EXIT_STATUS.items()]
    sections += ["## Exit status", "", "| Status | Meaning |", "|---|---|", *statuses, ""]
    return "\n".join(sections)


def man_page(root: Any) -> str:
    """The manual page footnote(1), as roff's man macros write it."""
    lines = [
        f'.TH FOOTNOTE 1 "" "footnote {version("footnote")}" "User Commands"',
        ".SH NAME",
        r"footnote \- ask a document archive, with a citation for every sentence",
        ".SH COMMANDS",
    ]
    for command in commands_of(root):
        lines += [f".SS {_roff(command.usage)}", _roff(command.help)]
        for name, text in command.parameters:
            lines += [".TP", rf"\fB{_roff(name)}\fR", _roff(text)]
    lines.append(".SH EXIT STATUS")
    for status, text in EXIT_STATUS.items():
        lines += [".TP", f".B {status}", _roff(text)]
    lines += [
        ".SH ENVIRONMENT",
        r"\fBFOOTNOTE_CONFIG\fR names the settings file; \fBFOOTNOTE_\fISECTION\fB_\fIKEY\fR",
        "overrides a setting.",
        ".SH FILES",
        r"\fIfootnote.toml\fR in the current directory holds settings; see \fBfootnote config\fR.",
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _roff(text: str) -> str:
    # A line that begins with a dot or an apostrophe would be a request.
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    return rf"\&{text}" if text.startswith(".") else text
