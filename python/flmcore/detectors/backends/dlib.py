"""Dlib's shape predictor: crops as bytes, one fixed rectangle, whole-pixel landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.backends.opening import Opening
from flmcore.detectors.cost import Cost
from flmcore.detectors.schema import DetectorConfig
from flmcore.errors import MissingExtraError, WeightsError

__all__ = ["DlibBackend", "import_dlib"]


class DlibBackend:
    """A regression-tree cascade on crops of the core.

    Dlib's Python binding takes whole-pixel rectangles and gives whole-pixel points. A window that moves by parts of a
    pixel is therefore made by the crop, the rectangle in it stays, and ``grid`` says that points are rounded to the
    crop's pixels.
    """

    grid: float | None = 1.0
    pixel_type = "uint8"

    def __init__(self, opening: Opening) -> None:
        config, weights = opening.config, opening.weights_file()
        opening.require_cpu()
        assert config.model.rectangle is not None  # the config's check
        self._dlib = import_dlib("backend dlib")
        x0, y0, x1, y1 = config.model.rectangle
        self._rectangle = self._dlib.rectangle(x0, y0, x1 - 1, y1 - 1)  # Dlib's are inclusive
        try:
            self._predictor = self._dlib.shape_predictor(str(weights))
        except RuntimeError as error:
            msg = f"{weights}: expected a Dlib shape predictor, got {' '.join(str(error).split())}"
            raise WeightsError(msg) from error
        self._check_points(config, weights)

    def run(self, inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        shapes = [self._predictor(crop, self._rectangle).parts() for crop in inputs]
        return (np.array([[(point.x, point.y) for point in shape] for shape in shapes], dtype=np.float32),)

    def _check_points(self, config: DetectorConfig, weights: Path) -> None:
        """The binding does not tell how many points a predictor has, but any crop does."""
        width, height = config.crop.size
        found = self.run(np.zeros((1, height, width, 3), np.uint8))[0].shape[1]
        if found != config.landmarks:
            expected = f"a shape predictor of {config.landmarks} points, as scheme {config.scheme} has"
            msg = f"{weights}: expected {expected}, got one of {found}"
            raise WeightsError(msg)

    def describe(self) -> dict[str, Any]:
        return {"package": "dlib", "version": str(self._dlib.__version__), "device": "cpu", "threads": 1}

    def cost(self) -> Cost:
        return Cost(None, None, "regression trees: comparisons and additions, no multiply-adds")


def import_dlib(what_for: str) -> Any:
    try:
        import dlib
    except ImportError:
        raise MissingExtraError(package="dlib", extra="dlib", what_for=what_for) from None
    return dlib
