"""flmcore's own CSV: a row for each landmark, ``image,face,landmark,x,y`` and, where known, ``visible`` and ``scheme``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from flmcore.data.truth.decide import decide
from flmcore.data.truth.face import Found, TruthFace
from flmcore.data.truth.lines import point, shorten
from flmcore.schemes import Scheme, get

__all__ = ["encode", "looks_like", "read", "recognise"]

_COLUMNS = ("image", "face", "landmark", "x", "y")
_WORDS = {"1": True, "true": True, "0": False, "false": False}
Rows = dict[int, tuple[float, float, bool | None]]


def recognise(file: Path, text: str) -> bool:
    del text
    return file.suffix.lower() == ".csv"


def looks_like(text: str) -> bool:
    """Whether the heading is that of landmarks; boxes come as CSV too."""
    return set(_COLUMNS) <= {cell.strip().lower() for cell in text.partition("\n")[0].split(",")}


def read(file: Path, text: str, scheme: Scheme | None) -> Iterator[Found]:
    """Columns in any order and among others; faces and landmarks count from 0; no row, or no x and y: undefined."""
    faces: dict[tuple[str, int], Rows] = {}
    named: dict[tuple[str, int], str] = {}
    for line, row in _rows(text):
        key = (row["image"], _index(line, row, "face"))
        rows, index = faces.setdefault(key, {}), _index(line, row, "landmark")
        if index in rows:
            msg = f"line {line}: expected each landmark once, got landmark {index} of {key[0]}, face {key[1]} again"
            raise ValueError(msg)
        rows[index] = _mark(line, row)
        if row.get("scheme") and named.setdefault(key, row["scheme"]) != row["scheme"]:
            msg = f"line {line}: expected one scheme for a face, got {named[key]} and {row['scheme']}"
            raise ValueError(msg)
    last = max((max(rows) for rows in faces.values()), default=-1)
    for (image, number), rows in faces.items():
        said = named.get((image, number))
        if said is not None and scheme is not None and get(said) is not scheme:
            continue
        count = last + 1 if said is None else max(rows) + 1
        known = decide(count, f"{image}, face {number}", scheme if said is None else get(said))
        yield _face(image, rows, known, file)


def _face(image: str, rows: Rows, scheme: Scheme, file: Path) -> TruthFace:
    points = np.full((scheme.landmarks, 2), np.nan)
    visible = np.ones(scheme.landmarks, dtype=bool)
    for index, (x, y, seen) in rows.items():
        points[index] = x, y
        visible[index] = seen is not False
    said = any(seen is not None for _, _, seen in rows.values())
    return TruthFace(image, points, scheme.name, visible=visible if said else None, file=file)


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    heading = [cell.strip().lower() for cell in next(reader, [])]
    if not set(_COLUMNS) <= set(heading):
        msg = f"line 1: expected the columns {','.join(_COLUMNS)}, got '{shorten(','.join(heading))}'"
        raise ValueError(msg)
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(heading):
            msg = (
                f"line {reader.line_num}: expected {len(heading)} cells as the heading has, got {len(cells)}"
            )
            raise ValueError(msg)
        yield reader.line_num, {name: cell.strip() for name, cell in zip(heading, cells, strict=True)}


def _index(line: int, row: Mapping[str, str], key: str) -> int:
    if not (row[key].isascii() and row[key].isdigit()):
        msg = f"line {line}: expected {key} as a whole number from 0, got '{shorten(row[key])}'"
        raise ValueError(msg)
    return int(row[key])


def _mark(line: int, row: Mapping[str, str]) -> tuple[float, float, bool | None]:
    seen = row.get("visible", "").lower()
    if seen and seen not in _WORDS:
        msg = f"line {line}: expected visible as 0, 1 or nothing, got '{shorten(seen)}'"
        raise ValueError(msg)
    x, y = (np.nan, np.nan) if row["x"] == row["y"] == "" else point(f"{row['x']} {row['y']}", line).tolist()
    return x, y, _WORDS.get(seen)


def encode(faces: Sequence[TruthFace], names: Mapping[str, str]) -> dict[str, str]:
    """One file; undefined landmarks have no x and y."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_COLUMNS, "visible", "scheme"])
    numbers: dict[str, int] = {}
    for face in faces:
        name = names[face.image]
        numbers[name] = numbers.get(name, -1) + 1
        for index, (x, y) in enumerate(face.points.tolist()):
            place = [repr(x), repr(y)] if np.isfinite([x, y]).all() else ["", ""]
            seen = "" if face.visible is None else int(face.visible[index])
            writer.writerow([name, numbers[name], index, *place, seen, face.scheme])
    return {"": out.getvalue()}
