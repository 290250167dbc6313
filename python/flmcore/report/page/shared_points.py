"""Which landmarks of two schemes are the same place on the face."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flmcore import schemes
from flmcore.evaluation.landmarks import scheme_or_none
from flmcore.report.page.making import Making

__all__ = ["shared_points"]

_SAME = (
    "exact",
    "interpolated",
)  # an approximate landmark is a place nearby: its distance would be no difference


def shared_points(making: Making) -> Mapping[str, Any]:
    """``shared``: by scheme and target, the run's schemes and its common one, the rows that make the target's landmarks.

    A row is a list of source, weight, source, weight, …; empty where the source cannot give that landmark, or only one
    that lies near it.
    """
    results = making.results
    own = list(dict.fromkeys(str(row["scheme"]) for row in results.summary))
    common = results.protocol["common_scheme"]
    targets = dict.fromkeys([*own, *([common] if common else [])])
    known = [name for name in own if scheme_or_none(name)]
    return {"shared": {name: _rows_to(name, targets) for name in known}}


def _rows_to(source: str, targets: Iterable[str]) -> dict[str, list[list[float]]]:
    found: dict[str, list[list[float]]] = {}
    for target in targets:
        if target == source or scheme_or_none(target) is None:
            continue
        try:
            mapping = schemes.mapping(source, target)
        except ValueError:
            continue
        if len(mapping.steps) != 1:  # a place on a polyline of other places
            continue
        rows = [
            [number for index, weight in row for number in (index, round(weight, 6))]
            if grade in _SAME
            else []
            for row, grade in zip(mapping.steps[0].rows, mapping.grades, strict=True)
        ]
        if any(rows):
            found[target] = rows
    return found
