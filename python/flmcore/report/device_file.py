"""A device file as tables: what was measured, and apart from it what the compute plan estimates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from flmcore.device.times import percentiles
from flmcore.report.devices import short_ms
from flmcore.report.plans import plan_section
from flmcore.report.safe import printable_record
from flmcore.report.section import Section, draw_section

if TYPE_CHECKING:
    from flmcore.device.reading import DeviceFile

__all__ = ["build_device_file"]


def build_device_file(file: DeviceFile, width: int) -> RenderableType:
    """Device, who measured, times, plan; its texts are shown, never obeyed."""
    data: dict[str, Any] = printable_record(file.data)
    lines = [
        Text(f" {key:<13} {value}")
        for part in ("device", "measured")
        for key, value in data.get(part, {}).items()
    ]
    figures = [{**entry, "detector": entry["name"]} for entry in data["detectors"]]
    plans = plan_section([data["device"] | {"figures": figures}])
    sections = [_times(figures), *([] if plans is None else [plans])]
    return Group(*lines, Text(), *(draw_section(section, width) for section in sections))


def _times(figures: list[dict[str, Any]]) -> Section:
    rows = []
    for entry in figures:
        times = percentiles(entry["predict_ms"])
        loads = {state: percentiles(value) for state, value in entry.get("load_ms", {}).items()}
        sums = [key.partition("_")[0] for key in ("weights_sha256", "package_sha256") if key in entry]
        cells = [_ms(times, key) for key in ("p50", "p90", "p99", "min", "max")]
        count = "–" if times["n"] is None else str(times["n"])
        load = "/".join(_ms(loads.get(state, {}), "p50") for state in ("cold", "warm"))
        rows.append(
            [entry["detector"], entry["compute_units"], *cells, count, load, ", ".join(sums) or "name"]
        )
    names = ["detector", "units", "p50", "p90", "p99", "min", "max", "n", "load\ncold/warm", "known by"]
    return Section("Measured: one prediction, ms", names, rows)


def _ms(times: Mapping[str, float | int | None], key: str) -> str:
    value = times.get(key)
    return "–" if value is None else short_ms(value)
