"""What a mesh must be to have a face: claims of files are tested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.simulate.anatomy import MEAN_LANDMARKS

__all__ = ["check_face", "check_landmarks", "check_mesh", "check_on_surface", "fit_similarity"]

# How far landmarks may lie from the average face's after turning and scaling, root mean square over the distance of the
# outer eye corners. Faces differ by 0.05 to 0.12, an order that is not 300w-68's by 0.7 and more.
_FARTHEST = 0.3
# Of a mesh's pairs of left and right landmarks, how far one may lie from the other's mirror image, in the same unit.
_CROOKED = 0.25
_LARGEST = 1e15  # a coordinate, in any unit: a head in nanometres has 2e8, and squares stay finite


def check_mesh(vertices: NDArray[np.float64], triangles: NDArray[np.int32]) -> NDArray[np.int32]:
    """The triangles that have an area; ValueError where none has, or what they stand on is not there."""
    wrong = ~(np.abs(vertices) <= _LARGEST).all(axis=1)  # so is NaN
    if wrong.any():
        msg = f"vertices: expected finite numbers up to {_LARGEST:g}, got {vertices[wrong][0].tolist()} for vertex {int(np.argmax(wrong))}"
        raise ValueError(msg)
    outside = (triangles < 0) | (triangles >= len(vertices))
    if outside.any():
        which = int(np.argmax(outside.any(axis=1)))
        got = triangles[which].tolist()
        msg = f"triangles: expected vertices from 0 to {len(vertices) - 1}, got {got} for triangle {which}"
        raise ValueError(msg)
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    solid = area > 1e-12 * max(float(np.ptp(vertices, axis=0).max()), 1e-300) ** 2
    if not solid.any():
        msg = f"triangles: expected some with an area, got {len(triangles)} without"
        raise ValueError(msg)
    return np.ascontiguousarray(triangles[solid])


def check_landmarks(scheme: str, given: Any, vertices: int) -> NDArray[np.int32]:
    """Indices of vertices as (K,) int32; ValueError where they are not one vertex for each landmark of the scheme."""
    count = schemes.get(scheme).landmarks
    rows = given.tolist() if isinstance(given, np.ndarray) else given
    if not isinstance(rows, list) or len(rows) != count:
        got = len(rows) if isinstance(rows, list) else type(rows).__name__
        msg = f"{scheme}: expected a vertex for each of {count} landmarks, got {got}"
        raise ValueError(msg)
    for landmark, vertex in enumerate(rows):
        if type(vertex) is not int or not 0 <= vertex < vertices:
            msg = f"{scheme}: landmark {landmark}: expected a vertex from 0 to {vertices - 1}, got {str(vertex)[:40]}"
            raise ValueError(msg)
    seen: dict[int, int] = {}
    for landmark, vertex in enumerate(rows):
        if vertex in seen:
            msg = (
                f"{scheme}: expected a vertex of its own for each landmark, got {vertex} for {seen[vertex]} and "
                f"{landmark}"
            )
            raise ValueError(msg)
        seen[vertex] = landmark
    return np.array(rows, np.int32)


def check_face(vertices: NDArray[np.float64], landmarks: Mapping[str, NDArray[np.int32]]) -> None:
    """ValueError where the landmarks' vertices do not form a face: an order that a file claims may not be the one it has."""
    usual = vertices[landmarks["300w-68"]]
    rotated, scale, _ = _fit(usual)
    apart = _rms(rotated - MEAN_LANDMARKS) / _EYES if scale > 0 else np.inf
    if not apart <= _FARTHEST:
        mirrored, *_ = _fit(usual * (-1, 1, 1))
        if scale > 0 and _rms(mirrored - MEAN_LANDMARKS) / _EYES <= _FARTHEST:
            msg = "landmarks: expected the person's right eye at 36 to 41, got a face whose left and right are exchanged"
            raise ValueError(msg)
        names = " and ".join(landmarks)
        msg = (
            f"landmarks: expected vertices that form a face in the order of {names}, got ones {apart:.2f} eye distances "
            f"from it (at most {_FARTHEST}): the list does not belong to this mesh, or its vertices have another order"
        )
        raise ValueError(msg)
    for name, rows in landmarks.items():
        crooked = _crookedness(name, fit_similarity(usual, vertices[rows]))
        if crooked > _CROOKED:
            msg = (
                f"landmarks: expected pairs of left and right in {name} to mirror each other, got ones {crooked:.2f} eye "
                f"distances apart (at most {_CROOKED}): its vertices have another order"
            )
            raise ValueError(msg)


def check_on_surface(landmarks: Mapping[str, NDArray[np.int32]], triangles: NDArray[np.int32]) -> None:
    """ValueError where a landmark's vertex is of no triangle: there is nothing to be seen of it."""
    for name, rows in landmarks.items():
        loose = ~np.isin(rows, triangles)
        if loose.any():
            first = int(np.argmax(loose))
            msg = (
                f"{name}: expected landmarks on vertices of triangles with an area, got {int(loose.sum())} of {len(rows)} "
                f"on others (landmark {first}: vertex {int(rows[first])})"
            )
            raise ValueError(msg)


def fit_similarity(landmarks: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (N, 3) in the head's frame, in mm: turned, scaled and moved as brings landmarks (68, 3) nearest to the mean's."""
    _, scale, (turn, middle) = _fit(landmarks)
    return np.asarray(scale * (points - middle) @ turn.T + MEAN_LANDMARKS.mean(axis=0))


_EYES = float(np.linalg.norm(MEAN_LANDMARKS[45] - MEAN_LANDMARKS[36]))


def _fit(
    points: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Least squares by turning (never mirroring), scaling, moving: Umeyama 1991."""
    middle, target = points.mean(axis=0), MEAN_LANDMARKS - MEAN_LANDMARKS.mean(axis=0)
    centred = points - middle
    u, s, vt = np.linalg.svd(target.T @ centred)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    turn = (u * sign) @ vt
    spread = float((centred**2).sum())
    scale = float((s * sign).sum() / spread) if spread > 0 else 0.0
    return scale * centred @ turn.T + MEAN_LANDMARKS.mean(axis=0), scale, (turn, middle)


def _crookedness(scheme: str, points: NDArray[np.float64]) -> float:
    mirrored = points[list(schemes.get(scheme).flip)] * (-1, 1, 1)
    return _rms(points - mirrored) / _EYES


def _rms(offsets: NDArray[np.float64]) -> float:
    return float(np.sqrt((offsets**2).sum(axis=-1).mean()))
