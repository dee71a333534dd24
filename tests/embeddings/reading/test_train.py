from __future__ import annotations

import json

import pytest
from safetensors.numpy import load_file

from embeddings.reading import train as training
from embeddings.reading.examples import Source
from embeddings.reading.train import Recipe, train

pytestmark = pytest.mark.slow


@pytest.fixture
def passages(tmp_path):
    path = tmp_path / "passages.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for year in range(1900, 1980):
            text = f"The mill was built in {year}."
            row = {"question": "When was it built?", "passage": text, "kind": "unanswerable"}
            file.write(json.dumps(row | {"answer": None, "evidence": None}) + "\n")
    return path


class StopError(Exception):
    """Somebody pulled the plug."""


def test_a_run_that_was_stopped_resumes_to_the_same_weights(
    passages, tmp_path, settings, monkeypatch
):
    recipe = Recipe("english", batch=4, share=0.4)
    monkeypatch.setattr(training, "_KEPT_EVERY", 1)
    given = {"cache_dir": settings.models.cache_dir}
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    train([Source(passages)], whole, recipe, **given)
    saved = training._save

    def stop_at_two(network, out, recipe, sources, step, steps):
        saved(network, out, recipe, sources, step, steps)
        if step == 2:
            raise StopError

    monkeypatch.setattr(training, "_save", stop_at_two)
    with pytest.raises(StopError):
        train([Source(passages)], parts, recipe, **given)
    monkeypatch.setattr(training, "_save", saved)
    with pytest.raises(ValueError, match="is of another run"):
        train([Source(passages)], parts, Recipe("english", batch=2), **given)
    train([Source(passages)], parts, recipe, **given)
    one, other = load_file(whole), load_file(parts)
    assert one.keys() == other.keys()
    assert all((one[name] == other[name]).all() for name in one)
    assert not parts.with_name("parts.safetensors.checkpoint").exists()
