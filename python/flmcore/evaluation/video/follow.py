"""Which of the faces found in a frame is the one that is followed."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["LOST_S", "Follower"]

Boxes = NDArray[np.float64]
LOST_S = 1.0  # seconds without the face after which the largest is followed anew
_REACH, _SPEED = (
    0.5,
    1.0,
)  # sides that a face may be off its expected place, and sides per second since it was seen
_NEAR = 1.0  # sides between two faces that may be taken for each other
_PAST = 5  # sightings that the expected place follows from


@dataclass
class Follower:
    """Follows one face from frame to frame: the one nearest to where the last sightings lead.

    The first face is the largest. A face further from the expected place than half its side (and a side more for each
    second unseen) is another one. Where two faces come within a side of each other, which is which is a guess.

    Attributes:
        several: frames with more than one face.
        near: spans of time, first and last, in which another face was that near.
        restarts: times at which, after a second without it, a face was chosen anew.
    """

    several: int = 0
    near: list[list[float]] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    _past: deque[tuple[float, NDArray[np.float64], float]] = field(
        default_factory=lambda: deque(maxlen=_PAST)
    )
    _was_near: bool = False

    def choose(self, boxes: Boxes, time: float) -> NDArray[np.float64] | None:
        """The followed face's box among (N, 4); None where it is not there."""
        good = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        boxes = boxes[good]
        self.several += len(boxes) > 1
        if not len(boxes):
            self._was_near = False
            return None
        centres, sides = _places(boxes)
        if not self._past or time - self._past[-1][0] > LOST_S:
            if self._past:
                self.restarts.append(time)
                self._past.clear()
            best = int(sides.argmax())
        else:
            expected, side, reach = self._expected(time)
            off = np.hypot(*(centres - expected).T) / side
            best = int((off + 0.5 * np.abs(np.log(sides / side))).argmin())
            if off[best] > reach:
                self._was_near = False
                return None
        self._note_near(centres, sides, best, time)
        self._past.append((time, centres[best], float(sides[best])))
        return np.asarray(boxes[best])

    def _expected(self, time: float) -> tuple[NDArray[np.float64], float, float]:
        """Place, side, and reach in sides: the last place moved on by the mean speed of the sightings before."""
        last, place, side = self._past[-1]
        first, origin, _ = self._past[0]
        speed = (place - origin) / (last - first) if len(self._past) > 2 and last > first else 0.0
        return place + speed * (time - last), side, _REACH + _SPEED * (time - last)

    def _note_near(
        self, centres: NDArray[np.float64], sides: NDArray[np.float64], best: int, time: float
    ) -> None:
        away = np.hypot(*(centres - centres[best]).T) / sides[best]
        near = int((away < _NEAR).sum()) > 1
        if near and self._was_near:
            self.near[-1][1] = time
        elif near:
            self.near.append([time, time])
        self._was_near = near


def _places(boxes: Boxes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres (N, 2) and sides √(w · h) (N,)."""
    extent = boxes[:, 2:] - boxes[:, :2]
    return boxes[:, :2] + extent / 2, np.array([math.sqrt(w * h) for w, h in extent.tolist()])
