"""``.pts`` files of 300-W, iBUG, LFPW, HELEN, AFW: one face a file, pixels counted from 1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flmcore.data.truth.lines import check_count, image_of, point, shorten
from flmcore.schemes import Scheme

__all__ = ["read", "recognise"]


def recognise(file: Path, text: str) -> bool:
    del text
    return file.suffix.lower() == ".pts"


def read(file: Path, text: str, scheme: Scheme) -> Iterator[tuple[str, NDArray[np.float64]]]:
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
    check_count(len(points), scheme, f"line {lines[closed][0]}")
    yield image_of(file), np.array(points) - 1


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
