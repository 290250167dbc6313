"""The display matrix of a video: how a player turns and mirrors the stored frames."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["display_matrix", "is_quarter_turn", "rotation_of", "upright"]

Matrix = NDArray[np.int64]
_ONE = 65536  # 16.16 fixed point


def display_matrix(frame: Any) -> Matrix | None:
    """((a, c), (b, d)), stored (x, y) to shown, as numbers in 1/65536; None where the frame has none.

    FFmpeg's libavutil/display.h: the shown x is a·x + c·y, the shown y is b·x + d·y, both up to a shift.
    """
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return None
    nine = np.frombuffer(bytes(data), dtype=np.int32, count=9).astype(np.int64)
    return np.array([[nine[0], nine[3]], [nine[1], nine[4]]])


def is_quarter_turn(matrix: Matrix) -> bool:
    """Whether it only turns by multiples of 90° and mirrors."""
    whole = np.abs(matrix) == _ONE
    return bool(
        (whole | (matrix == 0)).all() and (whole.sum(axis=0) == 1).all() and (whole.sum(axis=1) == 1).all()
    )


def rotation_of(matrix: Matrix | None) -> int:
    """Degrees counter-clockwise, 0, 90, 180 or 270, by which frames are turned (before a mirror); 0 for others."""
    if matrix is None or not is_quarter_turn(matrix):
        return 0
    mirrored = matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0] < 0
    angle = np.degrees(np.arctan2(-matrix[1, 0], -matrix[0, 0] if mirrored else matrix[0, 0]))
    return round(float(angle)) % 360


def upright(image: NDArray[np.uint8], matrix: Matrix | None) -> NDArray[np.uint8]:
    """The image as shown; unchanged for a matrix that is no quarter turn."""
    if matrix is None or not is_quarter_turn(matrix):
        return image
    turned = matrix[0, 0] == 0
    shown = image.transpose(1, 0, 2) if turned else image
    flip_x = (matrix[0, 1] if turned else matrix[0, 0]) < 0
    flip_y = (matrix[1, 0] if turned else matrix[1, 1]) < 0
    return np.ascontiguousarray(shown[:: -1 if flip_y else 1, :: -1 if flip_x else 1])
