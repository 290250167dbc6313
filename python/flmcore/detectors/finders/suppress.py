"""One box per face, where a network gives several."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["blend", "intersection_over_union", "suppress"]

Boxes = NDArray[np.float64]  # (N, 4): x0, y0, x1, y1


def intersection_over_union(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    """(N, M) shares from 0 to 1 between (N, 4) and (M, 4) boxes; 0 for boxes without area."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    together = _area(boxes)[:, None] + _area(others)[None, :] - shared
    return np.asarray(np.divide(shared, together, out=np.zeros_like(shared), where=together > 0))


def suppress(boxes: Boxes, scores: Boxes, limit: float) -> tuple[Boxes, Boxes]:
    """The surest box of each group that overlaps by more than ``limit``, surest first."""
    groups = _groups(boxes, scores, limit)
    kept = np.array([group[0] for group in groups], dtype=np.intp)
    return boxes[kept], scores[kept]


def blend(boxes: Boxes, scores: Boxes, limit: float) -> tuple[Boxes, Boxes]:
    """The mean box of each overlapping group, weighted by score, with its best score; surest first.

    BlazeFace's way (Bazarevsky et al., BlazeFace, 2019, section 3.4), against boxes that jump between candidates.
    """
    groups = _groups(boxes, scores, limit)
    means = [np.average(boxes[group], axis=0, weights=scores[group]) for group in groups]
    best = [float(scores[group[0]]) for group in groups]
    return np.array(means, dtype=np.float64).reshape(-1, 4), np.array(best, dtype=np.float64)


def _groups(boxes: Boxes, scores: Boxes, limit: float) -> list[NDArray[np.intp]]:
    """Indices of the surest box left and of those that overlap it, until none is left."""
    left = np.argsort(-scores, kind="stable")
    groups = []
    while len(left):
        overlap = intersection_over_union(boxes[left[:1]], boxes[left])[0] > limit
        overlap[0] = True  # itself, even without area
        groups.append(left[overlap])
        left = left[~overlap]
    return groups


def _area(boxes: Boxes) -> NDArray[np.float64]:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
