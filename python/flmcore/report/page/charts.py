"""Where on the face the jitter is: each detector's numbers by landmark and by part, and a chart to draw them on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from flmcore.evaluation.landmarks import scheme_or_none
from flmcore.evaluation.summary import same_faces
from flmcore.report.heatmap import mean_outline
from flmcore.report.page.making import Making
from flmcore.report.scheme_chart import joined
from flmcore.report.scheme_shape import shape_of

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["chart_data"]

_KINDS = ("jitter", "spread", "gain")


def chart_data(making: Making) -> Mapping[str, Any]:
    """``chart`` by scheme (``points``, ``groups``, ``lines``, ``eyes``), ``per_landmark`` and ``by_group`` by detector.

    ``points`` are (K, 2) on a schematic face, y down; a scheme that is drawn nowhere has the mean of the shapes that its
    first detector found. ``lines`` are landmarks that are joined; ``eyes`` the outer eye corners, or null.
    """
    results = making.results
    names = [str(row["detector"]) for row in results.summary]
    table, _ = same_faces(results.units, names)
    charts: dict[str, Any] = {}
    numbers: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for row in results.summary:
        name = str(row["detector"])
        units = list(table[name].values())
        if not units:
            continue
        numbers[name] = {kind: _means(units, kind) for kind in _KINDS}
        parts[name] = row["per_group_jitter"]
        if row["scheme"] not in charts:
            charts[str(row["scheme"])] = _chart(results, name, str(row["scheme"]), int(row["landmarks"]))
    return {"chart": charts, "per_landmark": numbers, "by_group": parts}


def _means(units: list[Mapping[str, Any]], kind: str) -> list[float | None] | None:
    """Of each landmark over faces, of those where it is defined; None where this sweep has no such number."""
    rows = [unit["per_landmark"].get(kind) for unit in units]
    known = [row for row in rows if row]
    if not known:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a landmark that was never defined has no mean
        means = np.nanmean(np.array(known, dtype=np.float64), axis=0)
    return [round(value, 4) if np.isfinite(value) else None for value in means.tolist()]


def _chart(results: Results, detector: str, scheme: str, landmarks: int) -> dict[str, Any]:
    known = scheme_or_none(scheme)
    groups = {name: list(members) for name, members in known.groups.items()} if known else {}
    try:
        points = shape_of(scheme)
    except ValueError:
        points = mean_outline(results.units, detector, scheme)
    if len(points) != landmarks:  # a detector of its own, under a name that the registry gives to another
        points, groups = mean_outline(results.units, detector, scheme), {}
    lines = []
    for name, members in groups.items():
        closed = joined(name, len(members))
        if closed is not None:
            lines.append([*members, members[0]] if closed else members)
    return {
        "points": np.round(points, 4).tolist(),
        "groups": groups,
        "lines": lines,
        "eyes": list(known.eye_outer) if groups and known and known.eye_outer else None,
    }
