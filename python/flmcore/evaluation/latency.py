"""Whether a detector became slower between two runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flmcore.evaluation.differences import same_machine
from flmcore.evaluation.metrics import Tolerance

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["compare_latency", "median_error"]

_STAGE = "total"


def compare_latency(
    old: Results, new: Results, detectors: Sequence[str], tolerance: Tolerance
) -> list[dict[str, Any]]:
    """Per detector the medians of both runs and a verdict: ``worse``, ``better``, ``same``, ``unclear``, or ``not judged`` and why.

    Worse is what is beyond the tolerance in the median *and* in the fastest repeat, and further apart than the noise of
    the two medians. A busy machine slows the median of the repeats, but hardly the fastest of them. ``unclear`` is what
    the noise hides.
    """
    machine = same_machine(old, new)
    return [
        _row(name, old.speed.get(name, {}), new.speed.get(name, {}), machine, tolerance) for name in detectors
    ]


def _row(
    name: str, old: Mapping[str, Any], new: Mapping[str, Any], machine: bool, tolerance: Tolerance
) -> dict[str, Any]:
    first, second = old.get(_STAGE), new.get(_STAGE)
    row: dict[str, Any] = {"detector": name, "unit": "ms", "old": first and first["p50"]}
    row |= {"new": second and second["p50"], "noise": None, "limit": None, "tolerance": str(tolerance)}
    row["verdict"] = "not judged"
    if not first or not second:
        return row | {"reason": "not measured in both runs"}
    noise = 1.96 * math.hypot(
        median_error(first, old.get("repeats", 1)), median_error(second, new.get("repeats", 1))
    )
    row |= {"noise": noise, "limit": tolerance.limit(first["p50"])}
    if not machine:
        return row | {"reason": "another machine"}
    other = [key for key in ("image", "threads", "batch") if old.get(key) != new.get(key)]
    if other:
        return row | {"reason": f"measured with other {', '.join(other)}"}
    return row | {"verdict": _verdict(first, second, noise, tolerance), "reason": None}


def median_error(stage: Mapping[str, Any], repeats: int) -> float:
    """Standard error of a median in milliseconds: 1 / (2 f √n), f the density at the median.

    Half of the repeats lie between the fastest and the median, so f is about 0.5 / (p50 − min). The upper side says less:
    what interrupts a few repeats moves p90 far, and the median hardly.
    """
    return float((stage["p50"] - stage["min"]) / math.sqrt(repeats))


def _verdict(old: Mapping[str, Any], new: Mapping[str, Any], noise: float, tolerance: Tolerance) -> str:
    def slower(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
        beyond = max(tolerance.limit(first["p50"]), noise)
        fastest = second["min"] - first["min"] > tolerance.limit(first["min"])
        return bool(second["p50"] - first["p50"] > beyond and fastest)

    if slower(old, new):
        return "worse"
    if slower(new, old):
        return "better"
    return "same" if abs(new["p50"] - old["p50"]) + noise <= tolerance.limit(old["p50"]) else "unclear"
