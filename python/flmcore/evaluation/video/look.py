"""The first pass over a clip: times of its frames, and where the followed face is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.video import Clip
from flmcore.errors import ClipError
from flmcore.evaluation.video.boxes import VideoBoxes
from flmcore.evaluation.video.follow import Follower
from flmcore.evaluation.video.sources import ClipSource
from flmcore.ops._spectrum import is_even

__all__ = ["CHECK_S", "Look", "look_at"]

Floats = NDArray[np.float64]
Tick = Callable[[float], None]
CHECK_S = 0.25  # seconds from check to check where tracking makes most boxes
_UNEVEN = 0.01  # share of intervals from which a clip counts as of variable rate
_GROW = 4096


@dataclass(frozen=True)
class Look:
    """What the first pass found.

    Attributes:
        about: for ``results.json``: size, rate, duration, counts.
        times: (n,) seconds of the frames that can be read.
        boxes: (n, 4) of the kind ``landmarks``: the followed face; NaN where it is not, and where nobody looked.
        checked: (n,) frames in which it was looked for.
    """

    about: dict[str, Any]
    times: Floats
    boxes: Floats
    checked: NDArray[np.bool_]

    @property
    def rate(self) -> float:
        """Frames per second."""
        return float(self.about["fps"])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For the journal."""
        return {"times": self.times, "boxes": self.boxes, "checked": self.checked}


def look_at(source: ClipSource, boxes: VideoBoxes, *, alone: bool, tick: Tick) -> Look:
    """Read a clip once; memory grows by 48 bytes a frame.

    Raises:
        ClipError: it cannot be read, or has no frame in the span.
    """
    clip = source.open()
    seen, follower, failures = _Seen(), Follower(), Counter[str]()
    size: tuple[int, ...] = ()
    last_check = -math.inf
    for frame in clip.frames():
        tick(frame.time)
        size = frame.image.shape
        check = not boxes.track or frame.time - last_check >= CHECK_S - 1e-9
        box = None
        if check:
            last_check = frame.time
            try:
                found = boxes.of(source, frame, alone=alone)
            except Exception as error:  # noqa: BLE001 - whatever a finder does to one frame, the others go on
                failures[" ".join(str(error).split()) or type(error).__name__] += 1
                found = np.empty((0, 4))
            box = follower.choose(_inside(found, size), frame.time)
        seen.add(frame.time, box, check)
    times, rows, checked = seen.arrays()
    if not len(times):
        why = f" ({_counts(clip.skipped)})" if clip.skipped else ""
        msg = f"{source.path}: expected a clip with frames, got none in the span that was asked for{why}"
        raise ClipError(msg)
    rate = _rate(times, clip.nominal_fps)
    faces = int(np.isfinite(rows[:, 0]).sum())
    about = {
        "frames": len(times),
        "width": size[1],
        "height": size[0],
        "fps": rate,
        "duration_s": float(times[-1] - times[0]),
        "rotation": clip.rotation,
        "variable_rate": _varies(times, rate),
        "skipped": dict(clip.skipped),
        "frames_checked": int(checked.sum()),
        "frames_with_face": faces,
        "near_faces": follower.near,
        "problems": _problems(clip, follower, failures, int(checked.sum()), faces),
    }
    return Look(about, times, rows, checked)


class _Seen:
    """Arrays that grow."""

    def __init__(self) -> None:
        self._count = 0
        self._rows = np.empty((_GROW, 6))

    def add(self, time: float, box: Floats | None, checked: bool) -> None:
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[self._count] = (time, *(4 * [math.nan] if box is None else box), checked)
        self._count += 1

    def arrays(self) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        rows = self._rows[: self._count]
        return rows[:, 0].copy(), rows[:, 1:5].copy(), rows[:, 5] > 0


def _inside(boxes: Floats, size: tuple[int, ...]) -> Floats:
    """Those that show something of the picture."""
    height, width = size[:2]
    x0, y0, x1, y1 = boxes.T
    return np.asarray(boxes[(x1 > 0) & (y1 > 0) & (x0 < width) & (y0 < height)])


def _rate(times: Floats, nominal: float | None) -> float:
    """Frames per second: one over the mean of the intervals like the median one; the file's word where that agrees."""
    if len(times) < 2:
        return nominal or 25.0
    intervals = np.diff(times)
    median = float(np.median(intervals))
    alike = intervals[np.abs(intervals - median) <= max(0.05 * median, 0.0015)]
    rate = len(alike) / math.fsum(alike)
    return nominal if nominal is not None and abs(nominal / rate - 1) < 0.01 else float(rate)


def _varies(times: Floats, rate: float) -> bool:
    intervals = np.diff(times)
    return bool(len(intervals) and (~is_even(intervals, 1 / rate)).mean() > _UNEVEN)


def _problems(clip: Clip, follower: Follower, failures: Counter[str], checked: int, faces: int) -> list[str]:
    """What should be known of the clip, a sentence each."""
    said = list(clip.notes)
    said += [f"{_frames(n)} left out: {reason}" for reason, n in clip.skipped.items()]
    said += [f"face finder failed on {_frames(n)}: {reason}" for reason, n in failures.items()]
    if faces < checked:
        said.append(
            f"no face in {checked - faces} of {_frames(checked)} looked at: measures begin anew after them"
        )
    if follower.several:
        said.append(
            f"several faces in {_frames(follower.several)}: the one nearest to where it was is followed"
        )
    if follower.near:
        spans = ", ".join(f"{a:.2f}–{b:.2f} s" for a, b in follower.near[:5])
        more = f" and {len(follower.near) - 5} more times" if len(follower.near) > 5 else ""
        said.append(f"another face came near at {spans}{more}: which of them was followed after is a guess")
    if follower.restarts:
        places = ", ".join(f"{t:.2f} s" for t in follower.restarts[:5])
        more = f" and {len(follower.restarts) - 5} more" if len(follower.restarts) > 5 else ""
        said.append(
            f"after a second without the face, the largest is followed from {places}{more}: it may be another"
        )
    return said


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


def _counts(skipped: Counter[str]) -> str:
    return ", ".join(f"{_frames(n)}: {reason}" for reason, n in skipped.items())
