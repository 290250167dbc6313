"""FaceSynthetics' ``0000_ldmks.txt``: one face a file, 70 lines ``x y``, pixels counted from 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from flmcore.data.truth.decide import decide
from flmcore.data.truth.face import Found, TruthFace
from flmcore.data.truth.lines import flat, image_of, one_each, point, stem_of
from flmcore.schemes import Scheme

__all__ = ["MARK", "encode", "read", "recognise"]

MARK = "_ldmks"


def recognise(file: Path, text: str) -> bool:
    del text
    return file.suffix.lower() == ".txt" and file.stem.endswith(MARK)


def read(file: Path, text: str, scheme: Scheme | None) -> Iterator[Found]:
    """70 lines; the image is ``0000.png`` beside ``0000_ldmks.txt``."""
    points = [point(line, number) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    known = decide(len(points), f"line {len(points)}", scheme, "facesynthetics-70")
    image = image_of(file.with_name(file.stem.removesuffix(MARK) + file.suffix))
    yield TruthFace(image, np.array(points), known.name, file=file)


def encode(faces: Sequence[TruthFace], names: Mapping[str, str]) -> dict[str, str]:
    """One file for each face; every landmark must be defined."""
    written = {}
    for face in one_each(faces, "facesynthetics"):
        if not np.isfinite(face.points).all():
            msg = f"{face.image}: expected every landmark to be defined, as facesynthetics needs, got undefined ones"
            raise ValueError(msg)
        body = "".join(f"{x!r} {y!r}\n" for x, y in face.points.tolist())
        written[f"{flat(stem_of(names[face.image]))}{MARK}.txt"] = body
    return written
