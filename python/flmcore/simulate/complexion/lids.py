"""Both eyes' surroundings: hollow, crease and redness as shade, then make-up, lashes and liner over it."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas
from .eyelids import eye_frame, line_strength
from .plane import Patch, falloff
from .traits import Complexion

__all__ = ["paint_lashes", "paint_lids"]

_LASH = (22, 16, 14)


def _both(canvas: Canvas, right: Patch, scales: tuple[float, float], **amounts: float) -> None:
    for patch, scale in zip((right, right.mirrored()), scales, strict=True):
        canvas.add(patch, **{name: value * scale for name, value in amounts.items()})


def paint_lids(canvas: Canvas, c: Complexion, uneven: tuple[float, float]) -> None:
    """Shade and redness about the eyes, ``uneven`` (right, left) scaling either side."""
    frame, lids = eye_frame(), c.lids
    near = falloff(frame.opening.clip(None, 0) / 7.0)
    _both(canvas, frame.patch(near), uneven, shade=0.30 * lids.sunken, melanin=0.05 * lids.sunken)
    margin = falloff(frame.opening / 1.6) + 0.3 * (frame.opening > 1.6)
    _both(canvas, frame.patch(margin), uneven, blood=0.25 + 0.9 * lids.redness)
    if lids.crease:
        across = frame.upper - lids.crease_height * (0.55 + 1.6 * frame.along_upper * (1 - frame.along_upper))
        ends = (np.minimum(frame.along_upper, 1 - frame.along_upper) * 7).clip(0, 1)
        fold = falloff(across) - 0.35 * falloff((across + 2.0) / 1.4)
        _both(canvas, frame.patch(fold * ends), uneven, shade=0.75 * lids.crease)


def paint_lashes(canvas: Canvas, c: Complexion, uneven: tuple[float, float]) -> None:
    """Eye shadow, then the dark lines of lashes or liner along both margins, over the developed skin."""
    frame, lids, makeup = eye_frame(), c.lids, c.makeup
    if makeup.shadow:
        reach = 5 + 5 * makeup.shadow
        lid = (
            ((reach - frame.upper) / 5).clip(0, 1) * (frame.upper > -0.5) * (frame.along_upper * 5).clip(0, 1)
        )
        lid = lid * ((1 - frame.along_upper) * 6).clip(0, 1)
        for patch in (frame.patch(lid), frame.patch(lid).mirrored()):
            canvas.cover(patch, makeup.shadow_colour, makeup.shadow)
    thick = 0.9 + 0.9 * lids.upper_line + 1.1 * makeup.liner
    upper = line_strength(frame.upper, frame.along_upper, thick, 2.0, 0.3 + 0.7 * makeup.liner)
    lower = line_strength(frame.lower, frame.along_lower, 1.2, 0.8 + 0.7 * makeup.liner, 0.3)
    dark_upper = min(0.97, 0.12 + 0.85 * lids.upper_line + 0.5 * makeup.liner)
    dark_lower = min(0.9, 0.6 * lids.lower_line + 0.5 * makeup.liner)
    tint = [0.55 * v + 0.45 * h for v, h in zip(_LASH, c.brows.colour, strict=True)]
    colour = _LASH if makeup.liner else tint
    for value, opacity in ((upper, dark_upper), (lower, dark_lower)):
        right = frame.patch(value)
        for patch, scale in zip((right, right.mirrored()), uneven, strict=True):
            canvas.cover(patch, colour, min(1.0, opacity * scale))
