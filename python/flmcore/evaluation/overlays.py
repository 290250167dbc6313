"""What the figures need of an image: the face, cut out large enough to look at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.ops.affine import box_affine
from flmcore.ops.crop import crop

__all__ = ["MARGIN", "face_picture"]

_SIZE = 640
MARGIN = 1.5  # chin and forehead lie outside many finders' boxes


def face_picture(
    image: NDArray[np.uint8], box: list[float], threads: int | None = None
) -> dict[str, NDArray[Any]]:
    """``picture``: (640, 640, 3) uint8 about the box; ``window``: (2, 3), image to picture."""
    window = box_affine([box], _SIZE, scale=MARGIN)
    shrinks = float(np.hypot(*window[0, :, 0])) < 1
    picture = crop(image, window, _SIZE, dtype="uint8", antialias=shrinks, threads=threads)[0]
    return {"picture": picture, "window": window[0]}
