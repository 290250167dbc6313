"""Reading ``results.json``: which versions, and that the file is what it says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from flmcore import __version__
from flmcore.device.title import same_title, title_of
from flmcore.errors import ResultsError
from flmcore.evaluation.schema import FORMAT, FORMAT_NUMBER, check_record, format_number

__all__ = ["read_record", "results_file"]


def results_file(path: Path) -> Path:
    """The file itself; a folder stands for the ``results.json`` in it."""
    return path / "results.json" if path.is_dir() else path


def read_record(file: Path) -> dict[str, Any]:
    """What ``results.json`` holds, checked against the schema.

    Raises:
        ResultsError: the file cannot be read, is cut, is another kind of JSON, is of a format that this version does
            not read (both are named), or names an image, a detector or a measurement twice.
    """
    record = _load(file)
    _check_format(file, record)
    try:
        check_record(record)
        _check_names(record)
    except ValueError as error:
        msg = f"{file}: {error}"
        raise ResultsError(msg) from error
    return record


def _load(file: Path) -> dict[str, Any]:
    try:
        record = json.loads(file.read_bytes(), parse_constant=_no_constant)
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror or error}"
        raise ResultsError(msg) from error
    except RecursionError:
        msg = f"{file}: cannot be read: brackets are nested too deep"
        raise ResultsError(msg) from None
    except ValueError as error:
        msg = f"{file}: cannot be read: {error}"
        raise ResultsError(msg) from error
    if not isinstance(record, dict):
        msg = f"{file}: expected results of this version ({FORMAT}), got a JSON {type(record).__name__}"
        raise ResultsError(msg)
    return record


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON: what is undefined is null"
    raise ValueError(msg)


def _check_format(file: Path, record: dict[str, Any]) -> None:
    """Formats differ where a key has gone or means something else; new keys alone do not make a new format."""
    found = format_number(record.get("format"))
    if found is None:
        got = f"format {record['format']!r:.60}" if "format" in record else "no key 'format'"
        msg = f"{file}: expected results of this version ({FORMAT}), got {got}"
        raise ResultsError(msg)
    if found != FORMAT_NUMBER:
        writer = f"flmcore results {found}, written by flmcore {record.get('version')!s:.30}"
        advice = "upgrade flmcore" if found > FORMAT_NUMBER else "measure again with this version"
        msg = f"{file}: expected {FORMAT}, which flmcore {__version__} reads, got {writer}: {advice}"
        raise ResultsError(msg)


def _check_names(record: dict[str, Any]) -> None:
    """Everything goes by name, so a name may stand only once."""
    _only_once("images", (row["image"] for row in record["images"]))
    _only_once("detectors", (row["name"] for row in record["detectors"]))
    _only_once("summary", (row["detector"] for row in record["summary"]))
    places = ((row["image"], row["face"], row["detector"]) for row in record["units"])
    _only_once("units", (f"{image} face {face} · {detector}" for image, face, detector in places))
    devices = record.get("devices", [])
    _only_once("devices", (same_title(title_of(row)) for row in devices))
    for row in devices:
        figures = (f"{figure['detector']} {figure['compute_units']}" for figure in row["figures"])
        _only_once(f"figures of {title_of(row)}", figures)


def _only_once(where: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            msg = f"{where}: expected different names, got {name!r} more than once"
            raise ValueError(msg)
        seen.add(name)
