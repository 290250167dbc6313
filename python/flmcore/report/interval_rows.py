"""Rows of a mean with its interval, a panel per number: what the figures of ratings and of video share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flmcore.report.style import BAND, INK, MUTED, colour_of, marker_of, plain_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Panel", "draw_panels"]


@dataclass(frozen=True)
class Panel:
    """One number of every detector.

    Attributes:
        label: of the scale.
        values: by detector an interval as results have it; those without a mean are left out.
        high: whether more is better, so that the best stands first.
        line: a value that is marked, as the average is.
    """

    label: str
    values: Mapping[str, Mapping[str, Any] | None]
    high: bool = False
    line: float | None = None


def draw_panels(panels: Sequence[Panel], places: Mapping[str, int], note: str) -> Figure:
    """``places``: by detector the place of its colour; ``note`` stands below."""
    from matplotlib.figure import Figure

    most = max(len(_known(panel)) for panel in panels)
    height = max(2.4, len(panels) * (0.32 * most + 0.8))
    figure = Figure(figsize=(7.2, height), layout="constrained", facecolor="white")
    rows = figure.subplots(len(panels), 1, squeeze=False).ravel().tolist()
    for axes, panel in zip(rows, panels, strict=True):
        _draw(axes, panel, places)
    figure.supxlabel(note, fontsize=8, color=MUTED)
    return figure


def _known(panel: Panel) -> list[tuple[str, Mapping[str, Any]]]:
    """The best first."""
    known = [(name, value) for name, value in panel.values.items() if value and value["mean"] is not None]
    return sorted(known, key=lambda row: row[1]["mean"], reverse=panel.high)


def _draw(axes: Axes, panel: Panel, places: Mapping[str, int]) -> None:
    rows = _known(panel)
    if panel.line is not None:
        axes.axvline(panel.line, color=MUTED, linewidth=0.8, linestyle="--")
    for height, (name, value) in enumerate(rows):
        index = places.get(name, height)
        if height % 2 == 0:
            axes.axhspan(height - 0.5, height + 0.5, color=BAND, linewidth=0, zorder=0)
        if value["low"] is not None:
            axes.plot([value["low"], value["high"]], [height, height], color=colour_of(index), linewidth=2)
        axes.plot(
            [value["mean"]], [height], linestyle="none", color=colour_of(index), marker=marker_of(index)
        )
    axes.set_yticks(np.arange(len(rows)), [name for name, _ in rows], fontsize=9, color=INK)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(panel.label, fontsize=9, color=INK)
    plain_rows(axes)
