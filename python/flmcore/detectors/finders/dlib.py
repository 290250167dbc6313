"""Dlib's frontal face detector."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.backends.dlib import import_dlib
from flmcore.detectors.finders.finder import Boxes, Finder

__all__ = ["FaceFinder"]


class FaceFinder(Finder):
    """Dlib's frontal face detector (HOG), its squares brought to the boxes that flmcore's detectors expect.

    Args:
        upsample: doublings of the image before the search; 0 finds faces of about 80 pixels and up, 1 of 40. None
            searches without, and once more with 1 where it found nothing.
        threshold: least score; higher finds fewer and surer faces.

    Raises:
        MissingExtraError: Dlib is not installed.
    """

    name = kind = "dlib"

    def __init__(self, *, upsample: int | None = None, threshold: float = 0.0) -> None:
        self._detector = import_dlib("finding faces").get_frontal_face_detector()
        self._upsample = upsample
        self.threshold = threshold

    def _search(self, pixels: NDArray[np.uint8]) -> tuple[Boxes, Boxes]:
        found, scores = self._run(pixels, self._upsample or 0)
        if len(found) == 0 and self._upsample is None:
            found, scores = self._run(pixels, 1)
        return found, scores

    def _run(self, pixels: NDArray[np.uint8], upsample: int) -> tuple[Boxes, Boxes]:
        rectangles, scores, _ = self._detector.run(pixels, upsample, self.threshold)
        rows = [
            (r.left(), r.top(), r.right() + 1, r.bottom() + 1) for r in rectangles
        ]  # Dlib's are inclusive
        edges = np.array(rows, dtype=np.float64).reshape(-1, 4)
        centre = (edges[:, :2] + edges[:, 2:]) / 2
        # Squares but for Dlib's rounding, which may leave one side a pixel shorter.
        half = (edges[:, 2:] - edges[:, :2]).max(axis=1, keepdims=True, initial=0) / 2
        return np.concatenate([centre - half, centre + half], axis=1), np.array(scores, dtype=np.float64)

    def _about(self) -> dict[str, Any]:
        dlib = import_dlib("finding faces")
        return {"package": "dlib", "version": str(dlib.__version__), "upsample": self._upsample}
