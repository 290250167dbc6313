"""Reading face boxes from JSON and CSV files."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.images import PathLike

__all__ = ["read_boxes"]

_ROW = "four numbers x0, y0, x1, y1"
_COLUMNS = ("image", "x0", "y0", "x1", "y1")
Row = tuple[str, int, list[float]]  # image, number of the face, box


def read_boxes(path: PathLike) -> dict[str, NDArray[np.float64]]:
    """Face boxes by image name: ``{name: (N, 4) float64}``, ``x0, y0, x1, y1`` in edge coordinates.

    Forms, told apart by suffix and content (``.csv``, anything else is JSON):

    * ``{"a.jpg": [[x0, y0, x1, y1], …], "b.jpg": [x0, y0, x1, y1]}``,
    * ``{"a.jpg#0": {"box": [x0, y0, x1, y1]}, "a.jpg#1": …}``: face numbers after ``#`` put the faces in order; further
      keys beside ``box`` are ignored,
    * ``[{"image": "a.jpg", "box": [x0, y0, x1, y1]}, …]``, with ``face`` as an optional number,
    * CSV with the columns ``image,x0,y0,x1,y1``, with or without a heading; with one, in any order and among others.

    An image with an empty list has no face: its array is (0, 4). Values are taken as they are, NaN and boxes without
    area included, so that whoever uses the boxes can report each by its image.

    Raises:
        ValueError: the file is not in one of these forms; names the file and the entry.
        OSError: the file cannot be read.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
        rows, empty = _read_csv(text) if file.suffix.lower() == ".csv" else _read_json(text)
    except (ValueError, OverflowError, RecursionError) as error:  # bad UTF-8 and bad JSON are ValueErrors
        msg = f"{os.fspath(path)}: {' '.join(str(error).split())}"
        raise ValueError(msg) from None
    boxes: dict[str, list[tuple[int, list[float]]]] = {name: [] for name in empty}
    for image, face, box in rows:
        boxes.setdefault(image, []).append((face, box))
    return {
        image: np.array([box for _, box in sorted(faces, key=lambda row: row[0])], dtype=np.float64).reshape(
            -1, 4
        )
        for image, faces in boxes.items()
    }


def _read_json(text: str) -> tuple[list[Row], list[str]]:
    content = json.loads(text)
    if isinstance(content, list):
        return [_listed(f"entry {index}", row) for index, row in enumerate(content)], []
    if not isinstance(content, dict):
        raise _unlike(content, "a JSON object or list")
    rows = [row for key, value in content.items() for row in _keyed(key, value)]
    seen = {image for image, _, _ in rows}
    return rows, [image for image in (_split(key)[0] for key in content) if image not in seen]


def _listed(where: str, row: Any) -> Row:
    if not isinstance(row, Mapping) or not isinstance(row.get("image"), str) or "box" not in row:
        raise _unlike(row, 'an object with "image" and "box"', where)
    face = row.get("face", 0)
    return row["image"], face if isinstance(face, int) else 0, _box(where, row["box"])


def _keyed(key: str, value: Any) -> Iterator[Row]:
    image, face = _split(key)
    if isinstance(value, Mapping):
        if "box" not in value:
            raise _unlike(value, 'an object with "box"', key)
        value = value["box"]
    if not isinstance(value, list):
        raise _unlike(value, f"{_ROW}, or a list of such", key)
    several = value if not value or isinstance(value[0], list) else [value]
    for index, box in enumerate(several):
        yield image, face + index, _box(key, box)


def _split(key: str) -> tuple[str, int]:
    """``a.jpg#2`` is face 2 of ``a.jpg``; a name without a number after ``#`` is face 0."""
    image, mark, face = key.rpartition("#")
    return (image, int(face)) if mark and face.isascii() and face.isdigit() else (key, 0)


def _read_csv(text: str) -> tuple[list[Row], list[str]]:
    rows: list[Row] = []
    columns: list[int] | None = None
    for line, cells in enumerate(csv.reader(text.splitlines()), start=1):
        names = [cell.strip().lower() for cell in cells]
        if not any(names):
            continue
        if columns is None:
            heading = set(_COLUMNS) <= set(names)
            columns = [names.index(name) for name in _COLUMNS] if heading else list(range(5))
            if heading:
                continue
        if len(cells) <= max(columns):
            msg = f"line {line}: expected the columns {','.join(_COLUMNS)}, got '{','.join(cells)[:80]}'"
            raise ValueError(msg)
        image, *numbers = (cells[column].strip() for column in columns)
        try:
            rows.append((image, 0, [float(number) for number in numbers]))
        except ValueError:
            msg = f"line {line}: expected {_ROW} after the image, got '{','.join(numbers)[:80]}'"
            raise ValueError(msg) from None
    return rows, []


def _box(where: str, value: Any) -> list[float]:
    numbers = isinstance(value, list) and all(
        isinstance(x, (int, float)) and not isinstance(x, bool) for x in value
    )
    if not numbers or len(value) != 4:
        raise _unlike(value, _ROW, where)
    return [float(x) for x in value]


def _unlike(value: object, expected: str, where: str = "") -> ValueError:
    text = json.dumps(value)
    got = text if len(text) <= 60 else text[:57] + "..."
    return ValueError(
        f"{where}: expected {expected}, got {got}" if where else f"expected {expected}, got {got}"
    )
