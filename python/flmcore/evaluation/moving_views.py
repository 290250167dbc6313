"""A still face that moves in front of a camera, and what a face finder makes of it frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.finders import Finder
from flmcore.evaluation.sweep import Sweep
from flmcore.ops.affine import invert_affine, transform_points
from flmcore.ops.crop import crop

__all__ = ["FRAMES", "MovingViews", "moving_views", "to_still"]

FRAMES = 64  # of the path, from its beginning
_REACH = 3.0  # longer sides of the box that a view shows
_FACE = 256.0  # pixels; a larger face is shown at this size, which a finder needs no more of
_SAME_FACE = 0.2  # intersection over union with the true box below which a find is another face


@dataclass(frozen=True)
class MovingViews:
    """Frames of the face, and the boxes in them.

    Attributes:
        frames: (H, W, 3) uint8 each.
        to_view: (T, 2, 3), image to frame.
        true: (T, 4) the reference box, carried by the motion exactly.
        found: (T, 4) the finder's; in a frame in which it found none, that of the frame before.
        missed: frames in which it found none.
    """

    frames: list[NDArray[np.uint8]]
    to_view: NDArray[np.float64]
    true: NDArray[np.float64]
    found: NDArray[np.float64]
    missed: int


def moving_views(
    image: NDArray[np.uint8],
    box: list[float],
    sweep: Sweep,
    finder: Finder,
    *,
    threads: int | None = None,
) -> MovingViews:
    """The face moving by −δ as the path's window moves by +δ, made by one resampling of the still image per frame."""
    side = max(box[2] - box[0], box[3] - box[1])
    shrink = min(1.0, _FACE / side)
    pixels = int(np.ceil(_REACH * side * shrink))
    shifts = sweep.path.shift[:FRAMES] * side
    to_view = np.zeros((len(shifts), 2, 3))
    to_view[:, 0, 0] = to_view[:, 1, 1] = shrink
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]) - 0.5
    to_view[:, :, 2] = (pixels - 1) / 2 - shrink * (middle + shifts)
    frames = [
        crop(
            image,
            window[None],
            pixels,
            dtype="uint8",
            antialias=shrink < 1,
            border="replicate",
            threads=threads,
        )[0]
        for window in to_view
    ]
    corners = np.array([[box[0], box[1]], [box[2], box[3]]]) - 0.5
    moved = transform_points(np.broadcast_to(corners, (len(shifts), 2, 2)).copy(), to_view) + 0.5
    true = np.asarray(moved, dtype=np.float64).reshape(-1, 4)
    found, missed = _found(frames, true, finder)
    return MovingViews(frames, to_view, true, found, missed)


def to_still(points: NDArray[np.float64], to_view: NDArray[np.float64]) -> NDArray[np.float64]:
    """Landmarks in frames → in the still image."""
    return np.asarray(transform_points(points, invert_affine(to_view)), dtype=np.float64)


def _found(
    frames: list[NDArray[np.uint8]], true: NDArray[np.float64], finder: Finder
) -> tuple[NDArray[np.float64], int]:
    boxes, missed, last = np.empty_like(true), 0, true[0]
    for t, frame in enumerate(frames):
        candidates = np.asarray(finder.find(frame)[0], dtype=np.float64).reshape(-1, 4)
        overlap = _overlap(candidates, true[t])
        if len(candidates) and overlap.max() > _SAME_FACE:
            last = candidates[int(overlap.argmax())]
        else:
            missed += 1
        boxes[t] = last
    return boxes, missed


def _overlap(boxes: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union with one box."""
    low, high = np.maximum(boxes[:, :2], other[:2]), np.minimum(boxes[:, 2:], other[2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(other[2:] - other[:2])
    return np.asarray(shared / np.maximum(areas - shared, 1e-12))
