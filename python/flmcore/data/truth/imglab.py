"""Dlib's XML, as its ``imglab`` writes it: ``<image file>``, ``<box>``, ``<part name x y>``; whole pixels from 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from flmcore.data.truth.decide import decide
from flmcore.data.truth.face import Found, TruthFace
from flmcore.schemes import Scheme

__all__ = ["encode", "read", "recognise"]

_FLAGS = ("occluded", "difficult", "truncated")
_USUAL = ("300w-68", "dlib-5")  # the orders of Dlib's own models


def recognise(file: Path, text: str) -> bool:
    del text
    return file.suffix.lower() == ".xml"


def read(file: Path, text: str, scheme: Scheme | None) -> Iterator[Found]:
    """Each box with parts; a part that is not there is undefined. Boxes to ignore and boxes without parts are passed over."""
    images = list(_parse(text).iter("image"))
    used = [box for image in images for box in image.findall("box") if _counts(box)]
    order = _order({part.get("name") or "" for box in used for part in box.findall("part")}, scheme)
    for number, image in enumerate(images):
        name = image.get("file")
        if not name:
            msg = f"image {number}: expected an attribute file, got none"
            raise ValueError(msg)
        faces = [box for box in image.findall("box") if _counts(box)]
        for index, box in enumerate(faces):
            yield _face(f"{name}, box {index}", name, box, order, scheme, file)
        if not faces:
            yield name


def _parse(text: str) -> Element:
    """The tree; a document type, and with it every entity, is refused: it could name files or grow without end."""
    builder, parser = TreeBuilder(), expat.ParserCreate()

    def refuse(*declared: object) -> None:
        msg = f"line {parser.CurrentLineNumber}: expected no document type or entity, got '{declared[0]}'"
        raise ValueError(msg)

    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        msg = f"line {error.lineno}: expected XML, got {expat.ErrorString(error.code)}"
        raise ValueError(msg) from None
    return builder.close()


def _counts(box: Element) -> bool:
    return box.get("ignore") != "1" and box.find("part") is not None


def _order(names: set[str], scheme: Scheme | None) -> dict[str, int]:
    """Part name → landmark. Numbers are indices, counted from 1 only where 0 is nowhere and the last needs it; other
    names stand in Dlib's order, which is the alphabet's."""
    if not all(name.isascii() and name.isdigit() for name in names):
        return {name: index for index, name in enumerate(sorted(names))}
    numbers = {name: int(name) for name in names}
    low, high = min(numbers.values(), default=0), max(numbers.values(), default=0)
    base = int(low >= 1 and (scheme is None or high == scheme.landmarks))
    return {name: number - base for name, number in numbers.items()}


def _face(
    where: str, name: str, box: Element, order: Mapping[str, int], scheme: Scheme | None, file: Path
) -> TruthFace:
    known = decide(max(order.values()) + 1, where, scheme, *_USUAL)
    points: NDArray[np.float64] = np.full((known.landmarks, 2), np.nan)
    for part in box.findall("part"):
        points[order[part.get("name") or ""]] = _numbers(where, part, "x", "y")
    left, top, width, height = _numbers(where, box, "left", "top", "width", "height")
    attributes: dict[str, str | bool] = {
        flag: box.get(flag) == "1" for flag in _FLAGS if box.get(flag) is not None
    }
    return TruthFace(
        name, points, known.name, (left, top, left + width, top + height), "imglab", attributes, file=file
    )


def _numbers(where: str, element: Element, *keys: str) -> list[float]:
    try:
        values = [float(element.get(key, "")) for key in keys]
    except ValueError:
        values = [np.nan]
    if not np.isfinite(values).all():
        msg = (
            f"{where}: expected {element.tag} with the numbers {', '.join(keys)}, got {dict(element.attrib)}"
        )
        raise ValueError(msg)
    return values


def encode(faces: Sequence[TruthFace], names: Mapping[str, str]) -> dict[str, str]:
    """One file; landmarks and boxes in whole pixels, as Dlib's reader takes no others; undefined parts are left out."""
    lines = [
        "<?xml version='1.0' encoding='UTF-8'?>",
        "<dataset>",
        "<name>landmarks by flmcore</name>",
        "<images>",
    ]
    for image in dict.fromkeys(face.image for face in faces):
        lines.append(f"  <image file={quoteattr(names[image])}>")
        for face in faces:
            if face.image == image and np.isfinite(face.points).any():
                lines += _box_lines(face)
        lines.append("  </image>")
    return {"": "\n".join([*lines, "</images>", "</dataset>", ""])}


def _box_lines(face: TruthFace) -> list[str]:
    box = face.tight_box if face.box is None else np.array(face.box)
    x0, y0, x1, y1 = np.floor(box + 0.5).astype(int).tolist()
    flags = "".join(f" {flag}='1'" for flag in _FLAGS if face.attributes.get(flag) is True)
    digits = max(2, len(str(len(face.points) - 1)))  # Dlib sorts parts by name
    parts = [
        f"      <part name='{index:0{digits}d}' x='{int(x)}' y='{int(y)}'/>"
        for index, (x, y) in enumerate(np.floor(face.points + 0.5).tolist())
        if np.isfinite([x, y]).all()
    ]
    head = f"    <box top='{y0}' left='{x0}' width='{x1 - x0}' height='{y1 - y0}'{flags}>"
    return [head, *parts, "    </box>"]
