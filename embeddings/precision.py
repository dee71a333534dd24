"""Which numbers a model runs in: a faster kind only where the processor has it.

bfloat16 keeps 8 bits of a number's 24. Processors with instructions for it run these
models two to three times as fast; on others it is emulated and slower.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

Dtype = Literal["auto", "float32", "bfloat16"]

# Short and long, prose and figures, other scripts, and words no vocabulary has: what
# loses most in few bits is not known beforehand. A change of these needs a new _FORMAT.
PROBE_TEXTS = (
    "Who signed the deviation?",
    "The ministry opened its first regional office in Nairobi on 5 July 2016.",
    "Revenue rose by 4.7 % to USD 1,284,300,512, while costs fell from 31.2 to 29.8 million.",
    "no",
    "In case of fire, leave the building by the nearest exit; do not use the lifts.",
    "工业发展组织与该公司签署了一份谅解备忘录。",
    "def mean(values: list[float]) -> float:\n    return sum(values) / len(values)",
    "Zxqv-9000 glorbnic frabjous 0x7f3a9c (see §4.2.1) – ¿qué?",
    "The committee did not approve the proposal, although two of its members had asked for "
    "it in writing, because the figures in the annex had never been checked against the "
    "accounts of the previous year and nobody present could explain how they had been made. "
    "It asked the secretariat to return with audited numbers before the spring session, and "
    "to say plainly which of the planned workshops would be dropped if the grant were late.",
)

_FORMAT = 1
# As /proc/cpuinfo writes them: the first two on x86, the last on ARM.
_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
# Without these, x86 adds products of bytes in 16 bits, where they overflow.
_BYTE_FLAGS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"})


def bfloat16_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[str, ...]:
    """The processor's bfloat16 instruction sets, sorted; empty where none is known of.

    Read from the file Linux keeps; on other systems always empty. Torch's own test of
    the processor is private, and also counts processors that only emulate bfloat16.
    """
    return tuple(sorted(_processor_flags(cpuinfo) & _FLAGS))


def multiplies_bytes(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor multiplies bytes and adds them in 32 bits (VNNI, ARM dot product)."""
    return not _BYTE_FLAGS.isdisjoint(_processor_flags(cpuinfo))


def _processor_flags(cpuinfo: Path) -> frozenset[str]:
    try:
        lines = cpuinfo.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    # The line is called "flags" on x86 and "Features" on ARM.
    named = (line.partition(":") for line in lines)
    return frozenset(
        flag
        for key, _, value in named
        if key.strip().lower() in ("flags", "features")
        for flag in value.split()
    )


def bfloat16_is_faithful(
    measure: Callable[[], float],
    *,
    limit: float,
    revision: str,
    torch_version: str,
    flags: tuple[str, ...],
    cache_dir: Path,
) -> bool:
    """Whether bfloat16 deviates from float32 by at most ``limit``.

    False without measuring where the processor has no bfloat16 (``flags`` is empty).
    Otherwise ``measure`` is called once for these weights, this torch and this
    processor; its result is kept in ``cache_dir`` and read from there afterwards.
    """
    if not flags:
        return False
    key = json.dumps([_FORMAT, revision, torch_version, flags])
    file = cache_dir / "precision" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
    deviation = _recorded(file, key)
    if deviation is None:
        deviation = measure()
        # A cache that cannot be written only means measuring again next time.
        with contextlib.suppress(OSError):
            _record(file, key, deviation)
    return deviation <= limit


def _recorded(file: Path, key: str) -> float | None:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return float(content["deviation"]) if content["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _record(file: Path, key: str, deviation: float) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".", dir=file.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump({"key": key, "deviation": deviation}, out)
    Path(temporary).replace(file)
