"""Normalised mean error against truth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import _core
from flmcore.ops._normaliser import NORMALISERS, as_normaliser, crop_side, scheme_of, shape_normaliser
from flmcore.schemes.scheme import look_up

__all__ = ["NmeResult", "nme"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NmeResult:
    """Errors in percent of the normaliser; NaN where nothing could be compared."""

    mean: float
    """Mean over images of the image's error."""
    median: float
    per_image: Floats
    """(N,) mean over the image's landmarks."""
    per_landmark: Floats
    """(K,) mean over the images that have the landmark."""
    normaliser: str
    """Name of the normaliser, ``pixels`` where it was given as numbers."""
    normaliser_px: Floats
    """(N,)"""
    left_out: NDArray[np.int64]
    """(N,) landmarks undefined in points or truth."""


def nme(
    points: ArrayLike,
    truth: ArrayLike,
    *,
    scheme: str,
    normaliser: str | float | ArrayLike = "interocular",
    size: int | tuple[int, int] | None = None,
) -> NmeResult:
    """Normalised mean error: 100/d · mean over landmarks of the distance to the truth, image by image.

    Args:
        points: (N, K, 2) landmarks in image pixels, or (K, 2) for one image; any layout. NaN: undefined.
        truth: the same of the truth. A landmark undefined in either is left out and counted.
        scheme: scheme of both, see :func:`flmcore.schemes.names`; :func:`flmcore.remap` brings others to it.
        normaliser: d, measured on each image's truth: ``interocular`` (outer eye corners), ``interpupil`` (centres
            of the eyes' landmarks), ``box`` (√(w · h) of the tight box of its landmarks, w = max x − min x),
            ``diagonal`` (√(w² + h²) of it); or ``crop``: √(width · height) of ``size``, for points in crop pixels; or pixels, one number or (N,).
        size: the crop's ``(width, height)``, or one number.

    Raises:
        ValueError: shapes that do not fit, infinite coordinates, a normaliser that is 0 or cannot be measured; the
            message names the image. An image without any landmark to compare is no error, its figure is NaN.
    """
    p, q = _pair(points, truth)
    pixels = _normalisers(q, p, scheme, normaliser, size)
    usable = np.where(np.isnan(pixels), 1.0, pixels)  # images with nothing to compare
    sums = (_core.nme_float if p.dtype == np.float32 else _core.nme_double)(p, q, usable)  # type: ignore[arg-type]
    image_sum, image_count, landmark_sum, landmark_count = sums
    with np.errstate(invalid="ignore"):
        per_image, per_landmark = 100 * image_sum / image_count, 100 * landmark_sum / landmark_count
    there = per_image[~np.isnan(per_image)]
    return NmeResult(
        mean=math.fsum(there) / len(there) if len(there) else math.nan,
        median=float(np.median(there)) if len(there) else math.nan,
        per_image=per_image,
        per_landmark=per_landmark,
        normaliser=normaliser if isinstance(normaliser, str) else "pixels",
        normaliser_px=pixels,
        left_out=p.shape[1] - image_count.astype(np.int64),
    )


def _pair(
    points: ArrayLike, truth: ArrayLike
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | tuple[Floats, Floats]:
    p, q = np.asarray(points), np.asarray(truth)
    for name, array in (("points", p), ("truth", q)):
        if array.dtype.kind not in "fiu":
            msg = f"{name}: expected real numbers, got dtype {array.dtype}"
            raise TypeError(msg)
        if array.ndim not in (2, 3) or array.shape[-1] != 2:
            msg = f"{name}: expected shape (N, K, 2) or (K, 2), got {array.shape}"
            raise ValueError(msg)
        if np.isinf(array).any():
            msg = f"{name}: expected finite coordinates or NaN, got infinity"
            raise ValueError(msg)
    if p.shape != q.shape:
        msg = f"truth: expected the shape of points, {p.shape}, got {q.shape}"
        raise ValueError(msg)
    shape = (-1 if p.ndim == 2 else len(p), *p.shape[-2:])
    if p.dtype == np.float32 and q.dtype == np.float32:
        return np.ascontiguousarray(p).reshape(shape), np.ascontiguousarray(q).reshape(shape)
    wide = (np.ascontiguousarray(a, dtype=np.float64).reshape(shape) for a in (p, q))
    return next(wide), next(wide)


def _normalisers(
    truth: NDArray[np.float32] | Floats,
    points: NDArray[np.float32] | Floats,
    scheme: str,
    normaliser: str | float | ArrayLike,
    size: int | tuple[int, int] | None,
) -> Floats:
    """(N,) pixels; NaN for an image with nothing to compare."""
    count = len(truth)
    known = look_up("scheme", scheme)
    if isinstance(normaliser, str):
        name = as_normaliser(normaliser)
        scheme_of(known.name, truth.shape[1], name)
        if name == "crop":
            return np.full(count, crop_side(size))
        pixels = shape_normaliser(normaliser, truth.astype(np.float64), known)
    else:
        scheme_of(known.name, truth.shape[1], None)
        name = "pixels"
        pixels = np.array(normaliser, np.float64)
        if pixels.shape not in ((), (count,)):
            msg = f"normaliser: expected one of {', '.join(NORMALISERS)}, pixels, or shape ({count},), got shape {pixels.shape}"
            raise ValueError(msg)
        pixels = np.broadcast_to(pixels, (count,)).copy()
    for image in np.flatnonzero(~(np.isfinite(pixels) & (pixels > 0))):
        if (np.isnan(truth[image]) | np.isnan(points[image])).any(axis=1).all():
            pixels[image] = np.nan
            continue
        msg = f"normaliser: expected more than 0 pixels for {name} of image {image}, got {pixels[image]}"
        raise ValueError(msg)
    return pixels
