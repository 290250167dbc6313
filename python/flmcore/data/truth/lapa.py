"""LaPa's ``.txt`` files: one face a file, the count on the first line, pixels counted from 0."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flmcore.data.truth.lines import check_count, image_of, point
from flmcore.schemes import Scheme

__all__ = ["read", "recognise"]


def recognise(file: Path, text: str) -> bool:
    first = text.lstrip().partition("\n")[0].strip()
    return file.suffix.lower() == ".txt" and first.isascii() and first.isdigit()


def read(file: Path, text: str, scheme: Scheme) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """A line with K, then K lines ``x y``."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    (_, first), *rest = lines
    points = [point(line, number) for number, line in rest]
    if len(points) != int(first):
        msg = (
            f"line {lines[-1][0]}: expected {int(first)} landmarks as the first line says, got {len(points)}"
        )
        raise ValueError(msg)
    check_count(len(points), scheme, "line 1")
    yield image_of(file), np.array(points)
