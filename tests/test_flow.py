"""Optical flow at points: the twin to the bit, known motion, what is not valid, OpenCV, threads."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flmcore
from flmcore import _core
from reference import flow as reference
from textures import texture, warped

WINDOWS = (3, 5, 7, 9)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two frames, smooth, noisy, alike or constant, and points in them, at their borders and outside."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    h, w = draw(st.integers(1, 26)), draw(st.integers(1, 26))
    kind = draw(st.sampled_from(["moved", "noise", "same", "constant"]))
    phase = rng.uniform(0, 6, 2)

    def waves(dx: float, dy: float) -> np.ndarray:
        x, y = np.meshgrid(np.arange(w) - dx, np.arange(h) - dy)
        return 120 + 60 * np.sin(0.5 * x + phase[0]) * np.cos(0.4 * y) + 40 * np.cos(0.3 * y + phase[1])

    if kind == "moved":
        a, b = waves(0, 0), waves(*rng.uniform(-2, 2, 2))
    elif kind == "constant":
        a = b = np.full((h, w), 77.0)
    else:
        a = rng.integers(0, 256, (h, w)).astype(float)
        b = a if kind == "same" else rng.integers(0, 256, (h, w)).astype(float)
    points = rng.uniform(-3, 29, (3, 2))
    points = np.concatenate(
        [points, [[w / 2, h / 2], [float(w // 2), float(h // 2)], [math.nan, 3], [3, math.inf]]]
    )
    return a.astype(np.uint8), b.astype(np.uint8), points


@settings(max_examples=40)
@given(scenes(), st.sampled_from(WINDOWS), st.integers(1, 3), st.sampled_from([0.0, 1.0]))
def test_track_points_is_the_reference_to_the_bit(
    scene: tuple[np.ndarray, np.ndarray, np.ndarray], window: int, levels: int, least: float
) -> None:
    a, b, points = scene
    options = {"window": window, "iterations": 6, "epsilon": 0.02, "max_error": 1.5, "min_eigenvalue": least}
    got = flmcore.track_points(a, b, points, levels=levels, **options)
    before, after = (reference.pyramid(image, levels) for image in (a, b))
    for i, point in enumerate(points):
        xy, valid, error = reference.track(before, after, tuple(point.tolist()), **options)
        np.testing.assert_array_equal(got.points[i], xy)
        np.testing.assert_array_equal(got.forward_backward[i], error)
        assert got.valid[i] == valid


@settings(max_examples=30)
@given(st.integers(0, 99), st.integers(1, 35), st.integers(1, 35), st.integers(1, 5), st.booleans())
def test_pyramid_is_the_reference_to_the_bit(seed: int, h: int, w: int, levels: int, color: bool) -> None:
    frame = np.random.default_rng(seed).integers(0, 256, (h, w, 3) if color else (h, w)).astype(np.uint8)
    expected = reference.pyramid(reference.grey(frame) if color else frame, levels)
    for given_frame in (frame, np.asfortranarray(frame), frame[::-1].copy()[::-1]):
        made = flmcore.FlowPyramid(given_frame, levels=levels).levels
        assert len(made) == len(expected)
        for level, twin in zip(made, expected, strict=True):
            np.testing.assert_array_equal(level, twin)


def test_reference_by_hand() -> None:
    ramp = np.tile(np.arange(7, dtype=np.float32), (7, 1))
    gx, gy = reference.gradients(ramp)
    assert (gx == 1).all()
    assert (gy == 0).all()
    assert reference.sample(ramp, 1.25, 2.5, 2).tolist() == [[1.25, 2.25], [1.25, 2.25]]
    assert reference.sample(ramp, -3.0, 8.0, 1).tolist() == [[0.0]]
    np.testing.assert_array_equal(reference.halve(np.full((5, 6), 9, np.float32)), np.full((3, 3), 9))
    # mirrored: 0 at the left becomes (6·0 + 4·1 + 4·1 + 2 + 2)/16, at the right (6·6 + 4·5·2 + 4·2)/16
    np.testing.assert_array_equal(reference.halve(ramp)[0], np.float32([0.75, 2, 4, 5.25]))


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.3, -0.4), (1.7, 2.6), (-9.2, 5.5), (14.4, -11.3)])
def test_known_shift_is_recovered(shift: tuple[float, float]) -> None:
    a, b = texture(160, 200), texture(160, 200, [[1, 0, shift[0]], [0, 1, shift[1]]])
    points = np.random.default_rng(0).uniform(40, 120, (50, 2))
    got = flmcore.track_points(a, b, points)
    assert got.valid.all()
    assert np.abs(got.points - points - shift).max() < 0.02
    assert got.forward_backward.max() < 0.04


@pytest.mark.parametrize(
    ("zoom", "degrees"), [(1.002, 0.0), (0.998, 0.0), (1.0, 0.2), (1.002, -0.2), (1.02, 0.0), (1.0, 2.0)]
)
def test_known_zoom_and_rotation_are_recovered(zoom: float, degrees: float) -> None:
    c, s = zoom * math.cos(math.radians(degrees)), zoom * math.sin(math.radians(degrees))
    motion = np.array([[c, -s, 100 - 100 * c + 80 * s], [s, c, 80 - 100 * s - 80 * c]])
    a, b = texture(160, 200), texture(160, 200, motion)
    points = np.random.default_rng(0).uniform((50, 40), (150, 120), (50, 2))
    got = flmcore.track_points(a, b, points)
    assert got.valid.all()
    # one shift for the patch: it is that of where its structure lies, up to half a window from its centre
    turned = math.hypot(c - 1, s)
    assert np.linalg.norm(
        got.points - warped(points, motion), axis=1
    ).max() < 0.02 + 10.5 * turned * math.sqrt(2)
    assert np.linalg.norm(got.points - warped(points, motion), axis=1).mean() < 0.01 + 4 * turned


def test_not_valid_points() -> None:
    a, b = texture(100, 100), texture(100, 100, [[1, 0, 5], [0, 1, 0]])
    b[:30] = a[:30] = 90.0
    points = np.array(
        [[50.0, 60], [50, 12], [math.nan, 50], [10, 60], [11, 60], [89, 60], [84.5, 60], [50, 200]]
    )
    got = flmcore.track_points(a, b, points)
    # flat; NaN; patch beyond the left border; it just fits; beyond the right one; carried there; outside
    assert got.valid.tolist() == [True, False, False, False, True, False, False, False]
    assert np.isnan(got.points[~got.valid]).all()
    assert np.isfinite(got.points[got.valid]).all()


def test_what_disappears_does_not_return() -> None:
    a, unrelated = texture(200, 200), texture(200, 200, [[1, 0, 370], [0, 1, 410]])
    points = np.random.default_rng(0).uniform(40, 160, (200, 2))
    got = flmcore.track_points(a, unrelated, points)
    assert got.valid.mean() < 0.2
    assert (got.forward_backward[got.valid] <= 1).all()
    strict = flmcore.track_points(a, unrelated, points, max_error=0)
    np.testing.assert_array_equal(strict.forward_backward, got.forward_backward)
    assert not strict.valid.any()


def test_one_axis_of_structure_is_too_little() -> None:
    stripes = np.tile(127 + 100 * np.sin(np.arange(90) * 0.4), (90, 1)).astype(np.float32)
    assert not flmcore.track_points(stripes, stripes, [[45.0, 45.0]]).valid.any()


def test_frames_and_pyramids_are_alike_at_any_thread_count() -> None:
    rng = np.random.default_rng(0)
    a, b = (
        np.repeat(texture(300, 401, m)[:, :, None], 3, axis=2).astype(np.uint8)
        for m in (None, [[1, 0, 2.4], [0, 1, -0.7]])
    )
    points = rng.uniform(0, 300, (300, 2))
    one = flmcore.track_points(a, b, points, max_error=1e6)
    many = flmcore.track_points(a, b, points, max_error=1e6, threads=5)
    held = flmcore.track_points(
        flmcore.FlowPyramid(a, threads=3), flmcore.FlowPyramid(b), points, max_error=1e6
    )
    assert one.valid.sum() > 50
    for other in (many, held):
        for x, y in zip(one, other, strict=True):
            assert x.tobytes() == y.tobytes()


def test_there_and_back_agree_with_opencv() -> None:
    """opencv 4.x (tested with 5.0): fixed-point samples of 5 bits, bytes in its pyramid, borders mirrored."""
    a, b = (
        np.rint(texture(240, 320, m)).astype(np.uint8)
        for m in (None, [[1.01, 0.01, 3.3], [-0.01, 1.01, -4.1]])
    )
    points = np.random.default_rng(1).uniform(50, 190, (200, 2))
    got = flmcore.track_points(a, b, points)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01)
    start = points.astype(np.float32)[:, None]
    there, ok, _ = cv2.calcOpticalFlowPyrLK(
        a, b, start, None, winSize=(21, 21), maxLevel=3, criteria=criteria
    )
    assert got.valid.all()
    assert ok.all()
    assert np.abs(got.points - there[:, 0]).max() < 0.03
    for mine, level in zip(flmcore.FlowPyramid(a).levels, range(4), strict=True):
        theirs = a
        for _ in range(level):
            theirs = cv2.pyrDown(theirs)
        assert np.abs(mine - theirs).max() <= 0.5 * level + 0.1  # each of theirs is rounded to a byte


def test_boundary() -> None:
    image = np.zeros((40, 50), np.uint8)
    points = np.zeros((2, 2))
    bad: list[tuple[type[Exception], str, dict[str, object]]] = [
        (ValueError, "window: expected an odd number from 3 to 255, got 20", {"window": 20}),
        (TypeError, "window: expected an odd number from 3 to 255, got 21.0", {"window": 21.0}),
        (ValueError, "levels: expected a whole number from 1 to 16, got 0", {"levels": 0}),
        (ValueError, "iterations: expected a whole number from 1", {"iterations": 0}),
        (ValueError, "epsilon: expected a number from 0, got nan", {"epsilon": math.nan}),
        (ValueError, "max_error: expected a number from 0, got -1", {"max_error": -1}),
    ]
    for kind, message, options in bad:
        with pytest.raises(kind, match=message):
            flmcore.track_points(image, image, points, **options)  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match=r"next: expected height, width and levels \(40, 50, 4\) as previous has"
    ):
        flmcore.track_points(image, image[:39], points)
    with pytest.raises(ValueError, match=r"next: expected height, width and levels"):
        flmcore.track_points(image, flmcore.FlowPyramid(image, levels=2), points)
    with pytest.raises(ValueError, match=r"points: expected shape \(K, 2\), got \(2, 3\)"):
        flmcore.track_points(image, image, np.zeros((2, 3)))
    with pytest.raises(TypeError, match="points: expected real numbers, got dtype"):
        flmcore.track_points(image, image, [["a", "b"]])
    for frame in (np.zeros((0, 5), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros(5, np.uint8)):
        with pytest.raises(ValueError, match=r"frame: expected shape \(H, W, 3\) or \(H, W\) with sides"):
            flmcore.FlowPyramid(frame)
    with pytest.raises(ValueError, match="frame: expected finite grey levels up to 1e6, got another"):
        flmcore.FlowPyramid(np.full((5, 5), math.nan))
    with pytest.raises(TypeError, match="frame: expected uint8 or floating point, got dtype int64"):
        flmcore.FlowPyramid(np.zeros((5, 5), np.int64))
    with pytest.raises(TypeError):
        _core.flow_pyramid_floats(np.zeros((5, 5)), levels=1, threads=1)  # type: ignore[arg-type]
    assert flmcore.track_points(image, image, np.empty((0, 2))).points.shape == (0, 2)
