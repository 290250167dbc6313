"""Finding faces in an image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore.detectors.backends.dlib import import_dlib

__all__ = ["FaceFinder"]


class FaceFinder:
    """Dlib's frontal face detector (HOG), its squares brought to the boxes that flmcore's detectors expect.

    Dlib's square runs from the brows to the chin, but sits higher and is wider than a tight box around 68 landmarks:
    0.94 of its side, moved down by 0.08 of it, is that box (the constants behind the published landmarks that the
    zoo's crops were tuned on).

    Args:
        upsample: doublings of the image before the search; 0 finds faces of about 80 pixels and up, 1 of 40. None
            searches without, and once more with 1 where it found nothing.
        threshold: least score; higher finds fewer and surer faces.

    Raises:
        MissingExtraError: Dlib is not installed.
    """

    side = 0.94
    down = 0.08

    def __init__(self, *, upsample: int | None = None, threshold: float = 0.0) -> None:
        self._detector = import_dlib("finding faces").get_frontal_face_detector()
        self._upsample = upsample
        self._threshold = threshold

    def find(self, image: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Boxes (N, 4) float64, ``x0, y0, x1, y1`` in edge coordinates, and scores (N,), the surest face first.

        ``image`` is H×W×3 uint8 RGB. No face gives (0, 4). ValueError for an image of another kind.
        """
        pixels = np.asarray(image)
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or 0 in pixels.shape:
            msg = f"image: expected a non-empty H×W×3 uint8 array, got {pixels.dtype} {pixels.shape}"
            raise ValueError(msg)
        pixels = np.ascontiguousarray(pixels)
        found, scores = self._search(pixels, self._upsample or 0)
        if len(found) == 0 and self._upsample is None:
            found, scores = self._search(pixels, 1)
        order = np.argsort(-scores, kind="stable")
        return self._to_boxes(found[order]), scores[order]

    def _search(
        self, pixels: NDArray[np.uint8], upsample: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rectangles, scores, _ = self._detector.run(pixels, upsample, self._threshold)
        edges = [
            (r.left(), r.top(), r.right() + 1, r.bottom() + 1) for r in rectangles
        ]  # Dlib's are inclusive
        return np.array(edges, dtype=np.float64).reshape(-1, 4), np.array(scores, dtype=np.float64)

    def _to_boxes(self, squares: NDArray[np.float64]) -> NDArray[np.float64]:
        centre = (squares[:, :2] + squares[:, 2:]) / 2
        side = (squares[:, 2:] - squares[:, :2]).max(axis=1, keepdims=True, initial=0)
        centre = centre + side * np.array([0.0, self.down])
        return np.concatenate([centre - side * (self.side / 2), centre + side * (self.side / 2)], axis=1)

    def describe(self) -> dict[str, Any]:
        """What a results file needs to say about how faces were found."""
        dlib = import_dlib("finding faces")
        return {
            "name": "dlib frontal face detector",
            "version": str(dlib.__version__),
            "upsample": self._upsample,
            "threshold": self._threshold,
            "side": self.side,
            "down": self.down,
        }
