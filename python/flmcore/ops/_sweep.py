"""The running sums of a window sweep: names for what the kernel fills, and how two follow each other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore import _core

__all__ = ["Sweep"]

_AT = _core.stability_layout()
_FEATURES = _AT["scalars"] - _AT["features"]
_NAN_PLANES = _AT["plane_frames"]  # the planes before it hold coordinates, NaN until known

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sweep:
    """State of the kernel (cpp/flmcore/kernels/stability.hpp says what it holds). Never changed once made."""

    landmarks: int
    scalars: Floats
    planes: Floats

    @classmethod
    def empty(cls, landmarks: int) -> Sweep:
        """No frame yet."""
        planes = np.zeros((_AT["planes"], (landmarks + 3) // 4 * 4))
        planes[:_NAN_PLANES, :landmarks] = np.nan
        return cls(landmarks, np.zeros(_AT["scalars"]), planes)

    @staticmethod
    def sizes(landmarks: int) -> tuple[int, int]:
        """Lengths of scalars and planes."""
        return _AT["scalars"], _AT["planes"] * ((landmarks + 3) // 4 * 4)

    def extended(self, points: NDArray[np.float32] | Floats, windows: Floats) -> tuple[Sweep, Floats]:
        """With further frames; and the mean step length into each."""
        scalars, planes = self.scalars.copy(), self.planes.copy()
        if points.dtype == np.float32:
            means = _core.stability_update_float(points, windows, scalars, planes)  # type: ignore[arg-type]
        else:
            means = _core.stability_update_double(points, windows, scalars, planes)  # type: ignore[arg-type]
        return Sweep(self.landmarks, scalars, planes), means

    def _plane(self, name: str, count: int = 1) -> Floats:
        row, k = _AT[f"plane_{name}"], self.landmarks
        return self.planes[row, :k] if count == 1 else self.planes[row : row + count, :k]

    @property
    def frames_seen(self) -> int:
        return int(self.scalars[_AT["frames"]])

    @property
    def frames_used(self) -> int:
        return int(self.scalars[_AT["used"]])

    @property
    def pixel_sum(self) -> float:
        """Sum over used frames of image pixels per crop pixel."""
        return float(self.scalars[_AT["side"]])

    @property
    def frames(self) -> Floats:
        """(K,) frames with the landmark."""
        return np.asarray(self._plane("frames") + self.scalars[_AT["fast"]])

    @property
    def steps(self) -> Floats:
        """(K,) steps with the landmark at both ends."""
        return np.asarray(self._plane("steps") + self.scalars[_AT["fast"]])

    @property
    def step_sum(self) -> Floats:
        return self._plane("step")

    @property
    def step_max(self) -> Floats:
        return self._plane("step_max")

    @property
    def mean_shape(self) -> Floats:
        """(K, 2), NaN where a landmark was never there."""
        with np.errstate(invalid="ignore"):
            mean = self._plane("shift", 2) + self._plane("q", 2) / self.frames
        return np.ascontiguousarray(mean.T)

    def moments(self) -> tuple[Floats, Floats, Floats]:
        """(K,) each: sums over frames of |q - mean|², (q - mean)·(d - mean), |d - mean|²."""
        n = np.maximum(self.frames, 1)
        q, features = self._plane("q", 2), self._features()
        d, dd = features[:2], features[2]
        spread = np.maximum(self._plane("qq") - _dot(q, q) / n, 0)
        cross = self._plane("qd") - _dot(q, d) / n
        shift = dd - _dot(d, d) / n
        # What is left of equal shifts is rounding of at most n half-units of dd.
        shift = np.where(shift > 1e-15 * n * dd, shift, 0)
        return spread, np.where(shift > 0, cross, 0), shift

    def _features(self) -> Floats:
        """(12, K) sums of features over the frames with each landmark."""
        shared = self.scalars[_AT["features"] : _AT["features"] + _FEATURES]
        return self._plane("features", _FEATURES) + shared[:, None]

    def followed_by(self, later: Sweep) -> tuple[Sweep, Floats]:
        """This sequence and then that one; and the mean length of the step between them (none: empty)."""
        if later.frames_seen == 0:
            return self, np.empty(0)
        if self.frames_seen == 0:
            return later, np.empty(0)
        moved = later._seen_from(self)
        scalars, planes = self.scalars.copy(), self.planes.copy()
        for name in ("frames", "used", "fast", "side"):
            scalars[_AT[name]] += moved.scalars[_AT[name]]
        scalars[_AT["features"] :] += moved.scalars[_AT["features"] :]
        scalars[_AT["previous_full"]] = moved.scalars[_AT["previous_full"]]
        if self.frames_used == 0:
            scalars[_AT["c"] : _AT["features"]] = moved.scalars[_AT["c"] : _AT["features"]]
        both = Sweep(self.landmarks, scalars, planes)
        shift = both._plane("shift", 2)
        shift[:] = np.where(np.isnan(shift), moved._plane("shift", 2), shift)
        both._plane("previous", 2)[:] = moved._plane("previous", 2)
        top = np.maximum(self.step_max, moved.step_max)
        planes[_NAN_PLANES:] += moved.planes[_NAN_PLANES:]
        both.step_max[:] = top
        return both, both._step_between(self, moved)

    def _step_between(self, before: Sweep, after: Sweep) -> Floats:
        """Adds the step from the last frame to the first; its mean length."""
        across = after._plane("first", 2) - before._plane("previous", 2)
        length = np.sqrt(_dot(across, across))
        there = ~np.isnan(length)
        length = np.where(there, length, 0)
        self._plane("steps")[:] += there
        self.step_sum[:] += length
        self.step_max[:] = np.maximum(self.step_max, length)
        return np.array([math.fsum(length) / there.sum() if there.any() else np.nan])

    def _seen_from(self, other: Sweep) -> Sweep:
        """The same sums, with the other's reference window, crop point and shifts."""
        if self.frames_used == 0 or other.frames_used == 0:
            return self
        move = _Move.between(self.scalars, other.scalars)
        scalars, planes = self.scalars.copy(), self.planes.copy()
        moved = Sweep(self.landmarks, scalars, planes)
        apart = self._plane("shift", 2) - other._plane("shift", 2)
        s = np.where(np.isnan(apart), 0, apart)
        n, q, features = self.frames, self._plane("q", 2), self._features()
        e, u, v = move.d_sum(features), features[3:5], features[5:7]
        qd = self._plane("qd") + move.h[0] * self._plane("qd", 3)[1] + move.h[1] * self._plane("qd", 3)[2]
        cross = moved._plane("qd", 3)
        cross[0] = qd + _dot(s, e) + _dot(move.k, q) + n * _dot(s, move.k)
        cross[1] += _dot(s, u) + _dot(move.a, q) + n * _dot(s, move.a)
        cross[2] += _dot(s, v) + _dot(move.b, q) + n * _dot(s, move.b)
        moved._plane("qq")[:] += 2 * _dot(s, q) + n * _dot(s, s)
        moved._plane("q", 2)[:] += n * s
        moved._plane("features", _FEATURES)[:] = move.features(
            self._plane("features", _FEATURES), self._plane("frames")
        )
        shared = scalars[_AT["features"] :]
        shared[:] = move.features(shared[:, None].copy(), scalars[_AT["fast"]])[:, 0]
        seen = ~np.isnan(other._plane("shift", 2))
        moved._plane("shift", 2)[seen] = other._plane("shift", 2)[seen]
        return moved


@dataclass(frozen=True)
class _Move:
    """From one reference to another: d becomes d + h_x u + h_y v + k, u becomes u + a, v becomes v + b."""

    h: Floats
    k: Floats
    a: Floats
    b: Floats

    @classmethod
    def between(cls, old: Floats, new: Floats) -> _Move:
        c_old, c_new = (s[_AT["c"] : _AT["c"] + 2] for s in (old, new))
        p_old, p_new = (s[_AT["first"] : _AT["first"] + 6].reshape(2, 3) for s in (old, new))
        k = [
            math.fsum([(p - r) * c for p, r, c in zip(old_row, new_row, [*c_new, 1.0], strict=True)])
            for old_row, new_row in zip(p_old, p_new, strict=True)
        ]
        apart = p_old - p_new
        return cls(c_new - c_old, np.array(k)[:, None], apart[:, :1], apart[:, 1:2])

    def d_sum(self, f: Floats) -> Floats:
        return np.asarray(f[:2] + self.h[0] * f[3:5] + self.h[1] * f[5:7])

    def features(self, f: Floats, n: Floats | float) -> Floats:
        """The twelve sums over n frames."""
        (hx, hy), k, a, b = self.h, self.k, self.a, self.b
        e, u, v = self.d_sum(f), f[3:5], f[5:7]
        du, dv, uu, uv, vv = f[7:12]
        ee = f[2] + 2 * (hx * du + hy * dv) + hx * hx * uu + 2 * hx * hy * uv + hy * hy * vv
        eu, ev = du + hx * uu + hy * uv, dv + hx * uv + hy * vv
        return np.stack(
            [
                *(e + n * k),
                ee + 2 * _dot(k, e) + n * _dot(k, k),
                *(u + n * a),
                *(v + n * b),
                eu + _dot(a, e) + _dot(k, u) + n * _dot(k, a),
                ev + _dot(b, e) + _dot(k, v) + n * _dot(k, b),
                uu + 2 * _dot(a, u) + n * _dot(a, a),
                uv + _dot(b, u) + _dot(a, v) + n * _dot(a, b),
                vv + 2 * _dot(b, v) + n * _dot(b, b),
            ]
        )


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[0] * b[0] + a[1] * b[1])
