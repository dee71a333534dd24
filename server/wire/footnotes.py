"""An outcome as plain text: sentences, then their footnotes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.text.display import one_line
from rag.types import Abstention, Answer, Citation, Claim, Outcome
from server.wire.notes import MAY_SAY, counted_note, notes_of, reads_chinese

UrlOf = Callable[[Citation], str]


def number_citations(claims: tuple[Claim, ...]) -> list[Citation]:
    """The distinct citations in the order of first use; footnote n is item n - 1."""
    return list(dict.fromkeys(citation for claim in claims for citation in claim.citations))


def outcome_text(outcome: Outcome, url_of: UrlOf) -> str:
    """The sentences with their footnote numbers, then each footnote's title, date, URL and
    quote, with a line above that says so where they are not sure to answer; of an abstention
    the explanation, and what the archive does say."""
    match outcome:
        case Answer():
            parts = _answer(outcome, url_of)
        case Abstention():
            parts = _abstention(outcome, url_of)
    as_of = outcome.question.as_of
    return "\n".join(parts if as_of is None else [f"As of {as_of}:", *parts])


def _answer(answer: Answer, url_of: UrlOf) -> list[str]:
    citations = number_citations(answer.claims)
    lines: list[str] = []
    if not answer.sure:
        lines.append(MAY_SAY[reads_chinese(answer.question.text)])
    if answer.short_answer:
        lines.append(f"Short answer: {one_line(answer.short_answer.shown)}")
    if answer.conflict:
        lines.append("The sources differ; newest first, undated last:")
    if answer.counted is not None:
        chinese = reads_chinese(answer.question.text)
        lines.append(counted_note(answer.counted, chinese=chinese))
    for claim in answer.claims:
        lines.extend(f"({one_line(context.shown)})" for context in claim.context)
        dated = claim.citations[0].published if answer.conflict else None
        marks = "".join(f"[{citations.index(citation) + 1}]" for citation in claim.citations)
        lines.append(f"{f'{dated}: ' if dated else ''}{one_line(claim.shown)} {marks}")
    lines += _notes(answer)
    lines.append("")
    for number, citation in enumerate(citations, start=1):
        lines.extend(_footnote(f"[{number}]", citation, url_of))
    return lines


def _abstention(abstention: Abstention, url_of: UrlOf) -> list[str]:
    lines = [one_line(abstention.explanation)]
    if abstention.mentions:
        lines += ["", "It does mention:", *_listed(abstention.mentions, url_of)]
    elif abstention.nearest:
        lines += ["", "Nearest passages, none of which answers the question:"]
        lines += _listed(abstention.nearest, url_of)
    return lines + _notes(abstention)


def _notes(outcome: Outcome) -> list[str]:
    failure = outcome.selection.failure if outcome.selection else None
    chinese = reads_chinese(outcome.question.text)
    return [one_line(note) for note in notes_of(failure, chinese=chinese)]


def _listed(citations: Sequence[Citation], url_of: UrlOf) -> list[str]:
    return [line for citation in citations for line in _footnote("-", citation, url_of)]


def _footnote(mark: str, citation: Citation, url_of: UrlOf) -> list[str]:
    dated = f" ({citation.published})" if citation.published else ""
    lines = [
        f"{mark} {one_line(citation.title)}{dated} {url_of(citation)}",
        f"    “{one_line(citation.shown)}”",
    ]
    return [*lines, f"    ({citation.encoding_note})"] if citation.encoding_note else lines
