"""Error against displacement, one figure per sweep: how far landmarks stray as the view moves away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flmcore.report.style import INK, MUTED, RULE, colour_of, marker_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flmcore.evaluation.results import Results

__all__ = ["AXIS", "draw_offsets", "sizes_of"]

AXIS = {
    "shift": "shift of the window, % of the box",
    "scale": "change of the window's size, %",
    "rotate": "rotation of the window, degrees",
    "noise": "sensor noise, grey levels at mid-grey",
    "jpeg": "JPEG quality, away from 60",
    "brightness": "change of light, doublings",
}
_PERCENT = ("shift", "scale")


def draw_offsets(results: Results, sweep: str) -> Figure:
    """A curve per detector with its interval over images; bins of the random part hold the same number of views."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0 + 0.2 * -(-len(results.summary) // 3)), layout="constrained")
    axes = figure.add_subplot()
    sizes = sizes_of(results, sweep)
    rows = [row for row in results.causes["sweeps"] if row["sweep"] == sweep]
    for index, row in enumerate(rows):
        _draw_curve(axes, sizes, row, index)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(AXIS[sweep], color=INK)
    axes.set_ylabel("mean distance from the mean place, %", color=INK)
    axes.grid(color=RULE, linewidth=0.6)
    axes.tick_params(colors=MUTED)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if rows:
        figure.legend(
            loc="outside lower center", ncols=min(len(rows), 3), frameon=False, fontsize=8, labelcolor=INK
        )
    return figure


def sizes_of(results: Results, sweep: str) -> list[float]:
    protocol = results.protocol
    described = {row["name"]: row for row in [*protocol.get("sweeps", []), protocol["sweep"]]}
    return [size * (100 if sweep in _PERCENT else 1) for size in described[sweep]["bins"]]


def _draw_curve(axes: Any, sizes: list[float], row: dict[str, Any], index: int) -> None:
    points = [
        (x, value)
        for x, value in zip(sizes, row["by_offset"], strict=False)
        if value and value["mean"] is not None
    ]
    if not points:
        return
    x, values = zip(*points, strict=True)
    colour = colour_of(index)
    axes.plot(
        x,
        [value["mean"] for value in values],
        color=colour,
        marker=marker_of(index),
        markersize=4,
        linewidth=1.4,
        label=row["detector"],
    )
    if all(value["low"] is not None for value in values):
        low, high = ([value[key] for value in values] for key in ("low", "high"))
        axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
