"""A data set from its files: faces, scheme, images."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from flmcore import schemes
from flmcore.data.images import IMAGE_SUFFIXES, PathLike
from flmcore.data.truth.face import Dataset, TruthFace
from flmcore.data.truth.facesynthetics import MARK
from flmcore.data.truth.folders import find_files, find_format
from flmcore.data.truth.formats import Format, names, of_file, of_name
from flmcore.data.truth.locate import image_folders, locate
from flmcore.data.truth.text import read_text
from flmcore.schemes import Scheme

__all__ = ["check_one_scheme", "is_dataset", "read_dataset", "read_file"]


def is_dataset(path: PathLike) -> bool:
    """Whether a path holds landmarks: a file that is no image, or a folder with landmarks beside or without images.

    Raises:
        ValueError: a folder with landmarks of several formats.
    """
    place = Path(path)
    if place.is_dir():
        return find_format(place) is not None
    return place.is_file() and place.suffix.lower() in (".pts", ".txt", ".json", ".csv", ".xml")


def read_dataset(
    path: PathLike, format: str = "auto", scheme: str | None = None, *, images: PathLike | None = None
) -> Dataset:
    """The faces of a data set and their images; ``docs/datasets.md`` defines each format.

    Args:
        path: a file, or the folder that the data set came as.
        format: one of :func:`flmcore.data.truth.names`, or ``auto``: told from names and content.
        scheme: name or alias of the landmark scheme; None where the format or the number of landmarks decides it.
            JSON and CSV may hold several: those of others are passed over.
        images: the folder with the images; None: beside the landmarks, or where data sets have them.

    Raises:
        ValueError: no landmarks, of several formats or several schemes, of a scheme that must be named; what
            :func:`flmcore.data.truth.read_truth` raises.
        OSError: a file cannot be read.
    """
    known = None if scheme is None else schemes.get(scheme)
    place = Path(path)
    form = None if format == "auto" else of_name("format", format)
    if place.is_dir():
        form = form or find_format(place)
        if form is None:
            msg = f"{place}: expected a folder with landmarks ({', '.join(names())}), got none"
            raise ValueError(msg)
        files = find_files(place, form)
        root = place if form.folder else files[0].parent
    else:
        files, root = [place], place.parent
    found: list[TruthFace] = []
    bare: list[str] = []
    for file in files:
        used, rows = read_file(file, known, form)
        form = form or used
        for row in rows:
            name = _relative(row if isinstance(row, str) else row.image, file, root)
            if isinstance(row, str):
                bare.append(name)
            else:
                found.append(row if row.image == name else replace(row, image=name))
    assert form is not None
    if not found:
        expected = f" of scheme {known.name}" if known else ""
        msg = f"{place}: expected at least one face{expected} with landmarks, got none"
        raise ValueError(msg)
    return _with_images(found, bare, form, root, None if images is None else Path(images), place)


def read_file(file: Path, scheme: Scheme | None, form: Format | None) -> tuple[Format, list[TruthFace | str]]:
    """Rows of one file, and its format; ValueErrors name the file."""
    try:
        text = read_text(file)
        used = form or of_file(file, text)
        if used is not None:
            return used, list(used.read(file, text, scheme))
    except UnicodeDecodeError:
        msg = f"{file}: expected true landmarks ({_NAMED}), got a file that is no UTF-8 text"
        raise ValueError(msg) from None
    except (ValueError, RecursionError) as error:  # bad JSON is a ValueError
        msg = f"{file}: {' '.join(str(error).split())}"
        raise ValueError(msg) from None
    msg = f"{file}: expected true landmarks ({_NAMED}), got another form"
    raise ValueError(msg)


_NAMED = "a .pts file, a LaPa .txt, a WFLW list, a _ldmks.txt, a .json, a .csv, an .xml"


def check_one_scheme(faces: Sequence[TruthFace], place: Path) -> None:
    """ValueError, with how many faces each has, where they are of several schemes."""
    counts = Counter(face.scheme for face in faces)
    if len(counts) > 1:
        named = ", ".join(f"{name} ({count})" for name, count in counts.most_common())
        msg = f"{place}: expected faces of one scheme, got {named}: name one"
        raise ValueError(msg)


def _relative(name: str, file: Path, root: Path) -> str:
    if file.parent == root or Path(name).is_absolute():
        return Path(name).as_posix()
    return Path(os.path.relpath(file.parent / name, root)).as_posix()


def _with_images(
    faces: list[TruthFace], bare: list[str], form: Format, root: Path, images: Path | None, place: Path
) -> Dataset:
    check_one_scheme(faces, place)
    if images is not None and not images.is_dir():
        msg = f"images: expected a folder, got '{images}'"
        raise ValueError(msg)
    folders = image_folders(root) if images is None else [images]
    wanted = list(dict.fromkeys(face.image for face in faces))
    paths = locate(wanted, folders)
    if images is not None and form.folder:
        paths |= _by_stem([name for name in wanted if name not in paths], images)
    beside = _unlabelled(root, paths) if form.folder else []
    return Dataset(
        faces=tuple(faces),
        format=form.name,
        scheme=faces[0].scheme,
        root=root,
        paths=paths,
        missing=tuple(name for name in wanted if name not in paths),
        without_truth=tuple(dict.fromkeys(name for name in [*bare, *beside] if name not in set(wanted))),
        searched=tuple(folders),
    )


def _by_stem(names: list[str], folder: Path) -> dict[str, Path]:
    """Images for landmark files that name none: of the same name without the suffix."""
    stems = {file.stem: file for file in _images(folder)}
    return {name: stems[Path(name).name] for name in names if Path(name).name in stems}


def _unlabelled(root: Path, paths: dict[str, Path]) -> list[str]:
    """Images below the folder that no face is on; FaceSynthetics' segmentations are none."""
    known = {path.resolve() for path in paths.values()}
    return [
        file.relative_to(root).as_posix()
        for file in _images(root)
        if file.resolve() not in known
        and not file.stem.endswith(("_seg", MARK))
        and file.parent.name != "labels"
    ]


def _images(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file():
            yield file
