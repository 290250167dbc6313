"""MMPose's evaluation of one face with a SimCC model, step by step as its sources do it, on OpenCV.

After mmpose 1.x: ``GetBBoxCenterScale``, ``TopdownAffine``, ``PoseDataPreprocessor``, ``RTMCCHead.predict`` with
``flip_test``, ``SimCCLabel.decode``, ``TopdownPoseEstimator.add_pred_to_datasample``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)

Network = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def centre_and_scale(box: list[float], size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Centre of the box, and its size with a quarter more, widened to the input's shape."""
    x1, y1, x2, y2 = np.array(box, np.float32)
    centre = np.array([x1 + x2, y1 + y2], np.float32) * np.float32(0.5)
    w, h = np.array([x2 - x1, y2 - y1], np.float32) * np.float32(1.25)
    shape = size[0] / size[1]
    scale = (w, w / shape) if w > h * shape else (h * shape, h)
    return centre, np.array(scale, np.float32)


def crop(image: np.ndarray, box: list[float], size: tuple[int, int]) -> np.ndarray:
    """H×W×3 BGR, uint8, from an RGB image: MMPose reads BGR files and warps them so."""
    import cv2

    centre, scale = centre_and_scale(box, size)
    half = np.array([-0.5 * scale[0], 0], np.float32)
    source = np.zeros((3, 2), np.float32)
    source[0], source[1] = centre, centre + half
    target = np.array([[size[0] / 2, size[1] / 2], [0, size[1] / 2], [0, 0]], np.float32)
    for points in (source, target):  # the third lies a quarter turn from the second, about the first
        dx, dy = points[0] - points[1]
        points[2] = points[1] + np.array([-dy, dx], np.float32)
    matrix = cv2.getAffineTransform(source, target)
    return cv2.warpAffine(np.ascontiguousarray(image[..., ::-1]), matrix, size, flags=cv2.INTER_LINEAR)


def normalise(bgr: np.ndarray) -> np.ndarray:
    """1×3×H×W float32, RGB."""
    rgb = bgr[..., ::-1].astype(np.float32)
    return np.ascontiguousarray(((rgb - MEAN) / STD).transpose(2, 0, 1)[None])


def predict(network: Network, inputs: np.ndarray, flip_pairs: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The mean of the vectors and of those of the mirrored input, mirrored back."""
    x, y = network(inputs)
    mirrored_x, mirrored_y = network(np.ascontiguousarray(inputs[:, :, :, ::-1]))
    back_x, back_y = mirrored_x[:, flip_pairs, ::-1], mirrored_y[:, flip_pairs]
    return (x + back_x) * np.float32(0.5), (y + back_y) * np.float32(0.5)


def decode(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(K, 2) in input pixels and (K,) of the first face; an undefined landmark is -1 bin, as MMPose has it."""
    points, scores = [], []
    for one_x, one_y in zip(x[0], y[0], strict=True):
        value = min(one_x.max(), one_y.max())
        bins = (one_x.argmax(), one_y.argmax()) if value > 0 else (-1, -1)
        points.append([bins[0] / 2.0, bins[1] / 2.0])
        scores.append(value)
    return np.array(points), np.array(scores)


def to_image(points: np.ndarray, box: list[float], size: tuple[int, int]) -> np.ndarray:
    centre, scale = centre_and_scale(box, size)
    return points / size * scale + centre - 0.5 * scale
