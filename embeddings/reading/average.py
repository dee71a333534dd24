"""Average reading models: ``python -m embeddings.reading.average FILE... --out FILE``.

Weights trained one from the other lie in one valley of the loss: their mean is often better on
texts unlike the last ones than either (Wortsman et al., "Model soups", ICML 2022).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from embeddings.hashing import sha256_file


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m embeddings.reading.average", description=__doc__
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    given = parser.parse_args(arguments)
    average(given.files, given.out)


def average(files: Sequence[Path], out: Path) -> None:
    """Write the mean of the files' weights to ``out``, with the record of the last one and the
    hashes of all.

    Raises:
        OSError: a file cannot be read or written.
        ValueError: the files are not of one network.
    """
    weights = [load_file(path) for path in files]
    shapes = [{name: value.shape for name, value in each.items()} for each in weights]
    if any(each != shapes[0] for each in shapes):
        raise ValueError("the files hold weights of different networks")
    mean = {
        name: np.mean([each[name].astype(np.float32) for each in weights], axis=0)
        for name in weights[0]
    }
    with safe_open(files[-1], framework="numpy") as last:
        record = dict(last.metadata() or {})
    record["mean_of"] = json.dumps([sha256_file(path) for path in files])
    save_file({name: value.astype(np.float16) for name, value in mean.items()}, out, record)


if __name__ == "__main__":
    main()
