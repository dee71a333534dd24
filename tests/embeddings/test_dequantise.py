from __future__ import annotations

import builtins
import multiprocessing
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.dequantise import MANIFEST, cached_folder, dequantise_weights, dequantised_folder
from embeddings.hashing import sha256_file
from embeddings.registry import MODELS
from embeddings.types import ModelLoadError, Vectors
from embeddings.weights import carrier_folder

onnx = pytest.importorskip("onnx", reason="footnote[models] is not installed")

RERANKER = MODELS["ms-marco-minilm"]


def source_of(name: str) -> Path:
    folder = carrier_folder(MODELS[name].carrier)
    if folder is None:
        pytest.skip("footnote[models] is not installed")
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache directory that holds the reranker's folder."""
    cache_dir = tmp_path_factory.mktemp("built")
    dequantised_folder(RERANKER, source_of("ms-marco-minilm"), cache_dir)
    return cache_dir


def quantise(weights: Vectors) -> tuple[Any, Any, Any]:
    """(int8 values, scale, zero point) as onnxruntime's dynamic quantisation makes them."""
    scale = np.float32(max(float(np.abs(weights).max()), 1e-6) / 127)
    return np.round(weights / scale).astype(np.int8), scale, np.int8(0)


def graph_of(weights: Vectors, table: Vectors, node_name: str) -> Any:
    """A graph of one quantised embedding table and one quantised linear layer."""
    initializers = [onnx.numpy_helper.from_array(np.zeros(len(weights), np.float32), "a.b.bias")]
    for name, values in (("onnx::MatMul_1", weights.T), ("words.weight", table)):
        parts = zip(("quantized", "scale", "zero_point"), quantise(values), strict=True)
        initializers += [
            onnx.numpy_helper.from_array(np.asarray(part), f"{name}_{suffix}")
            for suffix, part in parts
        ]
    nodes = [
        onnx.helper.make_node("Gather", ["words.weight_quantized", "ids"], ["x"], name="/words/G"),
        onnx.helper.make_node("MatMulInteger", ["x", "onnx::MatMul_1_quantized"], ["y"], node_name),
    ]
    return onnx.helper.make_model(
        onnx.helper.make_graph(nodes, "g", [], [], initializer=initializers)
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_weights_come_back_to_half_a_step_under_their_torch_names(
    outputs: int, inputs: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    weights = random.normal(size=(outputs, inputs)).astype(np.float32)
    table = random.normal(size=(4, inputs)).astype(np.float32)
    tensors = dequantise_weights(graph_of(weights, table, "/a/b/MatMul_quant"))
    assert set(tensors) == {"a.b.weight", "a.b.bias", "words.weight"}
    for name, original in (("a.b.weight", weights), ("words.weight", table)):
        assert tensors[name].dtype == np.float32
        assert tensors[name].shape == original.shape
        step = np.abs(original).max() / 127
        assert np.abs(tensors[name] - original).max() <= step * 0.5001


def test_a_weight_of_no_known_module_is_an_error_and_not_a_gap() -> None:
    model = graph_of(np.ones((2, 3), np.float32), np.ones((4, 3), np.float32), "/elsewhere/MatMul")
    with pytest.raises(ValueError, match="/elsewhere/MatMul"):
        dequantise_weights(model)


@pytest.mark.parametrize(
    "name", ["ms-marco-minilm", "bge-small", pytest.param("multilingual", marks=pytest.mark.slow)]
)
def test_the_real_weights_have_every_tensor_and_the_registered_hash(
    name: str, tmp_path: Path
) -> None:
    from safetensors.numpy import load_file

    spec = MODELS[name]
    tokenizer = carrier_folder(spec.carrier.tokenizer) if spec.carrier.tokenizer else None
    folder = dequantised_folder(spec, source_of(name), tmp_path, tokenizer=tokenizer)
    conversion = spec.carrier.conversion
    assert conversion is not None
    assert sha256_file(folder / "model.safetensors") == conversion.weights_sha256
    tensors = load_file(folder / "model.safetensors")
    # Per layer: six linear maps and two norms, each with weight and bias; then five
    # tensors of the embeddings, and pooler and classifier where there is a classifier.
    assert len(tensors) == 12 * 16 + 5 + (4 if spec.kind == "reranker" else 0)
    # The work folder is gone: nothing but the model and its lock is left.
    assert {path.name for path in folder.parent.iterdir()} <= {folder.name, f"{folder.name}.lock"}


def test_a_sound_folder_is_used_as_it_is(built: Path) -> None:
    folder = cached_folder(RERANKER, built)
    assert folder is not None
    before = (folder / "model.safetensors").stat()
    again = dequantised_folder(RERANKER, source_of("ms-marco-minilm"), built)
    assert again == folder
    assert (folder / "model.safetensors").stat().st_ino == before.st_ino


def flip_a_bit(folder: Path) -> None:
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(70_000_000)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))


def cut_off(folder: Path) -> None:
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(1_000_000)


DAMAGES: list[Callable[[Path], object]] = [
    flip_a_bit,
    cut_off,
    lambda folder: (folder / "model.safetensors").unlink(),
    lambda folder: (folder / "tokenizer.json").write_text("{}"),
    lambda folder: (folder / "config.json").unlink(),
    lambda folder: (folder / MANIFEST).write_text('{"sha256": '),
    lambda folder: (folder / MANIFEST).write_text("[]"),
    lambda folder: (folder / MANIFEST).unlink(),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_any_damage_is_noticed(
    built: Path, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    shutil.copytree(built, tmp_path / "copy")
    folder = cached_folder(RERANKER, tmp_path / "copy")
    assert folder is not None
    damage(folder)
    assert cached_folder(RERANKER, tmp_path / "copy") is None


def test_a_damaged_folder_is_made_again(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "copy")
    folder = cached_folder(RERANKER, tmp_path / "copy")
    assert folder is not None
    flip_a_bit(folder)
    dequantised_folder(RERANKER, source_of("ms-marco-minilm"), tmp_path / "copy")
    assert cached_folder(RERANKER, tmp_path / "copy") == folder


def test_a_result_of_another_hash_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    conversion = RERANKER.carrier.conversion
    assert conversion is not None
    other = replace(conversion, weights_sha256="0" * 64)
    spec = replace(RERANKER, carrier=replace(RERANKER.carrier, conversion=other))
    with pytest.raises(ModelLoadError, match=r"'ms-marco-minilm'.*sha256 fbc74b1e"):
        dequantised_folder(spec, source_of("ms-marco-minilm"), tmp_path)
    assert [path.suffix for path in (tmp_path / "models").iterdir()] in ([], [".lock"])


def test_without_onnx_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = builtins.__import__

    def without_onnx(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "onnx":
            raise ImportError("no onnx")
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without_onnx)
    with pytest.raises(ModelLoadError, match=r"pip install 'footnote\[models\]'"):
        dequantised_folder(RERANKER, source_of("ms-marco-minilm"), tmp_path)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be")
    with pytest.raises(ModelLoadError, match="another cache directory"):
        dequantised_folder(RERANKER, source_of("ms-marco-minilm"), blocked)


def _make(cache_dir: Path) -> int:
    """Inode of the weights this process was given."""
    folder = dequantised_folder(RERANKER, source_of("ms-marco-minilm"), cache_dir)
    return (folder / "model.safetensors").stat().st_ino


@pytest.mark.slow
def test_processes_at_the_same_time_end_with_one_sound_folder(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        inodes = pool.map(_make, [tmp_path] * 3, chunksize=1)
    assert len(set(inodes)) == 1
    assert cached_folder(RERANKER, tmp_path) is not None
