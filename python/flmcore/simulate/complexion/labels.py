"""Which part of the face each texel of the skin's texture is."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..parts import CLASSES
from .brows import brow_coverage
from .lips import lip_frame
from .plane import HEIGHT, WIDTH, inside, landmark, smooth_curve, whole
from .skin import scalp
from .traits import Beard, Brows, Complexion
from .whiskers import grown

__all__ = ["skin_labels"]

_MEAN_BROWS = Brows(1.0, 7.0, 0.3, 0.6, 0.2, 0.0, (0, 0, 0))
_WHOLE_BEARD = Beard(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, (0, 0, 0))
_COVERED = 0.4  # coverage from which hair, not skin, is what one sees


@cache
def _bare() -> NDArray[np.uint8]:
    """Without hair: skin, nose, lips and neck."""
    labels = np.full((HEIGHT, WIDTH), CLASSES["skin"], np.uint8)
    grid, jaw = whole(), landmark(*range(17))
    line = np.interp(grid.x, jaw[:, 0], jaw[:, 1])
    labels[np.broadcast_to(grid.y > line, labels.shape)] = CLASSES["neck"]
    side = np.array([[-5.5, -27], [-7.5, -10], [-15, 5], [-16.5, 11], [-13.5, 16.5], [-6.6, 18.5]])
    base = np.array([[0.0, 20.0]])
    outline = np.vstack([side, base, side[::-1] * [-1, 1]])
    labels[inside(grid, smooth_curve(outline, closed=True)) > 0] = CLASSES["nose"]
    lips = lip_frame()
    part = labels[lips.rows, lips.columns]
    part[(lips.depth > 0) & (lips.above >= 0)] = CLASSES["top_lip"]
    part[(lips.depth > 0) & (lips.above < 0)] = CLASSES["bottom_lip"]
    return labels


def skin_labels(c: Complexion | None = None) -> NDArray[np.uint8]:
    """Classes of the chart's texels, of ``CLASSES``: skin, nose, lips, brows, beard and neck.

    Args:
        c: the person, whose brows and beard count where they cover the skin; without one, brows of the common shape and
            the whole zone where a beard may grow.

    Returns:
        (256, 320) uint8.
    """
    labels = _bare().copy()
    beard = _WHOLE_BEARD if c is None else c.beard
    hair = grown(beard) if beard.length >= 0.3 else None
    if hair is not None:
        part = labels[hair.where]
        part[(hair.value * beard.length > _COVERED) & (part != CLASSES["nose"])] = CLASSES["beard"]
    if c is not None and c.scalp > _COVERED:
        labels[scalp().value > 0.5] = CLASSES["hair"]
    right = brow_coverage(_MEAN_BROWS if c is None else c.brows)
    for name, patch in (("right_brow", right), ("left_brow", right.mirrored())):
        labels[patch.where][patch.value > _COVERED] = CLASSES[name]
    return labels
