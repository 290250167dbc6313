"""face-alignment from box to landmarks, as its own code does it: whole-pixel crops by OpenCV, whole-pixel landmarks.

After 1adrianb/face-alignment 608505f, ``api.py`` and ``utils.py`` (crop, transform, get_preds_fromhm).
"""

from __future__ import annotations

import numpy as np

SIZE, CELLS = 256, 64


def centre_and_scale(box, reference=195.0):
    x0, y0, x1, y1 = (float(value) for value in box)
    centre = x1 - (x1 - x0) / 2, y1 - (y1 - y0) / 2 - 0.12 * (y1 - y0)
    return centre, (x1 - x0 + y1 - y0) / reference


def matrix(centre, scale, resolution, dtype):
    h = 200 * scale
    t = np.eye(3, dtype=dtype)
    t[0, 0] = t[1, 1] = resolution / h
    t[0, 2], t[1, 2] = (resolution * (0.5 - c / h) for c in centre)
    return t


def crop(image, centre, scale):
    """The uint8 256×256×3 that the network sees."""
    import cv2

    back = np.linalg.inv(matrix(centre, scale, SIZE, np.float32))
    left, top = (int(v) for v in (back @ np.float32([1, 1, 1]))[:2])
    right, bottom = (int(v) for v in (back @ np.float32([SIZE, SIZE, 1]))[:2])
    height, width = image.shape[:2]
    patch = np.zeros((bottom - top, right - left, 3), np.uint8)
    x0, x1, y0, y1 = max(0, left), min(right, width), max(0, top), min(bottom, height)
    patch[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    return cv2.resize(patch, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)


def network_input(patch):
    return np.ascontiguousarray(patch.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255))


def heat_maps(network, inputs, partner):
    """Those of the input plus those of its mirror image, mirrored back; ``network`` takes and gives (1, C, H, W)."""
    mirrored = network(np.ascontiguousarray(inputs[..., ::-1]))
    return (network(inputs) + mirrored[:, partner][..., ::-1])[0]


def peak_cells(maps):
    """(K, 2) in cells, a cell's middle at 0.5, and (K,) scores."""
    points = np.zeros((len(maps), 2))
    for k, heat in enumerate(maps):
        y, x = divmod(int(heat.argmax()), CELLS)
        points[k] = x + 0.5, y + 0.5
        if 0 < x < CELLS - 1 and 0 < y < CELLS - 1:
            points[k] += 0.25 * np.sign([heat[y, x + 1] - heat[y, x - 1], heat[y + 1, x] - heat[y - 1, x]])
    return points, maps.reshape(len(maps), -1).max(axis=1)


def to_image(cells, centre, scale):
    back = np.linalg.pinv(matrix(centre, scale, CELLS, np.float64))
    return np.trunc(cells @ back[:2, :2].T + back[:2, 2])
