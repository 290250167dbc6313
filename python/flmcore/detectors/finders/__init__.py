"""Face finders: where boxes come from when nobody gives them. One module per family."""

from __future__ import annotations

import importlib
import math
from typing import Any

from flmcore.data.images import PathLike
from flmcore.detectors.finders.finder import Finder
from flmcore.nearest import nearest

__all__ = ["Finder", "names", "open_finder"]

_FINDERS = {
    "dlib": ("dlib", "FaceFinder"),
    "blazeface": ("blazeface", "BlazeFaceFinder"),
    "mediapipe": ("mediapipe", "MediaPipeFinder"),
    "slim320": ("slim320", "Slim320Finder"),
    "openseeface": ("openseeface", "OpenSeeFaceFinder"),
}


def names() -> list[str]:
    """Every finder that :func:`open_finder` knows."""
    return list(_FINDERS)


def open_finder(name: str, *, weights: PathLike | None = None, threshold: float | None = None) -> Finder:
    """A face finder ready to run: ``finder.find(image)`` gives boxes of the kind ``landmarks``, and scores.

    Args:
        name: one of :func:`names`.
        weights: file with the network's weights, or a folder to look in; None looks where ``FLMCORE_WEIGHTS`` says, and
            in the packages that ship them.
        threshold: least score; None is the published one.

    Raises:
        ValueError: an unknown name (with the nearest), a threshold that is no number, weights for Dlib, which needs none.
        MissingExtraError: the finder's package is not installed; names the extra.
        WeightsError: the weights are missing (says who publishes them), damaged, or of another sum.
    """
    if name not in _FINDERS:
        msg = f"finder: expected one of {', '.join(_FINDERS)}, got {name!r}{nearest(name, _FINDERS)}"
        raise ValueError(msg)
    options: dict[str, Any] = {}
    if threshold is not None:
        if (
            isinstance(threshold, bool)
            or not isinstance(threshold, (int, float))
            or not math.isfinite(threshold)
        ):
            msg = f"threshold: expected a finite number, got {threshold!r}"
            raise ValueError(msg)
        options["threshold"] = float(threshold)
    if weights is not None:
        if name == "dlib":
            msg = f"weights: expected none with finder dlib, which carries its own, got {str(weights)!r}"
            raise ValueError(msg)
        options["weights"] = weights
    module, cls = _FINDERS[name]
    finder: Finder = getattr(importlib.import_module(f"{__name__}.{module}"), cls)(**options)
    return finder
