"""A data set's landmarks in another scheme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from flmcore import schemes
from flmcore.data.truth import Dataset
from flmcore.ops.remap import remap
from flmcore.schemes.rows import GRADES

__all__ = ["remap_dataset"]


def remap_dataset(dataset: Dataset, target: str) -> tuple[Dataset, Mapping[str, int]]:
    """The data set with landmarks of ``target``, and how many landmarks there are of each grade.

    A landmark that comes from one source keeps its visibility; one between several is visible where they all are.

    Raises:
        ValueError: an unknown scheme, or one that is not reached.
    """
    name = schemes.get(target).name
    if name == dataset.scheme:
        return dataset, {}
    mapping = schemes.mapping(dataset.scheme, name)
    faces = []
    for face in dataset.faces:
        points = np.asarray(remap(face.points, dataset.scheme, name), dtype=np.float64)
        visible = None
        if face.visible is not None:
            # The hidden ones as undefined: what then is undefined too has a hidden source.
            seen = np.where(face.visible[:, None], face.points, np.nan)
            visible = np.asarray(np.isfinite(remap(seen, dataset.scheme, name)).all(axis=1))
        faces.append(replace(face, points=points, scheme=name, visible=visible))
    counts = {grade: mapping.grades.count(grade) for grade in GRADES if grade in mapping.grades}
    return replace(dataset, faces=tuple(faces), scheme=name), counts
