"""Remap against its reference, and on every pair of schemes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flmcore
from flmcore import _core, schemes
from flmcore.schemes.rows import Arc, Step
from reference import remap as reference


def reachable() -> list[tuple[str, str]]:
    pairs = []
    for source in schemes.names():
        for target in schemes.names():
            try:
                schemes.mapping(source, target)
            except ValueError:
                continue
            pairs.append((source, target))
    return pairs


def faces(source: str, count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 40, (count, schemes.get(source).landmarks, 2))


def run_table(points: np.ndarray, table: Step) -> np.ndarray:
    out = np.empty((len(points), len(table.rows), 2), points.dtype)
    (_core.remap_float if points.dtype == np.float32 else _core.remap_double)(points, out, *table.table())
    return out


@pytest.mark.parametrize(("source", "target"), reachable())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_pair_matches_reference(source: str, target: str, dtype: type) -> None:
    points = faces(source, 2).astype(dtype)
    points[1, ::7] = np.nan
    mapping = schemes.mapping(source, target)
    got = flmcore.remap(points, source, target)
    assert got.dtype == dtype
    for face, out in zip(points, got, strict=True):
        # computed in float64, rounded once a step; coordinates stay below 400, polylines below 2000 pixels
        bound = (2**-23 if dtype is np.float32 else 2**-48) * 1000 * len(mapping.steps)
        np.testing.assert_allclose(out, reference.remap(face, mapping), rtol=0, atol=bound)
        if source != target:
            for i, grade in enumerate(mapping.grades):
                if grade == "undefined":
                    assert np.isnan(out[i]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 33])
def test_indices_are_copied_bit_for_bit(dtype: type, count: int) -> None:
    points = (
        np.random.default_rng(1).integers(0, 255, (count, 98, 2 * dtype().nbytes), dtype=np.uint8).view(dtype)
    )
    rows = [row[0][0] for row in schemes.mapping("wflw-98", "300w-68", variant="nearest").steps[0].rows]
    got = flmcore.remap(points, "wflw-98", "300w-68", variant="nearest")
    assert got.tobytes() == np.ascontiguousarray(points[:, rows]).tobytes()  # NaN payloads too


@given(st.integers(0, 40), st.integers(1, 9), st.integers(0, 999), st.sampled_from([np.float32, np.float64]))
def test_any_table_matches_reference(batch: int, sources: int, seed: int, dtype: type) -> None:
    rng = np.random.default_rng(seed)
    rows = tuple(
        tuple(
            (int(rng.integers(sources)), float(rng.choice([1.0, 0.5, -0.25]))) for _ in range(rng.integers(4))
        )
        for _ in range(rng.integers(1, 6))
    )
    free = [i for i, row in enumerate(rows) if not row]
    paths = [tuple(map(int, rng.integers(0, sources, rng.integers(2, 5)))) for _ in free]
    arcs = tuple(
        Arc(path, (i,), (float(rng.choice([0, 0.3, 1])),)) for path, i in zip(paths, free, strict=True)
    )
    table = Step(sources, rows, arcs)
    points = rng.normal(0, 100, (batch, sources, 2)).astype(dtype)
    points[rng.random(points.shape) < 0.05] = np.nan
    got = run_table(points, table)
    for face, out in zip(points, got, strict=True):
        np.testing.assert_allclose(
            out, reference.step(face, table), rtol=0, atol=5e-4 if dtype is np.float32 else 1e-9
        )


def test_arc_length_by_hand() -> None:
    table = Step(3, ((), (), (), ((0, 1.0),)), (Arc((0, 1, 2), (0, 1, 2), (0.0, 0.25, 1.0)),))
    corner = np.array([[[0.0, 0], [3, 0], [3, 9]]])  # 3 along, then 9 down
    np.testing.assert_array_equal(run_table(corner, table)[0], [[0, 0], [3, 0], [3, 9], [0, 0]])
    point = np.full((1, 3, 2), 7.0)  # no length at all
    np.testing.assert_array_equal(run_table(point, table)[0], np.full((4, 2), 7.0))
    corner[0, 2, 1] = np.nan
    assert np.isnan(run_table(corner, table)[0, :3]).all()


def test_shapes_layouts_and_types() -> None:
    points = faces("lapa-106", 12).reshape(3, 4, 106, 2)
    got = flmcore.remap(points, "lapa-106", "300w-68")
    assert got.shape == (3, 4, 68, 2)
    np.testing.assert_array_equal(flmcore.remap(points[1, 2], "lapa-106", "300w-68"), got[1, 2])
    np.testing.assert_array_equal(flmcore.remap(points[::-1, ::2], "lapa-106", "300w-68"), got[::-1, ::2])
    np.testing.assert_array_equal(flmcore.remap(np.asfortranarray(points), "lapa-106", "300w-68"), got)
    assert flmcore.remap(points.astype(np.int32), "lapa-106", "300w-68").dtype == np.float64
    assert flmcore.remap(np.empty((0, 5, 106, 2), np.float32), "lapa-106", "five-5").shape == (0, 5, 5, 2)


def test_out_is_filled_and_given_back() -> None:
    for source, target in (("lapa-106", "300w-68"), ("300w-51", "insightface-106")):  # one pass, and two
        points = faces(source, 4).astype(np.float32).reshape(2, 2, -1, 2)
        expected = flmcore.remap(points, source, target)
        out = np.empty_like(expected)
        assert flmcore.remap(points, source, target, out=out) is out
        np.testing.assert_array_equal(out, expected)
        for bad in (out[:1], out.astype(np.float64), np.asfortranarray(out), out.tolist()):
            with pytest.raises(ValueError, match="out: expected a contiguous writeable array of float32"):
                flmcore.remap(points, source, target, out=bad)
    same = faces("lapa-106", 4)
    expected = flmcore.remap(same, "lapa-106", "insightface-106")
    flmcore.remap(same, "lapa-106", "insightface-106", out=same)  # in place
    np.testing.assert_array_equal(same, expected)


def test_insightface_goes_through_lapa() -> None:
    points = faces("insightface-106", 3).astype(np.float32)
    twice = flmcore.remap(flmcore.remap(points, "if-106", "lapa-106"), "lapa-106", "300w-68")
    np.testing.assert_array_equal(flmcore.remap(points, "insightface-106", "300w-68"), twice)
    back = flmcore.remap(flmcore.remap(points, "if-106", "lapa-106"), "lapa-106", "if-106")
    np.testing.assert_array_equal(back, points)


@pytest.mark.parametrize(
    ("shape", "message"), [((106,), r"\(106,\)"), ((3, 98, 2), r"\(3, 98, 2\)"), ((106, 3), "3")]
)
def test_bad_points_are_named(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(
        ValueError, match=r"points: expected shape \(\.\.\., 106, 2\) for lapa-106, got .*" + message
    ):
        flmcore.remap(np.zeros(shape), "lapa-106", "300w-68")


def test_the_core_refuses_tables_out_of_range() -> None:
    points = np.zeros((1, 3, 2))
    for table, message in (
        (Step(3, (((3, 1.0),),)), "index: expected indices from 0 to 2, got 3"),
        (Step(3, ((),), (Arc((0, -1), (0,), (0.5,)),)), "path_index"),
        (Step(3, ((),), (Arc((0, 1), (1,), (0.5,)),)), "arc_target: expected indices from 0 to 0, got 1"),
        (Step(3, ((),), (Arc((0,), (0,), (0.5,)),)), "path_start"),
        (Step(3, ((),), (Arc((0, 1) * 40, (0,), (0.5,)),)), "path_start"),
    ):
        with pytest.raises(ValueError, match=message):
            run_table(points, table)


def test_threads_at_once_agree() -> None:
    points = faces("lapa-106", 500).astype(np.float32)
    expected = flmcore.remap(points, "lapa-106", "300w-68")
    with ThreadPoolExecutor(4) as pool:
        for got in pool.map(lambda _: flmcore.remap(points, "lapa-106", "300w-68"), range(12)):
            np.testing.assert_array_equal(got, expected)
