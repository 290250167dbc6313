from collections.abc import Iterator

import numpy as np

import flmcore
from flmcore.ops.affine import BOX_RULES, snap_affine


def probe() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(1)
    corner = rng.uniform(-200, 1000, (50, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(1, 500, (50, 2))], axis=1)
    turns = rng.uniform(-720, 720, 50)
    for rule in BOX_RULES:
        affines = flmcore.box_affine(boxes, (192, 256), rule=rule, rotation=turns, shift=(0.013, -0.2))
        yield affines
        yield flmcore.invert_affine(affines)
        yield snap_affine(flmcore.box_affine(boxes, (192, 256), rule=rule), (192, 256))
        yield flmcore.compose_affine(affines, affines[::-1])
        yield flmcore.transform_points(rng.normal(size=(50, 7, 2)), affines)
