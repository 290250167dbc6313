"""LaPa's ``.txt`` files: one face a file, the count on the first line, pixels counted from 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from flmcore.data.truth.decide import decide
from flmcore.data.truth.face import Found, TruthFace
from flmcore.data.truth.lines import flat, image_of, one_each, point, stem_of
from flmcore.schemes import Scheme

__all__ = ["encode", "read", "recognise"]


def recognise(file: Path, text: str) -> bool:
    first = text.lstrip().partition("\n")[0].strip()
    return file.suffix.lower() == ".txt" and first.isascii() and first.isdigit()


def read(file: Path, text: str, scheme: Scheme | None) -> Iterator[Found]:
    """A line with K, then K lines ``x y``."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    (_, first), *rest = lines
    points = [point(line, number) for number, line in rest]
    if len(points) != int(first):
        msg = (
            f"line {lines[-1][0]}: expected {int(first)} landmarks as the first line says, got {len(points)}"
        )
        raise ValueError(msg)
    known = decide(len(points), "line 1", scheme, "lapa-106")
    yield TruthFace(image_of(file), np.array(points), known.name, file=file)


def encode(faces: Sequence[TruthFace], names: Mapping[str, str]) -> dict[str, str]:
    """``landmarks/….txt``, one for each face; undefined landmarks are ``nan``."""
    return {
        f"landmarks/{flat(stem_of(names[face.image]))}.txt": f"{len(face.points)}\n"
        + "".join(f"{x!r} {y!r}\n" for x, y in face.points.tolist())
        for face in one_each(faces, "lapa")
    }
