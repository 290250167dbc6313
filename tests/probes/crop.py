from collections.abc import Iterator

import numpy as np

import flmcore


def probe() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (190, 230, 3), dtype=np.uint8)
    corner = rng.uniform(-60, 180, (9, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 250, (9, 2))], axis=1)
    views = (
        image,
        image[..., ::-1],
        image[:, ::-1],
        image[..., 1],
        image.transpose(1, 0, 2),
        image[::2, ::3],
    )
    for border in ("constant", "replicate", "reflect"):
        for view in views:
            for turn in (0.0, rng.uniform(-180, 180, 9)):
                affines = flmcore.box_affine(boxes, (131, 67), rotation=turn)
                options = {
                    "border": border,
                    "border_value": 123.675,
                    "mean": (123.675, 116.28, 103.53),
                    "std": 57.12,
                }
                for kind in ({}, {"interpolation": "nearest"}, {"antialias": True}, {"clamp": True}):
                    for threads in (1, 2, 3):
                        yield flmcore.crop(view, affines, (131, 67), threads=threads, **options, **kind)
                yield flmcore.crop(view, affines, (131, 67), border=border, dtype="uint8")
