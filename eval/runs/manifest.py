"""The manifest of a run: what it asks, with which settings, models and code."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from eval.questions.cases import CaseSelection, QuestionSet
from eval.questions.library import Library
from eval.records import SCHEMA_VERSION, Machine, Manifest, ModelRecord, QuestionSetRecord
from prompts.registry import latest_prompts
from rag.assistant import Assistant
from rag.types import ModelIdentity

# Paths and addresses do not change answers, nor does the server, and runs are shared.
_PLACES = frozenset(
    (
        "data",
        "models.cache_dir",
        "language_model.base_url",
        "language_model.api_key_env",
    )
)
_PACKAGES = ("sentence-transformers", "transformers", "torch", "faiss-cpu", "numpy", "tiktoken")
_CODE = ("rag", "embeddings", "prompts")


def describe_run(
    assistant: Assistant, questions: QuestionSet, library: Library, selection: CaseSelection
) -> Manifest:
    """The manifest of a run that is about to start; loads the models to identify them.

    ``identity`` covers everything that can change an outcome: questions, documents,
    settings, models and code; not the machine, the time or paths.
    """
    encoder = assistant.encoder.identity
    reading = assistant.models.reading_identities()
    writer = _writer(assistant, selection)
    described = QuestionSetRecord(
        name=questions.name,
        kind=questions.kind,
        sha256=_digest(questions.sha256, library.sha256),
        documents=len(library),
        questions=len(questions.cases),
        selected=len(selection.cases),
        filters=dict(selection.filters),
        limit=selection.limit,
        sample=selection.sample,
        ignored_fields=dict(questions.ignored_fields),
        left_out=dict(questions.left_out),
    )
    settings = {
        key: value
        for key, value, _ in assistant.settings.items()
        if key not in _PLACES
        and not key.startswith("server.")
        and (writer or not key.startswith("language_model."))
    } | {
        # A model given by a path is recorded by its name: runs are shared.
        "models.encoder": encoder.name,
        "models.reading": Path(assistant.settings.models.reading).name,
        "eval.whole_documents": selection.whole,
        "eval.history": selection.history,
    }
    models = {
        "encoder": ModelRecord(name=encoder.name, revision=encoder.revision),
    } | {
        part: ModelRecord(name=each.name, revision=each.revision) for part, each in reading.items()
    }
    if writer is not None:
        models["language_model"] = ModelRecord(name=writer.name, revision=writer.revision)
    code = _code_hash()
    prompts = [latest.id for latest in latest_prompts()] if writer else []
    identity = _digest(
        described.model_dump_json(),
        json.dumps([case.id for case in selection.cases]),
        json.dumps(settings, sort_keys=True, default=str),
        *(f"{role}={model.revision}" for role, model in sorted(models.items())),
        code,
        selection.mode,
        str(selection.seed),
    )
    return Manifest(
        schema_version=SCHEMA_VERSION,
        identity=identity,
        footnote=importlib.metadata.version("footnote"),
        commit=_commit(),
        code=code,
        mode=selection.mode,
        questions=described,
        settings=settings,
        models=models,
        prompts=prompts,
        packages={name: importlib.metadata.version(name) for name in _PACKAGES},
        seed=selection.seed,
        machine=_machine(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _writer(assistant: Assistant, selection: CaseSelection) -> ModelIdentity | None:
    """The language model that is used, or None."""
    if selection.mode != "answers":
        return None
    model = assistant.models.language_model
    return model.identity if model else None


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _code_hash() -> str:
    """Hash of the installed packages that answer questions."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[2]
    for package in _CODE:
        for path in sorted((root / package).rglob("*")):
            if path.suffix in (".py", ".md", ".sql"):
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _commit() -> str | None:
    """The checkout's commit, with a "+" if files were changed; None outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    head = _git(root, "rev-parse", "--short=12", "HEAD")
    if head is None:
        return None
    return f"{head}+" if _git(root, "status", "--porcelain") else head


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _machine() -> Machine:
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError, AttributeError):
        memory = 0.0
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 0,
        memory_gib=round(memory, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()
