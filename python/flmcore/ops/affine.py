"""Boxes to affines, and affines applied to points."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import _core
from flmcore.ops._arrays import as_finite_double, as_size

__all__ = ["BOX_RULES", "box_affine", "compose_affine", "invert_affine", "snap_affine", "transform_points"]

# In the order of enum BoxRule (cpp/flmcore/kernels/affine.hpp).
BOX_RULES = (
    "square",
    "fit",
    "stretch",
    "fan",
    "fan-window",
    "fan-exact",
    "ibug",
    "slpt",
    "slpt-camera",
    "rtmpose",
    "rtmpose-udp",
)


def box_affine(
    boxes: ArrayLike,
    size: int | tuple[int, int],
    *,
    rule: str = "square",
    scale: ArrayLike = 1.0,
    shift: ArrayLike = (0.0, 0.0),
    rotation: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Affine from image pixels to crop pixels for each face box.

    Args:
        boxes: (N, 4) or (4,), ``x0, y0, x1, y1`` in edge coordinates (pixel ``i`` covers ``[i, i + 1]``).
        size: ``(width, height)`` of the crop in pixels, or one number for both.
        rule: how a box becomes a window.

            * ``square``: side ``max(w, h)`` about the box's centre,
            * ``fit``: the smallest window of the crop's shape that holds the box,
            * ``stretch``: the box itself, each axis stretched alone,
            * ``fan``: face-alignment's transform in closed form; ``fan-window``: the whole-pixel window that it
              cuts out; ``fan-exact``: that window before rounding. The detector's reference scale is 195; for 165 pass ``scale=195/165``,
            * ``ibug``: ibug.face_alignment's whole-pixel window, crop ratio 0.55,
            * ``slpt``: SLPT's evaluation crop, side 1.2 ``max(w, h)``; ``slpt-camera``: that of its camera demo,
            * ``rtmpose``: MMPose's ``get_warp_matrix`` with padding 1.25; ``rtmpose-udp``: its
              ``get_udp_warp_matrix``, which turns the other way.
        scale: factor on the rule's window; a number or (N,). The padding of the published rules is built in, so
            1 is the published crop.
        shift: ``(dx, dy)`` that moves the box, as a share of its longer side ``max(w, h)``; (2,) or (N, 2).
        rotation: degrees; positive turns the window clockwise on the screen. A number or (N,).

    Arrays of one row are repeated to the longest; this is how one box becomes a sweep of windows.

    Returns:
        (N, 2, 3) float64. Crop coordinates count from the centre of the crop's top-left pixel.

    Raises:
        ValueError: a box that is not finite or has no area, a scale that is not positive, an unknown rule.
    """
    width, height = as_size("size", size)
    if rule not in BOX_RULES:
        msg = f"rule: expected one of {', '.join(BOX_RULES)}, got {rule!r}"
        raise ValueError(msg)
    box = np.atleast_2d(np.asarray(boxes, dtype=np.float64))
    if box.ndim != 2 or box.shape[1] != 4:
        msg = f"boxes: expected shape (N, 4) or (4,), got {np.shape(boxes)}"
        raise ValueError(msg)
    scales = np.atleast_1d(as_finite_double("scale", scale))
    shifts = np.atleast_2d(as_finite_double("shift", shift))
    turns = np.atleast_1d(as_finite_double("rotation", rotation))
    if scales.ndim != 1 or (scales <= 0).any():
        msg = f"scale: expected positive numbers, one or one per box, got {scale!r}"
        raise ValueError(msg)
    if shifts.ndim != 2 or shifts.shape[1] != 2:
        msg = f"shift: expected shape (2,) or (N, 2), got {np.shape(shift)}"
        raise ValueError(msg)
    if turns.ndim != 1:
        msg = f"rotation: expected a number or shape (N,), got {np.shape(rotation)}"
        raise ValueError(msg)
    lengths = {
        name: len(a)
        for name, a in (("boxes", box), ("scale", scales), ("shift", shifts), ("rotation", turns))
    }
    count = 0 if 0 in lengths.values() else max(lengths.values())
    if any(length not in (1, count) for length in lengths.values()):
        msg = f"boxes, scale, shift, rotation: expected 1 or {count} rows each, got {lengths}"
        raise ValueError(msg)
    box, shifts = np.broadcast_to(box, (count, 4)), np.broadcast_to(shifts, (count, 2))
    scales, turns = np.broadcast_to(scales, (count,)), np.broadcast_to(turns, (count,))
    return _core.box_affine(
        np.ascontiguousarray(box),
        np.ascontiguousarray(scales),
        np.ascontiguousarray(shifts),
        np.ascontiguousarray(turns),
        width=width,
        height=height,
        rule=BOX_RULES.index(rule),
    )


def snap_affine(affines: ArrayLike, size: int | tuple[int, int]) -> NDArray[np.float64]:
    """The whole-pixel windows that face-alignment cuts out of the image for affines of rule ``fan``.

    Its landmarks go back through the affine itself, so a detector needs both. The window holds the image points of
    crop (1, 1) and (width, height), cut towards zero; an affine with rotation, shear or mirroring stays as it is.

    Args:
        affines: (N, 2, 3) or (2, 3), image → crop, as ``box_affine(..., rule="fan")`` gives them.
        size: ``(width, height)`` of the crop in pixels, or one number for both.

    Returns:
        affines' shape, float64, image → crop between pixel centres.

    Raises:
        ValueError: another shape, numbers that are not finite.
    """
    width, height = as_size("size", size)
    flat, shape = _as_affines("affines", affines)
    return _core.snap_affine(flat, width=width, height=height).reshape(shape)


def invert_affine(affines: ArrayLike) -> NDArray[np.float64]:
    """Inverses of affines: (..., 2, 3) → (..., 2, 3) float64. ValueError where one has no inverse."""
    flat, shape = _as_affines("affines", affines)
    return _core.invert_affine(flat).reshape(shape)


def compose_affine(outer: ArrayLike, inner: ArrayLike) -> NDArray[np.float64]:
    """The affine that applies ``inner``, then ``outer``; (..., 2, 3) each, leading axes broadcast."""
    f, f_shape = _as_affines("outer", outer)
    g, g_shape = _as_affines("inner", inner)
    try:
        shape = np.broadcast_shapes(f_shape, g_shape)
    except ValueError:
        msg = f"inner: expected a shape that broadcasts with outer's {f_shape}, got {g_shape}"
        raise ValueError(msg) from None
    f_full = np.ascontiguousarray(np.broadcast_to(f.reshape(f_shape), shape)).reshape(-1, 2, 3)
    g_full = np.ascontiguousarray(np.broadcast_to(g.reshape(g_shape), shape)).reshape(-1, 2, 3)
    return _core.compose_affine(f_full, g_full).reshape(shape)


def transform_points(points: ArrayLike, affines: ArrayLike) -> NDArray[np.float32] | NDArray[np.float64]:
    """Points through affines.

    Args:
        points: (N, K, 2), or (K, 2) with one affine; NaN stays NaN. float32 gives float32 (computed in float64),
            anything else float64.
        affines: (N, 2, 3), or (2, 3) for all.

    Returns:
        the points' shape; (N, K, 2) where one (K, 2) set meets N affines.
    """
    p = np.asarray(points)
    if p.ndim not in (2, 3) or p.shape[-1] != 2:
        msg = f"points: expected shape (N, K, 2) or (K, 2), got {p.shape}"
        raise ValueError(msg)
    a, a_shape = _as_affines("affines", affines)
    if len(a_shape) > 3:
        msg = f"affines: expected shape (N, 2, 3) or (2, 3), got {a_shape}"
        raise ValueError(msg)
    flat = p.astype(np.float64, order="C").reshape(-1, *p.shape[-2:])
    if p.ndim == 2 and len(a_shape) == 3:
        flat = np.ascontiguousarray(np.broadcast_to(flat, (len(a), *p.shape)))
    moved = _core.transform_points(flat, a)
    if p.ndim == 2 and len(a_shape) == 2:
        moved = moved[0]
    return moved.astype(np.float32) if p.dtype == np.float32 else moved


def _as_affines(name: str, affines: ArrayLike) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    array = np.asarray(affines, dtype=np.float64)
    if array.ndim < 2 or array.shape[-2:] != (2, 3):
        msg = f"{name}: expected shape (..., 2, 3), got {array.shape}"
        raise ValueError(msg)
    return np.ascontiguousarray(array).reshape(-1, 2, 3), array.shape
