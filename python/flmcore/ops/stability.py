"""Jitter, spread, window gain and residual of a window sweep."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import schemes
from flmcore.ops._normaliser import as_normaliser, crop_side, scheme_of, shape_normaliser
from flmcore.ops._steps import percentiles_of
from flmcore.ops._sweep import Sweep

__all__ = ["StabilityResult", "as_sweep", "crop_jitter", "stability", "summarise"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StabilityResult:
    """How still landmarks hold while the window moves. Lengths are percent of the normaliser, NaN where undefined."""

    jitter: float
    """Mean step length over frames and landmarks; a step counts where both of its ends are there."""
    spread: float
    """Root mean square distance from each landmark's mean."""
    gain: float
    """Share of the window's shift that landmarks follow: 0 they hold to the face, 1 they ride with the window. Mean
    of the landmarks' gains, weighted with the shifts that each has seen. NaN where the window never shifted."""
    residual: float
    """Root mean square of what the gains leave; the spread where the window never shifted."""
    p50: float
    """Median over steps of the step length, each the mean over its landmarks."""
    p95: float
    max: float
    per_landmark: Mapping[str, Floats]
    """(K,) arrays ``jitter``, ``spread``, ``gain``, ``residual``, ``max`` (longest step), ``frames`` (with the
    landmark), ``steps`` (with it at both ends)."""
    per_group: Mapping[str, Mapping[str, float]]
    """``jitter``, ``spread``, ``gain``, ``residual``, ``landmarks`` of each group of the scheme."""
    mean_shape: Floats
    """(K, 2) in image pixels."""
    normaliser: str
    """Name of the normaliser, ``pixels`` where it was given as a number."""
    normaliser_px: float
    frames: int
    left_out: int
    """Landmarks missing, counted over all frames."""
    left_out_steps: int
    """Steps of single landmarks without one of their ends."""


def stability(
    points: ArrayLike,
    windows: ArrayLike,
    *,
    normaliser: str | float,
    scheme: str | None = None,
    size: int | tuple[int, int] | None = None,
) -> StabilityResult:
    """Jitter, spread, window gain and residual of landmarks q[t, k] under windows t, in one pass.

    With d the normaliser in pixels, means over what is there, and δ[t] the window's shift in image pixels:

    * jitter = 100/d · mean over t ≥ 1 and k of ‖q[t, k] − q[t−1, k]‖,
    * spread = 100/d · √(mean over t and k of ‖q[t, k] − q̄[k]‖²),
    * gain: least squares q[t, k] − q̄[k] ≈ g[k] · δ[t] + ε[t, k], and residual = 100/d · √(mean of ‖ε‖²),
    * p50, p95, max over t ≥ 1 of the step length, each step the mean over its landmarks.

    δ[t] is A[t]⁻¹ c less its mean over the frames with the landmark, c the crop point at which the first frame's
    window shows the centroid of its landmarks; for windows that only shift, any fixed point gives the same.

    Args:
        points: (T, K, 2) landmarks in image pixels, any layout; NaN in x or y: missing, left out and counted.
        windows: (T, 2, 3) affines image → crop. That of a frame without any landmark is not looked at.
        normaliser: pixels, or a name. ``interocular`` (outer eye corners) and ``interpupil`` (centres of the eyes'
            landmarks) are measured on the sweep's mean shape and need ``scheme``; ``box``, √(width · height) of the
            mean shape's tight box, needs neither; ``crop``, the side √(width · height) of the crop in image pixels,
            mean over frames, needs ``size``.
        scheme: scheme name; also gives ``per_group``.
        size: ``(width, height)`` of the crop in pixels, or one number.

    Returns:
        Numbers that are undefined are NaN: jitter and percentiles without a step, all without a landmark.

    Raises:
        ValueError: shapes that do not fit, an infinite coordinate or one beyond 1e100, a window without an inverse,
            a normaliser that is 0 or cannot be measured because its landmarks were never there.
    """
    given, affines = as_sweep(points, windows)
    unit = as_normaliser(normaliser)
    known = scheme_of(scheme, given.shape[1], unit)
    sweep, means = Sweep.empty(given.shape[1]).extended(given, affines)
    there = np.sort(means[~np.isnan(means)])
    quantiles = percentiles_of(there, (0.5, 0.95, 1.0)) if len(there) else [math.nan] * 3
    return summarise(sweep, quantiles, unit, known, size)


def as_sweep(points: ArrayLike, windows: ArrayLike) -> tuple[NDArray[np.float32] | Floats, Floats]:
    """Both as the kernel takes them."""
    given, affines = np.asarray(points), np.asarray(windows)
    for name, array in (("points", given), ("windows", affines)):
        if array.dtype.kind not in "fiu":
            msg = f"{name}: expected real numbers, got dtype {array.dtype}"
            raise TypeError(msg)
    if given.ndim != 3 or given.shape[2] != 2:
        msg = f"points: expected shape (T, K, 2), got {given.shape}"
        raise ValueError(msg)
    if affines.shape != (len(given), 2, 3):
        msg = f"windows: expected shape ({len(given)}, 2, 3), one per frame of points, got {affines.shape}"
        raise ValueError(msg)
    flat = np.ascontiguousarray(affines, dtype=np.float64)
    if given.dtype == np.float32:
        return np.ascontiguousarray(given), flat
    return np.ascontiguousarray(given, dtype=np.float64), flat


def summarise(
    sweep: Sweep,
    quantiles: list[float],
    normaliser: str | float,
    scheme: schemes.Scheme | None,
    size: int | tuple[int, int] | None,
) -> StabilityResult:
    """The result that running sums amount to; ``quantiles`` are p50, p95 and max in pixels."""
    pixels = _pixels(sweep, normaliser, scheme, size)
    percent = 100 / pixels
    spread, cross, shift = sweep.moments()
    parts = _Parts(sweep.frames, sweep.steps, sweep.step_sum, spread, cross, shift)
    whole = parts.pooled(range(sweep.landmarks), percent)
    return StabilityResult(
        jitter=whole["jitter"],
        spread=whole["spread"],
        gain=whole["gain"],
        residual=whole["residual"],
        p50=quantiles[0] * percent,
        p95=quantiles[1] * percent,
        max=quantiles[2] * percent,
        per_landmark=parts.single(percent, sweep.step_max),
        per_group={
            name: {**parts.pooled(group, percent), "landmarks": len(group)}
            for name, group in (scheme.groups.items() if scheme else ())
        },
        mean_shape=sweep.mean_shape,
        normaliser=normaliser if isinstance(normaliser, str) else "pixels",
        normaliser_px=pixels,
        frames=sweep.frames_seen,
        left_out=sweep.frames_seen * sweep.landmarks - int(sweep.frames.sum()),
        left_out_steps=max(sweep.frames_seen - 1, 0) * sweep.landmarks - int(sweep.steps.sum()),
    )


def _pixels(
    sweep: Sweep, normaliser: str | float, scheme: schemes.Scheme | None, size: int | tuple[int, int] | None
) -> float:
    if not isinstance(normaliser, str):
        return normaliser
    if normaliser == "crop":
        side = crop_side(size)
        return side * sweep.pixel_sum / sweep.frames_used if sweep.frames_used else math.nan
    if sweep.frames_used == 0:
        return math.nan
    pixels = float(shape_normaliser(normaliser, sweep.mean_shape[None], scheme)[0])
    if not pixels > 0:
        what = "0" if pixels == 0 else "landmarks that are missing in every frame"
        msg = f"normaliser: expected a mean shape on which {normaliser!r} can be measured, got {what}"
        raise ValueError(msg)
    return pixels


@dataclass(frozen=True)
class _Parts:
    """Sums of each landmark, (K,) each."""

    frames: Floats
    steps: Floats
    step_sum: Floats
    spread: Floats
    cross: Floats
    shift: Floats

    def gain(self) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.shift > 0, self.cross / self.shift, np.nan)

    def rest(self) -> Floats:
        """Sum of squares that the gain leaves."""
        follows = np.where(self.shift > 0, self.cross * np.nan_to_num(self.gain()), 0)
        return np.asarray(np.maximum(self.spread - follows, 0))

    def single(self, percent: float, step_max: Floats) -> dict[str, Floats]:
        with np.errstate(invalid="ignore", divide="ignore"):
            return {
                "jitter": percent * self.step_sum / self.steps,
                "spread": percent * np.sqrt(self.spread / self.frames),
                "gain": self.gain(),
                "residual": percent * np.sqrt(self.rest() / self.frames),
                "max": np.where(self.steps > 0, percent * step_max, np.nan),
                "frames": self.frames.copy(),
                "steps": self.steps.copy(),
            }

    def pooled(self, group: range | tuple[int, ...], percent: float) -> dict[str, float]:
        """Over several landmarks; sums are correctly rounded, so that they have the same bits everywhere."""
        index = np.asarray(group, np.intp)
        frames, steps, step_sum, spread, cross, shift, rest = (
            math.fsum(part[index])
            for part in (
                self.frames,
                self.steps,
                self.step_sum,
                self.spread,
                self.cross,
                self.shift,
                self.rest(),
            )
        )
        return {
            "jitter": percent * (step_sum / steps) if steps else math.nan,
            "spread": percent * math.sqrt(spread / frames) if frames else math.nan,
            "gain": cross / shift if shift > 0 else math.nan,
            "residual": percent * math.sqrt(rest / frames) if frames else math.nan,
        }


def crop_jitter(
    points: ArrayLike,
    windows: ArrayLike,
    *,
    normaliser: str | float,
    scheme: str | None = None,
    size: int | tuple[int, int] | None = None,
) -> float:
    """Jitter as seen in the crop: landmark movement less image movement, brought to image scale.

    100/d · mean over t ≥ 1 and k of ‖L[t]⁻¹ ((p[t, k] − p[t−1, k]) − (A[t] − A[t−1]) q̄[k])‖ with p[t] = A[t] q[t]
    the landmarks in crop pixels, q̄ their mean in the image and L[t] the linear part of A[t]. For windows that only
    shift it is :func:`stability`'s jitter but for rounding; otherwise it differs by how far landmarks are from their
    mean times the change of the window. It needs the mean first, so it takes two passes: a cross-check, not a fast path.

    Arguments and errors are those of :func:`stability`.
    """
    result = stability(points, windows, normaliser=normaliser, scheme=scheme, size=size)
    given, affines = as_sweep(points, windows)
    if result.frames < 2 or not result.per_landmark["steps"].sum():
        return math.nan
    linear, offset = affines[:, None, :, :2], affines[:, None, :, 2]
    q = np.where(np.isnan(given).any(axis=2, keepdims=True), np.nan, given.astype(np.float64))
    in_crop, of_mean = _applied(linear, q) + offset, _applied(linear, result.mean_shape) + offset
    moved = np.diff(in_crop, axis=0) - np.diff(of_mean, axis=0)
    (a, b), (c, d) = (linear[1:, :, i, :].transpose(2, 0, 1) for i in (0, 1))
    det = a * d - b * c
    x, y = (d * moved[..., 0] - b * moved[..., 1]) / det, (a * moved[..., 1] - c * moved[..., 0]) / det
    length = np.sqrt(x * x + y * y)
    return 100 / result.normaliser_px * math.fsum(length[~np.isnan(length)]) / int((~np.isnan(length)).sum())


def _applied(linear: Floats, q: Floats) -> Floats:
    x, y = q[..., 0], q[..., 1]
    return np.stack(
        [linear[..., 0, 0] * x + linear[..., 0, 1] * y, linear[..., 1, 0] * x + linear[..., 1, 1] * y], -1
    )
