"""One detector's landmarks on one clip, frame by frame, to numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.accuracy.plan import AccuracyPlan
from flmcore.evaluation.landmarks import has_eye_corners
from flmcore.evaluation.measure import Measurable
from flmcore.evaluation.video.against_truth import TruthMeasures
from flmcore.evaluation.video.frame_truth import in_scheme
from flmcore.ops._normaliser import shape_normaliser
from flmcore.ops.motion import MotionAccumulator, MotionResult
from flmcore.schemes.scheme import find

__all__ = ["ClipMeasures", "Seen"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """A frame as a detector saw it.

    Attributes:
        time: seconds.
        points: (K, 2) image pixels; None without a face.
        common: the same on the common landmarks; None where there are none, or none that differ.
        flow: where the picture under the landmarks of the frame before went, (K, 2) and (C, 2); None after a gap.
        truth: (L, 2) true landmarks in the scheme of the detector's own figure; None without.
        distance: the true face's normaliser in pixels; NaN without.
    """

    time: float
    points: Floats | None
    common: Floats | None = None
    flow: tuple[Floats, Floats | None] | None = None
    truth: Floats | None = None
    distance: float = math.nan

    def missing(self) -> Seen:
        """The same frame with nothing measured in it."""
        return Seen(self.time, None)


class ClipMeasures:
    """Running figures of a detector on a clip; memory does not grow with its length."""

    def __init__(
        self, detector: Measurable, rate: float, common: str | None, plan: AccuracyPlan | None
    ) -> None:
        self._detector, self._plan = detector, plan
        known = has_eye_corners(detector.scheme)
        true = plan is not None and plan.normaliser == "interocular"
        self._normaliser = "interocular" if known or true else "box"
        self._true = true
        self._own = MotionAccumulator(rate=rate, normaliser=1.0, scheme=_registered(detector.scheme))
        apart = common is not None and common != detector.scheme
        self._common = MotionAccumulator(rate=rate, normaliser=1.0, scheme=common) if apart else None
        self._same = common is not None and not apart
        scheme = find(common) if common is not None else None
        self._landmarks = 0 if scheme is None else scheme.landmarks
        self._truth = None if plan is None or plan.points[detector.name] is None else TruthMeasures()
        self.measured = 0

    def add(self, seen: Seen) -> None:
        """The frame that follows."""
        scheme, count = find(self._detector.scheme), self._detector.landmark_count
        points = np.full((count, 2), np.nan) if seen.points is None else seen.points
        pixels = seen.distance
        if not self._true and seen.points is not None:
            pixels = float(shape_normaliser(self._normaliser, points[None], scheme)[0])
        pixels = pixels if math.isfinite(pixels) and pixels > 0 else math.nan
        flow, common_flow = seen.flow or (None, None)
        self._own.update(points, seen.time, tracked=flow, normaliser_px=pixels)
        if self._common is not None:
            nothing = np.full((self._landmarks, 2), np.nan)
            common = nothing if seen.common is None else seen.common
            self._common.update(common, seen.time, tracked=common_flow, normaliser_px=pixels)
        if self._truth is not None:
            self._truth.add(self._compared(seen), seen.truth, seen.distance)
        self.measured += seen.points is not None

    def _compared(self, seen: Seen) -> Floats | None:
        """The landmarks in the scheme that truth is compared in."""
        assert self._plan is not None
        target = self._plan.points[self._detector.name]
        if seen.points is None or target is None:
            return None
        return in_scheme(seen.points, self._detector.scheme, target)

    def values(self) -> dict[str, Any]:
        """For ``results.json``."""
        own = self._own.result()
        values = {
            "frames_measured": self.measured,
            "normaliser": f"{self._normaliser}, true" if self._true else self._normaliser,
            **_figures(own),
            "per_landmark": {name: _short(rows) for name, rows in own.per_landmark.items()},
            "per_group": {name: dict(row) for name, row in own.per_group.items()},
            "common": None,
            "truth": None if self._truth is None else self._truth.values(),
        }
        if self._common is not None:
            values["common"] = _figures(self._common.result(), short=True)
        elif self._same:
            values["common"] = _figures(own, short=True)
        return values


_ABOUT = ("normaliser_px", "gaps", "segments", "interpolated_segments", "segment_s")
_LEFT_OUT = ("left_out", "left_out_flow", "left_out_segments")


def _figures(result: MotionResult, *, short: bool = False) -> dict[str, Any]:
    row = {name: getattr(result, name) for name in ("acceleration", "flow_jitter", "high_frequency")}
    row["reasons"] = dict(result.reasons)
    return row if short else row | {name: getattr(result, name) for name in (*_ABOUT, *_LEFT_OUT)}


def _short(values: NDArray[Any]) -> list[float | None]:
    """Six digits are all that a landmark's figure is worth."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values.tolist()]


def _registered(name: str) -> str | None:
    return None if find(name) is None else name
