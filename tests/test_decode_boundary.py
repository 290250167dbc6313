"""What decode_heatmaps and decode_simcc do with any array and any option."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import flmcore
from flmcore import _core
from flmcore.ops.heatmaps import HEATMAP_METHODS
from flmcore.ops.simcc import SIMCC_METHODS

RNG = np.random.default_rng(8)
MAPS = RNG.uniform(-0.1, 1, (3, 5, 24, 20)).astype(np.float32)
X, Y = (RNG.uniform(-0.1, 1, (3, 5, bins)).astype(np.float32) for bins in (40, 48))


def equal(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def views(array):
    """The same values in other places of memory."""
    yield np.asfortranarray(array)
    yield np.ascontiguousarray(array[..., ::-1])[..., ::-1]
    yield np.repeat(array, 2, axis=-1)[..., ::2]
    yield np.repeat(array, 3, axis=-2)[..., ::3, :]
    yield np.ascontiguousarray(array.swapaxes(-1, -2)).swapaxes(-1, -2)
    yield np.ascontiguousarray(np.moveaxis(array, 1, -1)).transpose(
        0, array.ndim - 1, *range(1, array.ndim - 1)
    )
    wider = np.full((*array.shape[:-1], array.shape[-1] + 6), np.nan, array.dtype)
    wider[..., 2:-4] = array
    yield wider[..., 2:-4]


@pytest.mark.parametrize("method", HEATMAP_METHODS)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_any_strides_give_the_same_bytes(method, dtype):
    maps = MAPS.astype(dtype)
    want = flmcore.decode_heatmaps(maps, method=method)
    for view in views(maps):
        equal(flmcore.decode_heatmaps(view, method=method), want)


@pytest.mark.parametrize("method", SIMCC_METHODS)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_any_strides_of_vectors_give_the_same_bytes(method, dtype):
    x, y = X.astype(dtype), Y.astype(dtype)
    want = flmcore.decode_simcc(x, y, method=method)
    for view_x, view_y in zip(views(x), views(y), strict=True):
        equal(flmcore.decode_simcc(view_x, view_y, method=method), want)
        equal(flmcore.decode_simcc(view_x, y, method=method), want)


def test_broadcast_maps_are_read_in_place():
    one = np.broadcast_to(MAPS[:1, :1], MAPS.shape)
    xy, _ = flmcore.decode_heatmaps(one)
    assert (xy == xy[0, 0]).all()
    flat = np.broadcast_to(np.float32(0.5), (2, 2, 9, 9))
    np.testing.assert_array_equal(flmcore.decode_heatmaps(flat)[0], np.zeros((2, 2, 2)))


def test_every_half_is_exact():
    halves = np.arange(65536, dtype=np.uint16).view(np.float16)
    for column in (halves.reshape(1, -1, 1, 1), np.repeat(halves, 9).reshape(1, -1, 1, 9)):
        score = flmcore.decode_heatmaps(column, threshold=-np.inf)[1][0]
        with np.errstate(invalid="ignore"):
            want = halves.astype(np.float32)
        np.testing.assert_array_equal(score, np.where(np.isfinite(want), want, np.nan))


def test_other_dtypes_and_byte_orders():
    want = flmcore.decode_heatmaps(MAPS, method="dark")
    equal(flmcore.decode_heatmaps(MAPS.astype(np.float64), method="dark"), want)
    equal(flmcore.decode_heatmaps(MAPS.astype(">f4"), method="dark"), want)
    bytes_ = np.zeros(MAPS.nbytes + 1, np.uint8)
    unaligned = bytes_[1:].view(np.float32).reshape(MAPS.shape)
    unaligned[:] = MAPS
    equal(flmcore.decode_heatmaps(unaligned, method="dark"), want)
    equal(flmcore.decode_heatmaps(MAPS.tolist(), method="dark"), want)
    xy, score = flmcore.decode_heatmaps(np.full((1, 1, 4, 4), 1e300))  # beyond float32
    assert np.isnan(xy).all()
    assert np.isnan(score).all()
    for dtype in (np.int32, np.uint8, np.bool_, np.complex64, object):
        with pytest.raises(TypeError, match=r"^heatmaps: expected float32, float16 or float64, got"):
            flmcore.decode_heatmaps(np.ones((1, 1, 4, 4), dtype))


@pytest.mark.parametrize("method", HEATMAP_METHODS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -np.nan])
def test_a_value_that_is_not_finite_makes_only_its_landmark_undefined(method, value):
    want_xy, want_score = flmcore.decode_heatmaps(MAPS, method=method)
    for dtype in (np.float32, np.float16):
        for y, x in [(0, 0), (23, 19), (11, 3)]:
            maps = MAPS.astype(dtype)
            maps[1, 2, y, x] = value
            xy, score = flmcore.decode_heatmaps(maps, method=method)
            assert np.isnan(xy[1, 2]).all()
            assert np.isnan(score[1, 2])
            if dtype is np.float32:
                rest = np.ones((3, 5), bool)
                rest[1, 2] = False
                equal((xy[rest], score[rest]), (want_xy[rest], want_score[rest]))


@pytest.mark.parametrize("method", SIMCC_METHODS)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_bin_that_is_not_finite_makes_only_its_landmark_undefined(method, axis, value):
    pair = [X.copy(), Y.copy()]
    pair[axis][2, 0, 7] = value
    xy, score = flmcore.decode_simcc(*pair, method=method)
    assert np.isnan(xy[2, 0]).all()
    assert np.isnan(score[2, 0])
    assert np.isfinite(score).sum() == 14


@pytest.mark.parametrize("method", HEATMAP_METHODS)
def test_the_largest_finite_values_are_not_taken_for_infinity(method):
    maps = np.full((1, 1, 12, 12), np.finfo(np.float32).max)
    xy, score = flmcore.decode_heatmaps(maps, method=method)
    assert np.isfinite(xy).all()
    assert score[0, 0] == maps[0, 0, 0, 0]


def test_a_map_with_nothing_positive_is_undefined_unless_asked_for():
    maps = np.stack([np.zeros((6, 6)), np.full((6, 6), -1.0), -MAPS[0, 0, :6, :6] - 1]).astype(np.float32)
    for method in HEATMAP_METHODS:
        xy, score = flmcore.decode_heatmaps(maps, method=method)
        assert np.isnan(xy).all() == (method != "softargmax")
        np.testing.assert_array_equal(score, maps.max(axis=(1, 2)))
    xy, _ = flmcore.decode_heatmaps(maps, threshold=-np.inf)
    np.testing.assert_array_equal(xy[:2], 0)
    assert np.isnan(flmcore.decode_heatmaps(MAPS, threshold=2)[0]).all()


def test_a_single_face_and_empty_batches():
    equal(flmcore.decode_heatmaps(MAPS[1]), [a[1] for a in flmcore.decode_heatmaps(MAPS)])
    equal(flmcore.decode_simcc(X[1], Y[1]), [a[1] for a in flmcore.decode_simcc(X, Y)])
    for shape in [(0, 5, 8, 8), (2, 0, 8, 8)]:
        xy, score = flmcore.decode_heatmaps(np.empty(shape, np.float32))
        assert (xy.shape, score.shape) == ((*shape[:2], 2), shape[:2])
    assert flmcore.decode_simcc(X[:0], Y[:0])[0].shape == (0, 5, 2)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"method": "dak"}, ValueError, "method: expected one of argmax, quarter, .*, got 'dak'"),
        ({"rule": "fan"}, TypeError, "rule: expected only with method 'quarter', got it with 'argmax'"),
        (
            {"method": "taylor", "blur_kernel": 11},
            TypeError,
            "blur_kernel: expected only with method 'dark' or 'dark_udp'",
        ),
        (
            {"method": "quarter", "rule": "x"},
            ValueError,
            "rule: expected one of mmpose, fan, symmetric, got 'x'",
        ),
        (
            {"method": "dark", "blur_kernel": 10},
            ValueError,
            "blur_kernel: expected an odd number from 1 to 63, got 10",
        ),
        (
            {"method": "dark", "blur_kernel": 65},
            ValueError,
            "blur_kernel: expected an odd number from 1 to 63, got 65",
        ),
        (
            {"method": "dark", "blur_kernel": 1.5},
            TypeError,
            "blur_kernel: expected an odd whole number, got 1.5",
        ),
        ({"method": "softargmax", "beta": 0}, ValueError, "beta: expected a positive number, got 0"),
        ({"method": "local_mean", "gamma": -1}, ValueError, "gamma: expected a positive number, got -1"),
        (
            {"method": "local_mean", "radius": np.inf},
            ValueError,
            "radius: expected a positive number, got inf",
        ),
        ({"threshold": np.nan}, ValueError, "threshold: expected a number, got nan"),
        ({"threshold": "low"}, TypeError, "threshold: expected a number, got 'low'"),
        ({"threads": 0}, ValueError, "threads: expected a whole number from 1"),
    ],
)
def test_wrong_options_of_heat_maps(options, error, text):
    with pytest.raises(error, match=f"^{text}"):
        flmcore.decode_heatmaps(MAPS, **options)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        (
            {"method": "quarter"},
            ValueError,
            "method: expected one of argmax, dark, expectation, got 'quarter'",
        ),
        ({"sigma": 5.66}, TypeError, "sigma: expected only with method 'dark', got it with 'argmax'"),
        ({"method": "dark", "sigma": 0.1}, ValueError, "sigma: expected 0.5 to 38.8 bins, got 0.1"),
        ({"method": "dark", "sigma": 1e300}, ValueError, "sigma: expected 0.5 to 38.8 bins, got 1e[+]300"),
        ({"method": "dark", "sigma": (1, 2, 3)}, ValueError, r"sigma: expected one number or \(x, y\)"),
        ({"split_ratio": 0}, ValueError, "split_ratio: expected a positive number, got 0"),
        ({"method": "expectation", "beta": np.nan}, ValueError, "beta: expected a positive number, got nan"),
    ],
)
def test_wrong_options_of_vectors(options, error, text):
    with pytest.raises(error, match=f"^{text}"):
        flmcore.decode_simcc(X, Y, **options)


def test_wrong_shapes():
    for shape in [(5,), (5, 5), (1, 1, 1, 1, 1)]:
        with pytest.raises(
            ValueError, match=r"^heatmaps: expected shape \(N, K, H, W\) or \(K, H, W\), got \("
        ):
            flmcore.decode_heatmaps(np.ones(shape))
    with pytest.raises(
        ValueError, match=r"^heatmaps: expected maps of at least one cell, got shape \(2, 3, 0, 4\)"
    ):
        flmcore.decode_heatmaps(np.ones((2, 3, 0, 4), np.float32))
    with pytest.raises(
        ValueError, match=r"^y: expected N and K as in x of shape \(3, 5, 40\), got shape \(2, 5, 48\)"
    ):
        flmcore.decode_simcc(X, Y[:2])
    with pytest.raises(ValueError, match=r"^y: expected as many axes as x"):
        flmcore.decode_simcc(X, Y[0])


def test_the_core_takes_arrays_as_they_are_or_refuses():
    for wrong in (MAPS.astype(np.float64), MAPS.astype(">f4"), MAPS.astype(np.int32)):
        with pytest.raises(
            TypeError, match=r"^heatmaps: expected aligned float32 or float16 of native byte order"
        ):
            _core.heatmap_argmax(wrong, threshold=0.0, threads=1)
    with pytest.raises(ValueError, match=r"^blur_kernel: expected an odd number"):
        _core.heatmap_dark(MAPS, threshold=0.0, blur_kernel=999, threads=1)


def test_threads_do_not_change_a_byte():
    maps = np.tile(MAPS, (120, 1, 1, 1)) + RNG.normal(0, 0.01, (360, 5, 24, 20)).astype(np.float32)
    for method in HEATMAP_METHODS:
        want = flmcore.decode_heatmaps(maps, method=method, threads=1)
        for threads in (2, 3, None):
            equal(flmcore.decode_heatmaps(maps, method=method, threads=threads), want)


def test_concurrent_calls():
    jobs = [(method, i) for method in HEATMAP_METHODS for i in range(3)] * 4
    want = {method: flmcore.decode_heatmaps(MAPS, method=method) for method in HEATMAP_METHODS}
    with ThreadPoolExecutor(8) as pool:
        done = pool.map(lambda job: flmcore.decode_heatmaps(MAPS[job[1]], method=job[0]), jobs)
        for (method, i), result in zip(jobs, done, strict=True):
            equal(result, [a[i] for a in want[method]])
