"""Measured errors of a mapping's approximate points: as a file has them, and carried along a chain of tables."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flmcore.schemes.rows import Measurement, Row, Step

__all__ = ["Errors", "chained", "measured_lines", "nothing", "read_measured", "without_measured"]

_LISTS = ("errors", "standard_errors", "distances")
_DIGITS = 2  # of a per cent: more than any standard error leaves
_WIDTH = 16  # numbers on a line


@dataclass(frozen=True)
class Errors:
    """One number per target landmark: 0 where there is nothing to measure, NaN where it was not measured."""

    errors: tuple[float, ...]
    standard_errors: tuple[float, ...]
    distances: tuple[float, ...]
    measurements: tuple[Measurement, ...] = ()

    def of(self, grades: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """A :class:`Mapping`'s keywords: numbers of approximate points only; none at all where none was measured."""
        numbers = {
            key: tuple(
                value if grade == "approximate" else math.nan
                for value, grade in zip(getattr(self, key), grades, strict=True)
            )
            for key in _LISTS
        }
        if all(map(math.isnan, numbers["distances"])):
            return {}
        return {**numbers, "measurements": self.measurements}


def nothing(landmarks: int) -> Errors:
    """Of landmarks that are what they are."""
    zeros = (0.0,) * landmarks
    return Errors(zeros, zeros, zeros)


def read_measured(data: Mapping[str, Any], grades: Sequence[str], table: str) -> Errors:
    """What the table ``measured`` of a mapping's file says; approximate points that it leaves out are unknown.

    Raises:
        ValueError: the table does not fit; the message names the key.
    """
    unknown = tuple(math.nan if grade == "approximate" else 0.0 for grade in grades)
    given = data.get("measured")
    if given is None:
        return Errors(unknown, unknown, unknown)
    given = (
        given if isinstance(given, dict) else {"points": given}
    )  # which are no indices, as the message says
    points = _points(given, grades)
    columns = [list(unknown) for _ in _LISTS]
    for key, column in zip(_LISTS, columns, strict=True):
        for i, value in zip(points, _numbers(given, key, len(points)), strict=True):
            column[i] = value
    errors, standard, distances = map(tuple, columns)
    return Errors(errors, standard, distances, (_measurement(given, table),))


def _points(given: Mapping[str, Any], grades: Sequence[str]) -> list[int]:
    points = given.get("points")
    approximate = {i for i, grade in enumerate(grades) if grade == "approximate"}
    if not isinstance(points, list) or not all(type(i) is int and i in approximate for i in points):
        msg = f"measured.points: expected indices of approximate landmarks, got {points!r}"
        raise ValueError(msg)
    return points


def _measurement(given: Mapping[str, Any], table: str) -> Measurement:
    origin, faces, images = (given.get(key) for key in ("origin", "faces", "images"))
    counts = [count for count in (faces, images) if type(count) is int and count > 0]
    if not isinstance(origin, str) or len(counts) < 2:
        msg = f"measured: expected an origin in words, faces and images from 1, got {origin!r}, {faces!r}, {images!r}"
        raise ValueError(msg)
    return Measurement(table, origin, *counts)


def _numbers(given: Mapping[str, Any], key: str, count: int) -> list[float]:
    values = given.get(key)
    if not isinstance(values, list) or len(values) != count:
        msg = f"measured.{key}: expected {count} numbers, one a point, got {values!r}"
        raise ValueError(msg)
    for value in values:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or value < 0 or math.isinf(value):
            msg = f"measured.{key}: expected numbers from 0, got {value!r}"
            raise ValueError(msg)
    return [float(value) for value in values]


def chained(before: Errors, step: Step, own: Errors) -> Errors:
    """Errors after one more table.

    What a point's sources are off it inherits by their weights, |w₁|e₁ + |w₂|e₂ + …, since neighbours are off the same
    way; a point on a polyline, those of the two nodes about its share. To that the table's own error adds in
    quadrature, for no direction is common to two tables; ``distances`` add in full (the triangle's inequality).
    """
    weights = [_weights(step, i) for i in range(len(step.rows))]
    inherited = {key: [_sum(getattr(before, key), row) for row in weights] for key in _LISTS}
    errors = tuple(map(math.hypot, inherited["errors"], own.errors))
    standard = map(
        _propagated,
        zip(inherited["errors"], own.errors, strict=True),
        zip(inherited["standard_errors"], own.standard_errors, strict=True),
    )
    distances = tuple(a + b for a, b in zip(inherited["distances"], own.distances, strict=True))
    return Errors(errors, tuple(standard), distances, before.measurements + own.measurements)


def _weights(step: Step, point: int) -> Row:
    for arc in step.arcs:
        if point in arc.targets:
            last = len(arc.path) - 1
            place = arc.fractions[arc.targets.index(point)] * last
            node = min(int(place), last - 1)
            share = place - node
            return tuple(
                pair for pair in ((arc.path[node], 1 - share), (arc.path[node + 1], share)) if pair[1]
            )
    return step.rows[point]


def _sum(values: Sequence[float], row: Row) -> float:
    return math.fsum(abs(weight) * values[index] for index, weight in row)


def _propagated(errors: tuple[float, float], standard: tuple[float, float]) -> float:
    """Standard error of √(a² + b²), to first order."""
    if 0 in errors:
        other = standard[1] if errors[0] == 0 else standard[0]
        return math.hypot(*standard) if errors[0] == errors[1] else other
    total = math.hypot(*errors)
    return math.hypot(*(error * own / total for error, own in zip(errors, standard, strict=True)))


def measured_lines(
    table: str,
    points: Sequence[int],
    *columns: Sequence[float],
    faces: int,
    images: int,
    origin: str,
) -> list[str]:
    """The TOML table: ``columns`` are errors, standard errors and distances of ``points``."""
    lines = [f"[{table}]", f"origin = {json.dumps(origin, ensure_ascii=False)}"]
    lines += [f"faces = {faces}", f"images = {images}", *_wrapped("points", list(map(str, points)))]
    for key, values in zip(_LISTS, columns, strict=True):
        lines += _wrapped(key, [repr(round(value, _DIGITS)) for value in values])
    return lines


def _wrapped(key: str, entries: list[str]) -> list[str]:
    if len(entries) <= _WIDTH:
        return [f"{key} = [{', '.join(entries)}]"]
    rows = [entries[i : i + _WIDTH] for i in range(0, len(entries), _WIDTH)]
    return [f"{key} = [", *(f"  {', '.join(row)}," for row in rows), "]"]


def without_measured(text: str, table: str) -> str:
    """A mapping's file without that table."""
    return re.sub(rf"(?ms)^\[{re.escape(table)}\]\n.*?(?=^\[\[?[a-z]|\Z)", "", text)
