"""Running sums of a clip's landmarks, and the figures that they amount to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.ops._track_segments import TrackSegments

__all__ = ["MotionResult", "MotionSums", "summarise"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MotionResult:
    """How steadily landmarks move on a clip. Lengths are percent of the normaliser; NaN where undefined."""

    acceleration: float
    """Mean length of the second difference over frames and landmarks; one counts where all three frames have it."""
    flow_jitter: float
    """Mean length of what a landmark moves beyond the image under it."""
    high_frequency: float
    """Share, 0 to 1, of the energy of movement that is above 5 Hz: of the energies' sums over landmarks."""
    per_landmark: Mapping[str, Floats]
    """(K,) arrays ``acceleration``, ``flow_jitter``, ``high_frequency``, ``frames`` (with the landmark),
    ``accelerations``, ``flow_steps``, ``segments`` (that each figure is a mean over), ``left_out_flow``."""
    per_group: Mapping[str, Mapping[str, float]]
    """``acceleration``, ``flow_jitter``, ``high_frequency``, ``landmarks`` of each group of the scheme."""
    reasons: Mapping[str, str]
    """Why a figure is NaN, by its name."""
    normaliser: str
    """Name of the normaliser, ``pixels`` where it was given as a number."""
    normaliser_px: float
    """Mean over frames."""
    rate: float
    frames: int
    gaps: int
    """Runs of frames that ended before the clip did: no face, or a time without frames."""
    segments: int
    interpolated_segments: int
    """Segments whose frames were not evenly spaced."""
    segment_s: float
    """Length of a segment in seconds; 0 where there is none."""
    left_out: int
    """Landmarks missing, counted over all frames."""
    left_out_flow: int
    """Steps of single landmarks, there in both frames, whose image could not be followed."""
    left_out_segments: int
    """Segments of single landmarks in which a frame lacks the landmark."""


@dataclass
class MotionSums:
    """What a clip's figures are made of; (K,) arrays."""

    landmarks: int
    rate: float
    segments: TrackSegments
    seen: Floats
    acceleration: Floats
    accelerations: Floats
    flow: Floats
    flow_steps: Floats
    flow_lost: Floats
    frames: int = 0
    runs_ended: int = 0
    pixel_sum: float = 0.0
    pixel_frames: int = 0
    times: list[float] = field(default_factory=list)  # of the last two frames
    points: list[Floats] = field(default_factory=list)  # (K, 2) each, of this run

    @classmethod
    def empty(cls, landmarks: int, rate: float) -> MotionSums:
        """Before the first frame."""
        a, b, c, d, e, f = np.zeros((6, landmarks))
        return cls(landmarks, rate, TrackSegments(landmarks, rate), a, b, c, d, e, f)


def summarise(sums: MotionSums, normaliser: str | float, scheme: schemes.Scheme | None) -> MotionResult:
    """The figures that sums amount to."""
    pixels = sums.pixel_sum / sums.pixel_frames if sums.pixel_frames else math.nan
    above, whole, in_segments, taken, interpolated, seconds = sums.segments.sums()
    parts = {
        "acceleration": (100 / pixels * sums.acceleration, sums.accelerations),
        "flow_jitter": (100 / pixels * sums.flow, sums.flow_steps),
        "high_frequency": (above, whole),
    }
    overall = {name: _pooled(part, range(sums.landmarks)) for name, part in parts.items()}
    return MotionResult(
        **overall,
        per_landmark={
            **{name: _single(*part) for name, part in parts.items()},
            "frames": sums.seen.copy(),
            "accelerations": sums.accelerations.copy(),
            "flow_steps": sums.flow_steps.copy(),
            "segments": in_segments.copy(),
            "left_out_flow": sums.flow_lost.copy(),
        },
        per_group={
            group: {**{name: _pooled(part, index) for name, part in parts.items()}, "landmarks": len(index)}
            for group, index in (scheme.groups.items() if scheme else ())
        },
        reasons={name: _reason(name, sums, pixels, taken) for name in overall if math.isnan(overall[name])},
        normaliser=normaliser if isinstance(normaliser, str) else "pixels",
        normaliser_px=pixels,
        rate=sums.rate,
        frames=sums.frames,
        gaps=sums.runs_ended,
        segments=taken,
        interpolated_segments=interpolated,
        segment_s=seconds,
        left_out=sums.frames * sums.landmarks - int(sums.seen.sum()),
        left_out_flow=int(sums.flow_lost.sum()),
        left_out_segments=taken * sums.landmarks - int(in_segments.sum()),
    )


def _reason(name: str, sums: MotionSums, pixels: float, segments: int) -> str:
    if not sums.seen.any():
        return "no frame has a landmark"
    if name == "high_frequency":
        if not sums.segments.defined:
            return f"{sums.rate:g} frames per second show nothing above 5 Hz: more than 10 are needed"
        if not segments:
            return "no second of frames without a gap"
        if not np.any(sums.segments.sums()[2]):
            return "no landmark is in every frame of a segment"
        return "nothing moves"
    if name == "acceleration" and not sums.accelerations.any():
        return "no landmark in three frames that follow each other"
    if name == "flow_jitter" and not sums.flow_steps.any():
        return "no landmark could be followed" if sums.flow_lost.any() else "no optical flow was given"
    return "the normaliser could be measured on no frame" if math.isnan(pixels) else "undefined"


def _single(total: Floats, count: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(count > 0, total / count, np.nan))


def _pooled(part: tuple[Floats, Floats], group: Iterable[int]) -> float:
    """Sums are correctly rounded, so that they have the same bits everywhere."""
    index = np.asarray(tuple(group), np.intp)
    total, count = (math.fsum(values[index]) for values in part)
    return total / count if count > 0 else math.nan
