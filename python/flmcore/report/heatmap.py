"""Where on the face the jitter is, landmark by landmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.landmarks import scheme_or_none
from flmcore.report.style import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from flmcore.evaluation.results import Results

__all__ = ["draw_landmarks", "mean_outline"]

_PANEL = 3.6  # inches
_PER_ROW = 4
_NAMED = 2.6  # inches, from which names of parts cover no landmarks
# Their names would cover landmarks: below the nose lies the upper lip. The figure by part of the face has their values.
_UNNAMED = (
    "inner_mouth",
    "nose_bottom",
    "nose_bridge",
    "nose_side",
    "pupils",
    "left_eye_centre",
    "right_eye_centre",
)
_EYE_CENTRES = 0.68  # distance between eye centres where outer corners are one apart, about


def draw_landmarks(results: Results, *, per_row: int = _PER_ROW, panel_size: float = _PANEL) -> Figure:
    """Each detector's mean shape, its landmarks coloured by their jitter on one scale.

    ``per_row`` shapes of ``panel_size`` inches side by side; parts of the face have names where there is room.
    """
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    rows = [row for row in results.summary if row["faces"]]
    columns = min(len(rows), per_row)
    lines = -(-len(rows) // columns)
    figure = Figure(
        figsize=(panel_size * columns + 1.1, (1.1 * panel_size + 0.45) * lines + 0.5),
        layout="constrained",
        facecolor="white",
    )
    panels = figure.subplots(lines, columns, squeeze=False).ravel().tolist()
    values = np.concatenate([_column(row["per_landmark_jitter"]) for row in rows])
    finite = values[np.isfinite(values)]
    # The worst landmarks of one detector must not flatten the differences between all others.
    scale = Normalize(0, float(np.quantile(finite, 0.98)) if len(finite) else 1.0)
    marks: Any = None
    shapes = [mean_outline(results.units, row["detector"], row["scheme"]) for row in rows]
    low, high = (pick([pick(shape, axis=0) for shape in shapes], axis=0) for pick in (np.nanmin, np.nanmax))
    for panel, row, shape in zip(panels, rows, shapes, strict=False):
        marks = _draw_shape(panel, row, shape, scale, panel_size)
        panel.set_xlim(low[0] - 0.1, high[0] + 0.1)  # one frame for all: the same face, the same size
        panel.set_ylim(high[1] + 0.2, low[1] - 0.15)
    for panel in panels[len(rows) :]:
        panel.set_axis_off()
    bar = figure.colorbar(marks, ax=panels, shrink=0.7, extend="max", pad=0.02, aspect=30)
    bar.set_label("jitter, % of the distance between the outer eye corners", color=INK, fontsize=9)
    bar.ax.tick_params(labelsize=8)
    figure.suptitle("Jitter of each landmark on the mean shape", fontsize=11, fontweight="bold", color=INK)
    return figure


def _draw_shape(
    panel: Axes, row: Mapping[str, Any], shape: NDArray[np.float64], scale: Any, panel_size: float
) -> Any:
    jitter = _column(row["per_landmark_jitter"])
    size = float(np.clip(3000 / len(jitter), 7, 45)) * (panel_size / _PANEL) ** 2
    marks = panel.scatter(
        shape[:, 0],
        shape[:, 1],
        c=jitter,
        s=size,
        cmap="viridis_r",
        norm=scale,
        edgecolors=INK,
        linewidths=0.3 * panel_size / _PANEL,
    )
    panel.set_title(
        f"{row['detector']}\n{row['jitter']['mean']:.2f} %, {row['landmarks']} landmarks",
        fontsize=10 if panel_size > _NAMED else 8,
        color=INK,
    )
    labels = _group_labels(row["scheme"], shape) if panel_size > _NAMED else {}
    for name, (x, y, above) in labels.items():
        value = row["per_group_jitter"].get(name)
        label = name.replace("_", " ") if value is None else f"{name.replace('_', ' ')} {value:.2f}"
        paper = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.6}
        panel.text(
            x, y, label, fontsize=7, color=INK, ha="center", va="bottom" if above else "top", bbox=paper
        )
    panel.set_aspect("equal")
    panel.set_axis_off()
    return marks


def _group_labels(scheme: str, shape: NDArray[np.float64]) -> dict[str, tuple[float, float, bool]]:
    """Where each group's name is written: above the brows, below the others; what lies inside another has none."""
    places: dict[str, tuple[float, float, bool]] = {}
    known = scheme_or_none(scheme)
    for name, members in known.groups.items() if known is not None else ():
        if name in _UNNAMED:
            continue
        part = shape[list(members)]
        above = name.endswith("brow")
        y = part[:, 1].min() - 0.06 if above else part[:, 1].max() + 0.06
        if np.isfinite(part).all():
            places[name] = (float(part[:, 0].mean()), float(y), above)
    return places


def _column(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def mean_outline(units: Sequence[Mapping[str, Any]], detector: str, scheme: str) -> NDArray[np.float64]:
    """Mean of a detector's shapes over faces, each turned and scaled onto the first (Procrustes)."""
    shapes = [np.array(unit["shape"], dtype=np.float64) for unit in units if unit["detector"] == detector]
    whole = [shape for shape in shapes if np.isfinite(shape).all()]
    if not whole:
        return _framed(shapes[0], scheme)
    target = _centred(whole[0])
    return _framed(np.asarray(np.mean([_turned(_centred(shape), target) for shape in whole], axis=0)), scheme)


def _framed(shape: NDArray[np.float64], scheme: str) -> NDArray[np.float64]:
    """Outer eye corners level and one unit apart, their middle at the origin, so that detectors can be compared."""
    known = scheme_or_none(scheme)
    if known is None or not (known.eye_outer or {"left_eye", "right_eye"} <= set(known.groups)):
        return np.asarray(_centred(shape) * np.sqrt(len(shape)) * 0.6 + np.array([0, 0.4]))
    if known.eye_outer is not None:
        left, right = shape[list(known.eye_outer)]
        unit = 1.0
    else:
        left, right = (shape[list(known.groups[name])].mean(axis=0) for name in ("left_eye", "right_eye"))
        unit = _EYE_CENTRES
    span = float(np.hypot(*(right - left))) or 1.0
    cos, sin = (right - left) / span
    return np.asarray((shape - (left + right) / 2) @ np.array([[cos, -sin], [sin, cos]]) / span * unit)


def _centred(shape: NDArray[np.float64]) -> NDArray[np.float64]:
    moved = shape - np.nanmean(shape, axis=0)
    size = float(np.sqrt(np.nansum(moved**2)))
    return np.asarray(moved / size if size > 0 else moved)


def _turned(shape: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation in the plane that brings ``shape`` closest to ``target``, in closed form."""
    a = float((shape * target).sum())
    b = float((shape[:, 0] * target[:, 1] - shape[:, 1] * target[:, 0]).sum())
    length = float(np.hypot(a, b)) or 1.0
    return np.asarray(shape @ (np.array([[a, b], [-b, a]]) / length))
