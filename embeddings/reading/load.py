"""Loading a reading model. Importing this imports no library of models."""

from __future__ import annotations

from pathlib import Path

from embeddings.reading.types import ReadingModel
from embeddings.types import ModelLoadError

# The weights that ship, by name.
ENGLISH, MULTILINGUAL = "english", "multilingual"


def load_reading_model(name: str, *, cache_dir: Path, threads: int | None = None) -> ReadingModel:
    """The model that ships under this name, or that a file of trained weights gives.

    Raises:
        ModelLoadError: there is no such file, or the model cannot be put together.
    """
    # They take a second to import, which commands that read nothing need not wait for.
    from embeddings.precision import multiplies_bytes
    from embeddings.reading.model import OnnxReadingModel
    from embeddings.reading.weights import SHIPPED, load_learnt

    shipped = SHIPPED.get(name)
    learnt = load_learnt(shipped.path if shipped else Path(name))
    if shipped and learnt.sha256 != shipped.sha256:
        raise ModelLoadError(
            f"'{shipped.path}' is not the file of weights that ships", remedy="install it again"
        )
    return OnnxReadingModel(name, learnt, cache_dir, threads=threads, int8=multiplies_bytes())
