"""decode_heatmaps against outputs of the published decoders (MMPose, face-alignment, iBUG).

Undefined landmarks differ by convention: MMPose answers -1 where no value is positive, this library NaN.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

import flmcore
from reference import heatmap as reference
from reference.accuracy import dark_bound

SETS = ["hm64", "hmrect", "hmnonpos"]


@pytest.fixture(scope="module")
def published(shared):
    folder = shared / "parity"
    with np.load(folder / "codecs.npz") as archive:
        data = dict(archive)
    return data, json.loads((folder / "codecs.manifest.json").read_text())


def undefined_as_nan(data, name, key):
    locations = data[f"{name}/{key}"].copy()
    locations[data[f"{name}/mm_max_vals"] <= 0] = np.nan
    return locations


@pytest.mark.parametrize("name", SETS)
def test_argmax_and_scores_are_mmpose_exactly(published, name):
    data, _ = published
    xy, score = flmcore.decode_heatmaps(data[name])
    np.testing.assert_array_equal(xy, undefined_as_nan(data, name, "mm_max_locs"))
    np.testing.assert_array_equal(score, data[f"{name}/mm_max_vals"])


@pytest.mark.parametrize("name", SETS)
def test_quarter_is_mmpose_exactly(published, name):
    data, _ = published
    xy, _ = flmcore.decode_heatmaps(data[name], method="quarter")
    np.testing.assert_array_equal(xy, undefined_as_nan(data, name, "mm_refine"))


@pytest.mark.parametrize("name", ["hm64", "hmnonpos"])
def test_quarter_is_face_alignment_exactly(published, name):
    data, _ = published
    xy, score = flmcore.decode_heatmaps(data[name], method="quarter", rule="fan", threshold=-np.inf)
    np.testing.assert_array_equal(xy + np.float32(0.5), data[f"{name}/fan_preds"])
    np.testing.assert_array_equal(score, data[f"{name}/fan_scores"])


@pytest.mark.parametrize("method", ["dark", "dark_udp"])
@pytest.mark.parametrize("name", SETS)
def test_dark_is_mmpose(published, name, method):
    """The published code computes in float32; how much that moves a landmark depends on its matrix, and is bounded
    for each alone. On maps of a Gaussian and noise the bound is some 1e-5 cells; where it exceeds 0.01 (flat or
    random maps), the manifest's own limit for a stable landmark holds."""
    data, manifest = published
    maps, want = data[name], data[f"{name}/mm_{method}"]
    stable = data[f"{name}/mm_{method}_stable"] & (data[f"{name}/mm_max_vals"] > 0)
    assert stable.any()
    xy, _ = flmcore.decode_heatmaps(maps, method=method)
    refine = {"dark": reference.dark, "dark_udp": reference.dark_udp}[method]
    worst = 0.0
    for i, k in np.argwhere(stable):
        bound = dark_bound(maps[i, k], refine, 11, 2**-24)
        error = np.abs(xy[i, k] - want[i, k]).max()
        # 4e-6 is half a unit in the last place of a float32 near 64.
        assert error <= min(bound, 0.02) + 4e-6, (name, i, k, error, bound)
        if name in manifest["tags"] and manifest["tags"][name][i][k] == "gauss+noise":
            worst = max(worst, error)
    assert worst < 2e-5


@pytest.mark.parametrize("name", SETS)
def test_dark_is_nan_where_nothing_is_positive(published, name):
    data, _ = published
    undefined = data[f"{name}/mm_max_vals"] <= 0
    for method in ("dark", "dark_udp", "local_mean"):
        for threshold in (None, -np.inf):
            xy, score = flmcore.decode_heatmaps(data[name], method=method, threshold=threshold)
            np.testing.assert_array_equal(np.isnan(xy), np.stack([undefined, undefined], axis=-1))
            np.testing.assert_array_equal(score, data[f"{name}/mm_max_vals"])


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(
    ("tag", "gamma", "radius"),
    [("g1_r01", 1, 0.1), ("g2_r01", 2, 0.1), ("g1_r2", 1, 2), ("g05_r005", 0.5, 0.05)],
)
def test_local_mean_is_ibug(published, name, tag, gamma, radius):
    """float32 sums of up to 4096 positive terms there: torch adds in blocks, so some 2^-24 * 64 cells * 4."""
    data, _ = published
    maps, want = data[name], data[f"{name}/ibug_{tag}_kpts"]
    xy, score = flmcore.decode_heatmaps(maps, method="local_mean", gamma=gamma, radius=radius)
    np.testing.assert_array_equal(score, data[f"{name}/ibug_scores"])
    compared = 0
    for i, k in np.ndindex(maps.shape[:2]):
        if within_sum(maps[i, k], gamma, radius) < np.finfo(np.float32).eps:
            continue  # it divides by at least eps, which drags the mean of a nearly empty map to the corner
        np.testing.assert_allclose(xy[i, k] + 0.5, want[i, k], rtol=0, atol=64 * 4 * 2**-24)
        compared += 1
    assert compared >= {"hm64": 78, "hmrect": 40, "hmnonpos": 1}[name]


def within_sum(heat, gamma, radius):
    height, width = heat.shape
    y0, x0 = np.unravel_index(heat.argmax(), heat.shape)
    yy, xx = np.mgrid[:height, :width]
    reach = radius**2 * height * width
    near = (reach >= height**2 + width**2) | ((xx - x0) ** 2 + (yy - y0) ** 2 <= reach)
    return (np.maximum(heat, 0).astype(np.float64) ** gamma)[near].sum()
