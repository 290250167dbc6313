"""One sample: what the network sees of a face, and where its landmarks lie in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.detectors.schema import CropConfig
from flmcore.ops.affine import transform_points
from flmcore.ops.crop import crop
from flmcore.train.appearance import change_colours
from flmcore.train.degrade import degrade, motion_windows
from flmcore.train.faces import Face
from flmcore.train.patches import put_patch, shade
from flmcore.train.schema import TrainConfig
from flmcore.train.windows import plain_window, random_window

__all__ = ["plain_sample", "random_sample", "targets_of"]

Crop = NDArray[np.uint8]
_SHRINKS = 1.5  # pixels of the image for one of the crop, from which on interpolation would skip some


def random_sample(
    face: Face, config: TrainConfig, rng: np.random.Generator
) -> tuple[Crop, NDArray[np.float32]]:
    """A crop (H, W, 3) uint8 RGB, augmented, and (K, 2) float32 targets; every byte follows from ``rng``."""
    augment, rule = config.augment, config.crop
    affine, flipped = random_window(face.box, rule, augment, rng)
    pixels = _cut(face, motion_windows(affine, rule.size[0], augment, rng), rule)
    pixels = change_colours(pixels, augment, rng)
    pixels = shade(pixels, augment, rng)
    pixels = put_patch(pixels, augment, rng)
    pixels = degrade(pixels, augment, rng)
    targets = targets_of(face.points, affine, rule)
    if flipped:
        targets = targets[list(schemes.get(config.scheme).flip)]
    return pixels, targets


def plain_sample(face: Face, config: TrainConfig) -> tuple[Crop, NDArray[np.float64]]:
    """The crop that the detector will make of a face, and its (2, 3) affine."""
    affine = plain_window(face.box, config.crop)
    return _cut(face, affine[None], config.crop, exact=True), affine


def targets_of(
    points: NDArray[np.float64], affine: NDArray[np.float64], rule: CropConfig
) -> NDArray[np.float32]:
    """(K, 2) from 0 at the crop's left and upper edge to 1 at its right and lower edge; NaN where undefined."""
    inside = transform_points(points, affine)
    targets = (inside + 0.5) / np.array(rule.size, dtype=np.float64)
    return np.where(np.isfinite(targets).all(axis=1, keepdims=True), targets, np.nan).astype(np.float32)


def _cut(face: Face, affines: NDArray[np.float64], rule: CropConfig, *, exact: bool = False) -> Crop:
    """The window; the mean of several, for a picture that moved.

    A filter over a turned window costs ten times as much as interpolation, so it is left to windows that shrink.
    """
    filtered = exact or 1 / np.sqrt(abs(np.linalg.det(affines[0, :, :2]))) > _SHRINKS
    cut = crop(
        face.image,
        affines,
        rule.size,
        interpolation=rule.interpolation,
        antialias=rule.antialias and filtered,
        clamp=rule.clamp,
        border=rule.border,
        border_value=rule.border_value,
        dtype="uint8",
        threads=1,
    )
    if len(cut) == 1:
        return np.asarray(cut[0])
    return np.asarray((cut.sum(axis=0, dtype=np.uint32) + len(cut) // 2) // len(cut), dtype=np.uint8)
