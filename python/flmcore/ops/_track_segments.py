"""Cuts tracks into overlapping segments as frames come, and sums the energy of their movement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.ops._spectrum import ABOVE_HZ, frames_of, segment_energies

__all__ = ["TrackSegments"]

Floats = NDArray[np.float64]
_SHORTEST_S = 1.0
_MOST = 4  # times the nominal rate at which frames may come before a run is given up: what bounds the memory


class TrackSegments:
    """Welch's periodogram of K landmarks: segments of 2 s that overlap by half, energies summed over them.

    It holds the frames of one segment. A landmark that is missing in a frame of a segment is left out of that segment.
    """

    def __init__(self, landmarks: int, rate: float) -> None:
        self.rate, self.frames = rate, frames_of(rate)
        self.above, self.whole = np.zeros(landmarks), np.zeros(landmarks)
        self.segments = np.zeros(landmarks)  # that each landmark is in
        self.taken, self.interpolated = 0, 0
        self.times: list[float] = []
        self.points: list[Floats] = []

    @property
    def defined(self) -> bool:
        """Whether the rate shows anything above 5 Hz."""
        return self.rate > 2 * ABOVE_HZ

    def add(self, time: float, points: Floats) -> None:
        """The next frame of the run, (K, 2)."""
        if not self.defined:
            return
        self.times.append(time)
        self.points.append(points)
        start, slack = self.times[0], 0.5 / self.rate
        if time >= start + (self.frames - 1) / self.rate - slack:
            self._take(self.frames)
            later = start + self.frames / 2 / self.rate - slack
            self._forget(sum(t < later for t in self.times))
        elif len(self.times) > _MOST * self.frames:
            self.cut()

    def cut(self) -> None:
        """The run ends here: what follows is another."""
        self.times, self.points = [], []

    def sums(self) -> tuple[Floats, Floats, Floats, int, int, float]:
        """Energy above 5 Hz and in all, segments of each landmark, segments, those interpolated, seconds of one.

        Where no whole segment came, the run at the end is one, if it is 1 s or longer.
        """
        frames = len(self.times) and int((self.times[-1] - self.times[0]) * self.rate + 1.5) // 2 * 2
        if self.taken or not self.defined or frames < max(4, _SHORTEST_S * self.rate):
            frames = self.frames if self.taken else 0
            return self.above, self.whole, self.segments, self.taken, self.interpolated, frames / self.rate
        one = TrackSegments(len(self.above), self.rate)
        one.times, one.points = self.times, self.points
        one._take(frames)
        return one.above, one.whole, one.segments, one.taken, one.interpolated, frames / self.rate

    def _take(self, frames: int) -> None:
        times, tracks = np.array(self.times), np.stack(self.points)
        if np.all(np.abs(np.diff(times) * self.rate - 1) < 0.5):
            times, tracks = times[:frames], tracks[:frames]
        there = ~np.isnan(tracks).any(axis=(0, 2))
        flat = tracks[:, there].reshape(len(tracks), -1)
        above, whole, interpolated = segment_energies(times, flat, self.rate, frames)
        self.above[there] += above.reshape(-1, 2).sum(axis=1)
        self.whole[there] += whole.reshape(-1, 2).sum(axis=1)
        self.segments[there] += 1
        self.taken += 1
        self.interpolated += interpolated

    def _forget(self, frames: int) -> None:
        del self.times[:frames], self.points[:frames]
