"""Detectors in order, each with its interval and with those it is not told apart from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flmcore.report.style import BAND, INK, MUTED, colour_of, marker_of, plain_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from flmcore.evaluation.results import Results

__all__ = ["draw_ranks"]

_TITLES = {
    "jitter": "jitter, %",
    "jitter_common": "jitter on the common landmarks, %",
    "nme": "NME, %",
    "nme_common": "NME on the common landmarks, %",
}


def draw_ranks(results: Results) -> Figure:
    """A panel per metric: mean and interval, the range of ranks over resamples, letters of the ties."""
    from matplotlib.figure import Figure

    shown = [row for row in results.comparisons if row["ranking"]]
    most = max(len(row["ranking"]) for row in shown)
    height = max(2.8, len(shown) * (0.32 * most + 1.1))
    figure = Figure(figsize=(7.2, height), layout="constrained", facecolor="white")
    places = {row["detector"]: index for index, row in enumerate(results.summary)}
    panels = figure.subplots(len(shown), 1, squeeze=False).ravel().tolist()
    for axes, comparison in zip(panels, shown, strict=True):
        _draw(axes, comparison, places)
    note = "detectors that share a letter are not told apart (5 %, Holm); ranks: 95 % of the resamples"
    figure.supxlabel(note, fontsize=8, color=MUTED)
    return figure


def _draw(axes: Axes, comparison: dict[str, Any], places: dict[str, int]) -> None:
    rows = comparison["ranking"]
    for height, row in enumerate(rows):
        index = places.get(row["detector"], height)
        if height % 2 == 0:
            axes.axhspan(height - 0.5, height + 0.5, color=BAND, linewidth=0, zorder=0)
        if row["low"] is not None:
            axes.plot([row["low"], row["high"]], [height, height], color=colour_of(index), linewidth=2)
        axes.plot([row["mean"]], [height], linestyle="none", color=colour_of(index), marker=marker_of(index))
        ranks = "" if row["rank_low"] is None else f"rank {_range(row['rank_low'], row['rank_high'])}  "
        axes.annotate(
            f"{ranks}{row['letters']}",
            (1.01, height),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
            color=INK,
        )
    axes.set_yticks(np.arange(len(rows)), [row["detector"] for row in rows], fontsize=9, color=INK)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(_TITLES.get(comparison["metric"], comparison["metric"]), fontsize=9, color=INK)
    plain_rows(axes)


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"
