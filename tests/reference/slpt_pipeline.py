"""SLPT's evaluation as published, with OpenCV, and its patch sampling in plain loops.

After Jiahao-UTS/SLPT-master: box of the landmarks, matrix from three float32 points, ``cv2.warpAffine``, ImageNet's
normalisation; predictions times 256 are crop pixels, and go back through the inverse of the matrix.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE = 256
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def tight_box(points: NDArray[Any]) -> NDArray[np.float64]:
    """x, y, width, height around landmarks (K, 2)."""
    low, high = points.min(axis=0), points.max(axis=0)
    return np.concatenate([low, high - low]).astype(np.float64)


def matrix(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Image → crop: the centre to the middle, half a side up to the middle of the upper edge, and a right angle."""
    import cv2

    centre = box[:2] + box[2:] / 2
    half = 1.2 * box[2:].max() / 2
    source = np.zeros((3, 2), np.float32)
    target = np.zeros((3, 2), np.float32)
    for three, middle, up in ((source, centre, half), (target, np.array([SIZE / 2, SIZE / 2]), SIZE / 2)):
        three[0] = middle
        three[1] = middle[0], middle[1] - up
        arm = three[0] - three[1]
        three[2] = three[1] + np.array([-arm[1], arm[0]], np.float32)
    return np.asarray(cv2.getAffineTransform(source, target))


def crop(image: NDArray[np.uint8], affine: NDArray[np.float64]) -> NDArray[np.uint8]:
    """256×256×3, black outside the image."""
    import cv2

    return np.asarray(cv2.warpAffine(image, affine, (SIZE, SIZE), flags=cv2.INTER_LINEAR), np.uint8)


def network_input(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """1×3×256×256, as torchvision's ToTensor and Normalize give it."""
    shares = pixels.astype(np.float32) / np.float32(255)
    return np.ascontiguousarray(
        ((shares - MEAN.astype(np.float32)) / STD.astype(np.float32)).transpose(2, 0, 1)[None], np.float32
    )


def to_image(prediction: NDArray[Any], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Predictions (K, 2), shares of the crop, as image pixels."""
    return np.asarray((prediction * SIZE - affine[:, 2]) @ np.linalg.inv(affine[:, :2].T))


def sample_patch(
    features: NDArray[Any], low: NDArray[Any], high: NDArray[Any], steps: int = 7
) -> NDArray[np.float64]:
    """(C, 7, 7) samples of features (C, S, S) from corner to corner: rows are y, columns x, shares of S - 1 cells."""
    cells = features.shape[1] - 1
    samples = np.zeros((features.shape[0], steps, steps))
    for row in range(steps):
        for column in range(steps):
            x = min(max((low[0] + (high[0] - low[0]) * column / (steps - 1)) * cells, 0), cells)
            y = min(max((low[1] + (high[1] - low[1]) * row / (steps - 1)) * cells, 0), cells)
            x0, x1, y0, y1 = math.floor(x), math.ceil(x), math.floor(y), math.ceil(y)
            upper = features[:, y0, x0] + (features[:, y0, x1] - features[:, y0, x0]) * (x - x0)
            lower = features[:, y1, x0] + (features[:, y1, x1] - features[:, y1, x0]) * (x - x0)
            samples[:, row, column] = upper + (lower - upper) * (y - y0)
    return samples
