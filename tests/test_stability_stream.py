"""The accumulator: the same numbers however a sequence comes, saved, restored and merged."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flmcore
from flmcore.ops._steps import EXACT_STEPS
from sweeps import sweep

FIGURES = ("jitter", "spread", "gain", "residual", "p50", "p95", "max")


def accumulate(points: np.ndarray, windows: np.ndarray, cuts: list[int]) -> flmcore.StabilityAccumulator:
    held = flmcore.StabilityAccumulator(normaliser=50.0)
    for a, b in pairwise([0, *sorted(cuts), len(points)]):
        held.update(points[a:b], windows[a:b])
    return held


def assert_same(a: flmcore.StabilityResult, b: flmcore.StabilityResult, rel: float) -> None:
    for name in FIGURES:
        # the residual is the root of a difference: what is 1e-9 of its square is half of that of itself, and where
        # it is small against the spread, rounding of the spread counts
        x, y = getattr(a, name), getattr(b, name)
        atol = 0.0 if rel == 0 else 1e-7 * a.spread * 1e-2 if name == "residual" else 1e-12
        np.testing.assert_allclose(x, y, rtol=rel, atol=atol, err_msg=name)
    for name, values in a.per_landmark.items():
        np.testing.assert_allclose(
            values, b.per_landmark[name], rtol=rel, atol=0 if rel == 0 else 1e-9, err_msg=name
        )
    np.testing.assert_allclose(a.mean_shape, b.mean_shape, rtol=rel)
    assert (a.left_out, a.left_out_steps, a.frames) == (b.left_out, b.left_out_steps, b.frames)


sequences = st.builds(
    sweep,
    st.integers(1, 90),
    st.integers(1, 9),
    seed=st.integers(0, 99),
    turns=st.booleans(),
    missing=st.sampled_from([0.0, 0.02, 0.6]),
    offset=st.sampled_from([0.0, 1e4]),
)


@given(sequences, st.lists(st.integers(0, 90), max_size=5))
def test_cut_anywhere_gives_the_same_bytes(sequence: tuple[np.ndarray, np.ndarray], cuts: list[int]) -> None:
    points, windows = sequence
    held = accumulate(points, windows, [min(c, len(points)) for c in cuts])
    whole = accumulate(points, windows, [])
    assert held.to_bytes() == whole.to_bytes()
    assert_same(held.result(), flmcore.stability(points, windows, normaliser=50.0), 0)


@given(sequences, st.integers(0, 90), st.integers(0, 90))
def test_merged_anywhere_gives_the_same_numbers(
    sequence: tuple[np.ndarray, np.ndarray], a: int, b: int
) -> None:
    points, windows = sequence
    a, b = sorted((min(a, len(points)), min(b, len(points))))
    parts = [accumulate(points[i:j], windows[i:j], []) for i, j in ((0, a), (a, b), (b, len(points)))]
    left = flmcore.StabilityAccumulator(normaliser=50.0)
    for part in parts:
        left.merge(part)
    parts[1].merge(parts[2])
    parts[0].merge(parts[1])
    whole = flmcore.stability(points, windows, normaliser=50.0)
    assert_same(left.result(), whole, 1e-9)
    assert_same(parts[0].result(), whole, 1e-9)


def test_a_merged_one_goes_on() -> None:
    points, windows = sweep(90, 6, turns=True, missing=0.02)
    held = accumulate(points[:20], windows[:20], [])
    held.merge(accumulate(points[20:50], windows[20:50], []))
    held.update(points[50:], windows[50:])
    assert_same(held.result(), flmcore.stability(points, windows, normaliser=50.0), 1e-9)


def test_a_lost_face_in_between_is_counted() -> None:
    points, windows = sweep(30, 4)
    points[:3] = points[10:20] = np.nan
    windows[:3] = windows[10:20] = np.nan  # no face, no window
    whole = flmcore.stability(points, windows, normaliser=50.0)
    assert whole.left_out == 13 * 4
    for cut in (2, 3, 10, 15, 20):
        held = accumulate(points[:cut], windows[:cut], [])
        held.merge(accumulate(points[cut:], windows[cut:], []))
        assert_same(held.result(), whole, 1e-9)


def test_frame_by_frame() -> None:
    points, windows = sweep(40, 5)
    held = flmcore.StabilityAccumulator(normaliser=50.0)
    for p, w in zip(points, windows, strict=True):
        held.update(p, w)
    assert held.frames == 40
    assert_same(held.result(), flmcore.stability(points, windows, normaliser=50.0), 0)


def test_many_steps_are_counted_in_bins_within_the_bound() -> None:
    points, windows = sweep(3 * EXACT_STEPS, 3, noise=1.0)
    points *= np.geomspace(0.01, 10, len(points))[:, None, None]  # steps of all sizes
    whole = flmcore.stability(points, windows, normaliser=50.0)
    held = accumulate(points, windows, [100, 5000])
    merged = accumulate(points[:5000], windows[:5000], [])
    merged.merge(accumulate(points[5000:], windows[5000:], [77]))
    for got in (held.result(), merged.result()):
        assert got.max == whole.max
        assert got.jitter == pytest.approx(whole.jitter, rel=1e-9)
        for name in ("p50", "p95"):
            # a bin's middle is within 2**-9 of what is in it
            assert getattr(got, name) == pytest.approx(getattr(whole, name), rel=2**-9)
    assert held.result().p95 == merged.result().p95
    size = len(held.to_bytes())
    held.update(points, windows)
    assert len(held.to_bytes()) == pytest.approx(size, abs=20)  # only the counts' digits grow


def test_up_to_the_limit_percentiles_are_exact() -> None:
    points, windows = sweep(EXACT_STEPS + 1, 2)
    held = accumulate(points, windows, [9])
    assert held.result().p95 == flmcore.stability(points, windows, normaliser=50.0).p95


@pytest.mark.parametrize("frames", [0, 1, 50, EXACT_STEPS + 5])
def test_saved_and_restored_it_goes_on(frames: int) -> None:
    points, windows = sweep(frames + 10, 5, missing=0.01)
    held = flmcore.StabilityAccumulator(normaliser="crop", size=(112, 96))
    if frames:
        held.update(points[:frames].astype(np.float32), windows[:frames])
    restored = flmcore.StabilityAccumulator.from_bytes(held.to_bytes())
    assert restored.to_bytes() == held.to_bytes()
    assert pickle.loads(pickle.dumps(held)).to_bytes() == held.to_bytes()
    for each in (held, restored):
        each.update(points[frames:], windows[frames:])
    assert restored.to_bytes() == held.to_bytes()


def test_damaged_bytes_are_refused() -> None:
    points, windows = sweep(20, 3)
    good = accumulate(points, windows, []).to_bytes()
    rng = np.random.default_rng(0)
    bad = [b"", b"flmstab", good[:-1], good + b"\0", good[: len(good) // 2], b"x" * 200]
    for position in rng.integers(0, len(good), 200):
        one = bytearray(good)
        one[position] ^= 1 << rng.integers(8)
        bad.append(bytes(one))
    for data in bad:
        with pytest.raises(ValueError, match="data: expected the bytes of a stability accumulator, got "):
            flmcore.StabilityAccumulator.from_bytes(data)
    with pytest.raises(ValueError, match="another version"):
        flmcore.StabilityAccumulator.from_bytes(good[:7] + b"\x02" + good[8:])
    with pytest.raises(TypeError, match="data: expected bytes"):
        flmcore.StabilityAccumulator.from_bytes("text")  # type: ignore[arg-type]


def test_what_does_not_fit_is_refused_and_changes_nothing() -> None:
    points, windows = sweep(20, 3)
    held = accumulate(points, windows, [])
    before = held.to_bytes()
    broken = windows.copy()
    broken[7] = 0
    with pytest.raises(ValueError, match=r"windows: expected finite .* frame 7"):
        held.update(points, broken)
    with pytest.raises(ValueError, match="points: expected 3 landmarks as before, got 2"):
        held.update(points[:, :2], windows)
    other = flmcore.StabilityAccumulator(normaliser=51.0)
    with pytest.raises(ValueError, match="other: expected normaliser, scheme and size"):
        held.merge(other)
    with pytest.raises(ValueError, match="other: expected 3 landmarks, got 2"):
        held.merge(accumulate(points[:, :2], windows, []))
    with pytest.raises(TypeError, match="other: expected a StabilityAccumulator, got int"):
        held.merge(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="scheme: expected a scheme name"):
        flmcore.StabilityAccumulator(normaliser="interocular")
    assert held.to_bytes() == before


def test_with_itself() -> None:
    points, windows = sweep(20, 3)
    held = accumulate(points, windows, [])
    held.merge(held)
    twice = flmcore.stability(np.tile(points, (2, 1, 1)), np.tile(windows, (2, 1, 1)), normaliser=50.0)
    assert_same(held.result(), twice, 1e-9)


def test_updates_from_several_threads_are_all_counted() -> None:
    points, windows = sweep(64, 106)
    held = flmcore.StabilityAccumulator(normaliser=50.0)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: held.update(points, windows), range(50)))
    assert held.frames == 50 * 64
