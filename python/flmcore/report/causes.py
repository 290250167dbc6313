"""Where jitter comes from, as tables below the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from flmcore.evaluation.decoders import MOVED, OWN
from flmcore.report.section import Section, draw_section

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["cause_sections"]

Rows = Sequence[Mapping[str, Any]]


def cause_sections(results: Results, width: int) -> list[RenderableType]:
    """A titled table for each kind of rows that the results have; a value a line where the terminal is narrow."""
    parts: list[tuple[str, Callable[[Rows], Section | None]]] = [
        ("sweeps", _sweeps),
        ("decoder_floor", _floors),
        ("redecode", _redecoded),
        ("smoothing", _smoothed),
        ("attribution", _attributed),
    ]
    found = [make(results.causes[key]) for key, make in parts if results.causes.get(key)]
    return [draw_section(section, width) for section in found if section is not None]


def _sweeps(rows: Rows) -> Section | None:
    if len({row["sweep"] for row in rows}) < 2:
        return None  # the table has it all
    ordered = sorted(rows, key=lambda row: [r["sweep"] for r in rows].index(row["sweep"]))
    cells = [
        [
            row["sweep"],
            row["detector"],
            _interval(row["jitter"]),
            _mean(row["jitter_common"]),
            _mean(row["spread"]),
        ]
        for row in ordered
    ]
    return Section("Every sweep", ["sweep", "detector", "jitter %", "common %", "spread %"], cells)


def _floors(rows: Rows) -> Section | None:
    with_maps = [row for row in rows if row["by_decoder"]]
    if not with_maps:
        return None
    decoders = list(dict.fromkeys(name for row in with_maps for name in row["by_decoder"]))
    cells = [
        [row["detector"], _mean(row["own"]), *(_mean(row["by_decoder"].get(name)) for name in decoders)]
        for row in rows
        if row["own"] is not None
    ]
    title = "Decoder floor: jitter % of perfect maps of a face that holds still, by decoder"
    return Section(title, ["detector", "own", *decoders], cells)


def _redecoded(rows: Rows) -> Section | None:
    decoded = [row for row in rows if row["decoder"] is not None]
    true = any(_known(row.get("nme")) for row in decoded)  # only a run with truth has accuracy
    numbers = ["spread", "gain", "moved", *(["nme"] if true else [])]
    cells = [
        [
            row["detector"],
            row["decoder"],
            _interval(row["jitter"]),
            *(_mean(row.get(number)) for number in numbers),
            *([_change(row)] if true else []),
        ]
        for row in decoded
    ]
    notes = [f"{row['detector']}: {row['reason']}" for row in rows if row["decoder"] is None]
    if cells:
        notes.append(
            f"A decoder that moves the mean landmarks by more than {MOVED:g} % finds other ones: do not compare it"
        )
    if true:
        notes.append("NME as in the table; beside own: paired difference, lower is better")
    names = ["detector", "decoder", "jitter %", "spread %", "gain", "moved %"]
    names += ["NME %", "beside own"] if true else []
    return Section("The same outputs through every decoder", names, cells, notes)


def _known(value: Mapping[str, Any] | None) -> bool:
    return value is not None and value["mean"] is not None


def _change(row: Mapping[str, Any]) -> str:
    """Signed, with three decimals: what a decoder is worth is often below a tenth of a per cent."""
    value = row.get("nme_change")
    if value is None or value["mean"] is None or row["decoder"] == OWN:
        return "–"
    if value["low"] is None:
        return f"{value['mean']:+.3f}"
    return f"{value['mean']:+.3f} [{value['low']:+.3f}, {value['high']:+.3f}]"


def _smoothed(rows: Rows) -> Section | None:
    cells = [
        [row["detector"], row["filter"], _interval(row["jitter"]), _mean(row["error"]), _mean(row["lag_ms"])]
        for row in rows
        if row["filter"] is not None
    ]
    notes = [f"{row['detector']}: {row['reason']}" for row in rows if row["filter"] is None]
    notes.append(
        "The face moves as on the path; error has the lag in it, jitter has not (docs/definitions.md)"
    )
    names = ["detector", "filter", "jitter %", "error %", "lag ms"]
    return Section("After smoothing, at 30 frames a second", names, cells, notes)


def _attributed(rows: Rows) -> Section | None:
    cells = [
        [row["detector"], *(_share(row.get(part)) for part in ("boxes", "resampling", "decoder", "network"))]
        for row in rows
    ]
    notes = [
        f"{row['detector']}, {name}: {reason}" for row in rows for name, reason in row["missing"].items()
    ]
    notes += [
        f"{row['detector']}: no face found in {row['missed']} of {row['frames']} frames, the box before was kept"
        for row in rows
        if row["missed"]
    ]
    notes.append(
        "Of the squared steps of a moving face whose boxes are found frame by frame (docs/definitions.md)"
    )
    names = ["detector", "boxes", "resampling", "decoder", "network"]
    return Section("Shares of the jitter's energy, %", names, cells, notes)


def _mean(value: Mapping[str, Any] | None) -> str:
    if value is None or value["mean"] is None:
        return "–"
    mean = value["mean"]
    return f"{mean:.1f}" if abs(mean) >= 10 else f"{mean:.2f}" if abs(mean) >= 0.1 else f"{mean:.3f}"


def _interval(value: Mapping[str, Any] | None) -> str:
    if value is None or value["low"] is None:
        return _mean(value)
    low, high = (_mean({"mean": value[key]}) for key in ("low", "high"))
    return f"{_mean(value)} [{low}, {high}]"


def _share(value: Mapping[str, Any] | None) -> str:
    if value is None or value["mean"] is None:
        return "–"
    if value["low"] is None:
        return f"{value['mean']:.0f}"
    return f"{value['mean']:.0f} [{value['low']:.0f}, {value['high']:.0f}]"
