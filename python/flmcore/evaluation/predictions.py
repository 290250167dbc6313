"""Landmarks that a detector found, from a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.truth import TruthFace, read_dataset
from flmcore.data.truth.text import read_text
from flmcore.schemes.scheme import find

__all__ = ["read_predictions"]


def read_predictions(path: Path, scheme: str | None) -> list[TruthFace]:
    """The faces of what ``flmcore detect`` writes, or of any form of true landmarks; all are of one scheme.

    Only here is the first read as landmarks: what a detector found is no truth. Its scheme may be one that the
    registry does not know.

    Raises:
        ValueError: another form, no face, landmarks of another count; names the file.
        OSError: the file cannot be read.
    """
    record = _detected(path)
    if record is None:
        return list(read_dataset(path, scheme=scheme).faces)
    try:
        faces = list(_faces(record, path, scheme))
    except ValueError as error:
        msg = f"{path}: {error}"
        raise ValueError(msg) from None
    if not faces:
        msg = f"{path}: expected at least one face with landmarks, got none"
        raise ValueError(msg)
    return faces


def _detected(path: Path) -> Mapping[str, Any] | None:
    """What ``flmcore detect`` wrote; None where it is another form."""
    if path.is_dir() or path.suffix.lower() != ".json":
        return None
    try:
        record = json.loads(read_text(path))
    except (ValueError, RecursionError):
        return None  # the readers of truth say what is wrong
    known = isinstance(record, dict) and isinstance(record.get("images"), dict)
    return record if known and {"detector", "scheme"} <= record.keys() else None


def _faces(record: Mapping[str, Any], path: Path, scheme: str | None) -> Iterator[TruthFace]:
    name = str(record["scheme"])
    wanted = name if scheme is None else scheme
    if wanted != name and (find(wanted) is None or find(wanted) is not find(name)):
        msg = f"expected landmarks of {wanted}, got {name}"
        raise ValueError(msg)
    count: int | None = None
    for image, rows in record["images"].items():
        for number, row in enumerate(rows if isinstance(rows, list) else [rows]):
            points = _points(row)
            if points is None or count not in (None, len(points)):
                expected = f"{count} landmarks" if count else "points as a list of [x, y]"
                got = type(row).__name__ if points is None else len(points)
                msg = f"{image}, face {number}: expected {expected}, got {got}"
                raise ValueError(msg)
            count = len(points)
            yield TruthFace(image, points, name, file=path)


def _points(row: Any) -> NDArray[np.float64] | None:
    """(K, 2) with NaN for null; None where it is no such thing."""
    try:
        points = np.array(row["points"], dtype=np.float64)
    except (KeyError, TypeError, ValueError):
        return None
    return points if points.ndim == 2 and points.shape[1] == 2 and len(points) else None
