"""What phones and other devices measured, beside the table: a column per device, system and compute unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from flmcore.device.join import NO_CORE_ML
from flmcore.device.title import title_of
from flmcore.report.plans import plan_section
from flmcore.report.section import Section, draw_section

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["device_cells", "device_sections", "short_ms"]

UNITS = ("ALL", "CPU_AND_NE", "CPU_AND_GPU", "CPU_ONLY")
Figure = Mapping[str, Any]
Column = tuple[str, str, Mapping[str, Figure]]  # device, compute units, figure by detector
_FILES = ("onnx", "openvino", "tflite")  # backends of models that flmcore cannot export


def device_sections(results: Results, width: int) -> list[RenderableType]:
    """The measured times, then what compute plans estimate; nothing where no device file was imported."""
    columns = list(_columns(results.devices))
    if not columns:
        return []
    plans = plan_section(results.devices)
    sections = [_measured(results, columns), *([] if plans is None else [plans])]
    return [draw_section(section, width) for section in sections]


def device_cells(results: Results, detector: str) -> dict[str, float | int | None]:
    """For ``results.csv``, by column: percentiles, count and load times of one detector; the columns are the same for all."""
    cells: dict[str, float | int | None] = {}
    for device, units, figures in _columns(results.devices):
        figure = figures.get(detector, {})
        times = figure.get("predict_ms", {})
        name = f"on {device}, {units}"  # "on" ahead: a spreadsheet takes what begins with = for a formula
        cells |= {f"{name}: {key}_ms": times.get(key) for key in ("p50", "p90", "p99", "min", "max")}
        cells[f"{name}: n"] = times.get("n")
        for state in ("cold", "warm"):
            cells[f"{name}: {state}_load_p50_ms"] = figure.get("load_ms", {}).get(state, {}).get("p50")
    return cells


def short_ms(milliseconds: float) -> str:
    """Three digits are all that a latency is worth."""
    if milliseconds < 10:
        return f"{milliseconds:.2f}"
    return f"{milliseconds:.1f}" if milliseconds < 100 else f"{milliseconds:.0f}"


def _columns(devices: Iterable[Mapping[str, Any]]) -> Iterator[Column]:
    for device in devices:
        found = {figure["compute_units"] for figure in device["figures"]}
        for units in (*(u for u in UNITS if u in found), *sorted(found - set(UNITS))):
            figures = {f["detector"]: f for f in device["figures"] if f["compute_units"] == units}
            yield title_of(device), units, figures


def _measured(results: Results, columns: Sequence[Column]) -> Section:
    names = [
        f"[{number}] {device}, {units}:\np50/p90 ms".replace(", ", ",\n")
        for number, (device, units, _) in enumerate(columns, 1)
    ]
    rows = []
    for row in results.summary:
        cells = [_cell(figures.get(row["detector"])) for _, _, figures in columns]
        rows.append([row["detector"], *cells])
    about = (
        "Device times are of the package alone: what the app crops and decodes itself is not in them. They are no part of "
        "this machine's ms, and compare only within a column."
    )
    notes = [
        about,
        *(_source_note(number, column) for number, column in enumerate(columns, 1)),
        *_missing(results, columns),
        *_by_name_alone(columns),
        *_changed(columns),
    ]
    return Section(
        "Measured on devices: one prediction of the exported network", ["detector", *names], rows, notes
    )


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    p50, p90 = figure["predict_ms"]["p50"], figure["predict_ms"]["p90"]
    return f"{short_ms(p50)}/{'–' if p90 is None else short_ms(p90)}"


def _source_note(number: int, column: Column) -> str:
    """With what a column was measured, and from how many predictions."""
    device, units, figures = column
    tools = dict.fromkeys(_source(figure["source"]) for figure in figures.values())
    counts = sorted({figure["predict_ms"]["n"] for figure in figures.values()} - {None})
    unknown = [name for name, figure in figures.items() if figure["predict_ms"]["n"] is None]
    span = "" if not counts else f"; {counts[0]}{f' to {counts[-1]}' if len(counts) > 1 else ''} predictions"
    said = f"; how many predictions is not said for {', '.join(unknown)}" if unknown else ""
    return f"[{number}] {device}, {units}: {' and '.join(tools)}{span}{said}."


def _source(source: Mapping[str, Any]) -> str:
    tool = " ".join(source[key] for key in ("tool", "tool_version") if key in source) or "tool not said"
    more = [f"by {source['by']}" if "by" in source else "", source.get("at", ""), source["file"]]
    return ", ".join(filter(None, [tool, *more]))


def _missing(results: Results, columns: Sequence[Column]) -> Iterator[str]:
    """Why a cell is empty: what can never be there, then what nobody measured."""
    backends = {
        row["name"]: row.get("config", {}).get("model", {}).get("backend", "") for row in results.detectors
    }
    able = [row["detector"] for row in results.summary]
    for backend, reason in NO_CORE_ML.items():
        never = [name for name in able if backends.get(name) == backend]
        if never:
            yield f"{', '.join(never)}: no figure on a device: {reason}."
        able = [name for name in able if name not in never]
    for number, (_, _, figures) in enumerate(columns, 1):
        absent = [name for name in able if name not in figures]
        if absent:
            yield f"[{number}] not measured: {', '.join(absent)}."
    without = [name for name in able if all(name not in figures for _, _, figures in columns)]
    files = [name for name in without if backends.get(name) in _FILES]
    if files:
        yield f"{', '.join(files)}: a file of another runtime; flmcore exports PyTorch checkpoints to Core ML."


def _by_name_alone(columns: Sequence[Column]) -> Iterator[str]:
    named = []
    for number, (_, _, figures) in enumerate(columns, 1):
        names = [name for name, figure in figures.items() if figure["matched"] is None]
        named += [f"[{number}] {', '.join(names)}"] if names else []
    if named:
        yield f"Joined by name alone, as no sum of the weights is known on both sides: {'; '.join(named)}."


def _changed(columns: Sequence[Column]) -> Iterator[str]:
    """Where what runs on the device is not what jitter and NME were measured on."""
    for number, (_, _, figures) in enumerate(columns, 1):
        for name, figure in figures.items():
            parts = [figure[key] for key in ("precision", "compression") if figure.get(key)]
            if figure.get("compression"):
                yield f"! [{number}] {name} is {', '.join(parts)}: jitter and NME are of the model as it was evaluated."
            elif parts:
                yield f"[{number}] {name} is {parts[0]}."
            if figure.get("input") == "tensor":
                yield f"[{number}] {name} was given a tensor: an app that passes a picture pays for its conversion too."
