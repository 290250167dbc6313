"""Drawn faces as a whole: exact landmarks, the same bytes however they are made, and what settings do."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import numpy as np
import pytest

from flmcore.simulate.anatomy import chart
from flmcore.simulate.assembly import assemble
from flmcore.simulate.head import own_head
from flmcore.simulate.parts import CLASSES
from flmcore.simulate.person import person
from flmcore.simulate.render import SCHEMES, Rendered, render_face
from flmcore.simulate.scene.camera import sample_camera
from flmcore.simulate.scene.lights import EVEN, Lights
from flmcore.simulate.settings import SimulateSettings

SETTINGS = SimulateSettings()
BARE = dataclasses.replace(SETTINGS, accessories=False)


@pytest.fixture(scope="module")
def faces() -> list[Rendered]:
    return [render_face(SETTINGS, 0, index) for index in range(24)]


def digest(face: Rendered) -> str:
    known = [face.image, face.labels, face.box, *face.landmarks.values(), *face.visible.values()]
    return sha256(b"".join(np.ascontiguousarray(one).tobytes() for one in known)).hexdigest()


def test_rendered_has_the_promised_shapes(faces: list[Rendered]) -> None:
    for face in faces:
        assert face.image.shape == (128, 128, 3)
        assert face.image.dtype == np.uint8
        assert face.labels.shape == (128, 128)
        assert set(np.unique(face.labels)) <= set(CLASSES.values())
        for scheme, count in [("300w-68", 68), ("mediapipe-468", 468), ("facesynthetics-70", 70)]:
            assert face.landmarks[scheme].shape == (count, 2)
            assert face.landmarks[scheme].dtype == np.float32
            assert face.visible[scheme].shape == (count,)
        points = face.landmarks["300w-68"]
        np.testing.assert_allclose(
            face.box, [*(points.min(axis=0) + 0.5), *(points.max(axis=0) + 0.5)], rtol=1e-6
        )
        assert set(SCHEMES) <= set(face.landmarks)


def test_faces_differ_and_most_are_whole(faces: list[Rendered]) -> None:
    assert len({digest(face) for face in faces}) == len(faces)
    inside = [np.all((face.box >= 0) & (face.box <= 128)) for face in faces]
    assert np.mean(inside) > 0.7
    assert np.mean([face.visible["300w-68"].mean() for face in faces]) > 0.5


def test_same_bytes_alone_in_threads_and_in_another_process(faces: list[Rendered]) -> None:
    with ThreadPoolExecutor(3) as pool:
        again = list(pool.map(lambda index: digest(render_face(SETTINGS, 0, index)), (5, 2, 9, 5, 3, 7)))
    assert again == [digest(faces[index]) for index in (5, 2, 9, 5, 3, 7)]
    code = "from test_simulate_render import *; print(digest(render_face(SETTINGS, 0, 6)), digest(render_face(SETTINGS, 1, 6)))"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd="tests", capture_output=True, text=True, check=True
    )
    same, other_seed = ran.stdout.split()
    assert same == digest(faces[6])
    assert other_seed != same


def test_images_of_one_person_share_the_person(faces: list[Rendered]) -> None:
    ages = [face.drawn["age"] for face in faces]
    for first in range(0, 24, SETTINGS.images_per_person):
        assert len(set(ages[first : first + SETTINGS.images_per_person])) == 1
    assert len(set(ages)) == 24 / SETTINGS.images_per_person


def test_a_dot_painted_on_the_texture_is_seen_at_the_landmark() -> None:
    """The chain from the texture through chart, mesh, camera, rasteriser and pixel centres, against the projection."""
    model = own_head()
    head = model.pose(
        np.zeros(model.shapes, np.float32), model.sample_expression(np.random.default_rng(0), 0.0)
    )
    who = person(0, 0, 1.0, "plain")
    settings = dataclasses.replace(BARE, size=512, yaw=10.0, pitch=0.0, cut_face=0.0)
    lights = Lights(
        np.zeros((0, 3), np.float32),
        np.zeros((0, 3), np.float32),
        np.eye(9, 3, dtype=np.float32) * 0,
        False,
        0,
        "even",
    )
    lights.ambient[0] = EVEN
    for index in (30, 33, 19, 24, 36, 45, 48, 54):
        texture = np.zeros(
            (2048, 2560, 4), np.uint8
        )  # finer than what is painted, so that rounding does not matter
        texture[..., 3] = 255
        column, row = np.rint(model.skin.uv[model.skin.landmarks[index]] * (2560, 2048) - 0.5).astype(int)
        texture[row - 7 : row + 8, column - 7 : column + 8, :3] = 255
        dotted = dataclasses.replace(who, textures={**who.textures, "skin": texture})
        camera = sample_camera(np.random.default_rng(index), head.landmarks("300w-68"), settings)
        scene = assemble([dotted.dressed("skin", head.parts["skin"])], camera)
        light = scene.lit(scene.drawn(camera, 2), lights)[..., 0]
        y, x = np.mgrid[: camera.size[1], : camera.size[0]]
        seen = np.array([(light * x).sum(), (light * y).sum()]) / light.sum()
        expected = camera.project(head.landmarks("300w-68"))[index, :2]
        assert np.linalg.norm(seen - expected) < 1.0, index


def test_landmarks_of_the_texture_lie_where_the_anatomy_has_them() -> None:
    skin = own_head().skin
    np.testing.assert_allclose(skin.uv[skin.landmarks], chart(skin.vertices[skin.landmarks]), atol=0.01)


def test_visible_landmarks_show_the_face_and_hidden_ones_are_behind() -> None:
    """On a bare head, what is visible lies on pixels of the face; turned far, half of the outline is not seen."""
    on_face, far = [], []
    for index in range(36):
        face = render_face(dataclasses.replace(BARE, images_per_person=12, cut_face=0.0), 3, index)
        seen = face.visible["300w-68"]
        at = np.rint(face.landmarks["300w-68"][17:][seen[17:]]).astype(int).clip(0, 127)
        on_face.append(np.mean(face.labels[at[:, 1], at[:, 0]] != CLASSES["background"]))
        if abs(face.drawn["yaw"]) > 35 and abs(face.drawn["pitch"]) < 15:
            # turned to the image's right, the side of the person's left is behind
            hidden = slice(11, 16) if face.drawn["yaw"] > 0 else slice(1, 6)
            shown = slice(1, 6) if face.drawn["yaw"] > 0 else slice(11, 16)
            far.append(seen[shown].mean() - seen[hidden].mean())
    assert np.mean(on_face) > 0.97
    assert far
    assert np.mean(far) > 0.5


def test_settings_change_what_is_drawn() -> None:
    bare = [render_face(BARE, 0, index) for index in range(6)]
    worn = {"hair", "glasses", "clothing", "headwear"}
    assert not any(worn & {name.split("_")[0] for name in face.drawn["parts"]} for face in bare)
    assert not any((face.labels == CLASSES["clothing"]).any() for face in bare)
    plain = render_face(dataclasses.replace(SETTINGS, texture="plain"), 0, 0)
    full = render_face(SETTINGS, 0, 0)
    np.testing.assert_array_equal(plain.landmarks["300w-68"], full.landmarks["300w-68"])
    assert digest(plain) != digest(full)
    small = render_face(dataclasses.replace(SETTINGS, size=64, samples=1), 0, 0)
    assert small.image.shape == (64, 64, 3)
    np.testing.assert_allclose((small.box + 0) * 2, full.box, atol=0.05)


def test_numbers_below_zero_are_told() -> None:
    with pytest.raises(ValueError, match="index: expected a whole number from 0, got -1"):
        render_face(SETTINGS, 0, -1)
    with pytest.raises(ValueError, match="seed: expected a whole number from 0, got -3"):
        render_face(SETTINGS, -3, 0)


def test_what_is_not_asked_for_changes_no_pixel() -> None:
    full = render_face(SETTINGS, 0, 3)
    lean = render_face(SETTINGS, 0, 3, truth=("facesynthetics-70",), labels=False)
    np.testing.assert_array_equal(lean.image, full.image)
    assert list(lean.landmarks) == list(lean.visible) == ["facesynthetics-70"]
    np.testing.assert_array_equal(lean.landmarks["facesynthetics-70"], full.landmarks["facesynthetics-70"])
    np.testing.assert_array_equal(lean.visible["facesynthetics-70"], full.visible["facesynthetics-70"])
    np.testing.assert_array_equal(full.landmarks["facesynthetics-70"][:68], full.landmarks["300w-68"])
    np.testing.assert_array_equal(lean.box, full.box)
    assert (lean.labels.size, full.labels.shape) == (0, full.image.shape[:2])
    assert render_face(SETTINGS, 0, 3, truth=()).landmarks == {}
    with pytest.raises(ValueError, match=r"truth: expected schemes of 300w-68, .*, got 'wflw-98'"):
        render_face(SETTINGS, 0, 3, truth=("wflw-98",))


def test_chances_are_settings() -> None:
    always = {"glasses": 1.0, "dark": 1.0, "headwear": 0.0, "hair": 0}
    settings = SimulateSettings.from_table({**SETTINGS.to_table(), "chances": always})
    assert SimulateSettings.from_table(settings.to_table()) == settings
    parts = [render_face(settings, 0, index, truth=(), labels=False).drawn["parts"] for index in range(3)]
    assert all("lenses" in names and "hair" not in names for names in parts)
    with pytest.raises(ValueError, match=r"chances: expected keys of .*did you mean 'glasses'"):
        SimulateSettings(chances={"glases": 1.0})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="chances: expected a number from 0 to 1 for hand, got 2"):
        SimulateSettings(chances={"hand": 2})  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match=r"chances: expected at most 1 for hand and thing together, got 1\.2"
    ):
        SimulateSettings(chances={"hand": 0.6, "thing": 0.6})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="chances: expected a table of hair"):
        SimulateSettings(chances=0.5)  # type: ignore[arg-type]
