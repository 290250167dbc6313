"""The ablations' figure: error against the number of faces with what was fitted, and against the network's cost."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flmcore.report.style import MUTED, RULE, colour_of

_NAMES = {"human": "photographs, human landmarks", "drawn": "held-out drawn faces"}


def draw_figure(rows: Sequence[Mapping[str, Any]], falls: Mapping[str, Any]) -> bytes | None:
    """A PNG; None where neither group has two points."""
    from matplotlib.figure import Figure

    kept = {
        group: [row for row in rows if row["group"] == group and row["seeds"]]
        for group in ("data", "network")
    }
    panels = [group for group, found in kept.items() if len(found) > 1]
    if not panels:
        return None
    figure = Figure(figsize=(5.2 * len(panels), 3.8), layout="constrained")
    for axes, group in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        if group == "data":
            _points(axes, kept[group], "faces", 1.0, lines=False)
            _curves(axes, kept[group], falls)
            axes.set_xlabel("drawn faces to train on, at the same number of samples", fontsize=9)
        else:
            _points(axes, kept[group], "multiply_adds", 1e6, lines=True)
            axes.set_xlabel("million multiply-adds", fontsize=9)
        _dress(axes)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=130, metadata={"Software": None})
    return file.getvalue()


def _points(axes: Any, rows: Sequence[Mapping[str, Any]], key: str, unit: float, *, lines: bool) -> None:
    """Bars: for drawn faces 95 % over faces; for human ones the range over seeds."""
    ends = {"human": ("human_least", "human_most"), "drawn": ("drawn_low", "drawn_high")}
    for index, (name, (low, high)) in enumerate(ends.items()):
        usable = sorted(
            (row for row in rows if row[name] is not None and row[key] is not None), key=lambda row: row[key]
        )
        if not usable:
            continue
        x, y = ([row[key] / unit for row in usable], [row[name] for row in usable])
        reach = [
            [0.0 if row[low] is None else row[name] - row[low] for row in usable],
            [0.0 if row[high] is None else row[high] - row[name] for row in usable],
        ]
        style = "o-" if lines else "o"
        axes.errorbar(
            x, y, yerr=np.maximum(reach, 0), fmt=style, color=colour_of(index), markersize=4, capsize=2,
            linewidth=1, label=_NAMES[name],
        )  # fmt: skip


def _curves(axes: Any, rows: Sequence[Mapping[str, Any]], falls: Mapping[str, Any]) -> None:
    """Fitted curves, dashed where their exponent is not determined."""
    x = np.geomspace(min(row["faces"] for row in rows), max(row["faces"] for row in rows), 200)
    for index, name in enumerate(_NAMES):
        found = falls.get(name)
        if not found or found["b"] is None:
            continue
        low, high = found["b_interval"]
        label = f"b = {found['b']:.2f} [{low:.2f}, {high:.2f}], c = {found['c']:.2f} %"
        label += "" if found["determined"] else " (not determined)"
        style = "-" if found["determined"] else "--"
        y = found["a"] * x ** -found["b"] + found["c"]
        axes.plot(x, y, style, color=colour_of(index), linewidth=1, label=label)


def _dress(axes: Any) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(bottom=0)
    axes.set_ylabel("NME, % between outer eye corners", fontsize=9)
    axes.grid(color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, which="both", colors=MUTED)
    axes.legend(fontsize=7, frameon=False)
