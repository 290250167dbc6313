"""Windows of images, resampled and normalised for a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from flmcore import _core
from flmcore.ops._arrays import as_size, as_threads

__all__ = ["crop"]

# In the order of enum CropSampling and enum CropBorder (cpp/flmcore/kernels/crop.hpp).
_INTERPOLATIONS = ("nearest", "bilinear")
_TRIANGLE = 2
_BORDERS = {"constant": 0, "replicate": 1, "reflect": 2, "reflect101": 2}
_SMALLEST_STD = 1e-30  # its inverse, and 255 times that, are float32 numbers

Image = NDArray[np.uint8]


def crop(
    image: Image | Sequence[Image],
    affines: ArrayLike,
    size: int | tuple[int, int],
    *,
    mean: ArrayLike = (0.0, 0.0, 0.0),
    std: ArrayLike = (1.0, 1.0, 1.0),
    channels: str = "rgb",
    interpolation: str = "bilinear",
    antialias: bool = False,
    clamp: bool = False,
    border: str = "constant",
    border_value: ArrayLike = 0.0,
    dtype: DTypeLike = "float32",
    out: NDArray[Any] | None = None,
    threads: int | None = None,
) -> NDArray[Any]:
    """Cut windows out of an image, one per affine, as one contiguous batch.

    Pixel ``(u, v)`` of a crop shows the image at the point that the affine maps to ``(u, v)``; (0, 0) is the
    centre of the top-left pixel on both sides. Coordinates are float64, pixel sums float32; the result has the
    same bytes on every instruction set and at any number of threads.

    Args:
        image: uint8 (H, W, 3) RGB, or (H, W) grey, which fills all three channels. Any strides: views, mirrored
            rows or columns, ``image[..., ::-1]`` and sub-windows are read where they lie, never copied. Or a list
            of such images, one per affine (of any sizes), or one for all.
        affines: (N, 2, 3), image to crop, as :func:`box_affine` gives them; (2, 3) is one window. Finite and
            invertible.
        size: ``(width, height)`` of the crops in pixels, or one number for both; 1 to 32767.
        mean, std: one number or three, **in the order of the output's channels**. The output is
            ``grey * float32(1 / std) + float32(-mean / std)``, that is ``(grey - mean) / std``.
        channels: order of the output's channels, ``"rgb"`` or ``"bgr"``; the image is taken for RGB.
        interpolation: ``"bilinear"``, or ``"nearest"``: the pixel at ``floor(x + 0.5), floor(y + 0.5)``.
        antialias: for windows that shrink the image: a triangle filter in the image's axes instead of bilinear,
            reaching ``max(1, s)`` pixels each way, ``s`` the length of one crop pixel along that axis of the image
            (Pillow's ``BILINEAR``, at any angle). Where nothing shrinks it is bilinear interpolation. The cost
            grows with the pixels under the filter.
        clamp: bilinear alone: samples of windows without rotation or shear stay half a pixel inside the window, so
            that a window on whole pixels shows none but its own, as cutting it out and then resizing the cutting
            does (``cv2.resize``; face-alignment's crop). It matters to the outermost pixels of enlarged windows.
        border: what lies outside the image: ``"constant"`` (``border_value``), ``"replicate"`` (the nearest pixel)
            or ``"reflect"`` (mirrored without repeating the edge; also ``"reflect101"``).
        border_value: grey level 0 to 255, one or three **in the image's channel order**; it is normalised too.
        dtype: ``"float32"`` gives planes, (N, 3, height, width); ``"uint8"`` gives pixels, (N, height, width, 3),
            rounded half up, and takes no ``mean`` or ``std``.
        out: C-contiguous array of exactly the result's shape and dtype, to reuse its memory; it is returned.
        threads: at most so many threads; None is one per processor. Small batches use one.

    Returns:
        float32 (N, 3, height, width) or uint8 (N, height, width, 3).

    Raises:
        ValueError: a wrong shape, an affine that is not finite or has no inverse, an unknown option.
        TypeError: an image that is no uint8 array, an ``out`` of another dtype.
    """
    width, height = as_size("size", size)
    flat = _as_affines(affines)
    images = _as_images(image)
    bytes_wanted = _is_bytes(dtype)
    means, stds = _as_triple("mean", mean), _as_triple("std", std)
    if bytes_wanted and (means != [0.0] * 3 or stds != [1.0] * 3):
        msg = f"mean, std: expected 0 and 1 with dtype uint8, got {mean!r} and {std!r}"
        raise ValueError(msg)
    if not all(s >= _SMALLEST_STD and abs(m) <= s / _SMALLEST_STD for m, s in zip(means, stds, strict=True)):
        msg = f"mean, std: expected std above 0 and a ratio that float32 can hold, got {mean!r} and {std!r}"
        raise ValueError(msg)
    values = _as_triple("border_value", border_value)
    if not all(0 <= value <= 255 for value in values):
        msg = f"border_value: expected grey levels from 0 to 255, got {border_value!r}"
        raise ValueError(msg)
    sampling = _one_of("interpolation", interpolation, _INTERPOLATIONS)
    if antialias and interpolation != "bilinear":
        msg = f"antialias: expected False with interpolation {interpolation!r}, got {antialias!r}"
        raise ValueError(msg)
    if clamp and (antialias or interpolation != "bilinear"):
        msg = f"clamp: expected False with {'antialias' if antialias else interpolation}, got {clamp!r}"
        raise ValueError(msg)
    n = len(flat)
    shape = (n, height, width, 3) if bytes_wanted else (n, 3, height, width)
    result = _as_out(out, shape, np.dtype(np.uint8 if bytes_wanted else np.float32), images)
    _core.crop(
        images,
        flat,
        result,
        width=width,
        height=height,
        sampling=_TRIANGLE if antialias else sampling,
        border=list(_BORDERS.values())[_one_of("border", border, tuple(_BORDERS))],
        border_value=values,
        mean=means,
        std=stds,
        clamp=bool(clamp),
        bgr=_one_of("channels", channels, ("rgb", "bgr")) == 1,
        threads=as_threads(threads),
    )
    return result


def _as_affines(affines: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(affines, dtype=np.float64)
    if array.ndim not in (2, 3) or array.shape[-2:] != (2, 3):
        msg = f"affines: expected shape (N, 2, 3) or (2, 3), got {array.shape}"
        raise ValueError(msg)
    return np.ascontiguousarray(array).reshape(-1, 2, 3)


def _as_images(image: Image | Sequence[Image]) -> list[Image]:
    if isinstance(image, np.ndarray):
        images = [image]
    elif isinstance(image, (list, tuple)):
        images = list(image)
    else:
        msg = f"image: expected a uint8 array or a list of them, got {type(image).__name__}"
        raise TypeError(msg)
    for index, one in enumerate(images):
        if not isinstance(one, np.ndarray) or one.dtype != np.uint8:
            name = "image" if one is image else f"image[{index}]"
            kind = f"an array of {one.dtype}" if isinstance(one, np.ndarray) else type(one).__name__
            msg = f"{name}: expected a uint8 array, got {kind}"
            raise TypeError(msg)
    return images


def _is_bytes(dtype: DTypeLike) -> bool:
    try:
        known = np.dtype(dtype)
    except TypeError:
        known = None
    if known not in (np.dtype(np.float32), np.dtype(np.uint8)):
        msg = f"dtype: expected float32 or uint8, got {dtype!r}"
        raise ValueError(msg)
    return known == np.uint8


def _as_triple(name: str, value: ArrayLike) -> list[float]:
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in ((), (1,), (3,)) or not np.isfinite(array).all():
        msg = f"{name}: expected one finite number or three, got {value!r}"
        raise ValueError(msg)
    return [float(v) for v in np.broadcast_to(array, (3,))]


def _one_of(name: str, value: str, known: tuple[str, ...]) -> int:
    if value not in known:
        msg = f"{name}: expected one of {', '.join(known)}, got {value!r}"
        raise ValueError(msg)
    return known.index(value)


def _as_out(
    out: NDArray[Any] | None, shape: tuple[int, ...], dtype: np.dtype[Any], images: list[Image]
) -> NDArray[Any]:
    if out is None:
        return np.empty(shape, dtype)
    if not isinstance(out, np.ndarray) or out.dtype != dtype:
        kind = f"an array of {out.dtype}" if isinstance(out, np.ndarray) else type(out).__name__
        msg = f"out: expected a {dtype} array, got {kind}"
        raise TypeError(msg)
    if out.shape != shape or not out.flags.c_contiguous or not out.flags.writeable:
        what = "C-contiguous" if out.flags.c_contiguous else "not C-contiguous"
        what += "" if out.flags.writeable else ", read-only"
        msg = f"out: expected a writable C-contiguous array of shape {shape}, got shape {out.shape}, {what}"
        raise ValueError(msg)
    if any(np.may_share_memory(out, image) for image in images):
        msg = "out: expected memory of its own, got memory of the image"
        raise ValueError(msg)
    return out
