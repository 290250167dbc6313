"""Landmarks in JSON: flmcore's own form, and lists of objects that each name their image and scheme."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.data.truth.lines import check_count, shorten
from flmcore.schemes import Scheme

__all__ = ["read", "recognise"]

Face = tuple[str, NDArray[np.float64]]


def recognise(file: Path, text: str) -> bool:
    del text
    return file.suffix.lower() == ".json"


def read(file: Path, text: str, scheme: Scheme) -> Iterator[Face]:
    """``{"a.jpg": [face, …]}`` or ``[{"image": …, "scheme": …, "landmarks": face}, …]``; a face is ``[[x, y], …]``."""
    del file
    content = json.loads(text)
    if isinstance(content, list):
        for index, row in enumerate(content):
            yield from _row(f"entry {index}", row, scheme)
        return
    if not isinstance(content, dict):
        raise _unlike(content, "a JSON object or list")
    for image, faces in content.items():
        if not isinstance(faces, list):
            raise _unlike(faces, "a list of faces", image)
        for index, face in enumerate(faces):
            yield image, _points(f"{image}, face {index}", face, scheme)


def _row(where: str, row: object, scheme: Scheme) -> Iterator[Face]:
    if not isinstance(row, Mapping) or not isinstance(row.get("image"), str) or "landmarks" not in row:
        raise _unlike(row, 'an object with "image" and "landmarks"', where)
    if row.get("truth", "human") != "human" or not _is_of(row.get("scheme", scheme.name), scheme):
        return
    base = 1 if str(row.get("index_base", 0)).startswith("1") else 0  # pixels counted from 1, as Matlab does
    yield row["image"], _points(where, row["landmarks"], scheme) - base


def _is_of(name: object, scheme: Scheme) -> bool:
    """Whether a row is of the scheme; one that flmcore does not know is of another."""
    try:
        return schemes.get(str(name)) is scheme
    except ValueError:
        return False


def _points(where: str, face: object, scheme: Scheme) -> NDArray[np.float64]:
    if not isinstance(face, list):
        raise _unlike(face, "a list of landmarks [x, y]", where)
    check_count(len(face), scheme, where)
    return np.array([_point(f"{where}, landmark {index}", xy) for index, xy in enumerate(face)])


def _point(where: str, xy: Any) -> tuple[float, float]:
    """NaN for null; both coordinates, where one is."""
    if xy is None or (isinstance(xy, list) and len(xy) == 2 and None in xy):
        return np.nan, np.nan
    numbers = isinstance(xy, list) and all(isinstance(v, (int, float)) and type(v) is not bool for v in xy)
    if not numbers or len(xy) != 2 or np.isinf(xy).any():
        raise _unlike(xy, "two finite numbers [x, y] or null", where)
    return (float(xy[0]), float(xy[1])) if not np.isnan(xy).any() else (np.nan, np.nan)


def _unlike(got: object, expected: str, where: str = "") -> ValueError:
    text = f"expected {expected}, got {shorten(json.dumps(got))}"
    return ValueError(f"{where}: {text}" if where else text)
