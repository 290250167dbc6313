"""True landmarks from the files in which data sets publish them; one module per form.

A form is a module with ``recognise(file, text)``, ``read(file, text, scheme)`` and, where it is written too,
``encode(faces, names)``; ``formats.py`` lists them. Readers raise ValueError with the place in the file; the file's name
is put in front.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.data.images import PathLike
from flmcore.data.truth.dataset import check_one_scheme, is_dataset, read_dataset, read_file
from flmcore.data.truth.face import Dataset, TruthFace
from flmcore.data.truth.formats import names
from flmcore.data.truth.write import write_dataset
from flmcore.schemes import Scheme

__all__ = [
    "Dataset",
    "Face",
    "TruthFace",
    "is_dataset",
    "names",
    "read_dataset",
    "read_faces",
    "read_truth",
    "write_dataset",
]

Face = tuple[str, NDArray[np.float64]]  # the image's name, landmarks (K, 2)


def read_truth(path: PathLike, scheme: str) -> list[Face]:
    """True landmarks of every face in a file or folder: ``[(image name, (K, 2) float64), …]``.

    :func:`read_dataset` gives boxes, attributes and images too. Landmarks are in image pixels, (0, 0) the centre of the
    top-left pixel; NaN where undefined. An image with several faces comes up several times. Forms, told apart by suffix
    and content (``docs/datasets.md``): ``.pts``, LaPa's and FaceSynthetics' ``.txt``, WFLW lists, COCO-style JSON,
    flmcore's JSON and CSV, Dlib's XML; or a folder, searched with its sub-folders for ``.pts`` files, or else for
    ``.txt`` files with a face each.

    ``.pts`` and LaPa name no image: it is the one beside the file or in the folder ``images`` beside its folder, or else
    the file's own name without the suffix. Names from a folder are relative to it.

    Args:
        path: the file or folder.
        scheme: the order of the landmarks, by name or alias; the file must hold as many as it has.

    Raises:
        ValueError: an unknown scheme, another form or count, a line cut off, no face at all; names file and line.
        OSError: the file cannot be read.
    """
    return [(face.image, face.points) for face in read_faces(path, scheme)]


def read_faces(path: PathLike, scheme: str | None) -> list[TruthFace]:
    """:func:`read_truth` with all that the file says of each face; without a scheme, the file must decide it."""
    known = None if scheme is None else schemes.get(scheme)
    root = Path(path)
    if not root.is_dir():
        faces = _read_file(root, known)
    else:
        faces = [
            replace(face, image=Path(os.path.relpath(file.parent / face.image, root)).as_posix())
            for file in _listed(root)
            for face in _read_file(file, known)
        ]
    if not faces:
        expected = f" of scheme {known.name}" if known else ""
        msg = f"{root}: expected at least one face{expected}, got none"
        raise ValueError(msg)
    check_one_scheme(faces, root)
    return faces


def _read_file(file: Path, scheme: Scheme | None) -> list[TruthFace]:
    return [row for row in read_file(file, scheme, None)[1] if isinstance(row, TruthFace)]


def _listed(folder: Path) -> list[Path]:
    """The folder's ``.pts`` files, or else its ``.txt`` files."""
    for suffix in (".pts", ".txt"):
        found = sorted(file for file in folder.rglob("*") if file.suffix.lower() == suffix and file.is_file())
        if found:
            return found
    msg = f"{folder}: expected a folder with .pts files or LaPa's .txt files, got none of them"
    raise ValueError(msg)
