"""What the commands print for people. Text of documents is never markup."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rag.text.display import harmless, one_line
from rag.types import (
    Abstention,
    Answer,
    Candidate,
    Citation,
    Document,
    Outcome,
    Selection,
    Span,
    StageScore,
)
from server.wire.footnotes import number_citations
from server.wire.notes import MAY_SAY, counted_note, notes_of, reads_chinese

if TYPE_CHECKING:
    from rag.index.files import SourceProblem
    from rag.index.ingest import IngestReport
    from rag.models import EncoderChoice
    from rag.settings import Settings
    from rag.store.records import DocumentSummary, Finding, StoreStatus

# The middle of longer quotes is omitted; --json and `footnote show` give them whole.
QUOTE_CHARACTERS = 240


def shortened(text: str, limit: int = QUOTE_CHARACTERS) -> str:
    """The text as one line of about ``limit`` characters at most, its middle omitted."""
    line = one_line(text)
    if len(line) <= limit:
        return line
    head, tail = line[: limit * 2 // 3], line[-limit // 3 :]
    # Cut at a space where one is near; Chinese has none.
    if " " in head[-20:]:
        head = head.rsplit(" ", 1)[0]
    if " " in tail[:20]:
        tail = tail.split(" ", 1)[1]
    return f"{head} … {tail}"


def render_outcome(outcome: Outcome) -> RenderableType:
    """An answer with its footnotes, or an abstention with what the archive says about the
    subject, else with the nearest passages."""
    match outcome:
        case Answer():
            body = _render_answer(outcome)
        case Abstention():
            body = _render_abstention(outcome)
    as_of = outcome.question.as_of
    return body if as_of is None else Group(Text(f"As of {as_of}:", style="dim"), body)


def _render_answer(answer: Answer) -> RenderableType:
    citations = number_citations(answer.claims)
    parts: list[RenderableType] = []
    if not answer.sure:
        parts.append(Text(MAY_SAY[reads_chinese(answer.question.text)], style="bold yellow"))
    if answer.short_answer:
        parts.append(Text(one_line(answer.short_answer.shown), style="bold"))
    if answer.conflict:
        parts.append(Text("The sources differ; newest first, undated last:", style="bold yellow"))
    if answer.counted is not None:
        counted = counted_note(answer.counted, chinese=reads_chinese(answer.question.text))
        parts.append(Text(counted, style="bold"))
    for claim in answer.claims:
        marks = "".join(f"[{citations.index(citation) + 1}]" for citation in claim.citations)
        parts.extend(Text(one_line(c.shown), style="dim") for c in claim.context)
        dated = claim.citations[0].published if answer.conflict else None
        parts.append(
            Text.assemble(
                (f"{dated}: " if dated else "", "bold"),
                one_line(claim.shown),
                (f" {marks}", "bold cyan"),
            )
        )
    parts.extend(_notes(answer))
    parts.append(Text())
    parts.extend(_footnote(f"[{n}]", citation) for n, citation in enumerate(citations, start=1))
    return Group(*parts)


def _render_abstention(abstention: Abstention) -> RenderableType:
    parts: list[RenderableType] = [Text(abstention.explanation, style="bold yellow")]
    if abstention.mentions:
        parts += [Text(), Text("It does mention:", style="dim")]
        parts.extend(_footnote("-", citation) for citation in abstention.mentions)
    elif abstention.nearest:
        parts += [Text(), Text("Nearest passages:", style="dim")]
        parts.extend(_footnote("-", citation) for citation in abstention.nearest)
    return Group(*parts, *_notes(abstention))


def _notes(outcome: Outcome) -> list[Text]:
    failure = outcome.selection.failure if outcome.selection else None
    chinese = reads_chinese(outcome.question.text)
    return [Text(one_line(note), style="yellow") for note in notes_of(failure, chinese=chinese)]


def _footnote(mark: str, citation: Citation) -> RenderableType:
    dated = f" ({citation.published})" if citation.published else ""
    place = (
        f"{display_path(citation.source)}, characters {citation.span.start}-{citation.span.end}, "
        f"document {citation.document_id}"
    )
    body = Group(
        Text.assemble((f"{one_line(citation.title)}{dated}", "bold")),
        Text(f"“{shortened(citation.shown)}”"),
        Text(place, style="dim"),
        *_encoding_notes(citation),
    )
    row = Table.grid(padding=(0, 1))
    row.add_column(min_width=3, no_wrap=True)
    row.add_column()
    row.add_row(Text(mark, style="bold cyan"), body)
    return row


def _encoding_notes(of: Citation | DocumentSummary) -> list[Text]:
    return [Text(of.encoding_note, style="yellow")] if of.encoding_note else []


def display_path(source: str) -> str:
    """A source, relative to the current directory when it is inside it."""
    path = Path(source)
    return harmless(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def render_receipt(outcome: Outcome, *, limit: int = 20) -> RenderableType:
    """How a follow-up was understood, the scores of each passage, and the scores and verdict
    of each sentence."""
    ranking = Table(title="Passages considered", title_justify="left", show_edge=False)
    for column in ("#", "passage", "dense", "lexical", "fused", "reranked", "begins"):
        ranking.add_column(column, no_wrap=column != "begins")
    for rank, hit in enumerate(outcome.ranking[:limit], start=1):
        ranking.add_row(
            str(rank),
            hit.passage.id,
            _stage(hit.dense, 3),
            _stage(hit.lexical, 2),
            _stage(hit.fused, 4),
            _stage(hit.reranked, 2),
            Text(one_line(hit.passage.search_text)[:60]),
        )
    gate = Table(title="Sentences considered", title_justify="left", show_edge=False)
    for column in (
        "support",
        "evidence",
        "passage",
        "span",
        "words",
        "numbers",
        "verdict",
        "sentence",
    ):
        gate.add_column(column)
    for candidate in outcome.candidates[:limit]:
        gate.add_row(*_candidate_row(candidate))
    timings = ", ".join(f"{stage} {ms:.0f} ms" for stage, ms in outcome.timings_ms.items())
    hidden = max(0, len(outcome.ranking) - limit), max(0, len(outcome.candidates) - limit)
    note = f"{hidden[0]} passages and {hidden[1]} sentences more in --json. {timings}"
    parts: list[RenderableType] = [ranking, Text(), gate, Text(note, style="dim")]
    if outcome.selection is not None:
        parts += [Text(), Text(_selection_line(outcome.selection), style="dim")]
    if outcome.standalone is not None:
        parts.insert(0, Text(f"Understood as: {one_line(outcome.standalone)}\n"))
    return Group(*parts)


def _selection_line(selection: Selection) -> str:
    shown = f"{selection.model.name} was shown {selection.shown} statements"
    if selection.failure is not None:
        return f"{shown} and failed"
    if selection.declined:
        return f"{shown} and found that none answers"
    return f"{shown} and chose {len(selection.chosen)}"


def _stage(stage: StageScore | None, digits: int) -> str:
    return f"{stage.rank}: {stage.score:.{digits}f}" if stage else "-"


def _candidate_row(candidate: Candidate) -> list[RenderableType]:
    features = candidate.features
    return [
        f"{candidate.support:.2f}",
        f"{features.evidence:.1f}",
        f"{features.answers:.1f}",
        f"{features.span:.1f}",
        f"{features.coverage:.2f}",
        f"{features.number_coverage:.2f}",
        Text(candidate.verdict),
        Text(shortened(candidate.quote, 70)),
    ]


def render_passages(passages: Sequence[Citation]) -> RenderableType:
    """Passages with title, date and place, each quoted whole."""
    if not passages:
        return Text("No passage matches.", style="yellow")
    rows: list[RenderableType] = []
    for rank, passage in enumerate(passages, start=1):
        dated = f" ({passage.published})" if passage.published else ""
        span = passage.span
        place = f"{display_path(passage.source)}, characters {span.start}-{span.end}"
        rows.append(
            Text.assemble(
                (f"{rank}. ", "bold cyan"),
                (f"{one_line(passage.title)}{dated}", "bold"),
                (f"  {place}", "dim"),
            )
        )
        rows.extend(Padding(note, (0, 0, 0, 3)) for note in _encoding_notes(passage))
        rows.append(Padding(Text(one_line(passage.shown)), (0, 0, 1, 3)))
    return Group(*rows)


def render_report(report: IngestReport) -> RenderableType:
    """The summary of an ingest, then each skipped or failed file with the reason."""
    rate = report.passages / report.seconds if report.seconds else 0.0
    counts = (
        f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, "
        f"{report.duplicates} duplicates, {len(report.skipped)} skipped, "
        f"{len(report.failed)} failed; {report.passages} passages in {report.seconds:.1f} s "
        f"({rate:.1f} passages/s)"
    )
    parts: list[RenderableType] = [Text(counts, style="bold")]
    if report.interrupted:
        parts.append(
            Text(
                "Interrupted: the files counted above are stored; run it again to continue.",
                style="yellow",
            )
        )
    if report.encoder is not None:
        chosen = report.encoder
        parts.append(Text(f"encoder: {chosen.encoder}{explain_choice(chosen)}"))
    parts += [Text(f"pruned: {display_path(s)}: the file no longer exists") for s in report.pruned]
    parts += _problem_lines("warning", report.warnings, "yellow")
    parts += _problem_lines("skipped", report.skipped, "dim")
    parts += _problem_lines("failed", report.failed, "red")
    return Group(*parts)


def explain_choice(choice: EncoderChoice) -> str:
    """Why an archive has its encoder, or which one a reindex would choose; "" if settings
    name one."""
    if not choice.automatic:
        return ""
    counted = f"{choice.foreign} of {choice.documents} documents are not in English"
    if choice.encoder == choice.recommended:
        return f", since {counted}; set models.encoder to choose another"
    return f", though {counted}: 'footnote reindex' would choose {choice.recommended}"


def _problem_lines(
    word: str, problems: Sequence[SourceProblem], style: str
) -> list[RenderableType]:
    return [Text(f"{word}: {display_path(p.source)}: {p.reason}", style=style) for p in problems]


def render_documents(documents: Sequence[DocumentSummary]) -> RenderableType:
    """The list of documents."""
    table = Table(show_edge=False)
    for column in ("id", "date", "lang", "passages", "title", "sources"):
        table.add_column(column, no_wrap=column == "id")
    for summary in documents:
        table.add_row(
            summary.id,
            summary.published.isoformat() if summary.published else "",
            summary.language,
            str(summary.passages),
            Group(Text(one_line(summary.title)), *_encoding_notes(summary)),
            Text("\n".join(display_path(source) for source in summary.sources)),
        )
    return table


def render_document(document: Document, span: Span | None) -> RenderableType:
    """A document's metadata and text; with a span, only that part of the text, highlighted."""
    head = Table.grid(padding=(0, 2))
    head.add_row("id", document.id)
    head.add_row("title", Text(one_line(document.title)))
    for source in document.sources:
        head.add_row("source", Text(display_path(source)))
    for found in document.dates:
        place = f" at {found.span.start}-{found.span.end}" if found.span else ""
        head.add_row(found.kind, f"{found.isoformat()} ({found.origin}{place})")
    head.add_row("language", document.language)
    for key, value in document.metadata.items():
        head.add_row(key, Text(one_line(value)))
    if span is None:
        return Group(head, Text(), Text(harmless(document.text)))
    around = Span(max(0, span.start - 300), min(len(document.text), span.end + 300))
    shown = Text.assemble(
        harmless(document.text[around.start : span.start]),
        (harmless(span.of(document.text)), "bold reverse"),
        harmless(document.text[span.end : around.end]),
    )
    return Group(head, Text(), shown)


def render_status(status: StoreStatus, settings: Settings, choice: EncoderChoice) -> RenderableType:
    """Counts, models, the index and sizes."""
    table = Table.grid(padding=(0, 2))
    index = status.index
    rows = [
        ("data", str(settings.data)),
        ("documents", f"{status.documents} ({status.sources} sources)"),
        ("passages", str(status.passages)),
        ("generation", str(status.generation)),
        (
            "index",
            f"{status.index_kind or '-'}, {status.index_vectors} vectors, "
            f"{_size(status.index_bytes)}",
        ),
        ("disk", _size(status.disk_bytes)),
    ]
    if index is not None:
        encoder = index.encoder
        rows += [
            (
                "encoder",
                f"{encoder.name}@{encoder.revision[:12]}, {encoder.dimension} dimensions"
                + explain_choice(choice),
            ),
            ("splitter", index.splitter),
        ]
    rows.append(("reading model", settings.models.reading))
    if status.building is not None:
        rows.append(
            (
                "building",
                f"an index with {status.building.encoder.name}; 'footnote reindex' finishes it",
            )
        )
    for key, value in rows:
        table.add_row(Text(key, style="dim"), Text(value))
    return table


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")


def render_problems(problems: Sequence[Finding]) -> RenderableType:
    """The problems that ``footnote doctor`` found."""
    if not problems:
        return Text("No problems found.", style="green")
    return Group(
        *(
            Text.assemble(
                (f"{problem.code} ", "bold red"),
                f"{problem.subject}: {problem.message}. ",
                (problem.remedy, "dim"),
            )
            for problem in problems
        )
    )
