"""From a face to the network's window: where it lies, turned, scaled and mirrored at random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.schema import CropConfig
from flmcore.ops.affine import box_affine, compose_affine
from flmcore.train.faces import CUT
from flmcore.train.schema import AugmentConfig

__all__ = ["plain_window", "random_window"]


def plain_window(box: NDArray[np.float64], rule: CropConfig) -> NDArray[np.float64]:
    """(2, 3) image → crop: the window that the detector will cut."""
    affine = box_affine(box, rule.size, rule=rule.rule, scale=rule.scale, shift=rule.shift)
    return np.asarray(affine[0])


def random_window(
    box: NDArray[np.float64], rule: CropConfig, augment: AugmentConfig, rng: np.random.Generator
) -> tuple[NDArray[np.float64], bool]:
    """(2, 3) image → crop of a window that is off by chance, and whether it shows the mirrored image."""
    draws = np.clip(rng.standard_normal(4), -CUT, CUT)
    flipped = bool(rng.random() < augment.flip)
    affine = box_affine(
        box,
        rule.size,
        rule=rule.rule,
        scale=rule.scale * float(np.exp(augment.scale * draws[0])),
        shift=np.array(rule.shift) + augment.shift * draws[1:3],
        rotation=augment.rotation * draws[3],
    )[0]
    if flipped:
        mirror = np.array([[-1.0, 0.0, rule.size[0] - 1.0], [0.0, 1.0, 0.0]])
        affine = compose_affine(mirror, affine)
    return np.asarray(affine), flipped
