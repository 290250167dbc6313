"""Triangles between points, plates through points, and the layout of the skin."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

from flmcore.simulate.head.delaunay import triangulate
from flmcore.simulate.head.layout import EYE_STEPS, half_layout, inside
from flmcore.simulate.head.loft import CROWN, LOWEST, plane, smooth_head
from flmcore.simulate.head.thin_plate import thin_plate


def areas(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (points[triangles[:, i]] for i in range(3))
    return ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2


def test_a_square_and_its_middle() -> None:
    points = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0.5, 0.5)], float)
    triangles = triangulate(points)
    assert sorted(tuple(sorted(t)) for t in triangles.tolist()) == [
        (0, 1, 4),
        (0, 3, 4),
        (1, 2, 4),
        (2, 3, 4),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_no_circle_holds_another_point(seed: int) -> None:
    points = np.random.default_rng(seed).uniform(-3, 5, (60, 2))
    triangles = triangulate(points)
    turned = areas(points, triangles)
    assert (np.sign(turned) == np.sign(turned[0])).all()
    for triangle in triangles:
        a, b, c = points[triangle]
        middle = np.linalg.solve(2 * np.array([b - a, c - a]), [b @ b - a @ a, c @ c - a @ a])
        radius = np.linalg.norm(a - middle)
        others = np.delete(points, triangle, axis=0)
        assert (np.linalg.norm(others - middle, axis=1) > radius * (1 - 1e-9)).all()


def test_a_plate_passes_what_it_must_and_repeats_a_plane() -> None:
    rng = np.random.default_rng(0)
    places, wanted = rng.uniform(-80, 80, (30, 2)), rng.uniform(-90, 90, (50, 2))
    values = rng.normal(size=(30, 2))
    assert_allclose(thin_plate(places, values, np.zeros(30), places), values, atol=1e-8)
    flat = places @ np.array([[0.3], [-0.2]]) + 4
    assert_allclose(
        thin_plate(places, flat, np.full(30, 0.1), wanted), wanted @ [[0.3], [-0.2]] + 4, atol=1e-8
    )


def test_a_loose_plate_bends_less() -> None:
    rng = np.random.default_rng(1)
    places, values = rng.uniform(-50, 50, (25, 2)), rng.normal(size=(25, 1))
    tight, loose = (thin_plate(places, values, np.full(25, by), places) for by in (0.0, 10.0))
    assert np.abs(loose).max() < np.abs(tight).max()


def test_plane_and_smooth_head_are_each_other_s_inverse_below_the_dome() -> None:
    at = np.array([(0.0, 0.0), (60.0, -20.0), (-130.0, 90.0), (200.0, 150.0)])
    assert_allclose(plane(smooth_head(at)), at, atol=1e-6)


def test_the_dome_closes() -> None:
    crown = smooth_head(np.column_stack([np.linspace(-260, 260, 9), np.full(9, CROWN)]))
    assert np.ptp(crown, axis=0).max() < 1e-6
    assert crown[0, 1] == pytest.approx(-128)


def test_the_layout_covers_the_half_plane_but_for_eye_and_mouth() -> None:
    layout = half_layout()
    covered = np.abs(areas(layout.points, layout.triangles)).sum()
    eye, slit = (
        layout.points[layout.eye[0]],
        layout.points[np.concatenate([layout.upper_lip[:, 0], layout.lower_lip[::-1, 0]])],
    )
    low, high = layout.points.min(axis=0), layout.points.max(axis=0)
    holes = sum(abs(shoelace(line)) for line in (eye, slit))
    assert covered == pytest.approx((high - low).prod() - holes, rel=1e-3)
    assert high[1] == LOWEST


def shoelace(line: np.ndarray) -> float:
    x, y = line.T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)


def test_lines_of_lids_and_lips_are_edges_of_triangles() -> None:
    layout = half_layout()
    edges = {frozenset((t[i], t[(i + 1) % 3])) for t in layout.triangles.tolist() for i in range(3)}
    margin = layout.eye[0].tolist()
    assert all(frozenset((margin[i], margin[(i + 1) % EYE_STEPS])) in edges for i in range(EYE_STEPS))
    for grid in (layout.upper_lip, layout.lower_lip):
        for row in (0, 4):
            line = grid[:, row].tolist()
            assert all(frozenset(pair) in edges for pair in pairwise(line))


def test_inside_a_concave_line() -> None:
    line = np.array([(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)], float)
    assert inside(np.array([(1.0, 1.0), (2.0, 3.0), (3.5, 2.0), (5.0, 1.0)]), line).tolist() == [
        True,
        False,
        True,
        False,
    ]
