"""A picture of what the network will see: augmented crops with their landmarks."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray

from flmcore.train.batches import Batch

__all__ = ["draw_sheet"]

_DOT = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def draw_sheet(batches: list[Batch], *, zoom: int = 2, columns: int = 8) -> bytes:
    """A PNG with every crop of the batches, ``zoom`` times as large, a dot on each landmark that is inside."""
    from PIL import Image

    crops = np.concatenate([batch.crops for batch in batches])
    targets = np.concatenate([batch.targets for batch in batches])
    height, width = crops.shape[1] * zoom, crops.shape[2] * zoom
    columns = min(columns, len(crops))
    rows = math.ceil(len(crops) / columns)
    sheet = np.full((rows * (height + 2), columns * (width + 2), 3), 255, dtype=np.uint8)
    for index, (crop, points) in enumerate(zip(crops, targets, strict=True)):
        y, x = (index // columns) * (height + 2), (index % columns) * (width + 2)
        large = crop.repeat(zoom, axis=0).repeat(zoom, axis=1)
        sheet[y : y + height, x : x + width] = _dotted(large, points)
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
    return file.getvalue()


def _dotted(picture: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    known = points[np.isfinite(points).all(axis=1)]
    places = np.floor(known * (width, height)).astype(int)
    for dx, dy in _DOT:
        x, y = places[:, 0] + dx, places[:, 1] + dy
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        picture[y[inside], x[inside]] = (0, 255, 0)
    return picture
