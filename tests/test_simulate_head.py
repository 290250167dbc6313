"""flmcore's own head: a face from every side, lids and lips that keep their order, landmarks on the skin."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from flmcore.schemes import get, mapping
from flmcore.simulate.anatomy import MEAN_LANDMARKS, chart
from flmcore.simulate.head import Expression, HeadModel, PosedHead, own_head
from flmcore.simulate.head.layout import inside
from flmcore.simulate.head.skin import own_skin, skin_triangles
from flmcore.simulate.parts import CLASSES
from heads import SIZE, on_screen, posed, seen

PARTS = {"skin", "left_eye", "right_eye", "upper_teeth", "lower_teeth", "mouth", "left_ear", "right_ear"}


@pytest.fixture(scope="module")
def model() -> HeadModel:
    return own_head()


@pytest.fixture(scope="module")
def mean(model: HeadModel) -> PosedHead:
    return model.pose(np.zeros(model.shapes), Expression.named())


@pytest.fixture(scope="module")
def people(model: HeadModel) -> list[PosedHead]:
    return [posed(model, seed) for seed in range(60)]


def normals(head: PosedHead, name: str = "skin") -> NDArray[np.float64]:
    part = head.parts[name]
    a, b, c = (part.vertices[part.triangles[:, i]].astype(np.float64) for i in range(3))
    return np.cross(
        b - a, c - a
    )  # y points down, z away: what turns counter-clockwise on a screen looks at the camera


def test_landmarks_of_the_average_are_the_table(mean: PosedHead) -> None:
    moved = np.linalg.norm(mean.landmarks("300w-68") - MEAN_LANDMARKS, axis=1)
    lids = list(range(36, 48))
    assert np.delete(moved, lids).max() < 1e-4
    assert moved[lids].max() < 1.0  # they lie on the eyeball, not in it


def test_landmarks_are_on_the_texture_where_the_chart_says(model: HeadModel) -> None:
    skin = model.skin
    assert_allclose(skin.uv[skin.landmarks], chart(MEAN_LANDMARKS), atol=1e-9)


def test_average_is_its_own_mirror_image(model: HeadModel, mean: PosedHead) -> None:
    vertices = mean.parts["skin"].vertices
    assert_allclose(vertices[model.skin.mirror] * [-1, 1, 1], vertices, atol=2e-4)
    assert_array_equal(model.skin.mirror[model.skin.mirror], np.arange(len(vertices)))
    for name in ("ear", "eye"):
        left, right = mean.parts[f"left_{name}"].vertices, mean.parts[f"right_{name}"].vertices
        assert_allclose(left.mean(axis=0) * [-1, 1, 1], right.mean(axis=0), atol=1e-3)


@pytest.mark.parametrize("scheme", ["300w-68", "mediapipe-468"])
def test_landmarks_are_symmetric_under_the_flip_of_their_scheme(mean: PosedHead, scheme: str) -> None:
    points = mean.landmarks(scheme)
    assert_allclose(points[list(get(scheme).flip)] * [-1, 1, 1], points, atol=0.06)


def test_landmarks_of_mediapipe_lie_where_the_mapping_says_they_are_exact(mean: PosedHead) -> None:
    way = mapping("mediapipe-468", "300w-68")
    theirs, ours = mean.landmarks("mediapipe-468"), mean.landmarks("300w-68")
    exact = [i for i, grade in enumerate(way.grades) if grade == "exact"]
    assert len(exact) > 30
    away = np.linalg.norm([theirs[way.steps[0].rows[i][0][0]] - ours[i] for i in exact], axis=1)
    assert np.median(away) < 1.5
    assert away.max() < 6.0


def test_landmarks_of_mediapipe_go_with_lips_and_lids(model: HeadModel) -> None:
    """13 and 14 are the middle of the inner lips, 159 and 145 of the right lids, 386 and 374 of the left ones."""
    rest = np.zeros(model.shapes)
    closed = model.pose(rest, Expression.named(blink=(0.0, 1.0))).landmarks("mediapipe-468")
    shouting = model.pose(rest, Expression.named(jaw=25.0)).landmarks("mediapipe-468")
    assert np.linalg.norm(closed[159] - closed[145]) < 0.8
    assert np.linalg.norm(closed[386] - closed[374]) > 6.0
    assert shouting[14, 1] - shouting[13, 1] > 30.0
    assert closed[14, 1] - closed[13, 1] < 2.0


def test_all_parts_are_finite_and_join_existing_vertices(people: list[PosedHead]) -> None:
    for head in people:
        assert set(head.parts) == PARTS
        for part in head.parts.values():
            assert part.vertices.dtype == np.float32
            assert part.triangles.dtype == np.int32
            assert np.isfinite(part.vertices).all()
            assert part.uv.shape == (len(part.vertices), 2)
            assert (part.triangles.min(), part.triangles.max()) == (0, len(part.vertices) - 1)


def test_size_of_the_mesh_suits_its_pictures(mean: PosedHead) -> None:
    assert 3000 <= sum(len(part.vertices) for part in mean.parts.values()) <= 5500


def test_upper_lids_stay_above_lower_ones(people: list[PosedHead], model: HeadModel) -> None:
    for head in people:
        for rings in model.skin.eyes.values():
            margin = head.parts["skin"].vertices[rings[0]]
            assert (margin[:12:-1, 1] >= margin[1:12, 1] - 0.05).all()


def test_upper_lip_stays_above_the_lower_one(people: list[PosedHead], model: HeadModel) -> None:
    skin = model.skin
    for head in people:
        vertices = head.parts["skin"].vertices
        assert (vertices[skin.lower_lip[1:-1, 0], 1] > vertices[skin.upper_lip[1:-1, 0], 1]).all()
        middle = vertices[skin.lower_lip[5:12, 4], 1] - vertices[skin.upper_lip[5:12, 4], 1]
        assert (middle > 3.0).all()


def test_few_triangles_fold(people: list[PosedHead], mean: PosedHead, model: HeadModel) -> None:
    """A triangle is folded where it looks away from where the average's looks; lids that close may."""
    before = normals(mean)
    skin = model.skin
    may = [*skin.eyes.values(), *skin.lid_strips.values(), skin.upper_inside, skin.lower_inside]
    shown = ~np.isin(skin.triangles, np.concatenate([each.ravel() for each in may])).any(axis=1)
    shares = [((normals(head) * before).sum(axis=1) < 0)[shown].mean() for head in people]
    assert np.mean(shares) < 0.002
    assert np.max(shares) < 0.015


def test_skin_looks_outward(model: HeadModel) -> None:
    shown = skin_triangles(model.skin)
    a, b, c = (model.skin.vertices[shown[:, i]] for i in range(3))
    out = (a + b + c) / 3
    out[:, 1] = np.minimum(out[:, 1] + 50.0, 0.0)  # from the axis, above from the middle of the dome
    out[:, 2] -= 5.0
    away = (np.cross(b - a, c - a) * out).sum(axis=1)
    assert (away > 0).mean() > 0.97


@pytest.mark.parametrize("yaw", [-35.0, 0.0, 35.0])
def test_nothing_shines_through_an_open_mouth_or_eye(
    people: list[PosedHead], model: HeadModel, yaw: float
) -> None:
    """Inside the outlines of lips and lids every pixel shows a part of the head."""
    skin = model.skin
    lines = [
        np.concatenate([skin.upper_lip[:, 0], skin.lower_lip[-2:0:-1, 0]]),
        *(r[0] for r in skin.eyes.values()),
    ]
    pixels = (
        np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE)), axis=-1).reshape(-1, 2).astype(np.float64)
    )
    for head in people[:20]:
        shown = (seen(head, yaw, 1.3) != "").ravel()
        for line in lines:
            outline = on_screen(head.parts["skin"].vertices[line], yaw, 1.3)[:, :2]
            assert shown[inside(pixels, outline)].all()


def test_a_blink_covers_the_eye(model: HeadModel) -> None:
    rest = np.zeros(model.shapes)
    opened = (seen(model.pose(rest, Expression.named()), 0.0, 1.2) == "left_eye").sum()
    closed = (seen(model.pose(rest, Expression.named(blink=(1.0, 0.0))), 0.0, 1.2) == "left_eye").sum()
    wide = (seen(model.pose(rest, Expression.named(blink=(-0.4, 0.0))), 0.0, 1.2) == "left_eye").sum()
    assert opened > 150
    assert closed < 0.06 * opened
    assert wide > 1.15 * opened


def test_teeth_hide_behind_closed_lips_and_show_in_a_laugh(model: HeadModel) -> None:
    rest = np.zeros(model.shapes)

    def share(expression: Expression) -> float:
        return float((seen(model.pose(rest, expression), 0.0, 1.3) == "upper_teeth").sum())

    assert share(Expression.named()) == 0
    assert share(Expression.named(jaw=6.0, smile=1.0, upper_lip_up=0.8)) > 120


def test_eyes_turn_with_the_gaze(model: HeadModel) -> None:
    rest = np.zeros(model.shapes)
    ahead = model.pose(rest, Expression.named()).anchors
    turned = model.pose(rest, Expression.named(), (20.0, 0.0)).anchors
    lowered = model.pose(rest, Expression.named(), (0.0, 20.0)).anchors
    squint = model.pose(rest, Expression.named(), [(-10.0, 0.0), (10.0, 0.0)]).anchors
    for side in ("left", "right"):
        assert 3.5 < turned[f"pupil_{side}"][0] - ahead[f"pupil_{side}"][0] < 6.0
        assert 3.5 < lowered[f"pupil_{side}"][1] - ahead[f"pupil_{side}"][1] < 6.0
    assert (
        squint["pupil_left"][0] - squint["pupil_right"][0]
        < ahead["pupil_left"][0] - ahead["pupil_right"][0] - 4
    )


def test_anchors_are_where_their_names_say(mean: PosedHead) -> None:
    at = mean.anchors
    assert at["crown"][1] < -120
    assert at["occiput"][2] > 80
    assert at["chin"][1] > 80
    assert at["tragion_left"][0] > 60
    assert at["tragion_right"][0] < -60
    assert at["nose_tip"][2] == pytest.approx(-121, abs=0.01)


def test_labels_show_the_face_in_the_right_places(mean: PosedHead) -> None:
    part, labels = mean.parts["skin"], mean.labels
    centres = part.vertices[part.triangles].mean(axis=1)
    assert labels.shape == (len(part.triangles),)
    for name, at in (("nose", 30), ("top_lip", 51), ("bottom_lip", 57)):
        here = centres[labels == CLASSES[name]]
        assert len(here) > 20
        assert np.linalg.norm(here.mean(axis=0)[:2] - MEAN_LANDMARKS[at][:2]) < 12
    assert centres[labels == CLASSES["neck"], 1].min() > 20


def test_scalp_is_above_and_behind_the_face(mean: PosedHead, model: HeadModel) -> None:
    scalp = mean.parts["skin"].vertices[model.scalp]
    assert not np.isin(model.skin.landmarks, model.scalp).any()
    assert scalp[:, 1].min() < -120
    assert scalp[:, 2].max() > 80


def test_seen_from_a_metre_the_eyes_lie_as_on_photographs() -> None:
    """Ratios of the detectors' medians on photographs that the table was set by, ±4 % of the outer eye corners' distance."""
    pixels = on_screen(MEAN_LANDMARKS)[:, :2]
    middle, unit = (pixels[36] + pixels[45]) / 2, pixels[45, 0] - pixels[36, 0]
    points = (pixels - middle) / unit
    for index, x, y in (
        (8, 0.0, 1.29),
        (0, -0.796, 0.012),
        (33, 0.0, 0.553),
        (39, -0.212, 0.019),
        (17, -0.658, -0.161),
    ):
        assert_allclose(points[index], (x, y), atol=0.04)


def test_skin_is_made_once() -> None:
    assert own_skin() is own_skin()
