"""What a reading model is made of: a backbone that ships, and what was learnt beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from embeddings.hashing import sha256_file
from embeddings.reading.graph import encoder_graph
from embeddings.registry import DEFAULT_RERANKER, MULTILINGUAL_ENCODER, ModelKind, Reads
from embeddings.types import ModelLoadError, Vectors
from embeddings.weights import locate_model

if TYPE_CHECKING:
    from onnx import ModelProto

SCALE = 2.0  # what the product of an adapter's two factors counts
# Another one makes every cached graph anew.
GRAPH_VERSION = 1


@dataclass(frozen=True, slots=True)
class Backbone:
    """A model of the registry that a reading model is trained over.

    ``prompt`` stands before each question; ``padding`` is the id that fills a batch.
    """

    model: str
    kind: ModelKind
    prompt: str
    padding: int
    reads: Reads


BACKBONES: Mapping[str, Backbone] = MappingProxyType(
    {
        "english": Backbone(DEFAULT_RERANKER, "reranker", "", 0, "english"),
        "multilingual": Backbone(MULTILINGUAL_ENCODER, "encoder", "query: ", 1, "any"),
    }
)


@dataclass(frozen=True, slots=True)
class Shipped:
    """Trained weights in this package, and the sha256 of their file."""

    path: Path
    sha256: str


def _shipped(backbone: str, sha256: str) -> Shipped:
    return Shipped(Path(__file__).with_name(f"{backbone}.safetensors"), sha256)


# What README.md beside this module tells of, by backbone.
SHIPPED: Mapping[str, Shipped] = MappingProxyType(
    {
        "english": _shipped(
            "english", "256e8320e577ccfdadce08eb4594b510e664eea46d5b3ca8390f2ab0d03c429b"
        ),
        "multilingual": _shipped(
            "multilingual", "352591d7fce63a0ce56cddf60e3e4427c3b3d5c4e6bfacc5abbcfb774b8559eb"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Learnt:
    """The weights that training gave, float32 by name, of a ``backbone``; ``sha256`` is that
    of their file."""

    backbone: Backbone
    tensors: Mapping[str, Vectors]
    sha256: str


def load_learnt(path: Path) -> Learnt:
    """What training wrote to ``path``.

    Raises:
        ModelLoadError: the file is missing, altered or not of a reading model.
    """
    try:
        with safe_open(path, framework="numpy") as opened:
            record = json.loads((opened.metadata() or {})["recipe"])
        tensors = {name: value.astype(np.float32) for name, value in load_file(path).items()}
        return Learnt(BACKBONES[record["backbone"]], tensors, sha256_file(path))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelLoadError(
            f"'{path}' is no reading model ({type(error).__name__}: {error})",
            remedy="name one that 'python -m embeddings.reading.train' wrote",
        ) from error


def backbone_tensors(folder: Path, *, beginning: tuple[str, ...] = ("",)) -> dict[str, Vectors]:
    """The weights of a BERT folder, float32, by their names in transformers' ``BertModel``:
    those whose names have one of these beginnings, the others are not read."""
    found: dict[str, Vectors] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="numpy") as opened:
            for key in opened.keys():  # noqa: SIM118  it is no mapping
                name = key.removeprefix("bert.")
                if name.startswith(beginning):
                    found[name] = opened.get_tensor(key).astype(np.float32)
    return found


def with_adapters(tensors: Mapping[str, Vectors], learnt: Learnt) -> dict[str, Vectors]:
    """The backbone's weights with the adapters added to them."""
    merged = dict(tensors)
    for name in learnt.tensors:
        if name.endswith(".a"):
            layer = name.removesuffix(".a")
            change = learnt.tensors[f"{layer}.b"] @ learnt.tensors[name]
            merged[f"{layer}.weight"] = tensors[f"{layer}.weight"] + SCALE * change
    return merged


def cached_graph(learnt: Learnt, folder: Path, cache_dir: Path, *, int8: bool) -> Path:
    """The ONNX file of the merged encoder, made where it is not there; int8 takes half the time
    where the processor multiplies bytes.

    Raises:
        ModelLoadError: onnx is not installed, or the cache cannot be written.
    """
    kind = "int8" if int8 else "float32"
    name = f"reading-{learnt.sha256[:12]}-v{GRAPH_VERSION}-{kind}.onnx"
    path = cache_dir / "models" / name
    recorded = path.with_name(path.name + ".sha256")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(path.name + ".lock")):
            if _is_whole(path, recorded):
                return path
            part = path.with_name(f".{path.name}.{os.getpid()}")
            _write(encoder_graph(with_adapters(backbone_tensors(folder), learnt)), part, int8=int8)
            recorded.write_text(sha256_file(part), encoding="ascii")
            part.replace(path)
    except ImportError as error:
        raise ModelLoadError(
            f"a reading model is put together with the package '{error.name}', which is missing",
            remedy="install footnote[models]",
        ) from error
    except (OSError, KeyError) as error:
        raise ModelLoadError(
            f"the reading model could not be written to '{path}' ({error})",
            remedy="free some space or set another cache directory",
        ) from error
    return path


def _is_whole(path: Path, recorded: Path) -> bool:
    try:
        return recorded.read_text(encoding="ascii") == sha256_file(path)
    except OSError:
        return False


def _write(model: ModelProto, path: Path, *, int8: bool) -> None:
    import onnx

    onnx.save(model, path)
    if not int8:
        return
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Per channel: one scale for a whole matrix costs a third of a logit.
    quantize_dynamic(
        path,
        path,
        per_channel=True,
        op_types_to_quantize=["MatMul"],
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a model folder, which neither pads nor cuts."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def backbone_folder(backbone: Backbone, cache_dir: Path) -> Path:
    """The backbone's float32 model folder.

    Raises:
        ModelLoadError: the model is missing or altered.
    """
    return locate_model(backbone.model, kind=backbone.kind, cache_dir=cache_dir).path
