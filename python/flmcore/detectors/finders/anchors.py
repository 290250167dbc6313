"""The anchors of BlazeFace, and what its two regressors and scores mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.finders.suppress import blend

__all__ = ["blaze_anchors", "decode_blaze"]

SIZE = 128  # of the input
_GRIDS = ((16, 2), (8, 6))  # cells across and anchors per cell, of the two feature maps
_OVERLAP = 0.3  # boxes that overlap more are of one face


def blaze_anchors() -> NDArray[np.float64]:
    """(896, 2): centres of the anchors as shares of the input, row by row; every anchor is as large as the input."""
    centres = []
    for cells, each in _GRIDS:
        rows, columns = np.divmod(np.arange(cells * cells), cells)
        centres.append(np.repeat((np.stack([columns, rows], axis=1) + 0.5) / cells, each, axis=0))
    return np.concatenate(centres)


def decode_blaze(
    regressors: NDArray[np.float32], logits: NDArray[np.float32], threshold: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Boxes (N, 4) as shares of the input, and scores (N,), from (896, 16) numbers and (896,) logits.

    The first four of a row are the box's centre, from its anchor's, and its width and height, in input pixels; the rest
    are six key points that are not used here.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -100, 100)))
    sure = scores >= threshold
    numbers = regressors[sure, :4].astype(np.float64) / SIZE
    centre = numbers[:, :2] + blaze_anchors()[sure]
    half = numbers[:, 2:] / 2
    return blend(np.concatenate([centre - half, centre + half], axis=1), scores[sure], _OVERLAP)
