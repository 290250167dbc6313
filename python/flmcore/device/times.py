"""Times as percentiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from flmcore.data.record_schema import Fault, Place

__all__ = ["PERCENTILES", "Times", "check_order", "percentiles"]

PERCENTILES = ("p50", "p90", "p99", "min", "max")
Times = Mapping[str, float] | Sequence[float] | float
_ORDER = ("min", "p50", "p90", "p99", "max")
_ENOUGH = {"p90": 10, "p99": 100}  # with fewer a percentile would be the maximum


def percentiles(times: Times) -> dict[str, float | int | None]:
    """p50, p90, p99, min, max and n of times in ms, rounded to 0.1 µs; None for what is not known.

    Percentiles are linearly interpolated; p90 needs 10 times and p99 100. Given percentiles are kept as they are.
    """
    if isinstance(times, Mapping):
        count = times.get("n")
        return {key: times.get(key) for key in PERCENTILES} | {"n": None if count is None else int(count)}
    values = np.atleast_1d(np.asarray(times, dtype=np.float64))
    known: dict[str, float | int | None] = {
        name: round(float(np.quantile(values, int(name[1:]) / 100)), 4)
        if len(values) >= _ENOUGH.get(name, 1)
        else None
        for name in ("p50", "p90", "p99")
    }
    return known | {
        "min": round(float(values.min()), 4),
        "max": round(float(values.max()), 4),
        "n": len(values),
    }


def check_order(times: Times, place: Place) -> None:
    """Fault where given percentiles fall: p50 above p90, and the like."""
    if not isinstance(times, Mapping):
        return
    given = [name for name in _ORDER if name in times]
    for low, high in pairwise(given):
        if times[low] > times[high]:
            msg = f"expected {low} ≤ {high}, got {low} {times[low]:g} and {high} {times[high]:g}"
            raise Fault((*place, low), msg)
    if times.get("n") == 1 and len({times[name] for name in given}) > 1:
        msg = "expected percentiles that are all the same, as n is 1, got different ones"
        raise Fault((*place, "n"), msg)
