"""``footnote eval claims``: how far a verifier may be trusted, measured on written claims."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eval.cli.console import make_console
from eval.cli.options import Config, Json, print_json, settings_of, table_console
from eval.errors import EvalError

if TYPE_CHECKING:
    from eval.claims.measure import ClaimsMeasured
    from eval.claims.verifiers import Verifier


def claims(
    suites: Annotated[
        list[str], typer.Option("--suite", help="Suite that has claims.jsonl; repeatable.")
    ],
    verifier: Annotated[
        str,
        typer.Option(
            help="'reading', 'language-model' of the settings, or the name or folder of a "
            "cross-encoder of natural language inference."
        ),
    ] = "reading",
    release: Annotated[
        float, typer.Option(min=0.05, max=1.0, help="Share of supported claims to let pass.")
    ] = 0.6,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Measure a verifier on claims that a passage supports, and on some that only seem so.

    Shows how many unsupported claims pass where --release of the supported ones do. Written
    answers are refused until that is at most 3 %.
    """
    from rich.progress import track

    from eval.claims.cases import read_claims
    from eval.claims.measure import measure_claims
    from eval.questions.suite import find_suite

    cases = [case for suite in suites for case in read_claims(find_suite(suite))]
    verify = _verifier(verifier, config)
    console = make_console(stderr=True)
    scores = [verify(case) for case in track(cases, "Reading claims", console=console)]
    try:
        measured = measure_claims(cases, scores, release=release)
    except ValueError as error:
        raise EvalError(f"the suite cannot be measured: {error}") from error
    if as_json:
        print_json(_as_json(measured))
    else:
        _print(measured, verifier)


def _verifier(name: str, config: Any) -> Verifier:
    from embeddings.types import ModelLoadError
    from eval.claims.verifiers import (
        LANGUAGE_MODEL,
        READING,
        by_entailment,
        by_language_model,
        by_reading,
    )
    from rag.models import Models

    settings = settings_of(config)
    models = Models(settings.models, settings.language_model)
    if name == READING:
        return by_reading(models)
    if name == LANGUAGE_MODEL:
        if models.language_model is None:
            raise EvalError("no language model is configured", remedy="set language_model.base_url")
        return by_language_model(models.language_model, settings.language_model)
    try:
        return by_entailment(name)
    except ModelLoadError as error:
        raise EvalError(error.detail, remedy=error.remedy) from error


def _as_json(measured: ClaimsMeasured) -> dict[str, Any]:
    return asdict(measured) | {
        "passing": [asdict(each) | {"share": each.share} for each in measured.passing]
    }


def _print(measured: ClaimsMeasured, verifier: str) -> None:
    from eval.cli.render import plain_table

    console = table_console()
    console.print(
        f"{verifier}: {measured.released:.1%} of {measured.supported} supported claims pass at "
        f"{measured.threshold:.3f} or more; AUROC {measured.auroc:.3f}"
    )
    table = plain_table("unsupported claims that pass", "", "share", "95% interval", "n")
    for each in measured.passing:
        interval = "{:.3f}-{:.3f}".format(*each.interval)
        table.add_row(each.kind or "-", f"{each.share:.3f}", interval, str(each.n))
    console.print(table)
