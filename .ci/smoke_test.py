"""An installed wheel works: imports light, computes, says what it is. Run it outside the source tree's package."""

from __future__ import annotations

import sys

import numpy as np

import flmcore

heavy = {"torch", "onnxruntime", "dlib", "cv2", "matplotlib", "coremltools", "scipy", "rich", "PIL"} & set(
    sys.modules
)
assert not heavy, f"import flmcore pulled in {heavy}"

rng = np.random.default_rng(0)
image = rng.integers(0, 256, (120, 160, 3), dtype=np.uint8)
affines = flmcore.box_affine([[30, 20, 110, 100]], 64, rotation=[0.0, 15.0])
crops = flmcore.crop(image, affines, 64, mean=(127.5,) * 3, std=(127.5,) * 3)
assert crops.shape == (2, 3, 64, 64)
assert np.abs(crops).max() <= 1.0
xy, score = flmcore.decode_heatmaps(crops, method="dark")
assert xy.shape == (2, 3, 2)
assert score.shape == (2, 3)
still = np.repeat(rng.normal(100, 20, (1, 68, 2)), 16, axis=0)
windows = flmcore.box_affine([0, 0, 200, 200], 64, shift=rng.normal(0, 0.01, (16, 2)))
assert flmcore.stability(still, windows, normaliser=50.0).jitter == 0.0
assert flmcore.remap(still, "300w-68", "300w-51").shape == (16, 51, 2)
from flmcore.report.page.assets import (
    VENDOR,
    index_html,
    page_files,
)  # the page's scripts and libraries are in the wheel

names = {name for name, data in page_files() if data}
assert all(f"vendor/{package}/{files[0]}" in names for package, files in VENDOR.items())
assert b"<script" in index_html()
from flmcore.detectors.config import (
    ZOO,
    read_config,
)  # weights that ship are in the wheel, whole, with their licence
from flmcore.detectors.weights import find_weights

shipped = [
    config
    for config in map(read_config, ZOO.glob("*.toml"))
    if str(config.model.weights).startswith("weights/")
]
for config in shipped:
    assert find_weights(config).parent == ZOO / "weights", config.name
assert not shipped or (ZOO / "weights" / "LICENSE").is_file()
print(flmcore.build_info())
