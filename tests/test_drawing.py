"""Which triangle a sample shows, against the reference and against what must hold for any scene."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn_scenes import BYTES, ball, joined, on_screen, square
from flmcore.ops.drawing import Fragments, draw, label_map
from reference import drawing as reference

# Places on a coarse grid and beyond the picture, so that corners and edges often meet samples and each other.
PLACES = st.integers(-6, 26).map(lambda n: n / 4) | st.floats(-40, 40, width=32)
DEPTHS = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, np.inf, np.nan, -5.0]) | st.floats(1, 100, width=32)
ODD = st.sampled_from([np.nan, np.inf, -1e30, 200000.0])


@st.composite
def scenes(pick: st.DrawFn) -> dict[str, object]:
    count = pick(st.integers(1, 8))
    vertices = [[pick(PLACES), pick(PLACES), pick(DEPTHS)] for _ in range(count)]
    if pick(st.booleans()):
        vertices[0][pick(st.integers(0, 1))] = pick(ODD)
    triangles = pick(st.lists(st.tuples(*[st.integers(0, count - 1)] * 3), max_size=6))
    uv = [[pick(st.floats(-0.5, 1.5, width=32)), pick(st.floats(-0.5, 1.5, width=32))] for _ in range(count)]
    return {
        "vertices": np.float32(vertices),
        "triangles": np.int32(triangles).reshape(-1, 3),
        "uv": np.float32(uv),
        "part": np.int32([pick(st.integers(0, 2)) for _ in triangles]),
        "cutouts": [None, BYTES[..., 3], None],
        "size": (pick(st.integers(1, 6)), pick(st.integers(1, 6))),
        "samples": pick(st.integers(1, 3)),
        "two_sided": [False, True, pick(st.booleans())],
        "blend": [False, False, pick(st.booleans())],
    }


@settings(max_examples=60, deadline=None)
@given(scenes())
def test_draw_matches_reference(scene: dict[str, object]) -> None:
    found, weights, depth, blended = reference.draw(**scene)
    got = draw(**scene)
    np.testing.assert_array_equal(got.triangle, found)
    np.testing.assert_array_equal(got.weights, weights)
    np.testing.assert_array_equal(got.depth, depth)
    assert got.blended_triangle.tolist() == [triangle for triangle, _, _ in blended]
    assert got.blended_sample.tolist() == [sample for _, sample, _ in blended]
    np.testing.assert_array_equal(got.blended_weights, np.float32([w for _, _, w in blended]).reshape(-1, 2))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3))
def test_triangles_that_share_edges_cover_each_sample_once(seed: int, samples: int) -> None:
    # a fan about a point inside a square, corners on a coarse grid: no sample twice, none left out
    random = np.random.default_rng(seed)
    around = np.array([[0, 0], [3, 0], [8, 0], [8, 5], [8, 8], [2, 8], [0, 8], [0, 1]]) - 0.5
    middle = random.integers(1, 28, 2) / 4
    vertices = np.column_stack([np.vstack([around, middle]), np.full(9, 2.0)])
    triangles = np.array([[8, (i + 1) % 8, i] for i in range(8)])
    count = np.zeros((8 * samples, 8 * samples), int)
    for triangle in triangles:
        count += draw(vertices, [triangle], size=8, samples=samples).triangle >= 0
    assert count.min() == count.max() == 1


def test_weights_are_perspective_correct_and_depth_is_the_planes() -> None:
    vertices, triangles, _ = square(0, 0, 100, 60)
    vertices[[1, 2], 2] = 300  # turned away to the right
    screen = on_screen(vertices, 64, 40)
    drawn = draw(screen, triangles, size=64, samples=1)
    y, x = np.nonzero(drawn.triangle >= 0)
    assert len(x) > 300
    b, c = drawn.weights[y, x].T
    corners = vertices[triangles[drawn.triangle[y, x]]]
    points = corners[:, 0] * (1 - b - c)[:, None] + corners[:, 1] * b[:, None] + corners[:, 2] * c[:, None]
    # corners lie on a grid of 1/256 px: half of that off, some 4 mm a pixel far back
    np.testing.assert_allclose(on_screen(points, 64, 40)[:, :2], np.column_stack([x, y]), atol=1 / 256)
    np.testing.assert_allclose(drawn.depth[y, x], points[:, 2], rtol=1e-5)


def test_nearest_wins_whatever_the_order_and_the_first_of_equals() -> None:
    near, far = square(0, 0, 50, 30), square(0, 0, 80, 90)
    for parts, front in (((near, far), 0), ((far, near), 1)):
        vertices, triangles, _, part = joined(*parts)
        drawn = draw(on_screen(vertices, 16, 16), triangles, size=16)
        assert part[drawn.triangle[16, 16]] == front
    vertices, triangles, _, part = joined(near, near)
    drawn = draw(on_screen(vertices, 16, 16), triangles, size=16)
    assert set(part[drawn.triangle[drawn.triangle >= 0]]) == {0}


def test_back_faces_show_only_where_two_sided() -> None:
    vertices, triangles, _ = square(0, 0, 50, 30)
    screen = on_screen(vertices, 16, 16)
    assert (draw(screen, triangles[:, ::-1], size=16).triangle < 0).all()
    behind = draw(screen, triangles[:, ::-1], size=16, two_sided=True)
    np.testing.assert_array_equal(behind.triangle, draw(screen, triangles, size=16).triangle)


def test_a_ball_is_closed_and_covers_its_disc() -> None:
    vertices, triangles, _ = ball(40, (0, 0, 600), 100)
    drawn = draw(on_screen(vertices, 128, 300), triangles, size=128, samples=2)
    radius = 300 * 100 / np.sqrt(600**2 - 100**2) * 2  # of the outline, in samples
    assert (drawn.triangle >= 0).sum() == pytest.approx(np.pi * radius**2, rel=0.01)
    filled = drawn.triangle >= 0
    rows = [np.flatnonzero(row) for row in filled if row.any()]
    assert all(len(row) == row[-1] - row[0] + 1 for row in rows)  # no holes
    assert drawn.depth.min() == pytest.approx(500, abs=0.5)


def test_nothing_is_drawn_of_nothing() -> None:
    for vertices, triangles in (([], []), ([[0, 0, 1]], [])):
        drawn = draw(np.reshape(vertices, (-1, 3)), triangles, size=(3, 2))
        assert isinstance(drawn, Fragments)
        assert drawn.triangle.shape == (4, 6)
        assert (drawn.triangle == -1).all()
        assert np.isinf(drawn.depth).all()


def test_many_blended_layers_are_all_kept() -> None:
    vertices, triangles, _, part = joined(*[square(0, 0, 50 + i, 60) for i in range(9)])
    drawn = draw(on_screen(vertices, 8, 8), triangles, part=part, cutouts=[None] * 9, size=8, blend=True)
    assert len(drawn.blended_sample) == 9 * 16 * 16  # more than there is room for at first
    assert (np.diff(drawn.blended_triangle) >= 0).all()
    assert (drawn.triangle == -1).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.booleans())
def test_label_map_matches_reference(seed: int, samples: int, with_map: bool) -> None:
    random = np.random.default_rng(seed)
    vertices = np.column_stack([random.uniform(-2, 8, (30, 2)), random.uniform(2, 9, 30)])
    scene = {
        "triangles": random.integers(0, 30, (12, 3)),
        "uv": random.uniform(-0.3, 1.3, (30, 2)).astype(np.float32),
        "part": random.integers(0, 2, 12),
        "labels": random.integers(0, 4, 12).tolist(),
        "maps": [None, BYTES[::-1, ::2, 1] if with_map else None],  # any strides
        "background": 9,
    }
    drawn = draw(vertices, scene["triangles"], size=(6, 5), samples=samples, two_sided=True)
    expected = reference.label_map(drawn.triangle, drawn.weights, samples=samples, **scene)
    np.testing.assert_array_equal(label_map(drawn, **scene), expected)


def test_label_map_reads_a_parts_own_map() -> None:
    vertices, triangles, uv = square(0, 0, 2, 1)
    drawn = draw(on_screen(vertices, 8, 8), triangles, uv, size=8)
    names = np.arange(4, dtype=np.uint8).reshape(2, 2)
    labels = label_map(drawn, [7, 7], triangles, uv, [0, 0], [names])
    np.testing.assert_array_equal(labels, np.kron(names, np.ones((4, 4), np.uint8)))
    np.testing.assert_array_equal(label_map(drawn, [7, 7], triangles, uv, [0, 0], [None]), np.full((8, 8), 7))


SQUARE = square(0, 0, 10, 2)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"vertices": [[0, 0]]}, ValueError, r"vertices: expected shape \(V, 3\), got shape \(1, 2\)"),
        ({"triangles": [[0, 1, 4]]}, ValueError, "triangles: expected indices from 0 to 3, got 4"),
        ({"triangles": [[0, -1, 2]]}, ValueError, "triangles: expected indices from 0 to 3, got -1"),
        ({"triangles": [[0, 1]]}, ValueError, r"triangles: expected shape \(F, 3\)"),
        ({"triangles": [[0, 1, 2**31]]}, ValueError, "triangles: expected numbers of 32 bits"),
        ({"triangles": [[0.5, 1, 2]]}, TypeError, "triangles: expected whole numbers, got dtype float64"),
        ({"uv": np.zeros((3, 2))}, ValueError, "uv: expected 4 rows as in vertices, got 3"),
        ({"part": [0, 1]}, ValueError, "part: expected indices from 0 to 0, got 1"),
        ({"part": [0]}, ValueError, r"part: expected shape \(2,\), one for each triangle"),
        ({"cutouts": [np.zeros((2, 2))]}, TypeError, r"cutouts\[0\]: expected a uint8 array or None"),
        (
            {"cutouts": [np.zeros((0, 2), np.uint8)]},
            ValueError,
            r"cutouts\[0\]: expected shape \(H, W\), not empty",
        ),
        ({"two_sided": [True, False]}, ValueError, "two_sided: expected one or 1, one for each part"),
        ({"size": 0}, ValueError, "size: expected width and height from 1"),
        ({"size": 9000}, ValueError, "size, samples: expected 1 to 16384 samples a side"),
        ({"samples": 17}, ValueError, "size, samples: expected"),
    ],
)
def test_draw_refuses(change: dict[str, object], error: type[Exception], message: str) -> None:
    whole = {
        "vertices": SQUARE[0],
        "triangles": SQUARE[1],
        "uv": SQUARE[2],
        "part": [0, 0],
        "cutouts": [None],
        "size": 8,
    }
    draw(**whole)
    with pytest.raises(error, match=message):
        draw(**{**whole, **change})


def test_label_map_refuses() -> None:
    drawn = draw(SQUARE[0], SQUARE[1], size=4)
    with pytest.raises(ValueError, match="labels: expected 0 to 255, got 0 to 256"):
        label_map(drawn, [0, 256])
    with pytest.raises(ValueError, match=r"triangle: expected indices from -1 to 0, got 1"):
        label_map(draw(SQUARE[0], SQUARE[1], size=64), [0])
