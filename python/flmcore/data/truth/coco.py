"""COCO-style JSON, as MMPose publishes COFW, AFLW, WFLW, 300-W and LaPa: ``images``, ``annotations``, ``keypoints``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.truth.decide import decide
from flmcore.data.truth.face import Found, TruthFace
from flmcore.data.truth.lines import shorten
from flmcore.schemes import Scheme

__all__ = ["encode", "is_coco", "read", "read_annotations", "recognise"]

_SIDE = 200.0  # MMPose's `scale` is a side in units of 200 pixels
_USUAL = ("aflw-19", "cofw-29", "300w-68", "wflw-98", "lapa-106")  # what MMPose publishes


def is_coco(content: object) -> bool:
    return isinstance(content, dict) and {"images", "annotations"} <= content.keys()


def recognise(file: Path, text: str) -> bool:
    return file.suffix.lower() == ".json" and '"annotations"' in text and '"face_kpts"' not in text


def read(file: Path, text: str, scheme: Scheme | None) -> Iterator[Found]:
    """``keypoints`` x, y, v for each landmark (v 0: undefined, 1: hidden, 2: visible) and ``bbox`` x, y, width, height."""
    yield from read_annotations(file, text, scheme, ("keypoints", "bbox"), "coco")


def read_annotations(
    file: Path, text: str, scheme: Scheme | None, keys: tuple[str, str], kind: str
) -> Iterator[Found]:
    """Faces of the annotations that have landmarks under ``keys[0]``, then images without one."""
    content = json.loads(text)
    if not is_coco(content):
        msg = 'expected an object with "images" and "annotations", got another'
        raise ValueError(msg)
    names = _names(content["images"])
    rows = [
        (i, row)
        for i, row in enumerate(content["annotations"])
        if isinstance(row, Mapping) and keys[0] in row
    ]
    triples = [_triples(f"annotation {i}", row[keys[0]]) for i, row in rows]
    # Where nothing is 2, 1 only says that a landmark is there: MMPose writes WFLW, 300-W and LaPa so.
    graded = any((values[:, 2] > 1).any() for values in triples)
    seen = set()
    for (index, row), values in zip(rows, triples, strict=True):
        where = f"annotation {index}"
        name = names.get(row.get("image_id"))
        if name is None:
            msg = f"{where}: expected the image_id of one of the images, got {row.get('image_id')!r}"
            raise ValueError(msg)
        known = decide(len(values), where, scheme, *_USUAL)
        labelled = values[:, 2] > 0
        if not labelled.any() or row.get("face_valid") is False:
            continue
        seen.add(name)
        points = np.where(labelled[:, None], values[:, :2], np.nan)
        visible = values[:, 2] > 1 if graded else None
        box = _box(where, row, keys[1])
        about = row.get("attributes", {})
        attributes = (
            {str(k): v for k, v in about.items() if isinstance(v, (str, bool))}
            if isinstance(about, dict)
            else {}
        )
        yield TruthFace(name, points, known.name, box, kind if box else None, attributes, visible, file)
    yield from (name for name in names.values() if name not in seen)


def _names(images: Any) -> dict[Any, str]:
    names: dict[Any, str] = {}
    for index, image in enumerate(images):
        if not isinstance(image, Mapping) or not isinstance(image.get("file_name"), str) or "id" not in image:
            msg = f'image {index}: expected an object with "id" and "file_name", got {shorten(json.dumps(image))}'
            raise ValueError(msg)
        if image["id"] in names:
            msg = f"image {index}: expected each id once, got {image['id']!r} again"
            raise ValueError(msg)
        names[image["id"]] = image["file_name"]
    return names


def _triples(where: str, values: Any) -> NDArray[np.float64]:
    numbers = isinstance(values, list) and all(
        isinstance(v, (int, float)) and type(v) is not bool for v in values
    )
    array = np.array(values if numbers else [], dtype=np.float64)
    if not numbers or len(array) % 3 or not np.isfinite(array).all():
        msg = f"{where}: expected finite numbers x, y, v for each landmark, got {shorten(json.dumps(values))}"
        raise ValueError(msg)
    return array.reshape(-1, 3)


def _box(where: str, row: Mapping[str, Any], key: str) -> tuple[float, float, float, float] | None:
    """``bbox``, or the square of ``center`` and ``scale``."""
    if key in row:
        values = row[key]
    elif "center" in row and "scale" in row:
        (x, y), side = row["center"], float(np.max(row["scale"])) * _SIDE
        values = [x - side / 2, y - side / 2, side, side]
    else:
        return None
    try:
        x, y, width, height = map(float, values)
    except (TypeError, ValueError):
        msg = (
            f"{where}: expected {key} as four numbers x, y, width, height, got {shorten(json.dumps(values))}"
        )
        raise ValueError(msg) from None
    return (x, y, x + width, y + height) if width > 0 and height > 0 else None


def encode(faces: Sequence[TruthFace], names: Mapping[str, str]) -> dict[str, str]:
    """One file as MMPose reads it, ``center`` and ``scale`` of the tight box included."""
    numbers = {
        name: number
        for number, name in enumerate(dict.fromkeys(names[face.image] for face in faces), start=1)
    }
    record = {
        "images": [{"id": number, "file_name": name} for name, number in numbers.items()],
        "annotations": [
            _annotation(i, face, numbers[names[face.image]]) for i, face in enumerate(faces, start=1)
        ],
        "categories": [{"id": 1, "name": "face", "supercategory": "person", "keypoints": [], "skeleton": []}],
    }
    return {"": json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"}


def _annotation(number: int, face: TruthFace, image: int) -> dict[str, Any]:
    defined = np.isfinite(face.points).all(axis=1)
    marks = np.where(defined, 1 if face.visible is None else 1 + face.visible, 0)
    triples = [
        value
        for (x, y), v in zip(face.points.tolist(), marks.tolist(), strict=True)
        for value in ((x, y, v) if v else (0, 0, 0))
    ]
    row: dict[str, Any] = {
        "id": number,
        "image_id": image,
        "category_id": 1,
        "iscrowd": 0,
        "keypoints": triples,
    }
    row["num_keypoints"] = int(defined.sum())
    if defined.any():
        tight = face.tight_box
        x0, y0, x1, y1 = tight.tolist() if face.box is None else face.box
        side = float(np.max(tight[2:] - tight[:2]))
        row["bbox"] = [x0, y0, x1 - x0, y1 - y0]
        row["area"] = (x1 - x0) * (y1 - y0)
        row["center"] = ((tight[:2] + tight[2:]) / 2 - 0.5).tolist()
        row["scale"] = side / _SIDE
    if face.attributes:
        row["attributes"] = dict(face.attributes)
    return row
