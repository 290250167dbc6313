"""True landmarks from the files in which data sets publish them; one module per form.

A form is a module with ``recognise(file, text)`` and ``read(file, text, scheme)``; :data:`_FORMS` lists them. Readers
raise ValueError with the place in the file; :func:`read_truth` puts the file's name in front.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.data.images import PathLike
from flmcore.data.truth import json_file, lapa, pts, wflw
from flmcore.schemes import Scheme

__all__ = ["Face", "read_truth"]

Face = tuple[str, NDArray[np.float64]]  # the image's name, landmarks (K, 2)

_FORMS = (pts, json_file, lapa, wflw)  # the first that recognises a file reads it
_NAMES = "a .pts file, a LaPa .txt, a WFLW list, a .json"


def read_truth(path: PathLike, scheme: str) -> list[Face]:
    """True landmarks of every face in a file or folder: ``[(image name, (K, 2) float64), …]``.

    Landmarks are in image pixels, (0, 0) the centre of the top-left pixel; NaN where undefined. An image with several
    faces comes up several times. Forms, told apart by suffix and content:

    * 300-W and iBUG ``.pts``, which count pixels from 1 and are shifted here;
    * LaPa ``.txt``: a line with the count, then a line ``x y`` for each landmark;
    * WFLW lists: on each line 2 K numbers, with or without a box and 6 attributes, and the image's name;
    * JSON ``{"a.jpg": [[[x, y], …], …]}``, a list of faces for each image, ``null`` for an undefined landmark; or a list
      of objects with ``image``, ``scheme`` and ``landmarks``, of which those of another scheme, and those whose
      ``truth`` is there and not ``human``, are passed over;
    * a folder, searched with its sub-folders for ``.pts`` files, or else for LaPa's ``.txt``.

    ``.pts`` and LaPa name no image: it is the one beside the file or in the folder ``images`` beside its folder, or else
    the file's own name without the suffix. Names from a folder are relative to it.

    Args:
        path: the file or folder.
        scheme: the order of the landmarks, by name or alias; the file must hold as many as it has.

    Raises:
        ValueError: an unknown scheme, another form or count, a line cut off, no face at all; names file and line.
        OSError: the file cannot be read.
    """
    known = schemes.get(scheme)
    root = Path(path)
    if not root.is_dir():
        faces = list(_read_file(root, known))
    else:
        faces = [
            (Path(os.path.relpath(file.parent / name, root)).as_posix(), points)
            for file in _listed(root)
            for name, points in _read_file(file, known)
        ]
    if not faces:
        msg = f"{root}: expected at least one face of scheme {known.name}, got none"
        raise ValueError(msg)
    return faces


def _read_file(file: Path, scheme: Scheme) -> Iterator[Face]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        for form in _FORMS:
            if form.recognise(file, text):
                yield from form.read(file, text, scheme)
                return
    except (ValueError, RecursionError) as error:  # bad UTF-8 and bad JSON are ValueErrors
        msg = f"{file}: {' '.join(str(error).split())}"
        raise ValueError(msg) from None
    msg = f"{file}: expected true landmarks ({_NAMES}), got another form"
    raise ValueError(msg)


def _listed(folder: Path) -> list[Path]:
    """The folder's ``.pts`` files, or else its ``.txt`` files."""
    for suffix in (".pts", ".txt"):
        found = sorted(file for file in folder.rglob("*") if file.suffix.lower() == suffix and file.is_file())
        if found:
            return found
    msg = f"{folder}: expected a folder with .pts files or LaPa's .txt files, got none of them"
    raise ValueError(msg)
