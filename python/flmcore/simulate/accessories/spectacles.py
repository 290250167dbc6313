"""What glasses are like, and drawing them by lot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flmcore.simulate.accessories.lots import pick
from flmcore.simulate.accessories.tint import Colour

__all__ = ["Glasses", "sample_glasses"]


@dataclass(frozen=True)
class Glasses:
    """A pair of glasses.

    Attributes:
        half_width, half_height: mm, of a lens, for a face whose eyes' outer corners are 89 mm apart.
        corner: exponent of the lens's outline: 2 is an ellipse, more is a rectangle.
        lift: mm by which its outer end is raised (cat's eyes) or lowered (aviators).
        rim: mm, half the thickness of the rim seen from the front; 0 is none.
        half_rim: only above.
        bridge: mm between the lenses.
        low: mm by which the lens's middle is below the pupil.
        slip: mm that they have slid down the nose.
        tilt: degrees that one side is higher than the other.
        frame: sRGB.
        lens: sRGB and coverage 0 to 255 at the top and at the bottom.
        glare: 0 to 1, of a bright band across the lenses.
        gloss: of the frame.
    """

    half_width: float
    half_height: float
    corner: float
    lift: float
    rim: float
    half_rim: bool
    bridge: float
    low: float
    slip: float
    tilt: float
    frame: Colour
    lens: tuple[Colour, float, float]
    glare: float
    gloss: float


_FRAMES = (
    (20, 20, 22),
    (45, 30, 22),
    (85, 55, 35),
    (150, 150, 155),
    (190, 160, 95),
    (30, 40, 75),
    (120, 25, 30),
    (235, 235, 230),
)


def sample_glasses(rng: np.random.Generator, *, dark: float = 0.25) -> Glasses:
    """A pair at random; ``dark`` is the share of sunglasses."""
    sun = rng.random() < dark
    kind = pick(rng, ["round", "oval", "square", "aviator", "cat", "narrow", "large"])
    half_width = {"round": 22.5, "narrow": 25.0, "large": 29.0}.get(kind, 26.0) + rng.normal(0, 1.2)
    ratio = {
        "round": 0.96,
        "oval": 0.72,
        "square": 0.72,
        "aviator": 0.86,
        "cat": 0.74,
        "narrow": 0.52,
        "large": 0.88,
    }
    corner = {
        "round": 2.0,
        "oval": 2.3,
        "square": 4.5,
        "aviator": 2.6,
        "cat": 3.0,
        "narrow": 3.5,
        "large": 3.0,
    }
    lift = {"cat": 3.5, "aviator": -3.0}.get(kind, 0.0) + rng.normal(0, 0.6)
    metal = rng.random() < 0.4
    colour = np.clip(np.array(_FRAMES[rng.integers(len(_FRAMES))]) + rng.normal(0, 12, 3), 0, 255)
    if rng.random() < 0.12:
        colour = rng.uniform(0, 255, 3)
    r, g, b = rng.uniform(5, 60, 3) if sun else rng.uniform(200, 255, 3)
    top = rng.uniform(170, 252) if sun else rng.uniform(6, 34)
    rim = rng.uniform(0.5, 1.1) if metal else rng.uniform(1.2, 3.0)
    return Glasses(
        half_width=float(half_width),
        half_height=float(half_width * ratio[kind] * rng.uniform(0.93, 1.07)),
        corner=float(corner[kind]),
        lift=float(lift),
        rim=0.0 if rng.random() < 0.07 else float(rim),
        half_rim=bool(rng.random() < 0.12),
        bridge=float(
            min(rng.uniform(15, 21), 2 * (37.5 - half_width))
        ),  # the pupils are behind the lenses' middles
        low=float(rng.uniform(0, 5)),
        slip=float(rng.uniform(3, 14)) if rng.random() < 0.15 else 0.0,
        tilt=float(rng.normal(0, 1.2)),
        frame=(float(colour[0]), float(colour[1]), float(colour[2])),
        lens=((float(r), float(g), float(b)), float(top), float(top * (rng.uniform(0.3, 1) if sun else 1))),
        glare=float(rng.uniform(0.1, 0.8)) if rng.random() < 0.35 else 0.0,
        gloss=float(rng.uniform(0.3, 0.9)) if metal else float(rng.uniform(0.1, 0.6)),
    )
