"""ibug.face_alignment from box to landmarks, as its own code does it: whole-pixel windows, resized by OpenCV.

After hhj1897/face_alignment 9cf5494, ``ibug/face_alignment/fan/fan_predictor.py``.
"""

from __future__ import annotations

import numpy as np

SIZE = 256


def window(box):
    """left, top, right, bottom in whole pixels."""
    box = np.asarray(box, dtype=np.float64)
    side = (box[2:] - box[:2]).mean() / 0.55
    corner = np.round((box[:2] + box[2:]) / 2 - side / 2)
    return (*corner.astype(int), *(np.round(corner + side) + 1).astype(int))


def crop(image, box):
    import cv2

    left, top, right, bottom = window(box)
    height, width = image.shape[:2]
    padding = [(max(0, -top), max(0, bottom - height)), (max(0, -left), max(0, right - width)), (0, 0)]
    padded = np.pad(image, padding)
    top, bottom = top + padding[0][0], bottom + padding[0][0]
    left, right = left + padding[1][0], right + padding[1][0]
    return cv2.resize(padded[top:bottom, left:right], (SIZE, SIZE))


def centroids(maps, radius=0.1):
    """(K, 2) in cells, a cell's middle at 0.5, and (K,) scores; the corner where nothing is positive."""
    _, height, width = maps.shape
    yy, xx = np.mgrid[:height, :width]
    points = np.zeros((len(maps), 2))
    for k, heat in enumerate(maps.astype(np.float64)):
        y, x = divmod(int(heat.argmax()), width)
        near = np.hypot(yy - y, xx - x) <= radius * np.sqrt(height * width)
        weight = np.where(near, np.maximum(heat, 0), 0)
        total = max(weight.sum(), np.finfo(np.float32).eps)
        points[k] = (weight * (xx + 0.5)).sum() / total, (weight * (yy + 0.5)).sum() / total
    return points, maps.reshape(len(maps), -1).max(axis=1)


def to_image(cells, shape, box):
    left, top, right, bottom = window(box)
    return cells * [(right - left) / shape[1], (bottom - top) / shape[0]] + [left, top]
