"""A chart of a scheme's numbered landmarks, drawn with matplotlib (extra ``report``)."""

from __future__ import annotations

import io
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.errors import MissingExtraError
from flmcore.report.scheme_shape import shape_of
from flmcore.report.style import INK, MUTED, RULE
from flmcore.schemes import Scheme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_chart", "encode_chart", "joined", "part_of"]

Points = NDArray[np.float64]

# Okabe and Ito's colours by part of the face, and a marker each, so that print without colour tells them apart too.
_PARTS = {
    "contour": ("#0072B2", "o"),
    "brow": ("#D55E00", "^"),
    "nose": ("#009E73", "s"),
    "eye": ("#E69F00", "o"),
    "mouth": ("#CC79A7", "D"),
    "pupil": ("#000000", "P"),
    "other": ("#777777", "o"),
}
_DENSE = 150  # landmarks from which only the ends of groups are numbered
_LEGEND = 20  # characters that there is room for
_FACING = 0.06  # brow points this near in x are one above the other
_SIZE, _DPI = (9.0, 9.0), 160


def encode_chart(scheme: str, suffix: str) -> bytes:
    """The chart as PNG or SVG; the same scheme gives the same bytes.

    Raises:
        ValueError: an unknown scheme, another suffix.
        MissingExtraError: matplotlib is not installed.
    """
    form = suffix.lower().removeprefix(".")
    if form not in ("png", "svg"):
        msg = f"--out: expected a .png or .svg, got {suffix!r}"
        raise ValueError(msg)
    figure = draw_chart(scheme)
    import matplotlib as mpl

    buffer = io.BytesIO()
    metadata: dict[str, Any] = {"Software": None} if form == "png" else {"Date": None, "Creator": None}
    with mpl.rc_context({"svg.hashsalt": "flmcore"}):
        figure.savefig(buffer, format=form, dpi=_DPI, metadata=metadata)
    return buffer.getvalue()


def draw_chart(scheme: str) -> Figure:
    """Landmarks on a schematic face with their numbers, joined and coloured by group."""
    known, points = schemes.get(scheme), shape_of(scheme)
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "report", "drawing charts") from None  # noqa: EM101
    figure = Figure(figsize=_SIZE, facecolor="white")
    axes = figure.add_axes((0.02, 0.13, 0.96, 0.78))
    axes.set_aspect("equal")
    axes.axis("off")
    dense = known.landmarks > _DENSE
    grouped = {index for indices in known.groups.values() for index in indices}
    rest = [index for index in range(known.landmarks) if index not in grouped]
    if rest:
        axes.plot(*points[rest].T, "o", ms=2.2 if dense else 5, color="#C4C4C4", mew=0, zorder=1)
    for name, indices in known.groups.items():
        _draw_group(axes, name, points[list(indices)], dense=dense)
    _number(axes, known, points, dense=dense)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.1 * float((high - low).max())
    axes.set_xlim(low[0] - margin, high[0] + margin)
    axes.set_ylim(high[1] + margin, low[1] - margin)
    _write(figure, known, dense=dense)
    return figure


def _draw_group(axes: Axes, name: str, points: Points, *, dense: bool) -> None:
    colour, marker = _PARTS[part_of(name)]
    if (closed := joined(name, len(points))) is not None:
        line = np.vstack([points, points[:1]]) if closed else points
        axes.plot(*line.T, "-", color=colour, lw=1.1, alpha=0.4, zorder=2)
    size = (3.2 if dense else 5.2) * (0.9 if marker == "D" else 1)
    axes.plot(*points.T, marker, ms=size, color=colour, mec="white", mew=0.5, zorder=3)


def part_of(group: str) -> str:
    """The part of the face whose colour a group has."""
    if "centre" in group or "pupil" in group or "iris" in group:
        return "pupil"
    return next((part for part in _PARTS if part in group), "contour" if group == "chin" else "other")


def joined(name: str, count: int) -> bool | None:
    """Whether a group's line is closed; None where its order is no line."""
    if name in ("contour", "nose_bridge", "nose_bottom"):
        return False
    if name in ("outer_mouth", "inner_mouth"):
        return True
    if "eye" in name and "centre" not in name:
        return count > 3
    if "brow" in name:
        return count > 5 or count == 4
    return None


def _number(axes: Axes, scheme: Scheme, points: Points, *, dense: bool) -> None:
    """Numbers beside the landmarks, away from the middle of their group; those at one place share a label."""
    for name, indices in scheme.groups.items():
        middle = points[list(indices)].mean(axis=0)
        for index in [indices[0], indices[-1]] if dense else indices:
            same = np.flatnonzero((np.abs(points - points[index]) < 1e-9).all(axis=1)).tolist()
            if index != same[0]:
                continue
            way = _way(name, points[index], middle, points[list(indices)])
            axes.annotate(
                "·".join(map(str, same)),
                points[index],
                xytext=tuple(way * (9.5, -9.0)),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=8 if dense else 7.5 if scheme.landmarks > 60 else 9,
                color=INK,
                zorder=4,
            )


def _way(name: str, point: Points, middle: Points, group: Points) -> Points:
    """Unit vector, y down, from a landmark to its number."""
    if name == "contour":
        way = point - (0.0, 0.25)
    elif name == "nose_bridge":
        way = np.array([1.0, 0.0])
    elif name in ("nose_bottom", "nose_side", "chin") or part_of(name) == "pupil":
        way = np.array([0.0, 1.0])
    elif name == "inner_mouth":
        way = np.array([0.0, 1.0 if point[1] < middle[1] else -1.0])
        way = (
            np.array([1.0 if point[0] < middle[0] else -1.0, 0.0])
            if abs(point[1] - middle[1]) < 0.035
            else way
        )
    elif "brow" in name and (facing := group[np.abs(group[:, 0] - point[0]) < _FACING]).shape[0] > 1:
        way = np.array([0.15 * np.sign(point[0] - middle[0]), np.sign(point[1] - facing[:, 1].mean())])
    else:
        way = (point - middle) * (0.6, 1.0)
    length = float(np.hypot(*way))
    return way / length if length > 1e-9 else np.array([0.0, 1.0])


def _write(figure: Figure, scheme: Scheme, *, dense: bool) -> None:
    figure.text(0.5, 0.965, scheme.name, ha="center", va="center", fontsize=19, weight="bold", color=INK)
    numbers = "counted from 0, the ends of groups numbered" if dense else "counted from 0"
    text = f"{scheme.landmarks} landmarks, {numbers}  ·  left and right as seen in the image  ·  a schematic face"
    figure.text(0.5, 0.932, text, ha="center", va="center", fontsize=9.5, color=MUTED)
    entries = list(scheme.groups.items())
    columns = 3
    rows = -(-len(entries) // columns)
    small = 8.5
    for place, (name, indices) in enumerate(entries):
        column, row = divmod(place, rows)
        x, y = 0.06 + 0.31 * column, 0.108 - 0.0245 * row
        colour, marker = _PARTS[part_of(name)]
        figure.add_artist(_mark(x, y, colour, marker))
        figure.text(
            x + 0.016, y, f"{name.replace('_', ' ')}  ", ha="left", va="center", fontsize=9, color=INK
        )
        figure.text(x + 0.142, y, _ranges(indices), ha="left", va="center", fontsize=small, color=MUTED)
    figure.add_artist(_rule())


def _mark(x: float, y: float, colour: str, marker: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([x], [y], marker=marker, color=colour, ms=6, mec="white", mew=0.5, ls="")


def _rule() -> Any:
    from matplotlib.lines import Line2D

    return Line2D([0.05, 0.95], [0.13, 0.13], color=RULE, lw=0.8)


def _ranges(indices: tuple[int, ...]) -> str:
    """``0–16``, ``0, 4, 2, 5``; a long list is cut to its ends."""
    runs = [
        [index for _, index in run]
        for _, run in groupby(enumerate(indices), key=lambda item: item[1] - item[0])
    ]
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
    whole = ", ".join(texts)
    return whole if len(whole) <= _LEGEND else f"{indices[0]}, …, {indices[-1]}"
