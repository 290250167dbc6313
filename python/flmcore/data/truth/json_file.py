"""Landmarks in JSON: flmcore's own forms, and lists of objects that each name their image and scheme."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.data.truth.coco import is_coco
from flmcore.data.truth.decide import decide
from flmcore.data.truth.face import Found, TruthFace
from flmcore.data.truth.lines import shorten
from flmcore.schemes import Scheme

__all__ = ["FORMAT", "encode", "looks_like", "read", "recognise"]

FORMAT = "flmcore landmarks 1"


def recognise(file: Path, text: str) -> bool:
    del text
    return file.suffix.lower() == ".json"


def looks_like(text: str) -> bool:
    """Whether landmarks are in it; boxes, results and much else come as JSON too."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if isinstance(content, dict) and "format" in content:
        return str(content["format"]).startswith("flmcore landmarks")
    if isinstance(content, list):
        return bool(content) and isinstance(content[0], dict) and {"image", "landmarks"} <= content[0].keys()
    if not isinstance(content, dict) or is_coco(content):
        return False
    faces = [face for value in content.values() if isinstance(value, list) for face in value]
    return bool(faces) and all(isinstance(face, list) and all(_is_place(xy) for xy in face) for face in faces)


def _is_place(xy: object) -> bool:
    return xy is None or (isinstance(xy, list) and len(xy) == 2)


def read(file: Path, text: str, scheme: Scheme | None) -> Iterator[Found]:
    """``{"format": …, "faces": [row, …]}``, ``[row, …]`` or ``{"a.jpg": [face, …]}``.

    A row is ``{"image": …, "scheme": …, "landmarks": face, …}``, a face ``[[x, y], …]``.
    """
    content = json.loads(text)
    if isinstance(content, dict) and "format" in content and "faces" in content:
        if content["format"] != FORMAT:
            raise _unlike(content["format"], f"the format {FORMAT!r}, the only one that this version reads")
        content = content["faces"]
    if isinstance(content, list):
        for index, row in enumerate(content):
            yield from _row(f"entry {index}", row, scheme, file)
        return
    if not isinstance(content, dict):
        raise _unlike(content, "a JSON object or list")
    for image, faces in content.items():
        if not isinstance(faces, list):
            raise _unlike(faces, "a list of faces", image)
        if not faces:
            yield image
        for index, face in enumerate(faces):
            points, known = _points(f"{image}, face {index}", face, scheme)
            yield TruthFace(image, points, known.name, file=file)


def _row(where: str, row: object, scheme: Scheme | None, file: Path) -> Iterator[Found]:
    if not isinstance(row, Mapping) or not isinstance(row.get("image"), str) or "landmarks" not in row:
        raise _unlike(row, 'an object with "image" and "landmarks"', where)
    if row.get("truth", "human") != "human":
        return
    if "scheme" in row and scheme is None:
        scheme = schemes.get(str(row["scheme"]))
    elif scheme is not None and not _is_of(row.get("scheme", scheme.name), scheme):
        return
    base = 1 if str(row.get("index_base", 0)).startswith("1") else 0  # pixels counted from 1, as Matlab does
    points, known = _points(where, row["landmarks"], scheme)
    box = _box(where, row.get("box"))
    kind = None if box is None else str(row.get("box_kind") or "json")
    about = row.get("attributes") or {}
    if not isinstance(about, Mapping) or not all(isinstance(value, (str, bool)) for value in about.values()):
        raise _unlike(about, "attributes as an object of words, true and false", where)
    visible = _visible(where, row.get("visible"), len(points))
    yield TruthFace(row["image"], points - base, known.name, box, kind, dict(about), visible, file)


def _is_of(name: object, scheme: Scheme) -> bool:
    """Whether a row is of the scheme; one that flmcore does not know is of another."""
    try:
        return schemes.get(str(name)) is scheme
    except ValueError:
        return False


def _points(where: str, face: object, scheme: Scheme | None) -> tuple[NDArray[np.float64], Scheme]:
    if not isinstance(face, list):
        raise _unlike(face, "a list of landmarks [x, y]", where)
    known = decide(len(face), where, scheme)
    return np.array([_point(f"{where}, landmark {index}", xy) for index, xy in enumerate(face)]), known


def _point(where: str, xy: Any) -> tuple[float, float]:
    """NaN for null; both coordinates, where one is."""
    if xy is None or (isinstance(xy, list) and len(xy) == 2 and None in xy):
        return np.nan, np.nan
    numbers = isinstance(xy, list) and all(isinstance(v, (int, float)) and type(v) is not bool for v in xy)
    if not numbers or len(xy) != 2 or np.isinf(xy).any():
        raise _unlike(xy, "two finite numbers [x, y] or null", where)
    return (float(xy[0]), float(xy[1])) if not np.isnan(xy).any() else (np.nan, np.nan)


def _box(where: str, box: Any) -> tuple[float, float, float, float] | None:
    if box is None:
        return None
    numbers = isinstance(box, list) and all(isinstance(v, (int, float)) and type(v) is not bool for v in box)
    if not numbers or len(box) != 4 or not np.isfinite(box).all():
        raise _unlike(box, "a box of four finite numbers x0, y0, x1, y1", where)
    x0, y0, x1, y1 = map(float, box)
    return x0, y0, x1, y1


def _visible(where: str, visible: Any, count: int) -> NDArray[np.bool_] | None:
    if visible is None:
        return None
    if not isinstance(visible, list) or len(visible) != count or not all(type(v) is bool for v in visible):
        raise _unlike(visible, f"visible as true or false for each of {count} landmarks", where)
    return np.array(visible)


def encode(faces: Sequence[TruthFace], names: Mapping[str, str]) -> dict[str, str]:
    """One file that keeps everything; a face on each line, undefined landmarks ``null``."""
    rows = [
        json.dumps(_record(face, names[face.image]), ensure_ascii=False, allow_nan=False) for face in faces
    ]
    return {"": f'{{"format": "{FORMAT}", "faces": [\n' + ",\n".join(rows) + "\n]}\n"}


def _record(face: TruthFace, name: str) -> dict[str, Any]:
    landmarks = [xy if np.isfinite(xy).all() else None for xy in face.points.tolist()]
    record: dict[str, Any] = {"image": name, "scheme": face.scheme, "landmarks": landmarks}
    if face.visible is not None:
        record["visible"] = face.visible.tolist()
    if face.box is not None:
        record |= {"box": list(face.box), "box_kind": face.box_kind}
    if face.attributes:
        record["attributes"] = dict(face.attributes)
    return record


def _unlike(got: object, expected: str, where: str = "") -> ValueError:
    text = f"expected {expected}, got {shorten(json.dumps(got))}"
    return ValueError(f"{where}: {text}" if where else text)
