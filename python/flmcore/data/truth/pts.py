"""``.pts`` files of 300-W, iBUG, LFPW, HELEN, AFW: one face a file, pixels counted from 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flmcore.data.truth.decide import decide
from flmcore.data.truth.face import Found, TruthFace
from flmcore.data.truth.lines import image_of, one_each, point, shorten, stem_of
from flmcore.schemes import Scheme

__all__ = ["encode", "read", "recognise"]


def recognise(file: Path, text: str) -> bool:
    del text
    return file.suffix.lower() == ".pts"


def read(file: Path, text: str, scheme: Scheme | None) -> Iterator[Found]:
    """``version: 1``, ``n_points: K``, then K lines ``x y`` between braces."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    opened = next((i for i, (_, line) in enumerate(lines) if line == "{"), None)
    if opened is None:
        msg = "expected landmarks between { and }, got no line {"
        raise ValueError(msg)
    closed = next((i for i, (_, line) in enumerate(lines) if line == "}"), None)
    points = [point(line, number) for number, line in lines[opened + 1 : closed]]
    if closed is None:
        msg = f"line {lines[-1][0]}: expected }} after the landmarks, got the end of the file"
        raise ValueError(msg)
    stated = _stated([line for _, line in lines[:opened]])
    if stated is not None and stated != len(points):
        msg = f"expected {stated} landmarks as n_points says, got {len(points)}"
        raise ValueError(msg)
    known = decide(len(points), f"line {lines[closed][0]}", scheme)
    yield TruthFace(image_of(file), np.array(points) - 1, known.name, file=file)


def encode(faces: Sequence[TruthFace], names: Mapping[str, str]) -> dict[str, str]:
    """One file for each face, where its image would lie; undefined landmarks are ``nan``."""
    return {f"{stem_of(names[face.image])}.pts": _file(face.points) for face in one_each(faces, "300w")}


def _file(points: NDArray[np.float64]) -> str:
    body = "".join(f"{x!r} {y!r}\n" for x, y in (points + 1).tolist())
    return f"version: 1\nn_points: {len(points)}\n{{\n{body}}}\n"


def _stated(heading: list[str]) -> int | None:
    for line in heading:
        key, _, value = line.partition(":")
        if key.strip().lower() == "n_points":
            try:
                return int(value)
            except ValueError:
                msg = f"n_points: expected a whole number, got '{shorten(value.strip())}'"
                raise ValueError(msg) from None
    return None
