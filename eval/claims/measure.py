"""How many unsupported claims a verifier lets pass where it releases most supported ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.claims.cases import ClaimCase
from eval.measure.aggregates import auroc
from eval.measure.statistics import share_interval


@dataclass(frozen=True, slots=True)
class Passing:
    """Unsupported claims of one kind, or all: ``passed`` of ``n`` were let pass, and the 95 %
    interval of their share (Wilson, JASA 1927)."""

    kind: str
    passed: int
    n: int
    interval: tuple[float, float]

    @property
    def share(self) -> float:
        """Those that passed of all."""
        return self.passed / self.n


@dataclass(frozen=True, slots=True)
class ClaimsMeasured:
    """A verifier's scores at the highest threshold that releases enough of the ``supported``
    claims; ``passing`` is of all unsupported ones and then by kind, the most let through first.
    """

    threshold: float
    released: float
    supported: int
    auroc: float
    passing: tuple[Passing, ...]


def measure_claims(
    cases: Sequence[ClaimCase], scores: Sequence[float], *, release: float
) -> ClaimsMeasured:
    """Measure scores in [0, 1], one a claim, where at least ``release`` of the supported pass.

    Raises:
        ValueError: there is no supported claim, or none that is not.
    """
    supported = [s for case, s in zip(cases, scores, strict=True) if case.supported]
    by_kind: dict[str, list[float]] = defaultdict(list)
    for case, score in zip(cases, scores, strict=True):
        if not case.supported:
            by_kind[case.kind].append(score)
    if not supported or not by_kind:
        raise ValueError("claims of both kinds are needed, supported and not")
    wanted = int(np.ceil(release * len(supported)))
    threshold = sorted(supported, reverse=True)[max(0, wanted - 1)]

    def passing(kind: str, values: Sequence[float]) -> Passing:
        passed = sum(value >= threshold for value in values)
        return Passing(kind, passed, len(values), share_interval(passed, len(values)))

    kinds = [passing(kind, values) for kind, values in by_kind.items()]
    kinds.sort(key=lambda each: (-each.share, each.kind))
    everything = passing("all", [value for values in by_kind.values() for value in values])
    right = [float(case.supported) for case in cases]
    return ClaimsMeasured(
        threshold=threshold,
        released=sum(value >= threshold for value in supported) / len(supported),
        supported=len(supported),
        auroc=float(auroc(list(scores), right, np.ones((1, len(cases))))[0]),
        passing=(everything, *kinds),
    )
