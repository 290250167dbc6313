"""Jitter against latency: what steadiness costs, and which detectors nothing else beats in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flmcore.evaluation.latency import median_error
from flmcore.report.style import INK, MUTED, RULE, colour_of, marker_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from flmcore.evaluation.results import Results

__all__ = ["draw_tradeoff", "pareto_front", "tradeoff_marks"]

_FEW = 5  # detectors whose names stand beside their marks


@dataclass(frozen=True)
class Mark:
    """A detector: latency (ms) and jitter (%), each as low, value, high; ends None without an interval."""

    name: str
    index: int
    landmarks: int
    latency: tuple[float, float, float]
    jitter: tuple[float | None, float, float | None]


def tradeoff_marks(results: Results) -> list[Mark]:
    """The detectors that have both."""
    key = _metric(results)
    marks = []
    for index, row in enumerate(results.summary):
        speed, jitter = results.speed.get(row["detector"], {}), row[key]
        total = speed.get("total")
        if not total or not jitter or jitter["mean"] is None:
            continue
        half = 1.96 * median_error(total, speed.get("repeats", 1))
        times = (max(total["min"], total["p50"] - half), total["p50"], total["p50"] + half)
        ends = (jitter["low"], jitter["mean"], jitter["high"])
        marks.append(Mark(row["detector"], index, row["landmarks"], times, ends))
    return marks


def _metric(results: Results) -> str:
    """On common landmarks where all detectors reach some."""
    common = all(row["jitter_common"] and row["jitter_common"]["mean"] is not None for row in results.summary)
    return "jitter_common" if common and len(results.summary) > 1 else "jitter"


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indices of the points that no other is at least as low as in both and lower in one, by the first coordinate."""
    order = sorted(range(len(points)), key=lambda i: points[i])
    front: list[int] = []
    for i in order:
        if not front or points[i][1] < points[front[-1]][1] or points[i] == points[front[-1]]:
            front.append(i)
    return front


def draw_tradeoff(results: Results) -> Figure:
    """Latency across on a logarithmic scale, jitter up, area by the count of landmarks, the Pareto front as a stair."""
    from matplotlib.figure import Figure

    marks = tradeoff_marks(results)
    figure = Figure(
        figsize=(6.4, 4.4 + (0.0 if len(marks) <= _FEW else 0.2 * -(-len(marks) // 3))),
        layout="constrained",
        facecolor="white",
    )
    axes = figure.subplots()
    front = [marks[i] for i in pareto_front([(m.latency[1], m.jitter[1]) for m in marks])]
    x, y = ([mark.latency[1] for mark in front], [mark.jitter[1] for mark in front])
    axes.step(x, y, where="post", color=MUTED, linewidth=1, linestyle="--", zorder=1)
    for mark in marks:
        _draw(axes, mark)
    axes.set_xscale("log")
    axes.margins(0.18, 0.15)
    axes.set_ylim(bottom=0)
    if len(marks) <= _FEW:
        _label(axes, marks)
    else:  # names would cover each other
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8, labelcolor=INK)
    axes.xaxis.set_major_formatter(_plain)
    axes.xaxis.set_minor_formatter(_sparse)
    common = " on the common landmarks" if _metric(results) == "jitter_common" else ""
    note = "dashed: Pareto front; area: landmarks; lines: 95 % intervals"
    axes.set_xlabel(f"latency of one face, ms\n{note}", fontsize=9, color=INK)
    axes.set_ylabel(f"jitter{common}, %", fontsize=9, color=INK)
    axes.grid(color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", colors=MUTED, labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure


def _draw(axes: Axes, mark: Mark) -> None:
    colour = colour_of(mark.index)
    low, value, high = mark.jitter
    left, middle, right = mark.latency
    if low is not None and high is not None:
        axes.plot([middle, middle], [low, high], color=colour, linewidth=1.4, zorder=2)
    axes.plot([left, right], [value, value], color=colour, linewidth=1.4, zorder=2)
    size = 24 + 0.3 * mark.landmarks
    axes.plot(
        [], [], linestyle="none", marker=marker_of(mark.index), color=colour, markersize=5, label=mark.name
    )
    axes.scatter(
        [middle], [value], s=size, color=colour, marker=marker_of(mark.index), edgecolors="white", linewidths=0.6, zorder=3
    )  # fmt: skip


def _label(axes: Axes, marks: Sequence[Mark]) -> None:
    """Names beside their marks, on the side that has room: those of the right half to the left."""
    times = sorted(mark.latency[1] for mark in marks)
    for mark in marks:
        left = len(marks) > 1 and mark.latency[1] > (times[0] * times[-1]) ** 0.5
        axes.annotate(
            mark.name,
            (mark.latency[1], mark.jitter[1]),
            xytext=(-7 if left else 7, 5),
            textcoords="offset points",
            ha="right" if left else "left",
            fontsize=8,
            color=INK,
        )


def _plain(value: float, _: Any = None) -> str:
    return f"{value:g}"


def _sparse(value: float, _: Any = None) -> str:
    """Only 2 and 5 between the powers of ten: others would touch."""
    digit = f"{value:e}"[0]
    return f"{value:g}" if digit in "25" else ""
