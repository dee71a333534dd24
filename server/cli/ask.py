"""``footnote ask``, ``chat`` and ``search``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from rag.errors import QuestionError
from rag.text.display import harmless
from rag.types import Outcome, Question, Turn
from server.cli import render
from server.cli.console import make_console
from server.cli.options import (
    AsOf,
    Composed,
    Config,
    Data,
    Json,
    Language,
    Since,
    Sources,
    Until,
    opened,
    print_json,
    print_json_line,
)
from server.wire.filters import last_day, make_filters

if TYPE_CHECKING:
    from rag.assistant import Assistant


def ask(
    questions: Annotated[
        list[str],
        typer.Argument(metavar="QUESTION", help="One or more questions, each in quotes."),
    ],
    top_k: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Number of passages to read for the answer."),
    ] = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    language: Language = None,
    min_support: Annotated[
        float | None,
        typer.Option(min=0, max=1, metavar="X", help="Minimum support score of a sentence."),
    ] = None,
    composer: Composed = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show rankings, scores and verdicts.")
    ] = False,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Answer questions from the archive, with footnotes. If it does not say, say so."""
    from server.wire.outcome import outcome_out

    filters, day = make_filters(source, since, until, language), last_day(as_of)
    console = make_console()
    flags = {"answer.min_support": min_support, "answer.composer": composer}
    with opened(data, config, **flags) as assistant:
        for position, question in enumerate(questions):
            outcome = assistant.ask(Question(question, filters, as_of=day), limit=top_k)
            if as_json:
                shape = outcome_out(outcome, explain=explain)
                # Several outcomes are JSON lines, so that each can be read at once.
                write = print_json if len(questions) == 1 else print_json_line
                write(shape.model_dump(mode="json"))
                continue
            if len(questions) > 1:
                console.print(("\n" if position else "") + f"? {question}", style="bold")
            console.print(render.render_outcome(outcome))
            if explain:
                console.print()
                console.print(render.render_receipt(outcome))


def chat(
    conversation: Annotated[
        str | None,
        typer.Option(
            metavar="ID|new",
            help="Store the conversation: 'new', or the id of one to resume, see "
            "'footnote conversations list'.",
        ),
    ] = None,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    language: Language = None,
    composer: Composed = None,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Answer one question per line, including follow-ups. /quit or Ctrl-D ends."""
    from server.wire.outcome import outcome_out

    asked = Question("", make_filters(source, since, until, language), as_of=last_day(as_of))
    with opened(data, config, **{"answer.composer": composer}) as assistant:
        talk = _Talk(assistant, conversation)
        for text in _questions_typed():
            try:
                outcome, kept = talk.ask(replace(asked, text=text))
            except QuestionError as error:
                make_console(stderr=True).print(f"footnote: {harmless(str(error))}", style="red")
                continue
            if as_json:
                shape = outcome_out(outcome).model_copy(update=kept)
                print_json_line(shape.model_dump(mode="json"))
            else:
                make_console().print(render.render_outcome(outcome))
                make_console().print()
    if talk.kept_as is not None:
        make_console(stderr=True).print(
            f"stored; resume with: footnote chat --conversation {talk.kept_as}",
            style="dim",
            soft_wrap=True,
        )


class _Talk:
    """A conversation, in memory or stored in the journal."""

    def __init__(self, assistant: Assistant, wanted: str | None) -> None:
        self._assistant = assistant
        self._keeps = wanted is not None
        self._history: tuple[Turn, ...] = ()
        self.kept_as: str | None = None
        if wanted is not None and wanted != "new":
            # An unknown id fails now, not after the first question.
            self.kept_as = assistant.journal.conversation(wanted, last=0).id

    def ask(self, question: Question) -> tuple[Outcome, dict[str, str]]:
        """The outcome and, if stored, the ids of its conversation and turn."""
        from rag.question.followup import turns_of

        if not self._keeps:
            outcome = self._assistant.ask(replace(question, history=self._history))
            self._history += turns_of(outcome)
            return outcome, {}
        turn = self._assistant.converse(question, conversation_id=self.kept_as)
        self.kept_as = turn.conversation_id
        return turn.outcome, {"conversation_id": turn.conversation_id, "turn_id": turn.id}


def _questions_typed() -> Iterator[str]:
    """Non-blank lines of standard input, up to /quit or the end."""
    prompt = "? " if sys.stdin.isatty() else ""
    while True:
        try:
            line = input(prompt).strip()
        except EOFError:
            return
        if line == "/quit":
            return
        if line:
            yield line


def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What to look for.")],
    top_k: Annotated[int, typer.Option(min=1, metavar="N", help="Number of passages to show.")] = 5,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    language: Language = None,
    as_json: Json = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Find passages without composing an answer."""
    from server.wire.outcome import search_out

    question = Question(query, make_filters(source, since, until, language), as_of=last_day(as_of))
    with opened(data, config) as assistant:
        found = assistant.search(question, limit=top_k)
    if as_json:
        print_json(search_out(query, found).model_dump(mode="json"))
    else:
        make_console().print(render.render_passages(found.citations))
