"""A folder of images as the frames of a clip."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flmcore.data.images import IMAGE_SUFFIXES, read_image
from flmcore.errors import ClipError, ImageError

__all__ = ["find_frames", "natural", "read_frames"]


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts numbers in names by value: ``f9`` before ``f10``."""
    parts = re.split(r"([0-9]+)", name)
    return [(0, int(part), "") if i % 2 else (1, 0, part.casefold()) for i, part in enumerate(parts)]


def find_frames(folder: Path) -> tuple[Path, ...]:
    """Image files directly in the folder, sorted naturally; hidden files are passed over.

    Raises:
        ClipError: the folder cannot be read, or has no image.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        msg = f"{folder}: cannot be read: {error.strerror or error}"
        raise ClipError(msg) from error
    files = [
        folder / name
        for name in sorted(names, key=natural)
        if not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES
    ]
    if not files:
        msg = f"{folder}: expected a folder of frames, got no image directly in it"
        raise ClipError(msg)
    return tuple(files)


def read_frames(
    files: Sequence[Path], fps: float, skipped: Counter[str]
) -> Iterator[tuple[int, str, float, NDArray[np.uint8]]]:
    """Number, name, time and picture of each; one that cannot be read is counted and keeps its time."""
    for index, file in enumerate(files):
        try:
            image = read_image(file)
        except (ImageError, OSError, MemoryError) as error:
            skipped[f"an image that cannot be read ({str(error).removeprefix(f'{file}: ')})"] += 1
            continue
        yield index, file.name, index / fps, image
