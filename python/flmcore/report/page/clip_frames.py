"""A clip's pictures, made to fit into so many bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence

__all__ = ["fit_frames"]

_QUALITIES = (70, 55)
_LEAST = 2  # frames; of one, no motion is seen


def fit_frames(frames: Sequence[bytes], most: int, others: int) -> list[bytes]:
    """JPEGs whose bytes, with ``others`` more for each, are at most ``most``: of lower quality, then only the first."""
    kept = list(frames)
    for quality in _QUALITIES:
        if _weight(kept, others) <= most:
            return kept
        kept = [_encoded(frame, quality) for frame in frames]
    while len(kept) > _LEAST and (weight := _weight(kept, others)) > most:
        kept = kept[: max(_LEAST, min(len(kept) - 1, len(kept) * most // weight))]
    return kept


def _weight(frames: Sequence[bytes], others: int) -> int:
    return sum(map(len, frames)) + others * len(frames)


def _encoded(frame: bytes, quality: int) -> bytes:
    """The smaller of the frame as it is and encoded anew."""
    from PIL import Image

    buffer = io.BytesIO()
    try:
        with Image.open(io.BytesIO(frame), formats=["JPEG"]) as picture:
            picture.convert("RGB").save(buffer, "JPEG", quality=quality, optimize=True)
    except OSError:
        return frame  # cut short: a browser shows what there is of it
    return min(frame, buffer.getvalue(), key=len)
