from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embeddings.precision import bfloat16_flags, bfloat16_is_faithful

ARGUMENTS: dict[str, Any] = {
    "limit": 0.001,
    "revision": "53aa",
    "torch_version": "2.13.0",
    "flags": ("amx_bf16",),
}


class Measurement:
    """A measurement that counts how often it was made."""

    def __init__(self, deviation: float) -> None:
        self.deviation = deviation
        self.times = 0

    def __call__(self) -> float:
        self.times += 1
        return self.deviation


def never() -> float:
    raise AssertionError("measured although nothing asked for it")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 amx_bf16 amx_int8", ("amx_bf16", "avx512_bf16")),
        ("Features\t: fp asimd bf16 i8mm", ("bf16",)),
        ("flags\t\t: fpu avx2 avx512f avx512_vnni", ()),
        ("model name\t: a bf16 machine", ()),
    ],
)
def test_only_a_processor_that_names_bfloat16_has_it(
    tmp_path: Path, line: str, expected: tuple[str, ...]
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\n{line}\n\nprocessor\t: 1\n{line}\n")
    assert bfloat16_flags(cpuinfo) == expected


def test_a_system_without_cpuinfo_has_no_bfloat16(tmp_path: Path) -> None:
    assert bfloat16_flags(tmp_path / "missing") == ()


def test_without_the_instructions_nothing_is_measured(tmp_path: Path) -> None:
    assert not bfloat16_is_faithful(never, cache_dir=tmp_path, **(ARGUMENTS | {"flags": ()}))


@pytest.mark.parametrize(("deviation", "faithful"), [(0.0001, True), (0.001, True), (0.002, False)])
def test_a_measurement_decides_and_is_remembered(
    tmp_path: Path, deviation: float, faithful: bool
) -> None:
    assert bfloat16_is_faithful(Measurement(deviation), cache_dir=tmp_path, **ARGUMENTS) is faithful
    assert bfloat16_is_faithful(never, cache_dir=tmp_path, **ARGUMENTS) is faithful


@pytest.mark.parametrize(
    "change", [{"revision": "aa9c"}, {"torch_version": "2.14.0"}, {"flags": ("avx512_bf16",)}]
)
def test_other_weights_torch_or_processor_are_measured_anew(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    bfloat16_is_faithful(Measurement(0.0), cache_dir=tmp_path, **ARGUMENTS)
    second = Measurement(1.0)
    assert not bfloat16_is_faithful(second, cache_dir=tmp_path, **(ARGUMENTS | change))
    assert second.times == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes()[:-5]),
        lambda file: file.write_text("[]"),
        lambda file: file.write_text('{"key": "another", "deviation": 0.0}'),
    ],
)
def test_a_damaged_record_is_measured_anew(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    bfloat16_is_faithful(Measurement(0.0), cache_dir=tmp_path, **ARGUMENTS)
    (record,) = tmp_path.rglob("*.json")
    damage(record)
    second = Measurement(1.0)
    assert not bfloat16_is_faithful(second, cache_dir=tmp_path, **ARGUMENTS)
    assert second.times == 1


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be")
    assert bfloat16_is_faithful(Measurement(0.0), cache_dir=blocked, **ARGUMENTS)
