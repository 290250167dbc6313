"""True landmarks as a run needs them: a box around them and the distance between the eyes, face by face."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import schemes
from flmcore.data.truth import read_truth

__all__ = ["Faces", "Truth", "truth_boxes", "truth_distances", "truth_faces"]

Truth = str | os.PathLike[str] | Sequence[tuple[str, ArrayLike]]
Faces = dict[str, list[NDArray[np.float64]]]  # image name → (K, 2) landmarks of each face


def truth_faces(truth: Truth, scheme: str | None) -> Faces:
    """True landmarks by image name, the faces of an image in the order of the file.

    Raises:
        ValueError: an unknown scheme, none for a file, landmarks of another count than the scheme's, an empty truth.
        OSError: the file cannot be read.
    """
    if isinstance(truth, (str, os.PathLike)):
        if scheme is None:
            msg = "truth_scheme: expected the scheme of the true landmarks, got none"
            raise ValueError(msg)
        truth = read_truth(truth, scheme)
    expected = "(K, 2)" if scheme is None else (schemes.get(scheme).landmarks, 2)
    faces: Faces = {}
    for name, landmarks in truth:
        points = np.asarray(landmarks, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or (scheme is not None and points.shape != expected):
            msg = f"truth: expected landmarks of shape {expected} for {name}, got {points.shape}"
            raise ValueError(msg)
        faces.setdefault(str(name), []).append(points)
    if not faces:
        msg = "truth: expected at least one face, got none"
        raise ValueError(msg)
    return faces


def truth_boxes(faces: Faces) -> dict[str, NDArray[np.float64]]:
    """(N, 4) boxes of the kind ``landmarks``: tight around the defined landmarks, in edge coordinates; NaN without any."""
    return {name: np.array([_tight(points) for points in rows]) for name, rows in faces.items()}


def truth_distances(faces: Faces, scheme: str | None) -> dict[str, list[float]] | None:
    """Distance of the outer eye corners of each face in pixels; None where the scheme has no outer eye corners."""
    corners = None if scheme is None else schemes.get(scheme).eye_outer
    if corners is None:
        return None
    left, right = corners
    return {
        name: [float(np.hypot(*(points[right] - points[left]))) for points in rows]
        for name, rows in faces.items()
    }


def _tight(points: NDArray[np.float64]) -> NDArray[np.float64]:
    known = points[np.isfinite(points).all(axis=1)]
    if len(known) == 0:
        return np.full(4, np.nan)
    # A pixel's centre lies half a pixel from its edge: landmarks count from centres, boxes from edges.
    return np.concatenate([known.min(axis=0), known.max(axis=0)]) + 0.5
