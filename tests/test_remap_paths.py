"""Round trips and chains of mappings, as properties over all schemes."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import flmcore
from flmcore import schemes


def _mapping(source: str, target: str) -> schemes.Mapping | None:
    try:
        return schemes.mapping(source, target)
    except ValueError:
        return None


WAYS = {pair: way for pair in permutations(schemes.names(), 2) if (way := _mapping(*pair)) is not None}
BOTH = sorted(pair for pair in WAYS if pair[::-1] in WAYS)
CHAINS = sorted(
    (a, b, c)
    for (a, c), way in WAYS.items()
    for b in way.path[1:-1]
    if WAYS[a, b].path + WAYS[b, c].path[1:] == way.path
)

whole = st.integers(-4000, 4000).map(float)


def copies(way: schemes.Mapping) -> dict[int, int]:
    """Target landmark → the source landmark that it is, where it is exact."""
    if len(way.steps) != 1:
        return {}
    (step,) = way.steps
    return {
        i: row[0][0]
        for i, (row, grade) in enumerate(zip(step.rows, way.grades, strict=True))
        if grade == "exact"
    }


def restored(there: schemes.Mapping, back: schemes.Mapping) -> list[int]:
    """Source landmarks that come back from a landmark of the target, exact both ways."""
    forth = copies(there)
    return [i for i, via in copies(back).items() if via in forth]


def test_there_is_much_to_restore() -> None:
    assert len(BOTH) > 60
    # Every chain from end to end can be cut at each scheme that it passes.
    assert {(a, c) for a, _, c in CHAINS} == {pair for pair, way in WAYS.items() if len(way.path) > 2}
    assert sum(bool(restored(WAYS[pair], WAYS[pair[::-1]])) for pair in BOTH) > 0.7 * len(BOTH)


@pytest.mark.parametrize(("a", "b"), BOTH)
def test_what_is_exact_both_ways_comes_back(a: str, b: str) -> None:
    there, back = WAYS[a, b], WAYS[b, a]
    for i in restored(there, back):
        assert copies(there)[copies(back)[i]] == i  # to itself, not to a neighbour
    for dtype in (np.float32, np.float64):
        points = np.random.default_rng(0).normal(500, 200, (3, schemes.get(a).landmarks, 2)).astype(dtype)
        again = flmcore.remap(flmcore.remap(points, a, b), b, a)
        own = restored(there, back)
        assert again[:, own].tobytes() == points[:, own].tobytes()


@given(st.sampled_from(BOTH), st.data())
def test_any_coordinates_come_back(pair: tuple[str, str], data: st.DataObject) -> None:
    a, b = pair
    count = schemes.get(a).landmarks
    points = data.draw(arrays(np.float64, (count, 2), elements=whole, fill=whole))
    missing = data.draw(st.sets(st.integers(0, count - 1), max_size=5))
    points[sorted(missing)] = np.nan
    own = restored(WAYS[a, b], WAYS[b, a])
    again = flmcore.remap(flmcore.remap(points, a, b), b, a)
    np.testing.assert_array_equal(again[own], points[own])


@pytest.mark.parametrize(("a", "b", "c"), CHAINS)
def test_a_chain_is_its_steps_one_after_the_other(a: str, b: str, c: str) -> None:
    way = WAYS[a, c]
    points = np.random.default_rng(1).normal(500, 200, (4, schemes.get(a).landmarks, 2))
    points[2, ::5] = np.nan
    direct = flmcore.remap(points, a, c)
    twice = flmcore.remap(flmcore.remap(points, a, b), b, c)
    np.testing.assert_allclose(twice, direct, rtol=0, atol=1e-9)
    exact = [i for i, grade in enumerate(way.grades) if grade == "exact"]
    assert twice[:, exact].tobytes() == direct[:, exact].tobytes()


@given(st.sampled_from(sorted(WAYS)), st.floats(-3, 3), st.floats(0.1, 10), whole, whole)
def test_mappings_turn_and_grow_with_the_face(
    pair: tuple[str, str], angle: float, size: float, x: float, y: float
) -> None:
    points = np.random.default_rng(2).normal(0, 100, (schemes.get(pair[0]).landmarks, 2))
    turn = size * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    got = flmcore.remap(points @ turn + [x, y], *pair)
    np.testing.assert_allclose(got, flmcore.remap(points, *pair) @ turn + [x, y], rtol=0, atol=1e-8)
