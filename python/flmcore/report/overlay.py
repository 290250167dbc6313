"""The sweep's landmarks drawn on the face: what the eye would see of the jitter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.landmarks import mean_shape, scheme_or_none
from flmcore.ops.affine import transform_points
from flmcore.report.style import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from flmcore.evaluation.results import Results

__all__ = ["draw_overlay"]

_TRACE, _MEAN = "#00E5FF", "#FFFFFF"  # the trace on skin of any tone, the mean as a white dot with a dark rim
_PANEL = 3.9  # inches
_PER_ROW = 4
_ZOOM = 5.0


def draw_overlay(results: Results, image: str, *, per_row: int = _PER_ROW) -> Figure:
    """For each detector the face with all landmarks of the path, and below it an eye, five times larger."""
    from matplotlib.figure import Figure

    arrays = results.overlays[image]
    picture, window = arrays["picture"], arrays["window"]
    clouds = [
        (row, np.asarray(transform_points(arrays[key].astype(np.float64), window), dtype=np.float64))
        for row in results.summary
        if (key := f"cloud/{row['detector']}") in arrays
    ]
    columns = min(max(1, len(clouds)), per_row)
    lines = -(-max(1, len(clouds)) // columns)
    figure = Figure(
        figsize=(_PANEL * columns, (2 * _PANEL + 0.6) * lines + 0.6), layout="constrained", facecolor="white"
    )
    axes = figure.subplots(2 * lines, columns, squeeze=False)
    for empty in axes.ravel().tolist():
        empty.set_axis_off()
    left, top, side = _eye_region(clouds, picture.shape[0])
    for number, (row, cloud) in enumerate(clouds):
        line, column = divmod(number, columns)
        upper, lower = axes[2 * line, column], axes[2 * line + 1, column]
        dense = cloud.shape[1] > 120
        _draw(upper, picture, cloud, dot=1.0 if dense else 2.2, line=0.3 if dense else 0.6)
        upper.set_title(
            f"{row['detector']}\n{_jitter(results, image, row['detector'])}", fontsize=10, color=INK
        )
        upper.add_patch(_frame(left, top, side))
        _draw(lower, picture, cloud, dot=3.0 if dense else 5.0, line=0.8)
        lower.set_xlim(left - 0.5, left + side - 0.5)
        lower.set_ylim(top + side - 0.5, top - 0.5)
    frames = results.protocol["sweep"]["frames"]
    figure.suptitle(image, fontsize=11, color=INK, fontweight="bold")
    figure.supxlabel(
        f"Blue: each landmark through the sweep's {frames} windows; white: its mean. A perfect detector shows no blue.",
        fontsize=8.5,
        color=MUTED,
    )
    return figure


def _draw(
    axes: Axes, picture: NDArray[np.uint8], cloud: NDArray[np.float64], *, dot: float, line: float
) -> None:
    axes.imshow(picture, interpolation="bilinear")
    closed = np.concatenate([cloud, cloud[:1]])
    axes.plot(
        closed[..., 0], closed[..., 1], color=_TRACE, linewidth=line, alpha=0.9, solid_joinstyle="round"
    )
    mean = mean_shape(cloud)
    axes.plot(
        mean[:, 0], mean[:, 1], linestyle="none", marker="o", markersize=dot,
        markerfacecolor=_MEAN, markeredgecolor="#101010", markeredgewidth=dot / 5,
    )  # fmt: skip
    axes.set_axis_off()
    axes.set_xlim(-0.5, picture.shape[1] - 0.5)
    axes.set_ylim(picture.shape[0] - 0.5, -0.5)


def _frame(left: float, top: float, side: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((left, top), side, side, fill=False, edgecolor="white", linewidth=1.0)


def _eye_region(clouds: list[tuple[Any, NDArray[np.float64]]], size: int) -> tuple[float, float, float]:
    """Left, top and side of a square about an eye, the same for all detectors; mid-picture where none has eyes."""
    side = size / _ZOOM
    for row, cloud in clouds:
        scheme = scheme_or_none(row["scheme"])
        if scheme is None or scheme.eye_outer is None or scheme.eye_inner is None:
            continue
        x, y = mean_shape(cloud)[[scheme.eye_outer[0], scheme.eye_inner[0]]].mean(axis=0)
        if np.isfinite([x, y]).all():
            limit = size - side
            return float(np.clip(x - side / 2, 0, limit)), float(np.clip(y - side / 2, 0, limit)), side
    return (size - side) / 2, (size - side) / 2, side


def _jitter(results: Results, image: str, detector: str) -> str:
    for unit in results.units:
        if unit["image"] == image and unit["detector"] == detector and unit["jitter"] is not None:
            return f"jitter {unit['jitter']:.2f} %"
    return ""
