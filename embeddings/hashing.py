"""sha256 of files: what pins a model to the weights it was chosen for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path


def sha256_file(path: Path) -> str:
    """Lower-case hex digest of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_files(paths: Sequence[Path], root: Path) -> str:
    """One file's own digest; of several, the digest of their relative names and digests.

    Independent of the order given.
    """
    if len(paths) == 1:
        return sha256_file(paths[0])
    lines = sorted(f"{path.relative_to(root).as_posix()} {sha256_file(path)}\n" for path in paths)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
