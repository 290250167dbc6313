"""A data set in place of images: its images, its faces, and what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from flmcore.data.truth import Dataset, TruthFace, is_dataset, read_dataset
from flmcore.evaluation.box_source import TRUTH, BoxesOption
from flmcore.evaluation.inputs import Problem, Source
from flmcore.evaluation.truth import Truth, TruthPoints, truth_faces

__all__ = ["IMAGES", "dataset_images", "dataset_problems", "dataset_truth", "open_dataset"]

IMAGES = "images"  # the format of what is no data set


def open_dataset(images: Any, format: str | None, scheme: str | None) -> Dataset | None:
    """The data set that ``images`` is or names; None where it is images.

    Args:
        images: what :func:`flmcore.evaluate` is given.
        format: of the data set; ``auto`` looks, None and ``images`` say that it is none.
        scheme: its landmark scheme, where it does not decide that itself.

    Raises:
        ValueError: a data set among other paths, or with none of its images; what ``read_dataset`` raises.
    """
    if isinstance(images, Dataset):
        return _with_images(images)
    if format is None or format == IMAGES:
        return None
    rows: Sequence[Any] = [images] if isinstance(images, (str, os.PathLike)) else list(images)
    paths = [Path(row) for row in rows if isinstance(row, (str, os.PathLike))]
    if format == "auto":
        found = next((path for path in paths if is_dataset(path)), None)
        if found is None:
            return None
    if len(rows) != 1 or not paths:
        got = f"{len(rows)} paths" + (f", of which {found} is one" if format == "auto" else "")
        msg = f"paths: expected one data set, or images only (format {IMAGES!r}), got {got}"
        raise ValueError(msg)
    return _with_images(read_dataset(paths[0], format, scheme))


def _with_images(dataset: Dataset) -> Dataset:
    if not dataset.paths:
        places = ", ".join(str(folder) for folder in dataset.searched)
        name = dataset.missing[0] if dataset.missing else dataset.faces[0].image
        msg = (
            f"{dataset.root}: expected the images of the data set, got none: looked for {name!r} in {places}"
        )
        raise ValueError(msg)
    return dataset


def dataset_images(dataset: Dataset) -> list[Path]:
    """The images that are there, in the data set's order."""
    return [dataset.paths[name] for name in dataset.by_image() if name in dataset.paths]


def dataset_truth(
    dataset: Dataset, boxes: BoxesOption, sources: Sequence[Source]
) -> tuple[Truth | None, BoxesOption, TruthPoints | None]:
    """Truth and boxes for a run on a data set: the boxes of the truth, or the given ones with the truth beside them."""
    faces = _faces(dataset)
    if boxes is None or (isinstance(boxes, str) and boxes == TRUTH):
        return faces, TRUTH, None
    return None, boxes, TruthPoints(truth_faces(faces, None), sources, numbered=False)


def _faces(dataset: Dataset) -> list[TruthFace]:
    """Its faces under the paths of their images, by which a run finds them; two names of one file are one image."""
    files: dict[Path, str] = {}
    named = {
        name: files.setdefault(dataset.paths[name].resolve(), str(dataset.paths[name]))
        for name in dataset.by_image()
        if name in dataset.paths
    }
    return [replace(face, image=named[face.image]) for face in dataset.faces if face.image in named]


def dataset_problems(dataset: Dataset) -> list[Problem]:
    """Images that are not there, images without a face, faces without a landmark."""
    places = ", ".join(str(folder) for folder in dataset.searched)
    problems = [
        Problem(name, f"the data set's image is not in {places}", "missing") for name in dataset.missing
    ]
    problems += [
        Problem(name, "the data set has no face for this image", "no-truth") for name in dataset.without_truth
    ]
    for name, faces in dataset.by_image().items():
        problems += [
            Problem(name, "no landmark of the true face is defined", "no-truth", number, note=True)
            for number, face in enumerate(faces)
            if not np.isfinite(face.points).any()
        ]
    return problems
