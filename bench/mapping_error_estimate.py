"""How far a mapping's points lie from the target scheme's, told apart from how far the models are off that say so.

Landmarks of one face in both schemes come from models that err, and their distance has the models' errors in it. Three
things hold these down; docs/definitions.md, "Measured errors of mappings", says why:

1. every residual (mapped less target, mean over models) is seen in the face's frame, in % of the distance between the
   outer eye corners, less the face's median residual over the exact points of eyes and nose: there the schemes agree by
   definition, and expressions move little;
2. the two sides of the face are one sample, mirrored: a scheme is as far off on the left as on the right;
3. error² = |offset|² + max(0, scatter − scatter of exact points), with the offset the mean residual, the scatter the
   mean squared distance from it, and the exact points' the median over them. The offset counts in full.

From fewer than 5 images nothing is told apart, and only the distance is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.schemes import Scheme

__all__ = ["FEWEST", "GATE", "LEAST", "Estimate", "estimate"]

Floats = NDArray[np.float64]

LEAST = (
    30.0  # pixels between the outer eye corners: below, whole-pixel landmarks are 1 % off by rounding alone
)
GATE = (
    8.0  # % at the exact points: above, one of the models missed the face (300-W counts a failure from 8 %)
)

FEWEST = 5  # images, as for intervals
RIGID = ("left_eye", "right_eye", "nose", "nose_bridge", "nose_bottom")  # groups that hold the face still


@dataclass(frozen=True)
class Estimate:
    """Per target landmark, in % of the distance between the outer eye corners; NaN where undefined."""

    error: Floats
    """NaN for fewer than 5 images."""
    standard_error: Floats
    """Jackknife over images; NaN where the error is."""
    distance: Floats
    """Root mean square distance of the landmarks as they are, the models' errors and all."""
    offset: Floats
    """(K, 2) right and down, of the left side's points and of the midline's; mirrored for the right side's."""
    exact: float
    """Root mean square over the exact points of what is squared for the error, where there should be none."""
    faces: int
    images: int


def estimate(
    mapped: Sequence[Floats],
    target: Sequence[Floats],
    eyes: Floats,
    images: Sequence[str],
    grades: Sequence[str],
    scheme: Scheme,
) -> Estimate | None:
    """Errors of a mapping; None where no face is left, or no exact point of eyes and nose.

    Args:
        mapped: per model of the source scheme, (N, K, 2) landmarks brought to the target scheme, in pixels.
        target: per model of the target scheme (or truth), (N, K, 2).
        eyes: (N, 2, 2) outer eye corners, left and right, for frame and normaliser.
        images: (N,) image of each face.
        grades: (K,) of the mapping.
        scheme: of the target.
    """
    frame, apart = _frame(eyes)
    ours, theirs = _seen(mapped, frame), _seen(target, frame)
    residual = ours.mean(axis=0) - theirs.mean(axis=0)
    exact = np.flatnonzero(np.array(grades) == "exact")
    rigid = np.intersect1d(exact, [i for group in RIGID for i in scheme.groups.get(group, ())])
    agreed = np.linalg.norm(residual[:, exact], axis=-1).mean(axis=1)
    kept = np.flatnonzero((apart >= LEAST) & (agreed <= GATE))
    if not len(kept) or not len(rigid):
        return None
    names = np.array(images)[kept]
    aligned = residual[kept] - np.median(residual[kept][:, rigid], axis=1, keepdims=True)
    sides = _both_sides(aligned, scheme.flip)
    error, offset = _error(sides, exact)
    few = len(set(names)) < FEWEST
    square = ((ours[:, None, kept] - theirs[None, :, kept]) ** 2).sum(axis=-1).mean(axis=(0, 1, 2))
    return Estimate(
        error=np.full_like(error, np.nan) if few else error,
        standard_error=np.full_like(error, np.nan) if few else _jackknife(sides, exact, names),
        distance=np.sqrt((square + square[list(scheme.flip)]) / 2),
        offset=offset,
        exact=float(np.sqrt((sides[:, :, exact] ** 2).sum(axis=-1).mean())),
        faces=len(kept),
        images=len(set(names)),
    )


def _frame(eyes: Floats) -> tuple[Floats, Floats]:
    """(N, 2, 2) pixels → % of the inter-ocular distance along and across the eye line, and that distance."""
    across = eyes[:, 1] - eyes[:, 0]
    apart = np.hypot(across[:, 0], across[:, 1])
    cos, sin = across[:, 0] / apart, across[:, 1] / apart
    turn = np.stack([np.stack([cos, sin], axis=-1), np.stack([-sin, cos], axis=-1)], axis=1)
    return 100 * turn / apart[:, None, None], apart


def _seen(landmarks: Sequence[Floats], frame: Floats) -> Floats:
    return np.stack([(frame[:, None] * points[:, :, None]).sum(axis=-1) for points in landmarks])


def _both_sides(aligned: Floats, flip: Sequence[int]) -> Floats:
    """(N, 2, K, 2): each landmark's residual and its mirror image's, mirrored."""
    return np.stack([aligned, aligned[:, list(flip)] * [-1, 1]], axis=1)


def _error(sides: Floats, exact: NDArray[np.intp]) -> tuple[Floats, Floats]:
    offset = sides.mean(axis=(0, 1))
    scatter = ((sides - offset) ** 2).sum(axis=-1).mean(axis=(0, 1))
    excess = np.maximum(0, scatter - np.median(scatter[exact]))
    return np.sqrt((offset**2).sum(axis=-1) + excess), offset


def _jackknife(sides: Floats, exact: NDArray[np.intp], names: NDArray[np.str_]) -> Floats:
    drawn = sorted(set(names))
    without = np.stack([_error(sides[names != name], exact)[0] for name in drawn])
    square = ((without - without.mean(axis=0)) ** 2).mean(axis=0)
    return np.sqrt((len(drawn) - 1) * square)
