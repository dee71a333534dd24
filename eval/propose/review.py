"""Proposed questions reviewed one by one by a person; accepted ones are saved at once."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from eval.errors import EvalError, QuestionSetError
from eval.propose.proposals import Proposal
from rag.text.display import harmless, one_line
from rag.types import Span

KEYS = "[a]ccept, [e]dit the question, [w]rite another answer, [s]kip, [q]uit: "
_ALSO_SHOWN = 4
# Ends of lines to some readers of a file, though JSON leaves them as they are.
_LINE_ENDS = re.compile("[\u0085\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class ReviewReport:
    """How many proposals were accepted, skipped, or reviewed in an earlier session."""

    accepted: int
    skipped: int
    known: int


def review(
    proposals: Iterable[Proposal],
    out: Path,
    *,
    console: Console,
    ask: Callable[[str], str],
    limit: int | None = None,
    accept_all: bool = False,
) -> ReviewReport:
    """Show each proposal that was not reviewed before, and append accepted ones to ``out``.

    ``ask`` prints a prompt and returns the line typed; where it raises EOFError or
    KeyboardInterrupt the review stops. Each accepted question is a line of
    JSON, synced to disk before the next is shown; the ids of skipped ones are kept in
    ``out`` with ".skipped" added to its name. At most ``limit`` proposals are shown.
    ``accept_all`` writes all of them without asking.

    Raises:
        QuestionSetError: ``out`` exists and a line of it is not a question.
        EvalError: a file cannot be read or written.
    """
    files = _Files(out)
    counts = {"a": 0, "s": 0}
    known = 0
    for proposal in proposals:
        if files.knows(proposal):
            known += 1
            continue
        if sum(counts.values()) == limit:
            return ReviewReport(counts["a"], counts["s"], known)
        if accept_all:
            key, reviewed = "a", proposal
        else:
            key, reviewed = _review_one(proposal, sum(counts.values()) + 1, console, ask)
        if key == "q":
            return ReviewReport(counts["a"], counts["s"], known)
        if key == "a":
            files.accept(reviewed)
        else:
            files.skip(proposal)
        counts[key] += 1
    return ReviewReport(counts["a"], counts["s"], known)


# --- The two files -----------------------------------------------------------------


class _Files:
    """The question file, the list of skipped ids beside it, and the ids in both."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._skipped = out.with_name(f"{out.name}.skipped")
        self._ids: set[str] = set()
        self._questions: set[str] = set()
        for number, line in enumerate(_lines(out), start=1):
            identifier, question = _read_row(out, number, line)
            self._ids.add(identifier)
            self._questions.add(_same(question))
        self._ids.update(line.strip() for line in _lines(self._skipped))

    def knows(self, proposal: Proposal) -> bool:
        """Whether it was reviewed before, or the question is in the file under another id."""
        return proposal.id in self._ids or _same(proposal.question) in self._questions

    def accept(self, proposal: Proposal) -> None:
        row = json.dumps(proposal.row(), ensure_ascii=False)
        _append(self._out, _LINE_ENDS.sub(lambda end: f"\\u{ord(end[0]):04x}", row))
        self._ids.add(proposal.id)
        self._questions.add(_same(proposal.question))

    def skip(self, proposal: Proposal) -> None:
        _append(self._skipped, proposal.id)
        self._ids.add(proposal.id)


def _same(question: str) -> str:
    return " ".join(question.casefold().split())


def _lines(path: Path) -> list[str]:
    """The lines of a file that are not blank; none where there is no file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise EvalError(f"'{path}' cannot be read: {error}") from error
    return [line for line in text.split("\n") if line.strip()]


def _read_row(path: Path, number: int, line: str) -> tuple[str, str]:
    try:
        row = json.loads(line)
        return str(row["id"]), str(row["question"])
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise QuestionSetError(
            f"{path}, question {number} is not a JSON object with an id and a question",
            remedy="correct or delete the line, or write to another file",
        ) from error


def _append(path: Path, line: str) -> None:
    """Append a line and sync it to disk."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            # A file edited by hand may lack a newline at its end.
            unended = file.seek(0, os.SEEK_END) > 0 and _last_byte(path) != b"\n"
            file.write(b"\n" * unended + line.encode("utf-8") + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise EvalError(f"'{path}' cannot be written: {error}") from error


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)


# --- One proposal ------------------------------------------------------------------


def _review_one(
    proposal: Proposal, number: int, console: Console, ask: Callable[[str], str]
) -> tuple[str, Proposal]:
    """The key pressed ("a", "s" or "q") and the proposal as edited."""
    _show(proposal, number, console)
    try:
        while True:
            key = ask(KEYS).strip().lower()[:1]
            if key in ("a", "s", "q"):
                return key, proposal
            if key == "e":
                proposal = _with_question(proposal, ask("question: "))
            elif key == "w" and proposal.answerable:
                proposal = _with_answers(proposal, ask("answers, separated by |: "))
            else:
                console.print(Text(_why_not(key)))
                continue
            _show_question(proposal, number, console)
    except (EOFError, KeyboardInterrupt):
        return "q", proposal


def _why_not(key: str) -> str:
    if key == "w":
        return "This question has no answer by design: skip it if the archive answers it."
    return f"Not a key: {harmless(key)}" if key else "Type one of the letters."


def _with_question(proposal: Proposal, typed: str) -> Proposal:
    return replace(proposal, question=" ".join(typed.split()) or proposal.question)


def _with_answers(proposal: Proposal, typed: str) -> Proposal:
    answers = [" ".join(answer.split()) for answer in typed.split("|") if answer.strip()]
    return proposal.with_answers(list(dict.fromkeys(answers))) if answers else proposal


def _show(proposal: Proposal, number: int, console: Console) -> None:
    console.print()
    place = f"{one_line(proposal.title)} ({one_line(proposal.document)})"
    console.print(Text(place, style="dim"))
    console.print(_excerpt(proposal))
    further = [name for name in proposal.gold_documents if name != proposal.document]
    if further:
        shown = ", ".join(one_line(name) for name in further[:_ALSO_SHOWN])
        more = f" and {len(further) - _ALSO_SHOWN} more" if len(further) > _ALSO_SHOWN else ""
        console.print(Text(f"also in {shown}{more}", style="dim"))
    _show_question(proposal, number, console)


def _excerpt(proposal: Proposal) -> Text:
    """The evidence with the text around it, the answer highlighted."""
    evidence, answer = proposal.evidence, proposal.answer
    # An empty span is no evidence: then everything is context.
    if not len(evidence):
        evidence = answer = Span(len(proposal.shown), len(proposal.shown))
    marks = (0, evidence.start, answer.start, answer.end, evidence.end, len(proposal.shown))
    styles = ("dim", "", "bold reverse", "", "dim")
    text = Text("… ")
    for start, end, style in zip(marks[:-1], marks[1:], styles, strict=True):
        text.append(harmless(re.sub(r"\s+", " ", proposal.shown[start:end])), style=style)
    return text.append(" …")


def _show_question(proposal: Proposal, number: int, console: Console) -> None:
    head = f"{number}. {one_line(proposal.question)}"
    console.print(Text.assemble((head, "bold cyan"), (f"  {proposal.type}", "dim")))
    if not proposal.answerable:
        console.print(
            Text(
                "   No answer was found. Only words in one language were searched: "
                "check the archive yourself before you accept.",
                style="bold yellow",
            )
        )
        return
    answers = " | ".join(one_line(answer) for answer in proposal.answers)
    console.print(Text.assemble(("   = ", "dim"), (answers, "green")))
    if set(proposal.derived) == set(proposal.answers):
        console.print(
            Text("   None of these answers is in the evidence word for word.", style="yellow")
        )
