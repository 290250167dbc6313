"""WFLW's lists: one face a line, pixels counted from 0."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flmcore.data.truth.lines import shorten
from flmcore.schemes import Scheme

__all__ = ["read", "recognise"]

_BESIDE = 4 + 6  # the face's box and the attributes pose, expression, illumination, make-up, occlusion, blur


def recognise(file: Path, text: str) -> bool:
    del text
    return file.suffix.lower() == ".txt"


def read(file: Path, text: str, scheme: Scheme) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """2 K numbers, 4 of the box and 6 attributes or none of them, and the image's name, between spaces."""
    del file
    count = 2 * scheme.landmarks
    for number, line in enumerate(text.splitlines(), start=1):
        cells = line.split()
        if not cells:
            continue
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
        yield cells[-1], numbers[:count].reshape(-1, 2)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
