"""The length that errors and jitter are divided by."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.ops._arrays import as_size
from flmcore.schemes.scheme import look_up

__all__ = ["NORMALISERS", "as_normaliser", "crop_side", "scheme_of", "shape_normaliser"]

NORMALISERS = ("interocular", "interpupil", "box", "diagonal", "crop")


def as_normaliser(value: object) -> str | float:
    """A name of :data:`NORMALISERS`, or pixels as a positive float."""
    if isinstance(value, str):
        if value in NORMALISERS:
            return value
    elif not isinstance(value, bool):
        try:
            pixels = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            pixels = math.nan
        if math.isfinite(pixels) and pixels > 0:
            return pixels
    msg = f"normaliser: expected pixels above 0 or one of {', '.join(NORMALISERS)}, got {value!r}"
    raise ValueError(msg)


def scheme_of(name: str | None, landmarks: int, normaliser: object) -> schemes.Scheme | None:
    """The scheme, checked against the landmarks there are and against what the normaliser needs."""
    if name is None:
        if normaliser in ("interocular", "interpupil"):
            msg = f"scheme: expected a scheme name, which normaliser {normaliser!r} needs, got None"
            raise ValueError(msg)
        return None
    scheme = look_up("scheme", name)
    if scheme.landmarks != landmarks:
        msg = f"points: expected {scheme.landmarks} landmarks for {scheme.name}, got {landmarks}"
        raise ValueError(msg)
    if normaliser == "interocular" and scheme.eye_outer is None:
        msg = f"normaliser: expected another than 'interocular' for {scheme.name}, which has no eye corners, got 'interocular'"
        raise ValueError(msg)
    return scheme


def crop_side(size: int | tuple[int, int] | None) -> float:
    """Side of a crop in its own pixels, √(width · height)."""
    if size is None:
        msg = "size: expected the crop's (width, height), which normaliser 'crop' needs, got None"
        raise ValueError(msg)
    width, height = as_size("size", size)
    return math.sqrt(width * height)


def shape_normaliser(
    name: str, shapes: NDArray[np.float64], scheme: schemes.Scheme | None
) -> NDArray[np.float64]:
    """``interocular``, ``interpupil``, ``box`` or ``diagonal`` of each of (N, K, 2) shapes; NaN where a landmark it
    needs is."""
    if name in ("box", "diagonal"):
        with np.errstate(invalid="ignore"):
            extent = np.fmax.reduce(shapes, axis=1, initial=-np.inf) - np.fmin.reduce(
                shapes, axis=1, initial=np.inf
            )
        w, h = extent[:, 0], extent[:, 1]
        sides: NDArray[np.float64] = np.sqrt(w * h if name == "box" else w * w + h * h)
        return np.where(np.isfinite(sides), sides, np.nan)
    assert scheme is not None
    if name == "interocular":
        assert scheme.eye_outer is not None
        left, right = shapes[:, scheme.eye_outer[0]], shapes[:, scheme.eye_outer[1]]
    else:
        left, right = (_centre(shapes, scheme.groups[eye]) for eye in ("left_eye", "right_eye"))
    step = right - left
    return np.asarray(np.sqrt(step[:, 0] * step[:, 0] + step[:, 1] * step[:, 1]))


def _centre(shapes: NDArray[np.float64], group: Sequence[int]) -> NDArray[np.float64]:
    total = shapes[:, group[0]]
    for index in group[1:]:  # in order, so that the sum has the same bits everywhere
        total = total + shapes[:, index]
    return total / len(group)
