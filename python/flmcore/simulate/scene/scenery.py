"""Pictures to put behind a face, drawn once per process: nothing of them comes from a file.

Photographs have edges and areas at every size; random shapes that cover one another, their sizes spread as 1/r³, have
the same statistics (Lee, Mumford, Huang, Occlusion models for natural images, 2001). The kinds differ in the shapes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

__all__ = ["SIDE", "scenery"]

SIDE = 224  # pixels
_EACH = 6  # pictures of each kind


@functools.cache
def scenery() -> tuple[NDArray[np.uint8], ...]:
    """Pictures (SIDE, SIDE, 3) uint8 sRGB; always the same ones."""
    rng = np.random.default_rng([20, 7])
    return tuple(_picture(rng, kind) for kind in _KINDS for _ in range(_EACH))


def _picture(
    rng: np.random.Generator, kind: Callable[[np.random.Generator, ImageDraw], None]
) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (SIDE, SIDE), _colour(rng, 0.35))
    kind(rng, ImageDraw.Draw(image))
    grain = _noise(rng, rng.uniform(0.6, 1.3)) * rng.uniform(4, 22)
    shade = _noise(rng, 1.8) * rng.uniform(5, 30)
    tinted = np.asarray(image, np.float32) + (grain + shade)[:, :, None]
    return np.rint(tinted.clip(0, 255)).astype(np.uint8)  # type: ignore[no-any-return]


def _noise(rng: np.random.Generator, slope: float) -> NDArray[np.float32]:
    """(SIDE, SIDE) of mean 0 and deviation 1 whose amplitude falls as frequency to the power of −slope."""
    y = np.fft.fftfreq(SIDE)[:, None] * SIDE
    x = np.fft.rfftfreq(SIDE)[None] * SIDE
    size = np.maximum(np.hypot(x, y), 1.0) ** -slope
    phase = rng.uniform(0, 2 * math.pi, size.shape)
    waves = np.fft.irfft2(size * np.exp(1j * phase), (SIDE, SIDE))
    waves -= waves.mean()
    return (waves / waves.std()).astype(np.float32)  # type: ignore[no-any-return]


def _colour(
    rng: np.random.Generator, strength: float, light: tuple[float, float] = (0.05, 0.95)
) -> tuple[int, int, int]:
    """A grey of a random lightness, tinted."""
    grey = rng.uniform(*light)
    tint = rng.normal(0.0, strength * 0.22, 3)
    red, green, blue = (255 * (grey + tint * min(grey + 0.2, 1.0))).clip(0, 255).astype(int).tolist()
    return red, green, blue


def _radius(rng: np.random.Generator, least: float, most: float) -> float:
    """Spread as 1/r³."""
    return float((rng.uniform(most**-2, least**-2)) ** -0.5)


def _polygon(
    rng: np.random.Generator, corners: int, radius: float, stretch: float
) -> list[tuple[float, float]]:
    x, y = rng.uniform(-0.1 * SIDE, 1.1 * SIDE, 2)
    turn = rng.uniform(0, 2 * math.pi)
    angles = np.sort(rng.uniform(0, 2 * math.pi, corners))
    reach = radius * rng.uniform(0.6, 1.2, corners)
    along, across = reach * np.cos(angles) * stretch, reach * np.sin(angles)
    px = x + along * math.cos(turn) - across * math.sin(turn)
    py = y + along * math.sin(turn) + across * math.cos(turn)
    return list(zip(px.tolist(), py.tolist(), strict=True))


def _leaves(rng: np.random.Generator, draw: ImageDraw) -> None:
    """Shapes of any kind and colour."""
    strength = rng.uniform(0.1, 1.0)
    for _ in range(500):
        radius = _radius(rng, 3, 90)
        if rng.random() < 0.5:
            x, y = rng.uniform(0, SIDE, 2)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), _colour(rng, strength))
        else:
            draw.polygon(_polygon(rng, 5, radius, rng.uniform(1, 4)), _colour(rng, strength))


def _foliage(rng: np.random.Generator, draw: ImageDraw) -> None:
    """Small long shapes in a narrow range of colours, light ones last."""
    base = np.array([rng.uniform(20, 110), rng.uniform(60, 140), rng.uniform(5, 70)])
    for step in range(900):
        bright = 0.25 + 1.2 * step / 900 * rng.uniform(0.5, 1.2)
        red, green, blue = (base * bright * rng.uniform(0.85, 1.15, 3)).clip(0, 255).astype(int).tolist()
        draw.polygon(_polygon(rng, 5, _radius(rng, 2, 12), 2.5), (red, green, blue))


def _room(rng: np.random.Generator, draw: ImageDraw) -> None:
    """Upright rectangles with frames and stripes: walls, shelves, windows."""
    for _ in range(60):
        width, height = _radius(rng, 8, 140), _radius(rng, 8, 140)
        x, y = rng.uniform(-40, SIDE, 2)
        colour = _colour(rng, 0.3)
        draw.rectangle((x, y, x + width, y + height), colour, _colour(rng, 0.2), int(rng.integers(0, 4)))
        if rng.random() < 0.3:
            for k in range(int(rng.integers(3, 14))):
                at = x + k * width / 10
                draw.line((at, y, at, y + height), _colour(rng, 0.3), int(rng.integers(1, 6)))


def _street(rng: np.random.Generator, draw: ImageDraw) -> None:
    """A light sky, blocks with rows of windows, and ground."""
    horizon = rng.uniform(0.3, 0.8) * SIDE
    draw.rectangle((0, 0, SIDE, horizon), _colour(rng, 0.3, (0.5, 1.0)))
    draw.rectangle((0, horizon, SIDE, SIDE), _colour(rng, 0.2, (0.1, 0.6)))
    for _ in range(9):
        x, width, top = rng.uniform(-40, SIDE), rng.uniform(20, 90), rng.uniform(0, horizon)
        draw.rectangle((x, top, x + width, horizon), _colour(rng, 0.3))
        pane, step = _colour(rng, 0.2), rng.uniform(6, 16)
        for row in range(int((horizon - top) / step)):
            for column in range(int(width / step)):
                left, upper = x + (column + 0.3) * step, top + (row + 0.3) * step
                draw.rectangle((left, upper, left + step * 0.5, upper + step * 0.5), pane)


def _crowd(rng: np.random.Generator, draw: ImageDraw) -> None:
    """Blobs of skin under dark caps over wide shoulders: other people, out of focus."""
    for y in np.sort(rng.uniform(0, SIDE * 1.1, 26)):
        x, r = rng.uniform(0, SIDE), rng.uniform(10, 26)
        tone = rng.uniform(0.25, 1.0)
        skin = (
            int(235 * tone),
            int(180 * tone * rng.uniform(0.85, 1.1)),
            int(150 * tone * rng.uniform(0.8, 1.1)),
        )
        draw.rounded_rectangle((x - 1.7 * r, y + r, x + 1.7 * r, y + 5 * r), r * 0.8, _colour(rng, 0.6))
        draw.ellipse((x - 0.85 * r, y - 1.35 * r, x + 0.85 * r, y + r), _colour(rng, 0.1, (0.0, 0.4)))
        draw.ellipse((x - 0.72 * r, y - 0.9 * r, x + 0.72 * r, y + 1.1 * r), skin)


def _lights(rng: np.random.Generator, draw: ImageDraw) -> None:
    """Discs of light before the dark."""
    draw.rectangle((0, 0, SIDE, SIDE), _colour(rng, 0.2, (0.0, 0.2)))
    for _ in range(int(rng.integers(20, 120))):
        x, y, r = *rng.uniform(0, SIDE, 2), rng.uniform(2, 16)
        draw.ellipse((x - r, y - r, x + r, y + r), _colour(rng, 1.0, (0.3, 1.0)))


def _plain(rng: np.random.Generator, draw: ImageDraw) -> None:
    """A wall or a cloth: one colour that gets darker to one side."""
    one, other = np.array(_colour(rng, 0.4)), np.array(_colour(rng, 0.4))
    other = one + (other - one) * rng.uniform(0.0, 0.5)
    for y in range(SIDE):
        red, green, blue = (one + (other - one) * y / SIDE).astype(int).tolist()
        draw.line((0, y, SIDE, y), (red, green, blue))


_KINDS = (_leaves, _foliage, _room, _street, _crowd, _lights, _plain, _plain)
