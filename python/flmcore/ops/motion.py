"""Temporal stability of landmarks on video: acceleration, flow-compensated jitter, high-frequency share."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore.ops._arrays import as_landmarks
from flmcore.ops._motion_file import pack, unpack
from flmcore.ops._motion_result import MotionResult, MotionSums, summarise
from flmcore.ops._normaliser import as_normaliser, scheme_of, shape_normaliser
from flmcore.ops._spectrum import is_even

__all__ = ["MotionAccumulator", "MotionResult"]

Floats = NDArray[np.float64]
_GAP = 3.5  # nominal intervals after which frames no longer follow each other
_MOST = 1e100


class MotionAccumulator:
    """Stability of landmarks q[t, k] on a clip, frame by frame, in memory that does not grow.

    With d the normaliser (mean over frames), means over what is there:

    * acceleration = 100/d · mean of ‖q[t+1] − 2 q[t] + q[t−1]‖,
    * flow-compensated jitter = 100/d · mean of ‖(q[t+1] − q[t]) − u[t]‖, u the optical flow of the image at q[t],
    * high-frequency share: energy of the landmarks' movement above 5 Hz over all of it.

    An interval within 5 % or 1 ms of 1/``rate`` counts as 1/``rate`` (containers round times), so at a constant rate
    the formulas hold to the letter. Elsewhere the second difference is the divided one, brought to the nominal
    interval h: h² · 2/(a + b) · ((q[t+1] − q[t])/b − (q[t] − q[t−1])/a), a and b the intervals before and after.
    After more than 3.5 nominal intervals, and after a frame without any landmark, a new run begins: nothing is
    measured across. Energy is Welch's (1967): segments of 2 s, half overlapping, each less its least-squares line,
    Hann window; movement slower than a segment is not in it, and the edge at 5 Hz is ±1 Hz wide. Segments with other
    intervals are interpolated linearly; each bin is divided by what white noise leaves in it, so that white noise
    gives 1 − 10/``rate``, interpolated or not. A clip without a whole segment is one segment, from 1 s on.

    Args:
        rate: the clip's true frame rate in frames per second. At 10 or less there is no high-frequency share.
        normaliser: pixels, or ``interocular``, ``interpupil``, ``box``, ``diagonal``, measured on each frame's
            landmarks; d is the mean over the frames where it can be.
        scheme: scheme name, needed by some normalisers; gives ``per_group``.
    """

    def __init__(self, *, rate: float, normaliser: str | float, scheme: str | None = None) -> None:
        if not (isinstance(rate, (int, float)) and math.isfinite(rate) and 1e-3 <= rate <= 1e6):
            msg = f"rate: expected frames per second above 0, got {rate!r}"
            raise ValueError(msg)
        self._normaliser = as_normaliser(normaliser)
        if self._normaliser == "crop":
            msg = "normaliser: expected another than 'crop', which is of a detector's windows, got 'crop'"
            raise ValueError(msg)
        if self._normaliser in ("interocular", "interpupil") and scheme is None:
            scheme_of(None, 0, self._normaliser)
        self._rate, self._scheme_name = float(rate), scheme
        self._sums: MotionSums | None = None
        self._lock = threading.Lock()

    @property
    def frames(self) -> int:
        """Frames taken so far."""
        return 0 if self._sums is None else self._sums.frames

    def update(
        self,
        points: ArrayLike,
        time: float,
        *,
        tracked: ArrayLike | None = None,
        normaliser_px: float | None = None,
    ) -> None:
        """Adds the frame that follows. Where it is refused, nothing is added.

        Args:
            points: (K, 2) landmarks in image pixels; NaN in x or y: missing. All NaN where there is no face.
            time: of the frame, in seconds, later than the one before.
            tracked: (K, 2) where the image under the previous frame's landmarks is in this frame, the ``points`` of
                :func:`flmcore.track_points`; NaN where it could not be followed, which is counted. None: no flow.
            normaliser_px: of this frame in pixels, in place of the one measured on ``points``; NaN: none.

        Raises:
            ValueError: another shape or number of landmarks, an infinite coordinate or one beyond 1e100, a time that
                is not later.
        """
        given = _as_points("points", points)
        flow = None if tracked is None else _as_points("tracked", tracked)
        with self._lock:
            sums = self._sums
            if sums is None:
                scheme_of(self._scheme_name, len(given), self._normaliser)
                sums = MotionSums.empty(len(given), self._rate)
            _check_fit(sums, given, flow, time)
            pixels = self._pixels(given) if normaliser_px is None else _as_pixels(normaliser_px)
            _add(sums, given, float(time), flow, pixels)
            self._sums = sums

    def result(self) -> MotionResult:
        """The figures so far; more may be added after."""
        with self._lock:
            sums = MotionSums.empty(0, self._rate) if self._sums is None else self._sums
            scheme = None if self._sums is None else scheme_of(self._scheme_name, sums.landmarks, None)
            return summarise(sums, self._normaliser, scheme)

    def to_bytes(self) -> bytes:
        """Everything it holds, to go on elsewhere or later; the same bytes on every machine.

        Clips are not merged: each is a sampling unit of its own, with its own normaliser.
        """
        options = {"rate": self._rate, "normaliser": self._normaliser, "scheme": self._scheme_name}
        with self._lock:
            return pack(options, self._sums)

    @classmethod
    def from_bytes(cls, data: bytes) -> MotionAccumulator:
        """What :meth:`to_bytes` gave. ValueError where the bytes are damaged or of another version."""
        options, sums = unpack(data)
        restored = cls(**options)
        restored._sums = sums
        return restored

    def __reduce__(self) -> tuple[Callable[[bytes], MotionAccumulator], tuple[bytes]]:
        return MotionAccumulator.from_bytes, (self.to_bytes(),)

    def _pixels(self, points: Floats) -> float:
        if not isinstance(self._normaliser, str):
            return self._normaliser
        scheme = scheme_of(self._scheme_name, len(points), self._normaliser)
        there = np.where(np.isnan(points).any(axis=1, keepdims=True), np.nan, points)
        return float(shape_normaliser(self._normaliser, there[None], scheme)[0])


def _as_points(name: str, value: ArrayLike) -> Floats:
    made: Floats = as_landmarks(name, value).astype(np.float64)  # a copy: the caller may reuse the array
    if (np.abs(made) > _MOST).any():
        msg = f"{name}: expected NaN or finite coordinates up to 1e100, got another"
        raise ValueError(msg)
    made[np.isnan(made).any(axis=1)] = np.nan
    return made


def _as_pixels(value: float) -> float:
    pixels = float(value)
    if math.isinf(pixels) or pixels <= 0:
        msg = f"normaliser_px: expected pixels above 0 or NaN, got {value!r}"
        raise ValueError(msg)
    return pixels


def _check_fit(sums: MotionSums, points: Floats, flow: Floats | None, time: float) -> None:
    if len(points) != sums.landmarks:
        msg = f"points: expected {sums.landmarks} landmarks as before, got {len(points)}"
        raise ValueError(msg)
    if flow is not None and flow.shape != points.shape:
        msg = f"tracked: expected shape {points.shape}, as points, got {flow.shape}"
        raise ValueError(msg)
    last = sums.times[-1] if sums.times else -math.inf
    if not (math.isfinite(time) and time > last):
        msg = f"time: expected seconds after the frame before ({last:g}), got {time!r}"
        raise ValueError(msg)


def _add(sums: MotionSums, points: Floats, time: float, flow: Floats | None, pixels: float) -> None:
    there = ~np.isnan(points[:, 0])
    sums.frames += 1
    sums.seen += there
    if math.isfinite(pixels) and pixels > 0:
        sums.pixel_sum += pixels
        sums.pixel_frames += 1
    if sums.times and (time - sums.times[-1]) * sums.rate > _GAP:
        _end_run(sums, time)
    if not there.any():
        _end_run(sums, time)
        return
    if sums.points and flow is not None:
        _add_flow(sums, points, flow)
    if len(sums.points) == 2:
        _add_acceleration(sums, points, time)
    sums.segments.add(time, points)
    sums.times, sums.points = [*sums.times[-1:], time], [*sums.points[-1:], points]


def _end_run(sums: MotionSums, time: float) -> None:
    sums.runs_ended += bool(sums.points)
    sums.times, sums.points = [time], []
    sums.segments.cut()


def _add_flow(sums: MotionSums, points: Floats, flow: Floats) -> None:
    both = ~np.isnan(points[:, 0]) & ~np.isnan(sums.points[-1][:, 0])
    length = _lengths(points - flow)
    good = both & ~np.isnan(length)
    sums.flow[good] += length[good]
    sums.flow_steps += good
    sums.flow_lost += both & ~good


def _add_acceleration(sums: MotionSums, points: Floats, time: float) -> None:
    interval = 1 / sums.rate
    before, after = sums.times[-1] - sums.times[-2], time - sums.times[-1]
    first, second = sums.points
    if is_even(np.array([before, after]), interval).all():
        change = points - 2 * second + first
    else:
        speeds = (points - second) / after - (second - first) / before
        change = interval * interval * 2 / (before + after) * speeds
    length = _lengths(change)
    good = ~np.isnan(length)
    sums.acceleration[good] += length[good]
    sums.accelerations += good


def _lengths(steps: Floats) -> Floats:
    x, y = steps[:, 0], steps[:, 1]
    return np.asarray(np.sqrt(x * x + y * y))
