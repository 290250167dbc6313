"""Camera, lights, backgrounds, imaging and visibility, each on its own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flmcore.errors import SimulateError
from flmcore.ops.drawing import draw, shade
from flmcore.simulate.anatomy import MEAN_LANDMARKS
from flmcore.simulate.scene.background import sample_background
from flmcore.simulate.scene.blur import defocused, moved
from flmcore.simulate.scene.camera import rotation, sample_camera
from flmcore.simulate.scene.imaging import develop, encode, linear_of
from flmcore.simulate.scene.lights import broad_light, sample_lights
from flmcore.simulate.scene.visibility import inside, visible
from flmcore.simulate.settings import SimulateSettings
from flmcore.simulate.stream import FaceStream

PLAIN = SimulateSettings()
seeds = st.integers(0, 2**31)


def rng(*numbers: int) -> np.random.Generator:
    return np.random.default_rng(list(numbers))


def test_rotation_turns_the_nose_where_the_signs_say() -> None:
    nose, ear = np.array([0.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0])
    assert (rotation(30, 0, 0) @ nose)[0] == pytest.approx(0.5)  # to the image's right
    assert (rotation(0, 30, 0) @ nose)[1] == pytest.approx(0.5)  # down
    assert (rotation(0, 0, 30) @ ear)[1] == pytest.approx(0.5)  # clockwise: the image's right side goes down
    turned = rotation(50, -20, 10)
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turned) == pytest.approx(1.0)


@given(seeds)
def test_camera_keeps_its_limits_and_holds_the_face(seed: int) -> None:
    settings = dataclasses.replace(PLAIN, cut_face=0.0)
    camera = sample_camera(rng(seed), MEAN_LANDMARKS, settings)
    assert np.all(np.abs(camera.angles) <= (settings.yaw, settings.pitch, settings.roll))
    seen = camera.project(MEAN_LANDMARKS.astype(np.float32))
    assert seen[:, 2].min() > 100
    assert inside(seen, camera.size).all()
    extent = np.ptp(seen[:, :2], axis=0).max()
    assert settings.size / extent == pytest.approx(
        np.clip(settings.size / extent, *settings.face_window), rel=1e-4
    )


def test_cameras_face_mostly_forwards_and_reach_the_limits() -> None:
    angles = np.abs([sample_camera(rng(i), MEAN_LANDMARKS, PLAIN).angles for i in range(1500)])
    assert np.mean(angles[:, 0] < 35) > 0.7
    assert angles[:, 0].max() > 55
    assert angles[:, 1].max() > 25
    assert angles[:, 2].max() > 25
    assert np.median(angles, axis=0)[0] > 8


def test_project_is_a_pinhole_with_pixel_centres() -> None:
    camera = dataclasses.replace(
        sample_camera(rng(1), MEAN_LANDMARKS, PLAIN),
        rotation=np.eye(3),
        translation=np.array([0.0, 0.0, 1000.0]),
        focal=500.0,
        centre=(63.5, 60.0),
    )
    points = np.array([[100.0, -40.0, 0.0], [0.0, 0.0, 250.0]], np.float32)
    np.testing.assert_allclose(
        camera.project(points), [[113.5, 40.0, 1000.0], [63.5, 60.0, 1250.0]], rtol=1e-6
    )


def test_angles_are_to_the_line_of_sight() -> None:
    """However far aside the head is, at yaw and pitch 0 the line from the camera meets the middle of the face head on."""
    straight = dataclasses.replace(PLAIN, yaw=0.0, pitch=0.0, roll=0.0)
    for seed in range(30):
        camera = sample_camera(rng(seed), MEAN_LANDMARKS, straight)
        middle = camera.to_camera(MEAN_LANDMARKS.mean(axis=0).astype(np.float32)).astype(float)
        forward = camera.rotation @ [0.0, 0.0, -1.0]
        assert forward @ -middle / np.linalg.norm(middle) == pytest.approx(1.0, abs=1e-5)


def test_broad_light_is_brightest_towards_it_and_even_light_is_one() -> None:
    """Against the drawing code itself: a big triangle that faces the camera."""
    corners = np.array([[-1e3, -1e3, 500], [1e3, -1e3, 500], [0, 2e3, 500]], np.float32)[[0, 2, 1]]
    camera_view = corners * [0.05, 0.05, 1] + [8, 8, 0]
    found = draw(camera_view, [[0, 1, 2]], size=16)
    if found.triangle.max() < 0:
        found = draw(camera_view, [[0, 2, 1]], size=16, two_sided=True)
    white = np.full((2, 2, 4), 255, np.uint8)

    def lit(direction: list[float]) -> float:
        coefficients = broad_light(np.array([direction]), np.ones((1, 3)))
        options = {"ambient": coefficients, "two_sided": True}
        return float(shade(found, corners, [[0, 1, 2]], None, None, [white], **options)[8, 8, 0])  # type: ignore[arg-type]

    from_camera, aside = lit([0.0, 0.0, -1.0]), lit([1.0, 0.0, 0.0])
    assert from_camera == pytest.approx(1 + 2 + 5 / 8 * 2, rel=1e-4)
    assert aside == pytest.approx(1 - 5 / 8, rel=1e-4)
    assert lit([0.0, 0.0, 1.0]) <= aside


@given(seeds)
def test_lights_are_finite_unit_and_never_all_dark(seed: int) -> None:
    lights = sample_lights(rng(seed))
    np.testing.assert_allclose(np.linalg.norm(lights.directions, axis=1), 1, atol=1e-5)
    assert np.isfinite(lights.ambient).all()
    assert (lights.colours >= 0).all()
    assert lights.ambient[0].mean() > 0


def test_no_shadows_when_none_are_asked_for() -> None:
    assert not any(sample_lights(rng(i), shadows=0.0).shadow for i in range(50))
    assert all(sample_lights(rng(i), shadows=1.0).shadow for i in range(50))


def test_backgrounds_differ_and_repeat() -> None:
    drawn = [sample_background(rng(i), PLAIN) for i in range(40)]
    assert all(one.shape == (3, 128, 128) and one.dtype == np.float32 for one in drawn)
    assert all(one.min() >= 0 and one.max() <= 1 for one in drawn)
    assert np.std([encode(one).mean() for one in drawn]) > 0.06
    np.testing.assert_array_equal(drawn[7], sample_background(rng(7), PLAIN))


def test_background_from_a_folder_of_images(tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), (250, 10, 10)).save(tmp_path / "red.png")
    settings = dataclasses.replace(PLAIN, background_folder=str(tmp_path), background_photos=1.0)
    for seed in range(10):
        picture = sample_background(rng(seed), settings).reshape(3, -1)
        assert np.ptp(encode(picture), axis=1).max() <= 1.01 / 255
        assert picture[0, 0] > picture[1, 0]


def test_background_folder_without_images_is_told(tmp_path: Path) -> None:
    settings = dataclasses.replace(PLAIN, background_folder=str(tmp_path), background_photos=1.0)
    with pytest.raises(SimulateError, match="background_folder: expected at least one image"):
        sample_background(rng(0), settings)
    with pytest.raises(SimulateError, match="background_folder: expected at least one image"):
        FaceStream(settings)  # not after hours, when the first is drawn
    with pytest.raises(
        SimulateError, match="background_folder: expected an existing file or folder, got 'none'"
    ):
        FaceStream(dataclasses.replace(PLAIN, background_folder="none"))


def test_encode_and_linear_of_are_each_others_inverse() -> None:
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(np.rint(encode(linear_of(levels)) * 255), levels)


def scene() -> np.ndarray:
    y, x = np.mgrid[:64, :64]
    bright = 0.2 + 0.15 * np.sin(x / 5.0) * np.cos(y / 7.0)
    return np.stack([bright, bright * 0.8, bright * 0.6]).astype(np.float32)


def test_develop_meters_and_repeats() -> None:
    light, face = scene(), np.ones((64, 64), np.float32)
    at_rest = develop(rng(0), light, face, 0.0)
    for darker in (0.1, 10.0):
        other = develop(rng(0), light * np.float32(darker), face, 0.0)
        assert (
            abs(float(at_rest.mean()) - float(other.mean())) < 40
        )  # a factor of 10 in light is not one in grey
    pictures = [develop(rng(i), light, face) for i in range(60)]
    assert all(picture.shape == (64, 64, 3) and picture.dtype == np.uint8 for picture in pictures)
    assert np.std([picture.mean() for picture in pictures]) > 12
    np.testing.assert_array_equal(pictures[5], develop(rng(5), light, face))
    assert 60 < np.mean([picture.mean() for picture in pictures]) < 190


def test_develop_survives_the_dark_and_the_sun() -> None:
    for level in (0.0, 1e-9, 1e6):
        for seed in range(12):
            picture = develop(
                rng(seed), np.full((3, 16, 16), level, np.float32), np.zeros((16, 16), np.float32)
            )
            assert picture.shape == (16, 16, 3)


def test_blur_spreads_light_and_keeps_its_sum() -> None:
    point = np.zeros((3, 41, 41), np.float32)
    point[:, 20, 20] = 1
    soft = defocused(point, 2.0)
    assert soft.sum() == pytest.approx(3.0, rel=1e-5)
    x = np.arange(41) - 20.0
    for axis in (0, 1):
        assert np.sqrt((soft[0].sum(axis=axis) * x * x).sum()) == pytest.approx(2.0, rel=0.1)
    line = moved(point, 8.0, 0.0)
    assert line.sum() == pytest.approx(3.0, rel=1e-5)
    assert np.flatnonzero(line[0, 20]).tolist() == list(range(16, 25))
    np.testing.assert_allclose(defocused(np.full((3, 5, 5), 0.3, np.float32), 9.0), 0.3, rtol=1e-5)


def test_visible_is_told_by_depth_and_border() -> None:
    depth = np.full((8, 8), np.inf, np.float32)
    depth[:, :4] = 100.0  # two samples a pixel: columns 0 and 1 of the image are covered at 100 mm
    points = np.array(
        [
            [0, 1, 100],
            [0, 1, 103],
            [0, 1, 120],
            [2, 1, 120],
            [3, 1, 900],
            [-0.6, 1, 50],
            [3.6, 1, 50],
            [0, 1, 90],
        ],
        np.float32,
    )
    seen = visible(points, depth, (4, 4))
    assert seen.tolist() == [True, True, False, True, True, False, False, True]


def test_settings_are_checked_and_go_through_a_table() -> None:
    settings = SimulateSettings(size=64, distance=(400, 900), accessories=False)
    assert SimulateSettings.from_table(settings.to_table()) == settings
    for bad, message in [
        ({"size": 0}, "size: expected a whole number from 16 to 2048, got 0"),
        ({"yaw": float("nan")}, "yaw: expected a number, got nan"),
        ({"distance": [900, 400]}, "distance: expected two rising numbers from 250 to 100000"),
        ({"texture": "fancy"}, "texture: expected one of full, plain, got 'fancy'"),
        ({"shadows": 1.5}, "shadows: expected a number from 0 to 1, got 1.5"),
    ]:
        with pytest.raises(ValueError, match=message):
            SimulateSettings.from_table(bad)
    with pytest.raises(ValueError, match="got 'sizes'; did you mean 'size'"):
        SimulateSettings.from_table({"sizes": 3})
