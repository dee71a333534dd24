import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from embeddings.hashing import sha256_file
from embeddings.reading.average import main


def test_the_mean_is_written_with_where_it_comes_from(tmp_path):
    files = [tmp_path / "first", tmp_path / "last"]
    for value, path in enumerate(files):
        save_file({"a": np.full((2, 3), value, np.float16)}, path, {"recipe": path.name})
    out = tmp_path / "mean"
    main([*map(str, files), "--out", str(out)])
    assert load_file(out)["a"].tolist() == [[0.5] * 3] * 2
    with safe_open(out, framework="numpy") as opened:
        record = opened.metadata()
    assert record["recipe"] == "last"
    assert json.loads(record["mean_of"]) == [sha256_file(path) for path in files]


def test_weights_of_other_networks_are_refused(tmp_path):
    for size, name in ((2, "small"), (3, "large")):
        save_file({"a": np.zeros(size, np.float16)}, tmp_path / name)
    with pytest.raises(ValueError, match="different networks"):
        main([str(tmp_path / "small"), str(tmp_path / "large"), "--out", str(tmp_path / "o")])
