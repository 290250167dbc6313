"""Boxes and affines, written from the definitions: where the window lies, and which crop pixel shows what."""

from __future__ import annotations

import math

import numpy as np

Window = tuple[float, float, float, float]  # centre x, centre y, width, height, in pixel-centre coordinates


def window(
    box: list[float], size: tuple[int, int], rule: str, scale: float
) -> tuple[Window, tuple[float, float]]:
    """The rule's window, and the crop coordinate at which the window's centre lands."""
    x0, y0, x1, y1 = box
    width, height = size
    w, h, cx, cy = x1 - x0, y1 - y0, (x0 + x1) / 2, (y0 + y1) / 2
    middle, half = (width / 2 - 0.5, height / 2 - 0.5), (width / 2, height / 2)
    if rule == "square":
        return (cx - 0.5, cy - 0.5, scale * max(w, h), scale * max(w, h)), middle
    if rule == "fit":
        return (
            cx - 0.5,
            cy - 0.5,
            scale * max(w, h * width / height),
            scale * max(h, w * height / width),
        ), middle
    if rule == "stretch":
        return (cx - 0.5, cy - 0.5, scale * w, scale * h), middle
    if rule in ("fan", "fan-window", "fan-exact"):
        centre_x, centre_y, side = x1 - w / 2, y1 - h / 2 - 0.12 * h, 200 * (w + h) / 195 * scale
        if rule == "fan":
            return (centre_x, centre_y, side, side), half
        if rule == "fan-exact":
            return (centre_x - 0.5, centre_y - 0.5, side, side), middle
        left, right = math.trunc(side / width + centre_x - side / 2), math.trunc(centre_x + side / 2)
        top, bottom = math.trunc(side / height + centre_y - side / 2), math.trunc(centre_y + side / 2)
        return whole_pixels(left, top, max(right, left + 1), max(bottom, top + 1)), middle
    if rule == "ibug":
        side = (w + h) / 2 / 0.55 * scale
        left, top = round(cx - side / 2), round(cy - side / 2)  # half to even, as NumPy rounds
        return whole_pixels(left, top, round(left + side) + 1, round(top + side) + 1), middle
    if rule == "slpt":
        return (cx, cy, 1.2 * scale * max(w, h), 1.2 * scale * max(w, h)), half
    if rule == "slpt-camera":
        a, b, c, d = (math.trunc(edge + 0.5) for edge in box)
        side = 1.15 * scale * max(c - a, d - b)
        return (a + (c - a + 1) // 2, b + (d - b + 1) // 2, side, side), half
    pose_w, pose_h = 1.25 * scale * max(w, h * width / height), 1.25 * scale * max(h, w * height / width)
    if rule == "rtmpose":
        return (cx, cy, pose_w, pose_h), half
    assert rule == "rtmpose-udp"
    return (cx, cy, pose_w, pose_h), ((width - 1) / 2, (height - 1) / 2)


def whole_pixels(left: float, top: float, right: float, bottom: float) -> Window:
    return (left + right) / 2 - 0.5, (top + bottom) / 2 - 0.5, right - left, bottom - top


def box_affine(
    box: list[float],
    size: tuple[int, int],
    rule: str,
    scale: float,
    shift: tuple[float, float],
    rotation: float,
) -> np.ndarray:
    side = max(box[2] - box[0], box[3] - box[1])
    dx, dy = shift[0] * side, shift[1] * side
    moved = [box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy]
    (cx, cy, w, h), (u, v) = window(moved, size, rule, scale)
    width, height = (size[0] - 1, size[1] - 1) if rule == "rtmpose-udp" else size
    angle = math.radians(-rotation if rule == "rtmpose-udp" else rotation)
    to_centre = np.array([[1, 0, -cx], [0, 1, -cy], [0, 0, 1]])
    turn = np.array(
        [[math.cos(angle), math.sin(angle), 0], [-math.sin(angle), math.cos(angle), 0], [0, 0, 1]]
    )
    to_crop = np.array([[width / w, 0, u], [0, height / h, v], [0, 0, 1]])
    return (to_crop @ turn @ to_centre)[:2]


def full(affine: np.ndarray) -> np.ndarray:
    """3x3 form, in which inverse and composition are the matrix's own."""
    return np.vstack([affine, [0.0, 0.0, 1.0]])


def transform_points(points: np.ndarray, affine: np.ndarray) -> np.ndarray:
    return np.array([[row @ [x, y, 1.0] for row in affine] for x, y in points]).reshape(-1, 2)


def snap_affine(affine: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The window between the image points of crop (1, 1) and (width, height), cut to whole pixels."""
    if affine[0, 1] != 0 or affine[1, 0] != 0 or affine[0, 0] <= 0 or affine[1, 1] <= 0:
        return affine
    back = np.linalg.inv(np.vstack([affine, [0, 0, 1]]))
    left, top = (math.trunc(value) for value in (back @ [1, 1, 1])[:2])
    right, bottom = (math.trunc(value) for value in (back @ [*size, 1])[:2])
    cx, cy, w, h = whole_pixels(left, top, max(right, left + 1), max(bottom, top + 1))
    kx, ky = size[0] / w, size[1] / h
    return np.array([[kx, 0, size[0] / 2 - 0.5 - kx * cx], [0, ky, size[1] / 2 - 0.5 - ky * cy]])
