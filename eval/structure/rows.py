"""Whether the row or item of a made document is a statement with what it needs."""

from __future__ import annotations

import re

from eval.structure.made.cases import MadeCase
from rag.errors import ReadError
from rag.read.reader import read_document
from rag.text.statements import find_statements, visible_text
from rag.types import Document, Span

# A number, Roman too, or letter before an item is part of it for some readers and not for others.
_ITEM_MARK = re.compile(r"\s*\(?(?:\w{1,2}|[ivxIVX]{1,5})[.)]\s")


def fault(case: MadeCase) -> str | None:
    """What is wrong with how the case's document is read; None where its row or item is a
    statement of its own that has its context and nothing of its siblings."""
    try:
        document = read_document(case.source, case.data)
    except ReadError as error:
        return f"not read: {error}"
    wrong: list[str] = []
    for statement in find_statements(document.text, document.blocks, document.language):
        said = _seen(document, statement.span)
        texts = {_letters(said), _letters(_ITEM_MARK.sub("", said, count=1))}
        context = [_letters(_seen(document, span)) for span in statement.context]
        for reading in case.readings:
            if _letters(reading.text) not in texts:
                continue
            problem = _problem(case, context, reading.context)
            if problem is None:
                return None
            wrong.append(problem)
    return wrong[0] if wrong else "no statement says it"


def _problem(case: MadeCase, context: list[str], wanted: tuple[str, ...]) -> str | None:
    for other in case.others:
        if any(_letters(other) in said for said in context):
            return f"its context holds '{other}'"
    joined = "\n".join(context)
    at = 0
    for part in wanted:
        at = joined.find(_letters(part), at)
        if at < 0:
            return f"its context lacks '{part}' in its place"
        at += len(_letters(part))
    return None


def _seen(document: Document, span: Span) -> str:
    return visible_text(document.text, span, document.blocks, document.language)


def _letters(text: str) -> str:
    """Letters and digits alone: how cells and lines are joined does not matter."""
    return "".join(re.findall(r"\w", text))
