"""Motion on video: the definitions, known answers, gaps and missing landmarks, bounded memory."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flmcore
from reference import motion as reference

D = 50.0


def measured(
    points: np.ndarray, times: np.ndarray, rate: float, tracked: np.ndarray | None = None, **options: object
) -> flmcore.MotionResult:
    held = flmcore.MotionAccumulator(rate=rate, **({"normaliser": D} | options))  # type: ignore[arg-type]
    for t, (frame, time) in enumerate(zip(points, times, strict=True)):
        held.update(frame, float(time), tracked=None if tracked is None else tracked[t])
    return held.result()


def walk(rng: np.random.Generator, frames: int, landmarks: int, missing: float) -> np.ndarray:
    points = 200 + rng.normal(0, 1, (frames, landmarks, 2)).cumsum(axis=0)
    points[rng.random((frames, landmarks)) < missing] = np.nan
    return points


@given(
    st.integers(0, 99),
    st.integers(0, 30),
    st.integers(1, 4),
    st.sampled_from([8.0, 29.97, 60.0]),
    st.sampled_from([0.0, 0.02, 0.4, 5.0]),
    st.sampled_from([0.0, 0.1]),
)
def test_lengths_are_the_reference(
    seed: int, frames: int, landmarks: int, rate: float, uneven: float, missing: float
) -> None:
    rng = np.random.default_rng(seed)
    points = walk(rng, frames, landmarks, missing)
    times = (np.arange(frames) + np.abs(rng.normal(0, uneven, frames)).cumsum()) / rate
    tracked = points + rng.normal(0, 1, points.shape)
    tracked[1:] = np.where(rng.random((max(frames - 1, 0), landmarks, 1)) < 0.2, np.nan, tracked[1:])
    got = measured(points, times, rate, tracked)
    in_gaps = [
        t for t in range(1, frames) if (times[t] - times[t - 1]) * rate > 3.5 or np.isnan(points[t - 1]).all()
    ]
    tracked[in_gaps] = np.nan
    every: dict[str, list[float]] = {"acceleration": [], "flow_jitter": []}
    for k in range(landmarks if frames else 0):
        lengths = {
            "acceleration": reference.accelerations(times.tolist(), points[:, k], rate),
            "flow_jitter": reference.flow_steps(points[:, k], tracked[:, k]),
        }
        for name, values in lengths.items():
            every[name] += values
            expected = 100 / D * np.mean(values) if values else math.nan
            np.testing.assert_allclose(got.per_landmark[name][k], expected, rtol=1e-9)
    for name, values in every.items():
        np.testing.assert_allclose(
            getattr(got, name), 100 / D * np.mean(values) if values else math.nan, rtol=1e-9
        )
        assert (name in got.reasons) == (not values)


@settings(max_examples=15)
@given(st.integers(0, 99), st.sampled_from([11.0, 15.0, 25.0, 29.97]), st.booleans())
def test_energy_is_the_reference(seed: int, rate: float, even: bool) -> None:
    rng = np.random.default_rng(seed)
    frames = 2 * round(rate)
    times = np.arange(frames) / rate
    if not even:
        times[1:-1] += rng.uniform(-0.4, 0.4, frames - 2) / rate
    points = walk(rng, frames, 2, 0)
    got = measured(points, times, rate)
    wanted = times[0] + np.arange(frames) / rate

    def sampled(values: list[float]) -> list[float]:
        return values if even else np.interp(wanted, times, values).tolist()

    sums = [
        [reference.energies(points[:, k, c].tolist(), sampled, rate) for c in (0, 1)]
        for k in range(points.shape[1])
    ]
    for k, ((ax, wx), (ay, wy)) in enumerate(sums):
        assert got.per_landmark["high_frequency"][k] == pytest.approx((ax + ay) / (wx + wy), rel=1e-9)
    above, whole = np.sum(sums, axis=(0, 1))
    assert got.high_frequency == pytest.approx(above / whole, rel=1e-9)
    assert (got.segments, got.interpolated_segments) == (1, 0 if even else 1)


@pytest.mark.parametrize("rate", [10.5, 20.0, 25.0, 29.97, 30.0, 59.94])
def test_white_noise_has_its_share_above_5_hz(rate: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.7, (round(20 * rate), 60, 2))
    got = measured(300 + noise, np.arange(len(noise)) / rate, rate)
    assert got.high_frequency == pytest.approx(1 - 10 / rate, abs=0.01)
    # √6 σ per axis: the mean of a Rayleigh variable
    assert got.acceleration == pytest.approx(100 / D * 0.7 * math.sqrt(6 * math.pi / 2), rel=0.02)


def test_white_noise_of_a_variable_rate_is_not_smoothed_away() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, (900, 60, 2))
    times = np.arange(900) / 30
    keep = np.ones(900, bool)
    keep[2::3] = False  # 30, 15, 30, 15 … frames per second
    got = measured(noise[keep], times[keep], 30.0)
    assert got.interpolated_segments == got.segments > 10
    assert got.high_frequency == pytest.approx(2 / 3, abs=0.02)


@pytest.mark.parametrize("keep_all", [True, False])
def test_slow_movement_has_none(keep_all: bool) -> None:
    times = np.arange(600) / 30
    keep = np.random.default_rng(0).random(600) < 0.8
    keep[:2] = True
    keep |= keep_all
    slow = 300 + 40 * np.sin(2 * np.pi * times) + 25 * times
    got = measured(np.repeat(slow[:, None, None], 2, axis=2)[keep], times[keep], 30.0)
    assert got.high_frequency < (1e-6 if keep_all else 0.005)
    fast = 300 + 2 * np.sin(2 * np.pi * 7 * times)
    assert measured(np.repeat(fast[:, None, None], 2, axis=2), times, 30.0).high_frequency > 0.999


def test_constant_speed_and_acceleration() -> None:
    t = np.arange(50.0)
    face = np.random.default_rng(0).uniform(100, 200, (7, 2))
    steady = face + np.stack([3 * t, -2 * t], axis=1)[:, None]
    assert measured(steady, t / 30, 30.0).acceleration == pytest.approx(0, abs=1e-9)
    falling = face + np.stack([0.5 * 0.3 * t * t, 0.5 * 0.4 * t * t], axis=1)[:, None]
    assert measured(falling, t / 30, 30.0).acceleration == pytest.approx(100 / D * 0.5)
    keep = np.random.default_rng(1).random(50) < 0.7  # the divided difference is that at any spacing
    assert measured(falling[keep], t[keep] / 30, 30.0).acceleration == pytest.approx(100 / D * 0.5)
    milliseconds = np.rint(1000 * t / 30) / 1000  # as some containers store them
    assert measured(falling, milliseconds, 30.0).acceleration == pytest.approx(100 / D * 0.5)


def test_flow_explains_motion_and_noise_is_left() -> None:
    rng = np.random.default_rng(0)
    face = rng.uniform(100, 200, (60, 2))
    true = face + 20 * np.sin(np.arange(400) / 9)[:, None, None]
    perfect = np.concatenate([true[:1], true[1:]])
    assert measured(perfect, np.arange(400) / 30, 30.0, true).flow_jitter == pytest.approx(0, abs=1e-9)
    noisy = true + rng.normal(0, 0.5, true.shape)
    tracked = np.full_like(true, np.nan)
    tracked[1:] = noisy[:-1] + np.diff(true, axis=0)
    # the difference of two draws: √2 σ per axis, the mean of a Rayleigh variable
    expected = 100 / D * 0.5 * math.sqrt(2 * math.pi / 2)
    assert measured(noisy, np.arange(400) / 30, 30.0, tracked).flow_jitter == pytest.approx(
        expected, rel=0.02
    )


def test_a_second_without_a_face_is_a_gap() -> None:
    rng = np.random.default_rng(0)
    points = 300 + rng.normal(0, 1, (300, 5, 2))
    points[150:] += 500  # nothing may be measured across
    points[130:160] = np.nan
    times = np.arange(300) / 30
    got = measured(points, times, 30.0, points + np.array([3.0, 4.0]))
    without = np.r_[0:130, 160:300]
    cut = measured(points[without], times[without], 30.0, (points + np.array([3.0, 4.0]))[without])
    for result in (got, cut):
        assert result.gaps == 1
        assert result.acceleration < 100 / D * 10
        assert result.flow_jitter == pytest.approx(100 / D * 5)
    assert got.acceleration == cut.acceleration
    assert got.high_frequency == cut.high_frequency
    assert (got.left_out, cut.left_out) == (150, 0)
    assert got.per_landmark["flow_steps"].tolist() == [268] * 5
    assert got.left_out_flow == 0


def test_what_is_left_out_is_counted() -> None:
    rng = np.random.default_rng(0)
    points = 300 + rng.normal(0, 1, (120, 3, 2))
    points[50, 0, 1] = np.nan  # one coordinate is enough
    tracked = points.copy()
    tracked[70:75, 2] = np.nan
    got = measured(points, np.arange(120) / 30, 30.0, tracked)
    assert got.left_out == 1
    assert got.per_landmark["frames"].tolist() == [119, 120, 120]
    assert got.per_landmark["accelerations"].tolist() == [115, 118, 118]
    assert got.per_landmark["flow_steps"].tolist() == [117, 119, 114]
    assert got.left_out_flow == 5
    assert got.per_landmark["left_out_flow"].tolist() == [0, 0, 5]
    assert got.segments == 3
    assert got.per_landmark["segments"].tolist() == [1, 3, 3]
    assert got.left_out_segments == 2


def test_undefined_figures_have_reasons() -> None:
    still = np.full((40, 2, 2), 9.0)
    empty = flmcore.MotionAccumulator(rate=30.0, normaliser=D).result()
    assert set(empty.reasons.values()) == {"no frame has a landmark"}
    one = measured(still[:1], np.zeros(1), 30.0)
    assert one.reasons["acceleration"] == "no landmark in three frames that follow each other"
    assert one.reasons["flow_jitter"] == "no optical flow was given"
    assert one.reasons["high_frequency"] == "no second of frames without a gap"
    slow = measured(still, np.arange(40) / 10, 10.0)
    assert slow.reasons["high_frequency"].startswith("10 frames per second show nothing above 5 Hz")
    assert measured(still, np.arange(40) / 30, 30.0).reasons["high_frequency"] == "nothing moves"
    lost = measured(still, np.arange(40) / 30, 30.0, np.full_like(still, np.nan))
    assert lost.reasons["flow_jitter"] == "no landmark could be followed"
    assert lost.left_out_flow == 39 * 2


def test_a_clip_shorter_than_a_segment_is_one() -> None:
    noise = np.random.default_rng(0).normal(0, 1, (35, 200, 2))
    got = measured(noise, np.arange(35) / 20, 20.0)
    assert (got.segments, got.segment_s) == (1, 1.7)
    assert got.high_frequency == pytest.approx(0.5, abs=0.02)
    assert math.isnan(measured(noise[:19], np.arange(19) / 20, 20.0).high_frequency)
    whole = measured(noise[[*range(35), *range(5)]], np.arange(40) / 20, 20.0)
    assert (whole.segments, whole.segment_s) == (1, 2.0)


def test_groups_and_normaliser() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(100, 200, (1, 68, 2)) + rng.normal(0, 1, (90, 68, 2))
    got = measured(points, np.arange(90) / 30, 30.0, points, normaliser="interocular", scheme="300w-68")
    outer = np.linalg.norm(points[:, 45] - points[:, 36], axis=1)
    assert got.normaliser_px == pytest.approx(outer.mean())
    assert got.normaliser == "interocular"
    groups = flmcore.schemes.get("300w-68").groups
    assert set(got.per_group) == set(groups)
    eye = list(groups["left_eye"])
    assert got.per_group["left_eye"]["acceleration"] == pytest.approx(
        got.per_landmark["acceleration"][eye].mean()
    )
    given_px = flmcore.MotionAccumulator(rate=30.0, normaliser="interocular", scheme="300w-68")
    for t, frame in enumerate(points):
        given_px.update(frame, t / 30, normaliser_px=math.nan if t % 2 else 80.0)
    assert given_px.result().normaliser_px == 80.0


def test_memory_does_not_grow() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(300, 1, (64, 98, 2))
    held = flmcore.MotionAccumulator(rate=30.0, normaliser=D)
    peaks = []
    tracemalloc.start()
    for t in range(1500):
        held.update(points[t % 64], t / 30, tracked=points[(t + 1) % 64])
        if t in (300, 1499):
            peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert held.frames == 1500
    assert peaks[1] < peaks[0] * 1.1
    # and frames that come faster than they should are not kept for ever
    fast = flmcore.MotionAccumulator(rate=30.0, normaliser=D)
    for t in range(2000):
        fast.update(points[0, :2], t * 1e-6)
    assert len(fast._sums.segments.times) <= 4 * 60 + 1  # type: ignore[union-attr]


def test_what_does_not_fit_is_refused_and_changes_nothing() -> None:
    held = flmcore.MotionAccumulator(rate=30.0, normaliser=D)
    held.update(np.zeros((3, 2)), 0.0)
    bad: list[tuple[type[Exception], str, dict[str, object]]] = [
        (ValueError, "time: expected seconds after the frame before", {"time": 0.0}),
        (ValueError, "time: expected seconds after the frame before", {"time": math.nan}),
        (ValueError, "points: expected 3 landmarks as before, got 2", {"points": np.zeros((2, 2))}),
        (ValueError, r"points: expected shape \(K, 2\), got \(3, 3\)", {"points": np.zeros((3, 3))}),
        (
            ValueError,
            "points: expected NaN or finite coordinates up to 1e100",
            {"points": np.full((3, 2), math.inf)},
        ),
        (TypeError, "points: expected real numbers", {"points": [["a", "b"]] * 3}),
        (
            ValueError,
            r"tracked: expected shape \(3, 2\), as points, got \(2, 2\)",
            {"tracked": np.zeros((2, 2))},
        ),
        (ValueError, "normaliser_px: expected pixels above 0 or NaN, got 0", {"normaliser_px": 0}),
    ]
    for kind, message, change in bad:
        with pytest.raises(kind, match=message):
            held.update(**({"points": np.ones((3, 2)), "time": 1 / 30} | change))  # type: ignore[arg-type]
    assert held.frames == 1
    held.update(np.zeros((3, 2)), 1 / 30)
    for rate in (0, -1, math.nan, math.inf, "30"):
        with pytest.raises(ValueError, match="rate: expected frames per second above 0"):
            flmcore.MotionAccumulator(rate=rate, normaliser=D)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="normaliser: expected another than 'crop'"):
        flmcore.MotionAccumulator(rate=30.0, normaliser="crop")
    with pytest.raises(ValueError, match="scheme: expected a scheme name"):
        flmcore.MotionAccumulator(rate=30.0, normaliser="interocular")
    with pytest.raises(ValueError, match="points: expected 68 landmarks for 300w-68, got 3"):
        flmcore.MotionAccumulator(rate=30.0, normaliser="interocular", scheme="300w-68").update(
            np.zeros((3, 2)), 0
        )
