"""decode_simcc against its reference in scalar loops, and against outputs of MMPose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import flmcore
from reference import simcc as reference
from reference.accuracy import ROUNDINGS
from reference.blur import blur_vector

values = st.floats(-4, 4, width=16) | st.sampled_from([0.0, -0.0, 1.0])


@st.composite
def pairs(draw):
    n, k = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    shape = st.integers(1, 40).map(lambda bins: (n, k, bins))
    return draw(arrays(np.float32, shape, elements=values)), draw(arrays(np.float32, shape, elements=values))


def expected(x, y, method="argmax", **options):
    rows = [reference.decode(x[i], y[i], method, **options) for i in np.ndindex(x.shape[:2])]
    out = np.array(rows, dtype=np.float64).reshape(*x.shape[:2], 3)
    return out[..., :2], out[..., 2].astype(np.float32)


def dark_bound(vector, size, split_ratio, eps):
    """How far rounding can move a bin: it is slope / curvature of logarithms good to `error`."""
    f = vector.astype(np.float64)
    at = int(f.argmax())
    _, curvature, offset = reference.dark(f.tolist(), at, size)
    near = np.abs(blur_vector(f.tolist(), size)[max(at - 2, 0) : at + 3])
    error = eps * (ROUNDINGS * np.abs(f).max() / max(near.min(), 1e-300) + 32)
    if curvature is None:
        return 0.0
    if abs(curvature) <= 4 * error:
        return np.inf
    return 2 * (error + 2 * error * abs(offset)) / abs(curvature) / split_ratio


@given(pairs(), st.sampled_from([1.0, 2.0, 3.0]), st.sampled_from([None, -np.inf, 1.0]))
def test_argmax_is_the_reference(pair, split_ratio, threshold):
    want_xy, want_score = expected(*pair, split_ratio=split_ratio, threshold=threshold)
    xy, score = flmcore.decode_simcc(*pair, split_ratio=split_ratio, threshold=threshold)
    np.testing.assert_array_equal(xy, want_xy.astype(np.float32))
    np.testing.assert_array_equal(score, want_score)


@given(pairs(), st.floats(0.01, 50))
def test_expectation_is_the_reference(pair, beta):
    want_xy, want_score = expected(*pair, "expectation", beta=beta)
    xy, score = flmcore.decode_simcc(*pair, method="expectation", beta=beta)
    # 40 weights good to 400 * 2^-53 and as many additions, times 20 pixels; the last step rounds to float32.
    np.testing.assert_allclose(xy, want_xy, rtol=2**-24, atol=20 * 500 * 2**-52)
    np.testing.assert_array_equal(score, want_score)


@settings(max_examples=40)
@given(pairs(), st.sampled_from([(0.5, 1), (1.3, 5), (5.66, 35), (2.1, 11)]))
def test_dark_is_the_published_procedure(pair, blur):
    sigma, size = blur
    want_xy, want_score = expected(*pair, "dark", blur=(size, size))
    xy, score = flmcore.decode_simcc(*pair, method="dark", sigma=sigma)
    np.testing.assert_array_equal(score, want_score)
    np.testing.assert_array_equal(np.isnan(xy), np.isnan(want_xy))
    for i in np.argwhere(score > 0):
        for axis in range(2):
            bound = dark_bound(pair[axis][tuple(i)], size, 2.0, 2**-53)
            assume(bound < 1e-3)
            np.testing.assert_allclose(xy[(*i, axis)], want_xy[(*i, axis)], rtol=2**-24, atol=bound)


def test_sigma_of_each_axis_sets_its_blur():
    rng = np.random.default_rng(3)
    x, y = (rng.uniform(0.1, 1, (1, 4, bins)).astype(np.float32) for bins in (60, 80))
    want, _ = expected(x, y, "dark", blur=(29, 35))
    np.testing.assert_allclose(
        flmcore.decode_simcc(x, y, method="dark", sigma=(4.9, 5.66))[0], want, rtol=1e-5, atol=1e-4
    )


@pytest.mark.parametrize("bins", [1, 2, 7, 8, 9, 255, 256, 257, 511, 512, 513])
def test_peak_is_found_around_the_blocks_of_the_kernel(bins):
    for at in {0, bins // 2, bins - 1}:
        x = np.full((1, 2, bins), 0.25, np.float32)
        x[:, :, [at, -1]] = 1.0
        xy, score = flmcore.decode_simcc(x, x, split_ratio=1)
        np.testing.assert_array_equal(xy, np.full((1, 2, 2), at))
        np.testing.assert_array_equal(score, 1.0)


SETS = ["simcc256", "simcc192", "simccnonpos"]


@pytest.fixture(scope="module")
def published(shared):
    with np.load(shared / "parity" / "codecs.npz") as archive:
        return dict(archive)


@pytest.mark.parametrize("name", SETS)
def test_argmax_and_scores_are_mmpose_exactly(published, name):
    """MMPose answers -1 bins where the score is not positive; here that is NaN."""
    xy, score = flmcore.decode_simcc(published[f"{name}/x"], published[f"{name}/y"])
    want = published[f"{name}/kpts"].copy()
    want[published[f"{name}/max_vals"] <= 0] = np.nan
    np.testing.assert_array_equal(xy, want)
    np.testing.assert_array_equal(score, published[f"{name}/scores"])
    np.testing.assert_array_equal(xy * 2, np.where(np.isnan(want), np.nan, published[f"{name}/max_locs"]))


@pytest.mark.parametrize("name", ["simcc256", "simcc192"])
def test_dark_is_mmpose(published, name):
    """Computed in float32 there: bounded for each coordinate alone by its curvature, and by the manifest's own limit
    for a stable coordinate (0.01 under noise of 1e-6, sixteen roundings) where that is worse."""
    x, y = published[f"{name}/x"], published[f"{name}/y"]
    stable = published[f"{name}/dark_stable"] & (published[f"{name}/max_vals"] > 0)[..., None]
    assert stable.sum() > 70
    xy, _ = flmcore.decode_simcc(x, y, method="dark", sigma=5.66)
    error = np.abs(xy - published[f"{name}/dark_kpts"])
    for i, k, axis in np.argwhere(stable):
        bound = dark_bound((x, y)[axis][i, k], 35, 2.0, 2**-24)
        assert error[i, k, axis] <= min(bound, 0.1) + 1.6e-5  # half a unit in the last place near 256
    assert np.median(error[stable]) < 1e-4
