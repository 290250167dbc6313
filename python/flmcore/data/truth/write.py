"""Writing a data set in another format: whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from flmcore.data.images import PathLike
from flmcore.data.truth.face import Dataset
from flmcore.data.truth.formats import Format, of_name
from flmcore.data.truth.lines import flat, stem_of

__all__ = ["write_dataset"]


def write_dataset(
    dataset: Dataset, out: PathLike, format: str, *, copy_images: bool = False, replace: bool = False
) -> list[str]:
    """Write faces in another format; returns what the format could not keep, a line each.

    A format with a file for each image makes ``out`` a new folder, with copies of the images where asked; the others make
    it one file, whose image names are paths from its folder to the images that were found.

    Raises:
        ValueError: no such format, one that is only read, faces that it cannot hold, two images of one name.
        FileExistsError: ``out`` is there, and not to be replaced.
        OSError: it cannot be written.
    """
    form, place = of_name("format", format), Path(out)
    if form.encode is None:
        msg = f"format: expected one that can be written, got {form.name!r}, which is only read"
        raise ValueError(msg)
    if copy_images and not form.folder:
        msg = f"copy_images: expected a format with a file for each image, got {form.name!r}"
        raise ValueError(msg)
    if place.exists() and (not replace or place.is_dir()):
        what = "a new folder" if form.folder else "a new file"
        msg = f"{place}: expected {what}, got one that exists"
        raise FileExistsError(msg)
    place.parent.mkdir(parents=True, exist_ok=True)
    names = _folder_names(dataset) if form.folder else _paths_from(dataset, place)
    texts = form.encode(dataset.faces, names)
    if form.folder:
        pictures = _pictures(dataset, names, form) if copy_images else {}
        _make(place, lambda new: _fill(new, texts, pictures), folder=True)
    else:
        _make(place, lambda new: new.write_text(texts[""], encoding="utf-8", newline=""), folder=False)
    return _lost(dataset, form)


def _folder_names(dataset: Dataset) -> dict[str, str]:
    """Image name → its name below the new folder; one that would lead out of it is cut to the file's own name."""
    names: dict[str, str] = {}
    taken: dict[str, str] = {}
    for image in dict.fromkeys(face.image for face in dataset.faces):
        path = PurePosixPath(image.replace("\\", "/"))
        parts = [part for part in path.parts if part != "."]
        if parts[:1] == ["images"]:
            parts = parts[1:]
        leads_out = path.is_absolute() or ".." in parts or ":" in parts[0]
        name = parts[-1] if leads_out else "/".join(parts)
        if (stem := flat(stem_of(name)).lower()) in taken:
            msg = f"{image}: expected image names that stay apart without suffix and folder, got one like {taken[stem]}"
            raise ValueError(msg)
        taken[stem], names[image] = image, name
    return names


def _paths_from(dataset: Dataset, file: Path) -> dict[str, str]:
    """Image name → its path from the new file's folder; names of images that are not there stay."""
    return {
        face.image: _between(dataset.paths[face.image], file.parent)
        if face.image in dataset.paths
        else face.image
        for face in dataset.faces
    }


def _between(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return path.absolute().as_posix()


def _pictures(dataset: Dataset, names: Mapping[str, str], form: Format) -> dict[str, Path]:
    if dataset.missing:
        msg = f"copy_images: expected every image, got none of the name {dataset.missing[0]}"
        raise ValueError(msg)
    pictures = {}
    for image, name in names.items():
        source = dataset.paths[image]
        stem = stem_of(name) if form.name == "300w" else flat(stem_of(name))
        pictures[("images/" if form.name == "lapa" else "") + stem + source.suffix] = source
    return pictures


def _fill(folder: Path, texts: Mapping[str, str], pictures: Mapping[str, Path]) -> None:
    for name in [*texts, *pictures]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    for name, source in pictures.items():
        shutil.copyfile(source, folder / name)


def _make(place: Path, fill: Callable[[Path], object], *, folder: bool) -> None:
    """Fill a neighbour, then rename it: what is cut off leaves nothing behind."""
    work = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        new = work / place.name
        if folder:
            new.mkdir()
        fill(new)
        os.replace(new, place)
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(work)


def _lost(dataset: Dataset, form: Format) -> list[str]:
    faces = dataset.faces
    points = np.concatenate([face.points for face in faces])
    held = {
        "box": ("boxes", any(face.box is not None for face in faces)),
        "attributes": ("attributes", any(face.attributes for face in faces)),
        "visible": ("which landmarks are hidden", any(face.visible is not None for face in faces)),
        "fractions": (
            "fractions of pixels",
            bool((np.isfinite(points) & (points != np.floor(points + 0.5))).any()),
        ),
    }
    return [words for key, (words, there) in held.items() if there and key not in form.keeps]
