"""Jitter by part of the face."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.report.style import BAND, INK, colour_of, marker_of, plain_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from flmcore.evaluation.results import Results

__all__ = ["draw_groups"]


def draw_groups(results: Results) -> Figure:
    """One mark per detector and part, and each detector's interval over images."""
    from matplotlib.figure import Figure

    rows = [row for row in results.summary if row["faces"]]
    names = ["all landmarks", *_shared_groups(rows)]
    height = (0.26 + 0.09 * len(rows)) * len(names) + 1.2 + 0.25 * -(-len(rows) // 3)
    figure = Figure(figsize=(7.2, height), layout="constrained", facecolor="white")
    axes = figure.subplots()
    span = min(0.36, 0.1 * (len(rows) - 1))
    for index, (row, offset) in enumerate(
        zip(rows, np.linspace(-span, span, len(rows)).tolist(), strict=True)
    ):
        values = {"all landmarks": row["jitter"]["mean"], **row["per_group_jitter"]}
        places = np.arange(len(names)) + offset
        look: dict[str, Any] = {"color": colour_of(index), "marker": marker_of(index), "markersize": 5.5}
        axes.plot(
            _column([values.get(name) for name in names]),
            places,
            linestyle="none",
            label=row["detector"],
            **look,
        )
        ends = _column(
            [row["jitter"]["low"], row["jitter"]["high"]]
        )  # NaN, so not drawn, where there is none
        axes.plot(ends, [offset, offset], color=colour_of(index), linewidth=2, alpha=0.6)
    _dress(axes, names)
    figure.legend(loc="outside lower center", ncols=min(len(rows), 3), fontsize=9, frameon=False)
    figure.suptitle("Jitter by part of the face", fontsize=11, fontweight="bold", color=INK)
    return figure


def _shared_groups(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Groups that at least half of the detectors have; what only a few have compares nothing."""
    count = Counter(name for row in rows for name in row["per_group_jitter"])
    return [name for name in count if 2 * count[name] >= len(rows)]


def _column(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def _dress(axes: Axes, names: Sequence[str]) -> None:
    """Parts down the side on alternating bands, per cent along the bottom."""
    for index in range(0, len(names), 2):
        axes.axhspan(index - 0.5, index + 0.5, color=BAND, linewidth=0, zorder=0)
    axes.set_yticks(np.arange(len(names)), [name.replace("_", " ") for name in names], fontsize=9, color=INK)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel("jitter, % of the distance between the outer eye corners", fontsize=9, color=INK)
    plain_rows(axes)
