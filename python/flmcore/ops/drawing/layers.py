"""Layers of colour on a texture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import _core
from flmcore.ops.drawing._checks import Bytes, as_floats

__all__ = ["blend_layers"]


def blend_layers(
    base: ArrayLike, masks: Bytes | Sequence[Bytes], colours: ArrayLike, opacity: ArrayLike
) -> Bytes:
    """Lay colours over a picture, each as strongly as its mask says: ``out += mask / 255 * opacity * (colour - out)``.

    In order, in float32, rounded once at the end (halves up).

    Args:
        base: uint8 (H, W, 3).
        masks: uint8 (M, H, W), or a sequence of M of (H, W), which are read where they lie if contiguous.
        colours: uint8 (M, 3).
        opacity: (M,), 0 to 1; layers of 0 cost nothing.

    Returns:
        uint8 (H, W, 3).

    Raises:
        ValueError: shapes that do not fit, an opacity beyond 0 to 1.
        TypeError: anything but uint8 for pictures and colours.
    """
    paint = _as_bytes("colours", colours)
    return _core.blend_layers(
        _as_bytes("base", base),
        [_as_bytes("masks", mask) for mask in masks],
        paint.reshape(-1, 3) if paint.size == 0 else paint,
        as_floats(opacity),
    )


def _as_bytes(name: str, value: ArrayLike) -> Bytes:
    array: NDArray[np.uint8] = np.asarray(value)
    if array.dtype != np.uint8 and array.size:
        msg = f"{name}: expected uint8, got {array.dtype}"
        raise TypeError(msg)
    return np.ascontiguousarray(array, np.uint8)
