"""A mapping between two schemes: sparse rows and points on polylines, graded point by point."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["GRADES", "Arc", "Mapping", "Measurement", "Row", "Step", "Table", "compose", "step_from_table"]

GRADES = ("exact", "interpolated", "approximate", "undefined")  # from best to worst
_LETTERS = {grade[0]: grade for grade in GRADES}

Row = tuple[tuple[int, float], ...]
"""Sources of one landmark with their weights; empty: undefined, or placed by an arc."""

Index = NDArray[np.int64]
Share = NDArray[np.float64]
Table = tuple[Index, Index, Share, Index, Index, Index, Index, Share]
"""A step as ``_core.remap_float`` takes it: row_start, index, weight, path_start, path_index, arc_path, arc_target,
arc_fraction."""


@dataclass(frozen=True)
class Arc:
    """Landmarks placed at shares of a polyline's length."""

    path: tuple[int, ...]
    targets: tuple[int, ...]
    fractions: tuple[float, ...]


@dataclass(frozen=True)
class Step:
    """One pass of the remap kernel."""

    sources: int
    rows: tuple[Row, ...]
    arcs: tuple[Arc, ...] = ()

    def table(self) -> Table:
        """The arrays that the kernel reads."""
        entries = [entry for row in self.rows for entry in row]
        placed = [
            (i, target, fraction)
            for i, arc in enumerate(self.arcs)
            for target, fraction in zip(arc.targets, arc.fractions, strict=True)
        ]
        return (
            np.cumsum([0, *map(len, self.rows)], dtype=np.int64),
            np.array([index for index, _ in entries], np.int64),
            np.array([weight for _, weight in entries], np.float64),
            np.cumsum([0, *(len(arc.path) for arc in self.arcs)], dtype=np.int64),
            np.array([index for arc in self.arcs for index in arc.path], np.int64),
            np.array([i for i, _, _ in placed], np.int64),
            np.array([target for _, target, _ in placed], np.int64),
            np.array([fraction for _, _, fraction in placed], np.float64),
        )


@dataclass(frozen=True)
class Measurement:
    """How the errors of one table's approximate points were measured."""

    table: str
    """``source → target``."""
    origin: str
    """Whose landmarks were compared."""
    faces: int
    images: int
    """That the faces are in."""


@dataclass(frozen=True)
class Mapping:
    """How landmarks of ``source`` become landmarks of ``target``."""

    source: str
    target: str
    grades: tuple[str, ...]
    """One per target landmark: ``exact`` (the same point), ``interpolated`` (between points), ``approximate``
    (a point nearby), ``undefined`` (NaN)."""
    steps: tuple[Step, ...]
    path: tuple[str, ...]
    """Schemes passed through, from source to target."""
    origins: tuple[str, ...]
    """Where each table on the path comes from, with its doubts."""
    errors: tuple[float, ...] = ()
    """Measured error of each target landmark, in per cent of the distance between the outer eye corners: how far it lies
    from where the target's annotators would put it. Of the registry's mappings only ``approximate`` landmarks have one;
    NaN: there is nothing to measure, or it was not measured. Empty where no landmark has one."""
    standard_errors: tuple[float, ...] = ()
    """Of ``errors``, by jackknife over images. Empty for learnt mappings."""
    distances: tuple[float, ...] = ()
    """Root mean square distance that was found, with the errors of the models that were compared in it; there too where
    there were too few images for an error. Empty for learnt mappings."""
    measurements: tuple[Measurement, ...] = ()
    """Where ``errors`` come from, one per table on the path that has some. Empty for learnt mappings, whose ``origins``
    say it."""

    @property
    def complete(self) -> bool:
        """Whether every target landmark is defined."""
        return "undefined" not in self.grades


def step_from_table(
    data: MappingType[str, Any], sources: int, arcs: Sequence[MappingType[str, Any]]
) -> tuple[Step, tuple[str, ...]]:
    """Rows and grades of a file's table, or of one of its variants."""
    placed = tuple(
        Arc(
            tuple(arc["path"]),
            tuple(arc["targets"]),
            tuple(position / arc["divisions"] for position in arc["positions"]),
        )
        for arc in arcs
    )
    rows = tuple(_row(entry) for entry in data["rows"])
    return Step(sources, rows, placed), tuple(_LETTERS[letter] for letter in data["grades"])


def _row(entry: int | list[Any]) -> Row:
    """``7``: that landmark; ``[]``: none; ``[7, 8]``: their mean; ``[[7, 0.25], [8, 0.75]]``: weighted."""
    if isinstance(entry, int):
        return ((entry, 1.0),)
    return tuple(
        (item, 1 / len(entry)) if isinstance(item, int) else (int(item[0]), float(item[1])) for item in entry
    )


def compose(first: Step, then: Step) -> Step | None:
    """One step that does both; None where a polyline stands in the way."""
    if first.arcs or any(len(first.rows[i]) != 1 for arc in then.arcs for i in arc.path):
        return None
    arcs = tuple(
        Arc(tuple(first.rows[i][0][0] for i in arc.path), arc.targets, arc.fractions) for arc in then.arcs
    )
    return Step(first.sources, tuple(_through(row, first.rows) for row in then.rows), arcs)


def _through(row: Row, rows: tuple[Row, ...]) -> Row:
    if any(not rows[index] for index, _ in row):
        return ()  # one undefined source leaves the point undefined
    total: dict[int, float] = {}
    for index, weight in row:
        for source, share in rows[index]:
            total[source] = total.get(source, 0.0) + weight * share
    return tuple(total.items())
