"""Bytes of a motion accumulator (see ``_sealed``)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.ops._motion_result import MotionSums
from flmcore.ops._sealed import refuse, seal, unseal

__all__ = ["pack", "unpack"]

_MAGIC = b"flmmotn\x01"
_WHAT = "motion accumulator"
_COUNTS = ("frames", "runs_ended", "pixel_sum", "pixel_frames")
_ROWS = ("seen", "acceleration", "accelerations", "flow", "flow_steps", "flow_lost")
_SEGMENT_ROWS = ("above", "whole", "segments")
assert set(_COUNTS + _ROWS) | {"landmarks", "rate", "segments", "times", "points"} == {
    field.name for field in fields(MotionSums)
}


def pack(options: dict[str, Any], sums: MotionSums | None) -> bytes:
    """Bytes of an accumulator's arguments and of what it holds."""
    if sums is None:
        return seal(_MAGIC, {"options": options, "landmarks": None}, [])
    held = sums.segments
    header = {
        "options": options,
        "landmarks": sums.landmarks,
        "counts": [getattr(sums, name) for name in _COUNTS],
        "segments": [held.taken, held.interpolated],
        "held": [len(sums.times), len(sums.points), len(held.times), len(held.points)],
    }
    rows = [*(getattr(sums, name) for name in _ROWS), *(getattr(held, name) for name in _SEGMENT_ROWS)]
    return seal(_MAGIC, header, [*rows, *map(np.array, (sums.times, held.times)), *sums.points, *held.points])


def unpack(data: bytes) -> tuple[dict[str, Any], MotionSums | None]:
    """What :func:`pack` was given; ValueError where the bytes are not its."""
    header, body = unseal(_MAGIC, _WHAT, data)
    try:
        options = dict(header["options"])
        return options, None if header["landmarks"] is None else _restored(header, options["rate"], body)
    except (ValueError, KeyError, TypeError):
        refuse(_WHAT, "ones that contradict themselves")


def _restored(header: dict[str, Any], rate: float, body: bytes) -> MotionSums:
    k, (times, points, held_times, held_points) = int(header["landmarks"]), header["held"]
    sums = MotionSums.empty(k, rate)
    rows = len(_ROWS) + len(_SEGMENT_ROWS)
    ends = np.cumsum([rows * k, times, held_times, 2 * k * points, 2 * k * held_points])
    if len(body) != 8 * ends[-1]:
        raise ValueError
    parts = np.split(np.frombuffer(body, "<f8").astype(np.float64), ends[:-1])
    each = parts[0].reshape(rows, k)
    for name, row in zip(_ROWS, each, strict=False):
        setattr(sums, name, row.copy())
    for name, row in zip(_SEGMENT_ROWS, each[len(_ROWS) :], strict=True):
        setattr(sums.segments, name, row.copy())
    for name, count in zip(_COUNTS, header["counts"], strict=True):
        setattr(sums, name, count)
    sums.segments.taken, sums.segments.interpolated = header["segments"]
    sums.times, sums.segments.times = parts[1].tolist(), parts[2].tolist()
    sums.points, sums.segments.points = _frames(parts[3], k), _frames(parts[4], k)
    return sums


def _frames(values: NDArray[np.float64], landmarks: int) -> list[NDArray[np.float64]]:
    return list(values.reshape(-1, landmarks, 2)) if landmarks else []
