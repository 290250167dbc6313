"""What is known of each number of the table: where it is, its unit, which way is better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flmcore.evaluation.summary import METRICS
from flmcore.nearest import nearest

__all__ = ["LATENCY", "Metric", "Tolerance", "find_metric", "metric_names", "read_tolerance"]

LATENCY = "latency"  # not among a unit's values: one measurement per run


@dataclass(frozen=True)
class Tolerance:
    """How much worse is still not worse: the larger of a share of the old mean and an amount in the metric's unit."""

    share: float = 0.0
    amount: float = 0.0

    def limit(self, old: float) -> float:
        """In the metric's unit."""
        return max(self.share * abs(old), self.amount)

    def __str__(self) -> str:
        said = [f"{100 * self.share:g} %"] if self.share or not self.amount else []
        return " or ".join([*said, f"{self.amount:g}"] if self.amount else said)


# Another version of a runtime moves every landmark by some 1e-6 px, and in the same way on every image: an interval
# that does not hold zero. So some tolerance is needed even where nothing is to get worse.
_USUAL = Tolerance(0.01, 0.001)
_ODD: dict[str, tuple[str, str, Tolerance]] = {
    "gain": ("", "zero", Tolerance(0, 0.01)),
    "gain_common": ("", "zero", Tolerance(0, 0.01)),
    LATENCY: ("ms", "lower", Tolerance(0.10)),
}


@dataclass(frozen=True)
class Metric:
    """One number of the table.

    Attributes:
        name: as in ``summary``.
        path: keys that lead to it in a unit.
        unit: ``%``, ``ms``, or empty.
        better: ``lower``, ``higher``, or ``zero`` (the nearer to it, the better).
        tolerance: what is used where none is given.
    """

    name: str
    path: tuple[str, ...]
    unit: str
    better: str
    tolerance: Tolerance

    def of(self, unit: Mapping[str, Any]) -> float | None:
        """Its value on one face; None where it has none."""
        value: Any = unit
        for key in self.path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return None if value is None else float(value)

    def loss(self, value: float) -> float:
        """The value so that lower is better."""
        return {"lower": value, "higher": -value, "zero": abs(value)}[self.better]


def metric_names() -> list[str]:
    """All that two runs can be compared on."""
    return [*METRICS, LATENCY]


def find_metric(name: str, argument: str = "metric") -> Metric:
    """The metric of that name; one that nothing else is said of is in per cent, and better where it is lower.

    Raises:
        ValueError: unknown; names the nearest.
    """
    if name not in (known := metric_names()):
        msg = f"{argument}: expected one of {', '.join(known)}, got {name!r}{nearest(name, known)}"
        raise ValueError(msg)
    usual = ("", "higher", _USUAL) if name.startswith("auc") else ("%", "lower", _USUAL)
    unit, better, tolerance = _ODD.get(name, usual)
    return Metric(name, METRICS.get(name, ()), unit, better, tolerance)


def read_tolerance(value: str | float | Tolerance, argument: str) -> Tolerance:
    """``"5%"`` is a share of the old mean; a number is an amount in the metric's own unit.

    Raises:
        ValueError: no number, or a negative one.
    """
    if isinstance(value, Tolerance):
        return value
    text = str(value).strip()
    share = text.endswith("%")
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        msg = f"{argument}: expected a share such as 5% or an amount from 0, got {value!r}"
        raise ValueError(msg)
    return Tolerance(number / 100) if share else Tolerance(0, number)
