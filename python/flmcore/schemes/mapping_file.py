"""A mapping as a TOML file of one's own, in the form of the registry's."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flmcore.errors import ConfigError
from flmcore.schemes import rows
from flmcore.schemes.measured import measured_lines, read_measured
from flmcore.schemes.scheme import find

__all__ = ["mapping_text", "read_mapping"]

_WIDTH = 110


def read_mapping(path: str | os.PathLike[str]) -> rows.Mapping:
    """The mapping of a file, as :func:`flmcore.fit_remap` saves one; ``flmcore.remap(points, mapping=…)`` takes it.

    Keys are those of the built-in files (``source``, ``target``, ``origin``, ``grades``, ``rows``; ``doubts`` and
    ``arcs`` where there are any), and ``sources``, the number of source landmarks, where ``source`` is a name that the
    registry does not know. ``errors`` holds measured errors, one per target landmark; the built-in files have a table
    ``measured`` instead, of approximate landmarks only.

    Raises:
        ConfigError: the file cannot be read, or does not hold a mapping; the message names the key.
    """
    if sys.version_info >= (3, 11):
        import tomllib  # here, for the sake of import time
    else:
        import tomli as tomllib
    place = Path(path)
    try:
        data = tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{place}: cannot be read: {error.strerror or error}"
        raise ConfigError(msg) from error
    except ValueError as error:  # of TOML and of UTF-8
        msg = f"{place}: expected a TOML file, got: {error}"
        raise ConfigError(msg) from error
    try:
        return _mapping(data)
    except ValueError as error:
        msg = f"{place}: {error}"
        raise ConfigError(msg) from error


def _mapping(data: Mapping[str, Any]) -> rows.Mapping:
    source, target, origin = (_text(data, key) for key in ("source", "target", "origin"))
    count = _sources(data, source)
    try:
        step, grades = rows.step_from_table(data, count, data.get("arcs", ()))
    except (KeyError, TypeError, IndexError, ValueError, ZeroDivisionError) as error:
        msg = f"rows, grades, arcs: expected a mapping's tables, got {type(error).__name__}: {error}"
        raise ValueError(msg) from error
    known = find(target)
    if known is not None and len(step.rows) != known.landmarks:
        msg = f"rows: expected {known.landmarks} for {target}, got {len(step.rows)}"
        raise ValueError(msg)
    if len(grades) != len(step.rows):
        msg = f"grades: expected {len(step.rows)} letters, one a row, got {len(grades)}"
        raise ValueError(msg)
    _check_rows(step, grades)
    doubts = [_text(data, "doubts")] if "doubts" in data else []
    origins = ("; ".join([origin, *doubts]),)
    errors: dict[str, tuple[Any, ...]] = {"errors": _errors(data, len(grades))}
    if "measured" in data:
        errors = read_measured(data, grades, f"{source} → {target}").of(grades)
    return rows.Mapping(source, target, grades, (step,), (source, target), origins, **errors)


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        msg = f"{key}: expected text, got {value!r}"
        raise ValueError(msg)
    return value


def _sources(data: Mapping[str, Any], source: str) -> int:
    scheme = find(source)
    known = None if scheme is None else scheme.landmarks
    count = data.get("sources", known)
    if not isinstance(count, int) or isinstance(count, bool) or count < 1 or known not in (None, count):
        expected = f"{known}, the landmarks of {source}" if known else f"the number of landmarks of {source}"
        msg = f"sources: expected {expected}, got {count!r}"
        raise ValueError(msg)
    return count


def _check_rows(step: rows.Step, grades: Sequence[str]) -> None:
    placed = {target for arc in step.arcs for target in arc.targets}
    for i, (row, grade) in enumerate(zip(step.rows, grades, strict=True)):
        for index, weight in row:
            if not (0 <= index < step.sources and math.isfinite(weight)):
                msg = f"rows: expected indices below {step.sources} and finite weights, got {row} for landmark {i}"
                raise ValueError(msg)
        total = math.fsum(weight for _, weight in row)
        if row and abs(total - 1) > 1e-9:
            msg = f"rows: expected weights that sum to 1, got {total} for landmark {i}"
            raise ValueError(msg)
        if (grade == "undefined") != (not row and i not in placed):
            msg = f"grades: expected 'u' exactly where there is no row, got {grade[0]!r} for landmark {i}"
            raise ValueError(msg)


def _errors(data: Mapping[str, Any], count: int) -> tuple[float, ...]:
    given = data.get("errors", [])
    if not isinstance(given, list) or len(given) not in (0, count):
        msg = f"errors: expected {count} numbers, got {given!r}"
        raise ValueError(msg)
    for value in given:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or value < 0:
            msg = f"errors: expected numbers from 0, got {value!r}"
            raise ValueError(msg)
    return tuple(map(float, given))


def mapping_text(mapping: rows.Mapping, *, doubts: str = "") -> str:
    """The file of a mapping that has one step and no polylines."""
    (step,) = mapping.steps
    lines = [f"source = {_quoted(mapping.source)}", f"target = {_quoted(mapping.target)}"]
    lines.append(f"origin = {_quoted('; '.join(mapping.origins))}")
    if doubts:
        lines.append(f"doubts = {_quoted(doubts)}")
    lines.append(f"sources = {step.sources}")
    lines.append(f'grades = "{"".join(grade[0] for grade in mapping.grades)}"')
    lines += ["rows = [", *_wrapped(map(_entry, step.rows)), "]"]
    if mapping.measurements:
        lines += ["", *_measured(mapping)]
    elif mapping.errors:
        lines += ["errors = [", *_wrapped(map(repr, mapping.errors)), "]"]
    return "\n".join(lines) + "\n"


def _measured(mapping: rows.Mapping) -> list[str]:
    points = [i for i, found in enumerate(mapping.distances) if not math.isnan(found)]
    columns = [
        [column[i] for i in points] for column in (mapping.errors, mapping.standard_errors, mapping.distances)
    ]
    return measured_lines(
        "measured",
        points,
        *columns,
        faces=min(measured.faces for measured in mapping.measurements),
        images=min(measured.images for measured in mapping.measurements),
        origin="; ".join(measured.origin for measured in mapping.measurements),
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML's escapes are JSON's


def _entry(row: rows.Row) -> str:
    if len(row) == 1 and row[0][1] == 1:
        return str(row[0][0])
    return "[" + ", ".join(f"[{index}, {weight!r}]" for index, weight in row) + "]"


def _wrapped(entries: Iterable[str]) -> list[str]:
    lines = [" "]
    for entry in entries:
        if len(lines[-1]) + len(entry) + 2 > _WIDTH and lines[-1].strip():
            lines.append(" ")
        lines[-1] += f" {entry},"
    return lines
