"""What people write to decode heat maps: loops over OpenCV and NumPy, after the published procedures."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Maps = NDArray[np.float32]


def minmaxloc(maps: Maps) -> Maps:
    """OpenCV, map by map."""
    xy = np.empty((len(maps), 2), np.float32)
    for k, heat in enumerate(maps):
        xy[k] = cv2.minMaxLoc(heat)[3]
    return xy


def numpy_argmax(maps: Maps) -> Maps:
    """The best of NumPy: one call over all maps."""
    y, x = np.divmod(maps.reshape(len(maps), -1).argmax(axis=1), maps.shape[2])
    return np.stack([x, y], axis=1).astype(np.float32)


def quarter(maps: Maps) -> Maps:
    """MMPose refine_keypoints: a loop over landmarks."""
    xy = numpy_argmax(maps)
    height, width = maps.shape[1:]
    for k, heat in enumerate(maps):
        x, y = xy[k].astype(int)
        if 1 < x < width - 1 and 0 < y < height:
            xy[k, 0] += 0.25 * np.sign(heat[y, x + 1] - heat[y, x - 1])
        if 1 < y < height - 1 and 0 < x < width:
            xy[k, 1] += 0.25 * np.sign(heat[y + 1, x] - heat[y - 1, x])
    return xy


def quarter_vectorised(maps: Maps) -> Maps:
    """The same without the loop, for peaks inside the map."""
    xy = numpy_argmax(maps)
    k, x, y = np.arange(len(maps)), *xy.T.astype(int)
    xy[:, 0] += 0.25 * np.sign(maps[k, y, x + 1] - maps[k, y, x - 1])
    xy[:, 1] += 0.25 * np.sign(maps[k, y + 1, x] - maps[k, y - 1, x])
    return xy


def taylor(maps: Maps) -> Maps:
    """The quadratic's top by NumPy, landmark by landmark."""
    xy = numpy_argmax(maps)
    for k, heat in enumerate(maps):
        x, y = xy[k].astype(int)
        f = heat[y - 1 : y + 2, x - 1 : x + 2].astype(np.float64)
        gradient = np.array([f[1, 2] - f[1, 0], f[2, 1] - f[0, 1]]) / 2
        dxy = (f[2, 2] - f[2, 0] - f[0, 2] + f[0, 0]) / 4
        hessian = np.array([[f[1, 2] - 2 * f[1, 1] + f[1, 0], dxy], [dxy, f[2, 1] - 2 * f[1, 1] + f[0, 1]]])
        xy[k] -= np.linalg.solve(hessian, gradient)
    return xy


def blurred(maps: Maps, size: int = 11) -> Maps:
    """MMPose gaussian_blur: OpenCV over each padded map, rescaled to its old maximum."""
    border = size // 2
    out = np.empty_like(maps)
    for k, heat in enumerate(maps):
        padded = np.zeros((heat.shape[0] + 2 * border, heat.shape[1] + 2 * border), np.float32)
        padded[border:-border, border:-border] = heat
        out[k] = cv2.GaussianBlur(padded, (size, size), 0)[border:-border, border:-border]
        out[k] *= heat.max() / out[k].max()
    return out


def dark(maps: Maps) -> Maps:
    """MMPose refine_keypoints_dark."""
    xy = numpy_argmax(maps)
    logs = np.log(np.maximum(blurred(maps), 1e-10))
    height, width = maps.shape[1:]
    for k, g in enumerate(logs):
        x, y = xy[k].astype(int)
        if not (1 < x < width - 2 and 1 < y < height - 2):
            continue
        dx, dy = 0.5 * (g[y, x + 1] - g[y, x - 1]), 0.5 * (g[y + 1, x] - g[y - 1, x])
        dxx = 0.25 * (g[y, x + 2] - 2 * g[y, x] + g[y, x - 2])
        dyy = 0.25 * (g[y + 2, x] - 2 * g[y, x] + g[y - 2, x])
        dxy = 0.25 * (g[y + 1, x + 1] - g[y - 1, x + 1] - g[y + 1, x - 1] + g[y - 1, x - 1])
        if dxx * dyy - dxy**2 != 0:
            xy[k] += (-np.linalg.inv(np.array([[dxx, dxy], [dxy, dyy]])) @ np.array([[dx], [dy]])).T[0]
    return xy


def dark_udp(maps: Maps) -> Maps:
    """MMPose refine_keypoints_dark_udp, vectorised over landmarks as there."""
    xy = numpy_argmax(maps)
    logs = np.log(np.clip(blurred(maps), 1e-3, 50.0))
    g = np.pad(logs, ((0, 0), (1, 1), (1, 1)), mode="edge")
    k, x, y = np.arange(len(maps)), *(xy.T.astype(int) + 1)
    mid, right, left = g[k, y, x], g[k, y, x + 1], g[k, y, x - 1]
    down, up = g[k, y + 1, x], g[k, y - 1, x]
    dxy = 0.5 * (g[k, y + 1, x + 1] - right - down + 2 * mid - left - up + g[k, y - 1, x - 1])
    gradient = np.stack([right - left, down - up], axis=1)[..., None] / 2
    hessian = np.stack([right - 2 * mid + left, dxy, dxy, down - 2 * mid + up], axis=1).reshape(-1, 2, 2)
    inverse = np.linalg.inv(hessian + np.finfo(np.float32).eps * np.eye(2))
    return (xy - (inverse @ gradient)[..., 0]).astype(np.float32)
