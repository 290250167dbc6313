"""Times that phones and other devices measured, as measures of their own: one per device and compute unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flmcore.device.title import title_of
from flmcore.report.page.measures import Measure

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results
    from flmcore.report.page.values import Cell

__all__ = ["device_cells"]


def device_cells(results: Results) -> dict[Measure, dict[str, Cell]]:
    """By measure and detector; nothing where no device file was imported."""
    found: dict[Measure, dict[str, Cell]] = {}
    for number, device in enumerate(results.data.get("devices", [])):
        title = title_of(device)
        for units in dict.fromkeys(figure["compute_units"] for figure in device["figures"]):
            figures = {row["detector"]: row for row in device["figures"] if row["compute_units"] == units}
            measure = Measure(
                f"device{number}_{units}",
                f"{device['model']} {units}",
                "ms",
                "low",
                f"Measured on {title}, compute units {units}: the median of one prediction of the exported network alone, "
                "without crop and decoding. Compare only within this column. The line spans to the 90th percentile.",
                group="devices",
                paired=False,
            )
            found[measure] = {
                str(row["detector"]): _cell(figures.get(row["detector"])) for row in results.summary
            }
    return found


def _cell(figure: Mapping[str, Any] | None) -> Cell:
    if figure is None:
        return {"mean": None, "low": None, "high": None, "n": None, "reason": "not measured on this device"}
    times = figure["predict_ms"]
    return {"mean": times["p50"], "low": None, "high": None, "n": times["n"], "reason": None}
