"""What every face finder does: check the image, search, and bring what it found to flmcore's boxes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import flmcore
from flmcore.data.box_kinds import box_kind

__all__ = ["Boxes", "Finder", "NetworkFinder"]

Boxes = NDArray[np.float64]


class Finder(ABC):
    """Finds faces in an image; made by :func:`flmcore.detectors.finders.open_finder`.

    Attributes:
        name: of the finder.
        kind: what its own boxes are, before they are brought to the kind ``landmarks``.
        threshold: least score; higher finds fewer and surer faces.
    """

    name: str
    kind: str
    threshold: float

    def find(self, image: ArrayLike) -> tuple[Boxes, Boxes]:
        """Boxes (N, 4) float64 of the kind ``landmarks`` (edge coordinates), and scores (N,), the surest face first.

        ``image`` is H×W×3 uint8 RGB. No face gives (0, 4). ValueError for an image of another kind.
        """
        boxes, scores = self.find_own(image)
        return flmcore.convert_boxes(boxes, self.kind, "landmarks"), scores

    def find_own(self, image: ArrayLike) -> tuple[Boxes, Boxes]:
        """As :meth:`find`, with boxes of the finder's own kind."""
        pixels = np.asarray(image)
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or 0 in pixels.shape:
            msg = f"image: expected a non-empty H×W×3 uint8 array, got {pixels.dtype} {pixels.shape}"
            raise ValueError(msg)
        boxes, scores = self._search(np.ascontiguousarray(pixels))
        # A network may give anything; what has no area is no face.
        good = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        boxes, scores = boxes[good], scores[good]
        order = np.argsort(-scores, kind="stable")
        return boxes[order], scores[order]

    @abstractmethod
    def _search(self, pixels: NDArray[np.uint8]) -> tuple[Boxes, Boxes]:
        """(N, 4) boxes in edge coordinates of the image, and (N,) scores."""

    def describe(self) -> dict[str, Any]:
        """What a results file needs to say about how faces were found."""
        kind = box_kind(self.kind)
        return {
            "name": self.name,
            "kind": self.kind,
            "side": list(kind.side),
            "shift": list(kind.shift),
            "threshold": self.threshold,
            **self._about(),
        }

    @abstractmethod
    def _about(self) -> dict[str, Any]:
        """Package, version, sum of the weights and the like."""


class NetworkFinder(Finder):
    """A network that sees the whole image in an input of fixed size.

    ``size`` is its (width, height), ``rule`` how the image fills it: ``square`` (letterbox: black beside the image) or
    ``stretch``. The image is filtered where it shrinks, so that no face hides between its pixels and boxes shake less.
    """

    size: tuple[int, int]
    rule: str
    mean: float | tuple[float, ...] = 0.0
    std: float | tuple[float, ...] = 1.0

    def _search(self, pixels: NDArray[np.uint8]) -> tuple[Boxes, Boxes]:
        height, width = pixels.shape[:2]
        window = flmcore.box_affine([0, 0, width, height], self.size, rule=self.rule)
        inputs = flmcore.crop(pixels, window, self.size, mean=self.mean, std=self.std, antialias=True)
        boxes, scores = self._detect(inputs)
        extent = np.array([width, height], dtype=np.float64)
        if self.rule == "square":
            extent[:] = extent.max()
        corner = (np.array([width, height]) - extent) / 2
        return boxes * np.tile(extent, 2) + np.tile(corner, 2), scores

    @abstractmethod
    def _detect(self, inputs: NDArray[np.float32]) -> tuple[Boxes, Boxes]:
        """(N, 4) boxes as shares of the input's width and height, and (N,) scores, for a 1×3×H×W input."""
