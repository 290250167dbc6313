"""WFLW's lists: one face a line, pixels counted from 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.data.truth.decide import decide
from flmcore.data.truth.face import Found, TruthFace
from flmcore.data.truth.lines import shorten
from flmcore.schemes import Scheme

__all__ = ["ATTRIBUTES", "encode", "looks_like", "read", "recognise"]

ATTRIBUTES = ("pose", "expression", "illumination", "make-up", "occlusion", "blur")
_BESIDE = 4 + len(ATTRIBUTES)  # a box and the attributes


def recognise(file: Path, text: str) -> bool:
    del text
    return file.suffix.lower() == ".txt"


def looks_like(text: str) -> bool:
    """Whether the first line is one of a list, where the suffix alone says too little."""
    cells = next((line for line in text.splitlines() if line.strip()), "").split()
    numbers = sum(map(_is_number, cells[:-1]))
    return len(cells) > 20 and numbers == len(cells) - 1 and not _is_number(cells[-1])


def read(file: Path, text: str, scheme: Scheme | None) -> Iterator[Found]:
    """2 K numbers, 4 of the box and 6 attributes or none of them, and the image's name, between spaces."""
    for number, line in enumerate(text.splitlines(), start=1):
        cells = line.split()
        if not cells:
            continue
        known = scheme or _by_length(len(cells), number)
        count = 2 * known.landmarks
        expected = f"{count} or {count + _BESIDE} numbers and a name"
        if len(cells) not in (count + 1, count + _BESIDE + 1) or _is_number(cells[-1]):
            msg = f"line {number}: expected {expected}, got {len(cells)} entries that end in '{shorten(cells[-1])}'"
            raise ValueError(msg)
        try:
            numbers = np.array(cells[:-1], dtype=np.float64)
        except ValueError as error:
            msg = f"line {number}: expected {expected}, got {error}"
            raise ValueError(msg) from None
        if not np.isfinite(numbers).all():
            msg = f"line {number}: expected finite numbers, got nan or infinity"
            raise ValueError(msg)
        yield _face(cells[-1], numbers, known, file)


def _face(name: str, numbers: NDArray[np.float64], scheme: Scheme, file: Path) -> TruthFace:
    count = 2 * scheme.landmarks
    points, rest = numbers[:count].reshape(-1, 2), numbers[count:].tolist()
    if not rest:
        return TruthFace(name, points, scheme.name, file=file)
    x0, y0, x1, y1 = rest[:4]
    attributes = {key: value != 0 for key, value in zip(ATTRIBUTES, rest[4:], strict=True)}
    return TruthFace(name, points, scheme.name, (x0, y0, x1, y1), "wflw", attributes, file=file)


def _by_length(entries: int, number: int) -> Scheme:
    """Of the two counts that a line may have, the one that a scheme has."""
    counts = {schemes.get(name).landmarks for name in schemes.names()}
    fitting = [n for n in ((entries - 1) / 2, (entries - 1 - _BESIDE) / 2) if n in counts]
    if len(fitting) != 1:
        got = f"{entries} entries" + (
            f", which is {' or '.join(f'{n:g}' for n in fitting)}" if fitting else ""
        )
        msg = f"line {number}: expected 2 K or 2 K + {_BESIDE} numbers and a name, K landmarks of one scheme, got {got}"
        raise ValueError(msg)
    return decide(int(fitting[0]), f"line {number}", None, "wflw-98")


def encode(faces: Sequence[TruthFace], names: Mapping[str, str]) -> dict[str, str]:
    """One list; with box and attributes where a face has any of them, as whole pixels and 0 or 1."""
    beside = any(face.box or face.attributes for face in faces)
    lines = []
    for face in faces:
        if not np.isfinite(face.points).all():
            msg = f"{face.image}: expected every landmark to be defined, as wflw needs, got undefined ones"
            raise ValueError(msg)
        name = names[face.image]
        if len(name.split()) != 1 or _is_number(name):
            msg = f"{name}: expected a name without spaces that is no number, as wflw needs, got another"
            raise ValueError(msg)
        cells = [repr(value) for value in face.points.ravel().tolist()]
        if beside:
            box = face.tight_box.tolist() if face.box is None else face.box
            cells += [str(int(np.floor(value + 0.5))) for value in box]
            cells += [str(int(face.attributes.get(key) is True)) for key in ATTRIBUTES]
        lines.append(" ".join([*cells, name]))
    return {"": "\n".join(lines) + "\n"}


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
