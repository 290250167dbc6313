"""decode_heatmaps against its reference in scalar loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import flmcore
from reference import heatmap as reference
from reference.accuracy import dark_bound

# Ties and signed zeros on purpose.
values = st.floats(-4, 4, width=16) | st.sampled_from([0.0, -0.0, 1.0])
shapes = array_shapes(min_dims=4, max_dims=4, max_side=12)
maps = arrays(np.float32, shapes, elements=values)
big_maps = arrays(
    np.float32, st.tuples(st.just(1), st.just(2), st.integers(5, 12), st.integers(5, 12)), elements=values
)


def expected(heatmaps, method, **options):
    n, k = heatmaps.shape[:2]
    rows = [reference.decode(heatmaps[i, j], method, **options) for i in range(n) for j in range(k)]
    out = np.array(rows, dtype=np.float64).reshape(n, k, 3)
    return out[..., :2], out[..., 2].astype(np.float32)


def check(heatmaps, method, tolerance=0.0, **options):
    want_xy, want_score = expected(heatmaps, method, **options)
    xy, score = flmcore.decode_heatmaps(heatmaps, method=method, **options)
    assert xy.dtype == score.dtype == np.float32
    np.testing.assert_array_equal(score, want_score)
    # The last step of every method rounds to float32.
    np.testing.assert_allclose(xy, want_xy, rtol=2**-24, atol=tolerance)


@given(maps)
def test_argmax_is_the_reference_exactly(heatmaps):
    check(heatmaps, "argmax")
    check(heatmaps, "argmax", threshold=-np.inf)
    check(heatmaps, "argmax", threshold=1.0)


@pytest.mark.parametrize("rule", ["mmpose", "fan", "symmetric"])
@given(heatmaps=maps)
def test_quarter_is_the_reference_exactly(rule, heatmaps):
    check(heatmaps, "quarter", rule=rule)


@given(maps)
def test_taylor_is_the_reference(heatmaps):
    # Values are float16 numbers in [-4, 4], so differences and determinant are exact; two roundings remain.
    check(heatmaps, "taylor", tolerance=2**-50)


@given(maps, st.floats(0.01, 50))
def test_softargmax_is_the_reference(heatmaps, beta):
    # 144 weights good to 2^-50 (the exponent's rounding included: |x| 2^-53 <= 400 * 2^-53 where e^x counts) and
    # 144 additions, times at most 12 cells.
    check(heatmaps, "softargmax", tolerance=12 * 600 * 2**-52, beta=beta)


@given(maps, st.sampled_from([0.25, 0.5, 1.0, 2.0, 3.7]), st.sampled_from([0.05, 0.1, 0.3, 1.0, 2.0]))
def test_local_mean_is_the_reference(heatmaps, gamma, radius):
    check(heatmaps, "local_mean", tolerance=12 * 600 * 2**-52, gamma=gamma, radius=radius)


@pytest.mark.parametrize("method", ["dark", "dark_udp"])
@pytest.mark.parametrize("blur_kernel", [1, 3, 11, 13])
@settings(max_examples=25)  # the reference blurs whole maps in scalar loops
@given(heatmaps=big_maps)
def test_dark_is_the_published_procedure(method, blur_kernel, heatmaps):
    want, score = expected(heatmaps, method, blur_kernel=blur_kernel)
    xy, _ = flmcore.decode_heatmaps(heatmaps, method=method, blur_kernel=blur_kernel)
    np.testing.assert_array_equal(np.isnan(xy), np.isnan(want))
    refine = {"dark": reference.dark, "dark_udp": reference.dark_udp}[method]
    for i, j in np.argwhere(score > 0):
        bound = dark_bound(heatmaps[i, j], refine, blur_kernel, 2**-53)
        assume(bound < 1e-3)
        np.testing.assert_allclose(xy[i, j], want[i, j], rtol=2**-24, atol=bound)


@pytest.mark.parametrize("width", [1, 3, 7, 8, 9, 31, 32, 33, 255, 256, 257, 513])
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_peak_is_found_around_the_blocks_of_the_kernel(width, place):
    rng = np.random.default_rng(width)
    for height in (1, 2, 5):
        heatmaps = rng.uniform(-1, 0.5, (2, 3, height, width)).astype(np.float32)
        at = round(place * (height * width - 1))
        heatmaps.reshape(2, 3, -1)[:, :, [at, -1]] = 1.0  # tied with the last cell
        xy, score = flmcore.decode_heatmaps(heatmaps)
        np.testing.assert_array_equal(xy, np.broadcast_to([at % width, at // width], xy.shape))
        np.testing.assert_array_equal(score, 1.0)


def test_hand_worked_landmarks():
    heat = np.zeros((5, 7), np.float32)
    heat[2, 3], heat[2, 4], heat[1, 3] = 1.0, 0.5, 0.5
    for method, want in {"argmax": (3, 2), "quarter": (3.25, 1.75), "taylor": (3 + 1 / 6, 2 - 1 / 6)}.items():
        xy, score = flmcore.decode_heatmaps(heat[np.newaxis], method=method)
        np.testing.assert_allclose(xy, [want], rtol=2**-23)
        assert score.tolist() == [1.0]
    xy, _ = flmcore.decode_heatmaps(heat[np.newaxis], method="local_mean", radius=2)
    np.testing.assert_allclose(xy, [[3.25, 1.75]])
    xy, _ = flmcore.decode_heatmaps(np.zeros((1, 1, 4, 6)), method="softargmax")
    np.testing.assert_allclose(xy, [[[2.5, 1.5]]])


def test_dark_finds_the_middle_of_a_gaussian():
    yy, xx = np.mgrid[:64, :48]
    for x, y in [(20.3, 30.7), (24.0, 40.5), (10.25, 9.9)]:
        heat = np.exp(-((xx - x) ** 2 + (yy - y) ** 2) / (2 * 2.0**2))[np.newaxis]
        # A blurred Gaussian is one again; its cells hold samples of it, so the middle comes back to 1e-3.
        for method in ("dark", "dark_udp"):
            np.testing.assert_allclose(flmcore.decode_heatmaps(heat, method=method)[0], [[x, y]], atol=2e-3)


def test_dark_limits_that_need_the_scale_of_the_whole_map():
    rng = np.random.default_rng(5)
    weak = rng.uniform(0, 1e-3, (1, 3, 40, 37))
    weak[:, :, 17, 19] = 2e-3  # below dark_udp's limit of 1e-3 once blurred, unless rescaled
    strong = rng.uniform(0, 60, (1, 3, 21, 70)) + 20
    for heatmaps in (weak.astype(np.float32), strong.astype(np.float32)):
        want, _ = expected(heatmaps, "dark_udp")
        xy, _ = flmcore.decode_heatmaps(heatmaps, method="dark_udp")
        for j in range(3):
            bound = dark_bound(heatmaps[0, j], reference.dark_udp, 11, 2**-53)
            assert bound < 1e-3
            np.testing.assert_allclose(xy[0, j], want[0, j], rtol=2**-24, atol=bound)
