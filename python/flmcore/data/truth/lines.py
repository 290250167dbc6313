"""What the readers of text files share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from flmcore.data.images import IMAGE_SUFFIXES
from flmcore.data.truth.face import TruthFace
from flmcore.schemes import Scheme

__all__ = ["check_count", "flat", "image_of", "one_each", "point", "shorten", "stem_of"]


def point(line: str, number: int) -> NDArray[np.float64]:
    """The landmark on a line ``x y``; ``number`` counts lines from 1."""
    try:
        x, y = map(float, line.split())
    except ValueError:
        msg = f"line {number}: expected two numbers x y, got '{shorten(line)}'"
        raise ValueError(msg) from None
    if np.isinf([x, y]).any():
        msg = f"line {number}: expected finite numbers or nan, got '{shorten(line)}'"
        raise ValueError(msg)
    return np.array([x, y] if not np.isnan([x, y]).any() else [np.nan, np.nan])


def check_count(count: int, scheme: Scheme, where: str) -> None:
    """ValueError where a file holds another number of landmarks than the scheme has."""
    if count != scheme.landmarks:
        msg = f"{where}: expected {scheme.landmarks} landmarks as {scheme.name} has, got {count}"
        raise ValueError(msg)


def image_of(file: Path) -> str:
    """The image that belongs to a landmark file, relative to its folder: beside it, or in ``../images``."""
    for folder in (file.parent, file.parent.parent / "images"):
        for suffix in sorted(IMAGE_SUFFIXES):
            for written in (suffix, suffix.upper()):
                image = folder / (file.stem + written)
                if image.is_file():
                    return Path(os.path.relpath(image, file.parent)).as_posix()
    return file.stem


def shorten(text: str) -> str:
    """A line for a message."""
    return text if len(text) <= 60 else text[:57] + "..."


def stem_of(image: str) -> str:
    """The image's name without the suffix of an image."""
    path = PurePosixPath(image)
    return path.with_suffix("").as_posix() if path.suffix.lower() in IMAGE_SUFFIXES else image


def flat(name: str) -> str:
    """A name for a folder without sub-folders."""
    return name.replace("/", "_")


def one_each(faces: Sequence[TruthFace], form: str) -> Sequence[TruthFace]:
    """The faces, where no image has two: such formats have one file for each image."""
    seen: set[str] = set()
    for face in faces:
        if face.image in seen:
            several = sum(other.image == face.image for other in faces)
            msg = f"{face.image}: expected one face in an image, as {form} needs, got {several}"
            raise ValueError(msg)
        seen.add(face.image)
    return faces
