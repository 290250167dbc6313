"""A detector's own track: the box of a frame from its landmarks of the frame before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.landmarks import scheme_or_none
from flmcore.evaluation.truth import box_overlap
from flmcore.ops.remap import remap
from flmcore.schemes import common

__all__ = ["Tracker", "face_box", "frames_a_face"]

Floats = NDArray[np.float64]
_FACE = "300w-68"  # its tight box is the box of the kind ``landmarks``
_GROWTH = 1.5  # from frame to frame
_LEAST = 4.0  # pixels
_OVERLAP = 0.3  # intersection over union with the finder's box


def frames_a_face(scheme: str) -> bool:
    """Whether landmarks of this scheme say where brows, jaw and chin are, and so give a box of the kind ``landmarks``."""
    return scheme_or_none(scheme) is not None and common([scheme, _FACE]) == _FACE


def face_box(points: Floats, scheme: str) -> Floats | None:
    """(4,) box of the kind ``landmarks`` around (K, 2); None where too few are defined."""
    face = points if scheme == _FACE else np.asarray(remap(points[None], scheme, _FACE)[0], dtype=np.float64)
    there = face[np.isfinite(face).all(axis=1)]
    if 2 * len(there) < len(face):
        return None
    # In edge coordinates.
    return np.asarray(np.concatenate([there.min(axis=0), there.max(axis=0)]) + 0.5)


class Tracker:
    """One detector on one clip. For each frame: :meth:`box`, then, where there was one, :meth:`take`."""

    def __init__(self, scheme: str, size: tuple[int, int]) -> None:
        self._scheme, self._size = scheme, size
        self._box: Floats | None = None
        self.lost = 0

    def box(self, found: Floats | None) -> tuple[Floats | None, bool | None]:
        """Box of this frame, and whether the track before it holds: None where nobody looked or nobody found a face.

        ``found`` is what the finder has for this frame: a box, NaN for no face; None where it was not asked.
        """
        if found is None or not np.isfinite(found).all():
            return self._box, None
        if self._box is None:
            self._box = found
            return found, None
        if box_overlap(self._box, found) >= _OVERLAP:
            return self._box, True
        self.lost += 1
        self._box = found
        return found, False

    def take(self, points: Floats) -> bool:
        """The landmarks of this frame; False where they are no face, and the track is lost."""
        box = face_box(points, self._scheme)
        if box is None or not self._plausible(box):
            self.drop()
            return False
        self._box = box
        return True

    def drop(self) -> None:
        """Nothing to follow any more."""
        self.lost += self._box is not None
        self._box = None

    def _plausible(self, box: Floats) -> bool:
        assert self._box is not None
        sides, before = box[2:] - box[:2], self._box[2:] - self._box[:2]
        centre = (box[:2] + box[2:]) / 2
        growth = float(np.sqrt(np.prod(sides) / np.prod(before)))
        inside = bool((centre > 0).all() and (centre < np.array(self._size)).all())
        return inside and bool((sides >= _LEAST).all()) and 1 / _GROWTH <= growth <= _GROWTH
