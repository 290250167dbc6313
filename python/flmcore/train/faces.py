"""A face as a training holds it: the part of its image that a window may show, landmarks, box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.schema import CropConfig
from flmcore.ops.affine import box_affine, invert_affine, transform_points
from flmcore.ops.crop import crop
from flmcore.train.schema import AugmentConfig

__all__ = ["CUT", "Face", "cut_out", "tight_box", "window_reach"]

CUT = 2.5  # standard deviations: nothing random goes farther
_MARGIN = 4.0  # pixels: what filters see beyond a window's edge
_LARGEST = 1.25  # pixels kept for each pixel of the crop: enough for a window that is a fifth smaller


@dataclass(frozen=True, eq=False)
class Face:
    """One face.

    Attributes:
        image: uint8 (H, W, 3) RGB.
        points: (K, 2) float64 of the trained scheme, in the image's pixels, (0, 0) the centre of the top-left one;
            NaN where undefined.
        box: (4,) of the kind that the crop takes, edge coordinates.
    """

    image: NDArray[np.uint8]
    points: NDArray[np.float64]
    box: NDArray[np.float64]


def tight_box(points: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """(4,) edge coordinates around the defined landmarks; None where they span no area."""
    known = points[np.isfinite(points).all(axis=1)]
    if len(known) == 0:
        return None
    box = np.concatenate([known.min(axis=0), known.max(axis=0)]) + 0.5  # centres of pixels, their edges
    return box if (box[2:] > box[:2]).all() else None


def window_reach(augment: AugmentConfig) -> tuple[float, float]:
    """How far windows go: the largest factor on the window's side, and the largest shift as a share of the box."""
    return float(np.exp(CUT * augment.scale)), CUT * augment.shift


def cut_out(
    image: NDArray[np.uint8],
    points: NDArray[np.float64],
    box: NDArray[np.float64],
    rule: CropConfig,
    augment: AugmentConfig,
    *,
    exact: bool = False,
) -> Face:
    """The face with no more of its image than a window can show, made smaller where a window has more pixels than
    the crop, unless it is to be ``exact``: then a window shows of it what it shows of the image."""
    factor, shift = window_reach(augment)
    affine = box_affine(box, rule.size, rule=rule.rule, scale=rule.scale, shift=rule.shift)
    width, height = rule.size
    corners = np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]])
    low, high = transform_points(corners, invert_affine(affine))[0]
    middle = (low + high) / 2
    step = float((high - low).max()) / max(width, height)  # image pixels for one of the crop
    far = float(np.hypot(*(high - low))) / 2 * factor + shift * float((box[2:] - box[:2]).max())
    far += _MARGIN + step
    start = np.maximum(np.floor(middle - far), 0).astype(int)
    stop = np.minimum(np.ceil(middle + far) + 1, image.shape[1::-1]).astype(int)
    stop = np.maximum(stop, start + 1)  # a face outside of its image is black all over
    start = np.minimum(start, np.array(image.shape[1::-1]) - 1)
    stop = np.minimum(stop, image.shape[1::-1])
    part = np.ascontiguousarray(image[start[1] : stop[1], start[0] : stop[0]])
    offset = np.array(start, dtype=np.float64)
    moved, new_box = points - offset, box - np.tile(offset, 2)
    if exact or step <= _LARGEST * (1 + 1e-9):
        return Face(part, moved, new_box)
    shrink = _LARGEST / step
    size = np.maximum(1, np.ceil(np.array(part.shape[1::-1]) * shrink)).astype(int)
    smaller = np.array([[shrink, 0.0, (shrink - 1) / 2], [0.0, shrink, (shrink - 1) / 2]])
    image = crop(
        part,
        smaller,
        (int(size[0]), int(size[1])),
        antialias=True,
        border="replicate",
        dtype="uint8",
        threads=1,
    )[0]
    return Face(image, moved * shrink + (shrink - 1) / 2, new_box * shrink)
