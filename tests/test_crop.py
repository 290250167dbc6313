"""The crop kernel against its float64 twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import flmcore
from reference import crop as reference

BORDERS = ("constant", "replicate", "reflect")

# Grey levels. Bilinear: weights are rounded to float32 (2^-25 of a step up to 255) and five float32 operations on
# numbers up to 255 follow, each off by at most 255 * 2^-24 = 1.5e-5.
BILINEAR = 1e-4
# Triangle: n sums of float32 products in turn over rows, then columns; errors add up to 2 * (2 n) * 255 * 2^-24.
TRIANGLE = 4 * 60 * 255 * 2.0**-24


def views(rng: np.random.Generator, height: int, width: int) -> dict[str, np.ndarray]:
    """The same kind of image in every memory layout that numpy can make."""

    def noise(*shape: int) -> np.ndarray:
        return rng.integers(0, 256, shape, dtype=np.uint8)

    return {
        "packed": noise(height, width, 3),
        "window": noise(height + 4, width + 5, 3)[3 : 3 + height, 2 : 2 + width],
        "bgr": noise(height, width, 3)[..., ::-1],
        "mirrored": noise(height, width, 3)[:, ::-1],
        "upside-down": noise(height, width, 3)[::-1],
        "turned": noise(height, width, 3)[::-1, ::-1, ::-1],
        "rgba": noise(height, width, 4)[..., :3],
        "argb-mirrored": noise(height, width, 4)[:, ::-1, 1:],
        "planar": noise(3, height, width).transpose(1, 2, 0),
        "transposed": noise(width, height, 3).transpose(1, 0, 2),
        "every-second": noise(2 * height, 2 * width, 3)[::2, ::2],
        "grey": noise(height, width),
        "grey-mirrored": noise(height, width)[:, ::-1],
        "one-column": np.broadcast_to(noise(height, 1, 3), (height, width, 3)),
        "one-row": np.broadcast_to(noise(1, width, 3), (height, width, 3)),
    }


LAYOUTS = tuple(views(np.random.default_rng(0), 2, 2))


@st.composite
def windows(draw: st.DrawFn) -> dict:
    finite = {"allow_nan": False, "allow_infinity": False}
    height, width = draw(st.tuples(st.integers(1, 30), st.integers(1, 30)))
    size = draw(st.tuples(st.sampled_from([1, 2, 7, 8, 9, 16, 23]), st.integers(1, 5)))
    step = st.sampled_from([1.0, 0.5, -1.0, 0.0]) | st.floats(-3, 3, **finite)
    turned = draw(st.booleans())
    b = np.array([[draw(step), draw(step) if turned else 0.0], [draw(step) if turned else 0.0, draw(step)]])
    if abs(np.linalg.det(b)) < 1e-2:
        b = b + np.diag([0.7, 0.9])
    if abs(np.linalg.det(b)) < 1e-2:
        b = np.array([[0.7, 0.1], [-0.2, 1.1]])
    start = draw(st.tuples(st.floats(-12, 35, **finite), st.integers(-3, 33)))
    inverse = np.concatenate([b, np.array(start, np.float64)[:, None]], axis=1)
    return {
        "image": views(np.random.default_rng(draw(st.integers(0, 99))), height, width)[
            draw(st.sampled_from(LAYOUTS))
        ],
        "affine": flmcore.invert_affine(inverse),
        "size": size,
        "border": draw(st.sampled_from(BORDERS)),
        "border_value": draw(st.sampled_from([0, 123.675, (255, 3.5, 17)])),
    }


def grey_levels(window: dict, **options: object) -> tuple[np.ndarray, np.ndarray]:
    """Ours and the reference's (height, width, 3)."""
    w = {**window, **options}
    image, affine, size = w.pop("image"), w.pop("affine"), w.pop("size")
    ours = flmcore.crop(image, affine, size, **w)
    assert ours.dtype == np.float32
    assert ours.flags.c_contiguous
    assert ours.shape == (1, 3, size[1], size[0])
    return ours[0].transpose(1, 2, 0), reference.crop(image, affine, size, **w)


@given(windows())
def test_bilinear_matches_reference(window: dict) -> None:
    ours, wanted = grey_levels(window)
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=BILINEAR)


@given(windows())
def test_clamped_bilinear_matches_reference(window: dict) -> None:
    ours, wanted = grey_levels(window, clamp=True)
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=BILINEAR)


def test_clamped_whole_pixels_are_what_cutting_and_resizing_gives() -> None:
    cv2 = pytest.importorskip("cv2")
    image = np.random.default_rng(8).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    affine = flmcore.box_affine([20, 11, 51, 42], 256, rule="stretch")
    resized = cv2.resize(image[11:42, 20:51].astype(np.float32), (256, 256), interpolation=cv2.INTER_LINEAR)
    ours = flmcore.crop(image, affine, 256, clamp=True)[0].transpose(1, 2, 0)
    np.testing.assert_allclose(ours, resized, rtol=0, atol=1e-3)
    assert np.abs(flmcore.crop(image, affine, 256)[0].transpose(1, 2, 0) - resized).max() > 10


@given(windows())
def test_nearest_matches_reference(window: dict) -> None:
    ours, wanted = grey_levels(window, interpolation="nearest")
    np.testing.assert_array_equal(ours, np.float32(wanted))


@given(windows())
def test_antialias_matches_reference(window: dict) -> None:
    ours, wanted = grey_levels(window, antialias=True)
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=TRIANGLE)


@given(windows(), st.sampled_from(["bilinear", "nearest", "antialias"]))
def test_bytes_are_the_grey_levels_rounded_half_up(window: dict, kind: str) -> None:
    options = {"antialias": True} if kind == "antialias" else {"interpolation": kind}
    planes, wanted = grey_levels(window, **options)
    w = {**window, **options}
    ours = flmcore.crop(w.pop("image"), w.pop("affine"), w.pop("size"), dtype="uint8", **w)
    np.testing.assert_array_equal(ours[0], np.floor(planes + np.float32(0.5)))
    assert np.abs(ours[0] - wanted).max() <= 0.5 + TRIANGLE


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("turn", [0.0, 0.3])
@pytest.mark.parametrize("border", BORDERS)
def test_every_layout_in_every_part_of_a_window(layout: str, turn: float, border: str) -> None:
    # Wide enough for whole blocks of eight inside, ragged ends, and edges on all four sides; read to the last byte.
    image = views(np.random.default_rng(5), 21, 40)[layout]
    for step in (0.71, -1.3):
        b = np.array([[step, -turn, 19.5 - step * 30], [turn, step, 10.0 - step * 9 - turn * 30]])
        w = {
            "image": image,
            "affine": flmcore.invert_affine(b),
            "size": (61, 19),
            "border": border,
            "border_value": 40,
        }
        ours, wanted = grey_levels(w)
        np.testing.assert_allclose(ours, wanted, rtol=0, atol=BILINEAR)


@pytest.mark.parametrize("width", [255, 256, 257, 300])
def test_crops_wider_than_a_tile(width: int) -> None:
    image = views(np.random.default_rng(6), 12, 200)["packed"]
    for turn in (0.0, 0.01):
        b = np.array([[0.61, -turn, 4.3], [turn, 0.9, 2.1]])
        for options in ({}, {"antialias": True}, {"interpolation": "nearest"}):
            ours, wanted = grey_levels(
                {"image": image, "affine": flmcore.invert_affine(b), "size": (width, 3)}, **options
            )
            np.testing.assert_allclose(ours, wanted, rtol=0, atol=BILINEAR)


@given(
    st.sampled_from(BORDERS),
    st.sampled_from([1e-6, 1e-3, 1.0, 40.0, 1e4, 1e9, 1e140]),
    st.sampled_from([0.0, -0.4, 1e4, -1e9, 1e18, -1e200]),
    st.booleans(),
    st.sampled_from([(1, 1), (1, 9), (9, 2)]),
)
@example("reflect", 1e-3, -1e200, True, (9, 2))
def test_extreme_windows_are_bounded(
    border: str, step: float, start: float, turned: bool, shape: tuple[int, int]
) -> None:
    image = np.random.default_rng(3).integers(1, 256, (*shape, 3), dtype=np.uint8)
    b = np.array([[step, -0.5 * step * turned, start], [0.5 * step * turned, step, start]])
    w = {
        "image": image,
        "affine": flmcore.invert_affine(b),
        "size": (10, 3),
        "border": border,
        "border_value": 9,
    }
    ours, wanted = grey_levels(w)
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=BILINEAR)
    filtered = flmcore.crop(image, w["affine"], (10, 3), border=border, border_value=9, antialias=True)
    assert np.isfinite(filtered).all()
    assert filtered.min() >= -TRIANGLE
    assert filtered.max() <= 255 + TRIANGLE
    if border == "constant" and step >= 1e140:  # all of the image is one speck under the filter
        np.testing.assert_allclose(filtered, 9, rtol=0, atol=TRIANGLE)


@pytest.mark.parametrize("reach", [7.0, 41.3])
@pytest.mark.parametrize("border", BORDERS)
def test_antialias_far_beyond_the_image(reach: float, border: str) -> None:
    image = np.random.default_rng(4).integers(0, 256, (3, 5, 3), dtype=np.uint8)
    b = np.array([[reach, 0, -2 * reach + 0.3], [0, reach / 2, -1.7]])
    w = {
        "image": image,
        "affine": flmcore.invert_affine(b),
        "size": (6, 4),
        "border": border,
        "border_value": 77,
    }
    ours, wanted = grey_levels(w, antialias=True)
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=TRIANGLE)


def test_antialias_is_bilinear_where_nothing_shrinks() -> None:
    image = np.random.default_rng(8).integers(0, 256, (30, 30, 3), dtype=np.uint8)
    for scale in (1.0, 1.7):
        for turn in (0.0, 25.0):
            a = flmcore.box_affine((3.2, 4.1, 3.2 + 20, 4.1 + 20), round(20 * scale), rotation=turn)
            both = [flmcore.crop(image, a, round(20 * scale), antialias=flag) for flag in (False, True)]
            np.testing.assert_allclose(*both, rtol=0, atol=TRIANGLE)


def test_normalisation_and_channel_order() -> None:
    image = np.random.default_rng(9).integers(0, 256, (12, 11, 3), dtype=np.uint8)
    a = np.array([[0.9, 0.1, 0.3], [-0.1, 1.1, 0.2]])
    mean, std = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
    grey = flmcore.crop(image, a, (9, 8))
    rgb = flmcore.crop(image, a, (9, 8), mean=mean, std=std)
    bgr = flmcore.crop(image, a, (9, 8), mean=mean, std=std, channels="bgr")
    scale = np.float32(1 / np.array(std)).reshape(3, 1, 1)
    bias = np.float32(-np.array(mean) / np.array(std)).reshape(3, 1, 1)
    np.testing.assert_array_equal(rgb[0], grey[0] * scale + bias)
    np.testing.assert_array_equal(bgr[0], grey[0, ::-1] * scale + bias)
    np.testing.assert_array_equal(bgr, flmcore.crop(image[..., ::-1], a, (9, 8), mean=mean, std=std))


def test_grey_image_fills_three_channels() -> None:
    grey = np.random.default_rng(10).integers(0, 256, (15, 17), dtype=np.uint8)
    a = flmcore.box_affine((2, 1, 14, 13), 20, rotation=10)
    np.testing.assert_array_equal(
        flmcore.crop(grey, a, 20), flmcore.crop(np.stack([grey] * 3, axis=2), a, 20)
    )


def test_a_list_of_images_gives_one_window_each() -> None:
    rng = np.random.default_rng(11)
    images = [rng.integers(0, 256, (10 + i, 30 - i, 3), dtype=np.uint8) for i in range(3)]
    a = flmcore.box_affine([(1, 2, 9, 8), (0, 0, 20, 9), (-5, -5, 5, 5)], 16)
    alone = [flmcore.crop(image, one, 16)[0] for image, one in zip(images, a, strict=True)]
    np.testing.assert_array_equal(flmcore.crop(images, a, 16), np.stack(alone))
    np.testing.assert_array_equal(flmcore.crop(images[:1], a, 16), flmcore.crop(images[0], a, 16))
