"""A run as one self-contained HTML page, which makes no requests.

Charts are inline SVG, style and script are inline and allowed by their hash in the page's
content security policy, and every text of documents and questions is escaped. The script
only filters; the page is complete without it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from eval.errors import RunError
from eval.records import Manifest, QuestionRecord, SentenceRecord, Summary
from eval.report.figures import (
    operating_point,
    reliability_figure,
    risk_figure,
    scored_questions,
)
from eval.report.questions import Group, group_questions
from eval.report.strips import share_bar
from eval.report.tables import (
    FEW_QUESTIONS,
    metric_families,
    retrieval_table,
    type_table,
)
from eval.runs.folder import Run

HASH_DIGITS = 12


def write_report(run: Run, path: Path) -> None:
    """Write the page about a run; a file of that name is replaced.

    Raises:
        RunError: the file cannot be written.
    """
    page = render_report(run.manifest, run.records, run.summary)
    try:
        path.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise RunError(
            f"the report cannot be written to '{path}': {error.strerror}",
            remedy="choose another --out",
        ) from error


def render_report(manifest: Manifest, records: Sequence[QuestionRecord], summary: Summary) -> str:
    """One self-contained HTML page about a run, failures first among its questions."""
    scored = scored_questions(records) if manifest.mode == "answers" else []
    point = operating_point(summary)
    groups = group_questions(records, mode=manifest.mode)
    style, script = _asset("report.css"), _asset("report.js")
    return (
        _environment()
        .get_template("report.html")
        .render(
            policy=_policy(style, script),
            style=Markup(style),
            script=Markup(script),
            manifest=manifest,
            summary=summary,
            settings_hash=_hash_of(manifest.settings),
            counts=_counts(records),
            share_bar=Markup(_shares(groups)),
            families=metric_families(summary.metrics),
            retrieval=retrieval_table(summary.metrics),
            types=type_table(summary.types, records),
            few=FEW_QUESTIONS,
            risk=risk_figure(scored, point),
            reliability=reliability_figure(scored, point.min_support if point else None),
            groups=groups,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "decimal": _decimal,
        "short": _short,
        "milliseconds": _milliseconds,
        "percent": _percent,
        "date": _date,
        "json": _json,
        "breakable": _breakable,
        "sentence": _sentence,
    }
    environment.tests |= {"cut_before": _cut_before, "cut_after": _cut_after}
    return environment


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Content security policy: this style, this script, and no other source."""
    return (
        f"default-src 'none'; style-src '{_source_hash(style)}'; "
        f"script-src '{_source_hash(script)}'; base-uri 'none'; form-action 'none'"
    )


def _source_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _counts(records: Sequence[QuestionRecord]) -> dict[str, int]:
    answerable = sum(record.answerable for record in records)
    return {
        "asked": len(records),
        "answerable": answerable,
        "unanswerable": len(records) - answerable,
        "failed": sum(record.outcome == "failed" for record in records),
    }


def _shares(groups: Sequence[Group]) -> str:
    parts = [(g.grade.key, g.grade.label, len(g.questions)) for g in groups]
    words = ", ".join(f"{count} {label}" for _, label, count in parts)
    return share_bar(parts, f"Questions by grade: {words}")


def _hash_of(settings: Mapping[str, object]) -> str:
    return hashlib.sha256(_json(settings).encode()).hexdigest()[:HASH_DIGITS]


# --- Filters and tests of the template ---------------------------------------------


def _decimal(value: float | None, digits: int = 3) -> str:
    """The same number of decimals for every value, so that columns align."""
    return "–" if value is None else f"{value:.{digits}f}"


def _short(value: float | None) -> str:
    """A question's own value, mostly 0 or 1: without trailing zeros."""
    return "–" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def _milliseconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _date(moment: str) -> str:
    """ISO time as "2025-01-15 09:30", in its own time zone."""
    return moment[:16].replace("T", " ")


def _sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return text[:1].upper() + text[1:] + "."


def _breakable(name: str) -> Markup:
    """A metric's name that can wrap after a dot or an underscore."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])", name))


def _json(value: object) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str)


def _cut_before(sentence: SentenceRecord) -> bool:
    """Whether the document has more text before the excerpt."""
    return sentence.start > len(sentence.before)


def _cut_after(sentence: SentenceRecord) -> bool:
    """Whether the text shown after the quote stops in the middle of a sentence."""
    last = sentence.after.rstrip()[-1:]
    return bool(last) and last not in '.!?。！？…"”’»)）'
