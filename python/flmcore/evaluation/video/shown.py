"""What a player needs of a clip: some seconds of it, small, around the face."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.video.look import Look
from flmcore.evaluation.video.sources import ClipSource
from flmcore.ops.affine import transform_points
from flmcore.ops.crop import crop

__all__ = ["MOST_SHOWN", "in_view", "shown_span", "views"]

MOST_SHOWN = 300  # frames of a clip
_WIDTH, _TALLEST = 360, 640  # pixels of a view
_MARGIN = 0.35  # of the median face's side, about all boxes
_QUALITY = 75
_LARGEST = 4.0  # times that a small face is enlarged


def shown_span(look: Look) -> tuple[int, int]:
    """First and last frame of those kept: of all runs of 300 frames the first that shows the face most often."""
    face = np.isfinite(look.boxes[:, 0]).astype(np.int64)
    count = min(len(face), MOST_SHOWN)
    total = np.concatenate([[0], np.cumsum(face)])
    first = int((total[count:] - total[: len(face) - count + 1]).argmax())
    return first, first + count - 1


def views(source: ClipSource, look: Look, threads: int | None) -> dict[str, NDArray[Any]]:
    """``jpeg`` bytes one after the other, ``offsets`` (n + 1,), ``times`` (n,) s, ``view`` (2, 3) image to view."""
    from PIL import Image

    first, last = shown_span(look)
    view, size = _view(look, first, last)
    files: list[bytes] = []
    for number, frame in enumerate(source.open().frames()):
        if number > last:
            break
        if number < first:
            continue
        shrinks = bool(view[0, 0] < 1)
        picture = crop(frame.image, view[None], size, dtype="uint8", antialias=shrinks, threads=threads)[0]
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=_QUALITY)
        files.append(file.getvalue())
    return {
        "jpeg": np.frombuffer(b"".join(files), dtype=np.uint8),
        "offsets": np.concatenate([[0], np.cumsum([len(file) for file in files])]).astype(np.int64),
        "times": look.times[first : last + 1],
        "view": view,
        "span": np.array([first, last], dtype=np.int64),
    }


def _view(look: Look, first: int, last: int) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """A window that holds the face wherever it is in these frames, and its (width, height) in pixels."""
    width, height = look.about["width"], look.about["height"]
    boxes = look.boxes[first : last + 1]
    boxes = boxes[np.isfinite(boxes[:, 0])]
    corners = np.array([0.0, 0.0, width, height])
    if len(boxes):
        margin = _MARGIN * float(np.median(np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))))
        low = np.maximum(boxes[:, :2].min(axis=0) - margin, 0.0)
        high = np.minimum(boxes[:, 2:].max(axis=0) + margin, [width, height])
        if (high > low).all():
            corners = np.concatenate([low, high])
    extent = corners[2:] - corners[:2]
    scale = min(_WIDTH / extent[0], _TALLEST / extent[1], _LARGEST)
    size = (max(1, round(extent[0] * scale)), max(1, round(extent[1] * scale)))
    # Pixel centres on both sides: shown u = (x + 0.5 − left) · scale − 0.5.
    left, top = ((0.5 - corners[:2]) * scale - 0.5).tolist()
    return np.array([[scale, 0.0, left], [0.0, scale, top]]), size


def in_view(points: NDArray[np.float32], view: NDArray[np.float64]) -> NDArray[np.float32]:
    """(n, K, 2) landmarks of the image in a view's pixels."""
    flat = points.reshape(1, -1, 2).astype(np.float64)
    return np.asarray(transform_points(flat, view[None]).reshape(points.shape), dtype=np.float32)
