"""All that the page shows, as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import flmcore
from flmcore.report.page.about import detector_rows, problem_rows, protocol_of
from flmcore.report.page.best import best_of
from flmcore.report.page.charts import chart_data
from flmcore.report.page.clips import clip_media
from flmcore.report.page.clouds import sweep_media
from flmcore.report.page.devices import device_cells
from flmcore.report.page.displacement import displacement_curves
from flmcore.report.page.draws import draws_of
from flmcore.report.page.images import image_rows
from flmcore.report.page.making import Making
from flmcore.report.page.measures import Measure
from flmcore.report.page.rating import best_by_eye, eye_cells, rating_data
from flmcore.report.page.shared_points import shared_points
from flmcore.report.page.values import Cell, cells_of

__all__ = ["PARTS", "page_data"]

VERSION = 1

# What sections of their own add to the data; each may put files into the page's folder.
PARTS: tuple[Callable[[Making], Mapping[str, Any]], ...] = (
    image_rows,
    chart_data,
    displacement_curves,
    shared_points,
    rating_data,
    sweep_media,
    clip_media,  # the last: clips take the weight that is left
)


def page_data(making: Making) -> dict[str, Any]:
    """``FLM_DATA`` of the page; docs/report.md describes it."""
    results = making.results
    cells = cells_of(results)
    alone = eye_cells(results) | device_cells(results)  # beside what images give
    data: dict[str, Any] = {
        "version": VERSION,
        "created_with": f"flmcore {flmcore.__version__}",
        "title": _title(results.summary),
        "protocol": protocol_of(results),
        "detectors": detector_rows(results),
        "metrics": [measure.to_dict() for measure in (*cells, *alone)],
        "values": _by_detector(cells | alone, [str(row["detector"]) for row in results.summary]),
        "best": best_of(results, cells) | best_by_eye(results),
        "draws": draws_of(results, cells),
        "problems": problem_rows(results),
    }
    for part in PARTS:
        data |= part(making)
    return data


def _title(summary: list[dict[str, Any]]) -> str:
    names = [str(row["detector"]) for row in summary]
    return names[0] if len(names) == 1 else f"{len(names)} face-landmark detectors compared"


def _by_detector(cells: Mapping[Measure, Mapping[str, Cell]], names: list[str]) -> dict[str, dict[str, Cell]]:
    return {name: {measure.key: row[name] for measure, row in cells.items() if name in row} for name in names}
