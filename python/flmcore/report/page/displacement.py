"""Error against displacement, for each sweep of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flmcore.report.offsets import AXIS, sizes_of
from flmcore.report.page.making import Making

__all__ = ["displacement_curves"]

_DIGITS = 4


def displacement_curves(making: Making) -> Mapping[str, Any]:
    """``by_offset``: by sweep ``axis`` (its title), ``sizes`` and, by detector, ``curves`` of mean, low, high."""
    results = making.results
    found: dict[str, Any] = {}
    for row in results.causes.get("sweeps", []):
        sweep = str(row["sweep"])
        if sweep not in AXIS or not row.get("by_offset"):
            continue
        if sweep not in found:
            sizes = [round(size, _DIGITS) for size in sizes_of(results, sweep)]
            found[sweep] = {"axis": AXIS[sweep], "sizes": sizes, "curves": {}}
        found[sweep]["curves"][str(row["detector"])] = [_bin(value) for value in row["by_offset"]]
    return {"by_offset": found}


def _bin(value: Mapping[str, Any] | None) -> list[float | None]:
    """Mean, low, high."""
    return [_rounded(value.get(key)) if value else None for key in ("mean", "low", "high")]


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, _DIGITS)
