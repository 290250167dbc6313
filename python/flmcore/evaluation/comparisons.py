"""Which differences between the detectors of a run the images can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.pairs import compare_pairs
from flmcore.evaluation.ranking import rank_detectors
from flmcore.evaluation.summary import METRICS, Face, per_image, same_faces

__all__ = ["COMPARED", "compare_detectors", "values_by_image"]

# On common landmarks where there are some: densities differ, and with them the difficulty.
COMPARED = (("jitter_common", "jitter"), ("nme_common", "nme"))


def compare_detectors(
    units: Sequence[Mapping[str, Any]], detectors: Sequence[Mapping[str, Any]], *, seed: int
) -> list[dict[str, Any]]:
    """Per metric its name, ``pairs`` and ``ranking``, of the detectors that have it; none with one detector."""
    table, _ = same_faces(units, [str(row["name"]) for row in detectors])
    found = []
    for choices in COMPARED:
        for metric in choices:
            names, numbers = values_by_image(table, metric)
            if len(names) < 2:
                continue
            pairs = compare_pairs(names, numbers, seed=seed)
            ranking = rank_detectors(names, numbers, pairs, seed=seed)
            found.append({"metric": metric, "pairs": [pair.to_dict() for pair in pairs], "ranking": ranking})
            break
    return found


def values_by_image(
    table: Mapping[str, Mapping[Face, Mapping[str, Any]]], metric: str
) -> tuple[list[str], NDArray[np.float64]]:
    """Names of the detectors of :func:`same_faces` that have a metric, and it by detector and image, NaN where it is missing."""
    values = {name: per_image(faces, METRICS[metric]) for name, faces in table.items()}
    values = {name: rows for name, rows in values.items() if rows}
    images = list(dict.fromkeys(image for rows in values.values() for image in rows))
    names = list(values)
    return names, np.array([[values[name].get(image, np.nan) for image in images] for name in names])
