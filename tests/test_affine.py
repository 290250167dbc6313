from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import flmcore
from flmcore.ops.affine import BOX_RULES, snap_affine
from reference import affine as reference

coordinate = st.floats(-2000, 4000)
extent = st.floats(1, 3000)
boxes = st.builds(lambda x, y, w, h: [x, y, x + w, y + h], coordinate, coordinate, extent, extent)
sizes = st.tuples(st.integers(2, 400), st.integers(2, 400))


def near_a_step(box: list[float], rule: str, size: tuple[int, int], scale: float) -> bool:
    """A whole-pixel rule whose edge lies on the step: either side of it is right."""
    if rule not in ("fan-window", "ibug", "slpt-camera"):
        return False
    moved = [
        reference.box_affine([c + d for c in box], size, rule, scale, (0, 0), 0) for d in (-1e-7, 0, 1e-7)
    ]
    return any(np.abs(a - moved[1]).max() > 1e-5 for a in moved)


@given(boxes, sizes, st.sampled_from(BOX_RULES), st.floats(0.1, 5), st.floats(-720, 720), st.floats(-2, 2))
def test_box_affine_matches_reference(
    box: list[float], size: tuple[int, int], rule: str, scale: float, rotation: float, shift: float
) -> None:
    side = max(box[2] - box[0], box[3] - box[1])
    moved = [c + d for c, d in zip(box, [shift * side, -shift * side] * 2, strict=True)]
    if near_a_step(moved, rule, size, scale):
        return
    got = flmcore.box_affine(box, size, rule=rule, scale=scale, rotation=rotation, shift=(shift, -shift))[0]
    expected = reference.box_affine(box, size, rule, scale, (shift, -shift), rotation)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9 * max(1.0, np.abs(expected).max()))


@given(
    arrays(np.float64, (3, 2, 3), elements=st.floats(-100, 100)),
    arrays(np.float64, (3, 2, 3), elements=st.floats(-100, 100)),
    arrays(np.float64, (3, 5, 2), elements=st.floats(-1e4, 1e4)),
)
def test_compose_invert_and_points_match_reference(a: np.ndarray, b: np.ndarray, points: np.ndarray) -> None:
    composed = flmcore.compose_affine(a, b)
    moved = flmcore.transform_points(points, a)
    for i in range(3):
        np.testing.assert_allclose(
            composed[i], (reference.full(a[i]) @ reference.full(b[i]))[:2], rtol=1e-12, atol=1e-9
        )
        np.testing.assert_allclose(
            moved[i], reference.transform_points(points[i], a[i]), rtol=1e-12, atol=1e-8
        )
        if abs(np.linalg.det(a[i, :, :2])) > 1e-3:
            back = flmcore.transform_points(moved[i], flmcore.invert_affine(a[i]))
            condition = np.linalg.cond(a[i, :, :2])
            np.testing.assert_allclose(back, points[i], atol=1e-9 * max(1.0, condition) * 1e2)


def test_square_rule_by_hand() -> None:
    # A box over pixels 10..19 shown at 20x20: crop pixel 0 covers the left half of pixel 10.
    affine = flmcore.box_affine([10, 10, 20, 20], 20)
    np.testing.assert_array_equal(
        flmcore.transform_points(np.array([[9.75, 9.75], [14.5, 14.5]]), affine[0]), [[0, 0], [9.5, 9.5]]
    )


def test_rotation_turns_the_window_clockwise() -> None:
    # Turned by 90 degrees, the window's own x axis points down the image: what lies below the centre shows on the right.
    affine = flmcore.box_affine([0, 0, 100, 100], 100, rotation=90)[0]
    np.testing.assert_array_equal(flmcore.transform_points(np.array([[49.5, 59.5]]), affine), [[59.5, 49.5]])


def test_one_box_becomes_a_sweep() -> None:
    shifts = np.array([[0, 0], [0.1, 0], [0, -0.1]])
    affines = flmcore.box_affine([0, 0, 50, 100], (64, 64), shift=shifts)
    centres = flmcore.transform_points(np.array([[31.5, 31.5]]), flmcore.invert_affine(affines))[:, 0]
    np.testing.assert_allclose(centres - centres[0], shifts * 100, atol=1e-12)


def test_float32_points_stay_float32() -> None:
    points = np.array([[1.5, -2], [np.nan, 0]], dtype=np.float32)
    moved = flmcore.transform_points(points, np.array([[2, 0, 1], [0, 2, 1]]))
    assert moved.dtype == np.float32
    np.testing.assert_array_equal(moved, np.float32([[4, -3], [np.nan, np.nan]]))


def test_published_transforms(shared: Path) -> None:
    """The official code rounds its points to float32, so its matrices hold to three decimals (see the manifest)."""
    z = np.load(shared / "parity" / "affine.npz")
    box = z["boxes"].astype(np.float64)
    np.testing.assert_allclose(flmcore.box_affine(box, 256, rule="fan"), z["fan_ref195/matrix"], atol=1e-9)
    wider = flmcore.box_affine(box, 256, rule="fan", scale=195 / 165)
    np.testing.assert_allclose(wider, z["fan_ref165/matrix"], atol=1e-9)
    for size in ((256, 256), (192, 256)):
        name = f"mm_{size[0]}x{size[1]}"
        for i, degrees in enumerate((0, 30, -45)):
            plain = flmcore.box_affine(box, size, rule="rtmpose", rotation=degrees)
            np.testing.assert_allclose(plain, z[f"{name}/warp"][:, i], atol=1e-3)
            udp = flmcore.box_affine(box, size, rule="rtmpose-udp", rotation=degrees)
            np.testing.assert_allclose(udp, z[f"{name}/udp"][:, i], atol=1e-3)
            moved = flmcore.transform_points(z["points"], plain)
            np.testing.assert_allclose(moved, z[f"{name}/warp_points"][:, i], atol=2e-3)
        back = flmcore.transform_points(
            z[f"{name}/pred_in"], flmcore.invert_affine(flmcore.box_affine(box, size, rule="rtmpose"))
        )
        np.testing.assert_allclose(back, z[f"{name}/pred_image"], atol=2e-3)
    corner, extents = z["slpt/boxes_xywh"][:, :2], z["slpt/boxes_xywh"][:, 2:]
    slpt = flmcore.box_affine(np.concatenate([corner, corner + extents], axis=1), 256, rule="slpt")
    np.testing.assert_allclose(slpt, z["slpt/warp"], atol=1e-3)
    np.testing.assert_allclose(
        flmcore.box_affine(box, 256, rule="slpt-camera"), z["slpt/camera_warp"], atol=1e-3
    )


@given(boxes, sizes, st.floats(0.1, 5), st.sampled_from([0.0, 90.0, 12.5]))
def test_snap_affine_matches_reference_and_the_whole_pixel_rule(
    box: list[float], size: tuple[int, int], scale: float, rotation: float
) -> None:
    affine = flmcore.box_affine(box, size, rule="fan", scale=scale, rotation=rotation)
    got = snap_affine(affine, size)
    if rotation != 0:
        np.testing.assert_array_equal(got, affine)
        return
    if near_a_step(box, "fan-window", size, scale):
        return
    np.testing.assert_allclose(got[0], reference.snap_affine(affine[0], size), rtol=1e-9, atol=1e-6)
    window = flmcore.box_affine(box, size, rule="fan-window", scale=scale)
    np.testing.assert_allclose(got, window, rtol=1e-9, atol=1e-6)


def test_snap_affine_keeps_whole_numbers_whole() -> None:
    # 390 / 195 * 200 = 400: left is 1.5625 + 250 - 200, right 450, whatever the inverse's last bit is
    affine = flmcore.box_affine([152.5, 252.5, 347.5, 447.5], 256, rule="fan")
    edges = flmcore.transform_points(
        np.array([[255.5, 255.5]]), flmcore.invert_affine(snap_affine(affine, 256))
    )
    np.testing.assert_allclose(edges[0, 0, 0] + 0.5, 450, atol=1e-9)


@pytest.mark.parametrize(
    ("rule", "scale", "key"),
    [("fan-window", 1.0, "fan_ref195"), ("fan-window", 195 / 165, "fan_ref165"), ("ibug", 1.0, "ibug")],
)
def test_published_whole_pixel_windows(shared: Path, rule: str, scale: float, key: str) -> None:
    z = np.load(shared / "parity" / "affine.npz")
    published = (
        z["ibug/window"] if key == "ibug" else np.concatenate([z[f"{key}/ul"], z[f"{key}/br"]], axis=1)
    )
    inverse = flmcore.invert_affine(flmcore.box_affine(z["boxes"], 256, rule=rule, scale=scale))
    corners = np.array([[-0.5, -0.5], [255.5, 255.5]])  # the crop's edges, in its pixel-centre coordinates
    edges = flmcore.transform_points(corners, inverse) + 0.5
    np.testing.assert_allclose(edges.reshape(-1, 4), published, atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"boxes": [[0, 0, 1]]}, "boxes: expected shape"),
        (
            {"boxes": [[0, 0, 1, 1], [5, 0, 5, 1]]},
            r"boxes: expected finite .* got \(5.0, 0.0, 5.0, 1.0\) at index 1",
        ),
        ({"boxes": [0, 0, np.nan, 1]}, "boxes: expected finite"),
        ({"size": 0}, "size: expected width and height from 1"),
        ({"size": (3, 4, 5)}, "size: expected"),
        ({"size": 2.5}, "size: expected"),
        ({"rule": "squared"}, "rule: expected one of square, fit"),
        ({"scale": 0}, "scale: expected positive"),
        ({"scale": [1, 2, 3], "boxes": np.ones((2, 4)) * [0, 0, 5, 5]}, "expected 1 or 3 rows each"),
        ({"shift": (np.inf, 0)}, "shift: expected finite"),
        ({"shift": 0.1}, "shift: expected shape"),
        ({"rotation": [[1]]}, "rotation: expected"),
    ],
)
def test_box_affine_says_what_is_wrong(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        flmcore.box_affine(**{"boxes": [0, 0, 9, 9], "size": 64, **arguments})  # type: ignore[arg-type]


def test_other_errors_say_what_is_wrong() -> None:
    with pytest.raises(
        ValueError, match="affines: expected invertible 2x3 matrices, got one that is not at index 1"
    ):
        flmcore.invert_affine([[[1, 0, 0], [0, 1, 0]], [[1, 1, 0], [1, 1, 0]]])
    with pytest.raises(ValueError, match="affines: expected invertible"):
        flmcore.invert_affine([[np.nan, 0, 0], [0, 1, 0]])
    with pytest.raises(ValueError, match="points: expected shape"):
        flmcore.transform_points([1, 2, 3], np.eye(3)[:2])
    with pytest.raises(ValueError, match="affines: expected 1 or 4 matrices, got 2"):
        flmcore.transform_points(np.zeros((4, 5, 2)), np.zeros((2, 2, 3)))
    with pytest.raises(ValueError, match="inner: expected a shape that broadcasts"):
        flmcore.compose_affine(np.zeros((2, 2, 3)), np.zeros((3, 2, 3)))


def test_empty_batches() -> None:
    assert flmcore.box_affine(np.zeros((0, 4)), 64).shape == (0, 2, 3)
    assert flmcore.transform_points(np.zeros((0, 5, 2)), np.zeros((0, 2, 3))).shape == (0, 5, 2)
    assert flmcore.invert_affine(np.zeros((0, 2, 3))).shape == (0, 2, 3)


def test_many_python_threads_agree() -> None:
    rng = np.random.default_rng(0)
    points, box = rng.normal(size=(200, 300, 2)), np.array([[0, 0, 9, 9.0]])

    def work(turn: int) -> bytes:
        return flmcore.transform_points(points, flmcore.box_affine(box, 64, rotation=turn)).tobytes()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, [7] * 32)) == [work(7)] * 32
