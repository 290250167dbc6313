"""Distances on the unrolled skin against a loop over points, and the noise that textures are cut from."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flmcore.simulate.anatomy import MEAN_LANDMARKS, chart
from flmcore.simulate.complexion.noise import Pieces, noise
from flmcore.simulate.complexion.plane import (
    HEIGHT,
    WIDTH,
    Patch,
    grid_around,
    inside,
    landmark,
    smooth_curve,
    to_line,
    whole,
)

SQUARE = [[-20.0, -20.0], [20.0, -20.0], [20.0, 20.0], [-20.0, 20.0]]
corners = st.lists(st.tuples(st.integers(-40, 40), st.integers(-40, 40)), min_size=3, max_size=7, unique=True)


def test_a_texel_s_place_is_the_chart_s() -> None:
    grid, uv = whole(), chart(MEAN_LANDMARKS)
    for index, (x, y) in enumerate(landmark(*range(68))):
        column, row = np.abs(grid.x[0] - x).argmin(), np.abs(grid.y[:, 0] - y).argmin()
        assert abs((column + 0.5) / WIDTH - uv[index, 0]) <= 0.51 / WIDTH
        assert abs((row + 0.5) / HEIGHT - uv[index, 1]) <= 0.51 / HEIGHT


def test_inside_a_square_by_hand() -> None:
    grid = grid_around(SQUARE, 10)
    depth = inside(grid, SQUARE)
    x, y = np.broadcast_arrays(grid.x, grid.y)
    away = np.maximum(np.abs(x), np.abs(y)) - 20
    np.testing.assert_allclose(depth[away < 0], -away[away < 0])
    assert (depth[away > 0] < 0).all()


@settings(max_examples=40, deadline=None)
@given(corners)
def test_distance_to_a_line_matches_dense_points(points: list[tuple[int, int]]) -> None:
    line = np.array(points, float)
    grid = grid_around([[-12, -12], [12, 12]], 0)
    away, side, along = to_line(grid, line)
    t = np.linspace(0, 1, 201)[:, None]
    dense = np.concatenate([a + t * (b - a) for a, b in itertools.pairwise(line)])
    x, y = np.broadcast_arrays(grid.x, grid.y)
    by_points = np.hypot(x[..., None] - dense[:, 0], y[..., None] - dense[:, 1]).min(axis=-1)
    assert (away <= by_points + 1e-9).all()
    assert (by_points - away).max() < 0.3  # half of the dense points' step, at most
    assert set(np.unique(side)) <= {-1.0, 1.0}
    assert along.min() >= 0
    assert along.max() <= 1


def test_the_right_hand_of_a_line_to_the_right_is_below() -> None:
    grid = grid_around([[-10, -10], [10, 10]], 0)
    _, side, along = to_line(grid, [[-30, 0], [30, 0]])
    x, y = np.broadcast_arrays(grid.x, grid.y)
    np.testing.assert_array_equal(side, np.sign(y))
    np.testing.assert_allclose(along, (x + 30) / 60)


def test_a_smooth_curve_goes_through_its_points() -> None:
    points = landmark(36, 37, 38, 39, 40, 41)
    for closed in (False, True):
        curve = smooth_curve(points, steps=5, closed=closed)
        np.testing.assert_allclose(curve[::5][: len(points)], points)
        assert len(curve) == (30 if closed else 26)


def test_a_patch_mirrored_twice_is_itself() -> None:
    grid = grid_around(landmark(36, 39), 5)
    patch = Patch(
        grid.rows,
        grid.columns,
        np.arange(grid.x.size * grid.y.size, dtype=np.float32).reshape(-1, grid.x.size),
    )
    twice = patch.mirrored().mirrored()
    assert twice.where == patch.where
    np.testing.assert_array_equal(twice.value, patch.value)
    left = grid_around(landmark(42, 45), 5)
    assert patch.mirrored().columns == left.columns


@pytest.mark.parametrize("grain", range(4))
def test_noise_is_centred_and_tiles(grain: int) -> None:
    field = noise(grain)
    tile = field[:512, :512]
    assert abs(tile.mean()) < 1e-3
    assert tile.std() == pytest.approx(1, abs=1e-3)
    np.testing.assert_array_equal(field[512:, 512:], tile)


def test_coarser_noise_changes_more_slowly() -> None:
    steps = [np.abs(np.diff(noise(grain)[:512, :512])).mean() for grain in range(4)]
    assert (np.diff(steps) < 0).all()


def test_pieces_are_the_same_for_the_same_seed() -> None:
    one, two = (Pieces(np.random.default_rng(4)) for _ in range(2))
    for _ in range(4):
        np.testing.assert_array_equal(one.cut(1, 30, 40), two.cut(1, 30, 40))
    assert one.cut(1, 30, 40).shape == (30, 40)
