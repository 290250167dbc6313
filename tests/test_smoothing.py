"""Filters against their own formulas and Dlib's code; what they do to landmarks whose motion is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import flmcore
from evaluated import BOX, KnownDetector, noise_image
from flmcore.evaluation.filters import FILTERS, dlib_momentum, exponential, one_euro, savitzky_golay


def test_exponential_filter_by_hand() -> None:
    x = np.array([[0.0], [1.0], [1.0], [0.0]])
    assert exponential(x, 0.5)[:, 0].tolist() == [0, 0.5, 0.75, 0.375]
    assert np.array_equal(exponential(x, 1.0), x)


def test_exponential_filter_lags_behind_a_ramp_by_its_formula() -> None:
    ramp = np.arange(200.0)[:, None]
    for alpha in (0.9, 0.5, 0.2):
        assert (ramp - exponential(ramp, alpha))[-1, 0] == pytest.approx((1 - alpha) / alpha)


def test_noise_after_an_exponential_filter_is_its_formula() -> None:
    """Deviation √(α / (2 − α)) of the noise; steps σ √(2 α² / (2 − α))."""
    noise = np.random.default_rng(0).normal(0, 1, (4000, 50))
    for alpha in (0.5, 0.2):
        smooth = exponential(noise, alpha)[500:]
        assert smooth.std() == pytest.approx(math.sqrt(alpha / (2 - alpha)), rel=0.02)
        assert np.diff(smooth, axis=0).std() == pytest.approx(math.sqrt(2 * alpha**2 / (2 - alpha)), rel=0.02)


def test_one_euro_without_beta_is_an_exponential_filter() -> None:
    x = np.random.default_rng(1).normal(size=(50, 3))
    alpha = 1 / (1 + 30 / (2 * math.pi * 2.0))
    np.testing.assert_allclose(one_euro(x, 2.0, beta=0.0), exponential(x, alpha), rtol=1e-12)


def test_one_euro_follows_its_published_steps() -> None:
    """The loop of the paper's algorithm 1, on scalars."""
    x = np.cumsum(np.random.default_rng(2).normal(size=40))
    rate, cutoff, beta = 30.0, 1.0, 0.7

    def weight(frequency: float) -> float:
        tau = 1 / (2 * math.pi * frequency)
        return 1 / (1 + tau * rate)

    expected, speed = [x[0]], 0.0
    for before, now in itertools.pairwise(x):
        speed = weight(1.0) * (now - before) * rate + (1 - weight(1.0)) * speed
        a = weight(cutoff + beta * abs(speed))
        expected.append(a * now + (1 - a) * expected[-1])
    np.testing.assert_allclose(one_euro(x[:, None], cutoff, beta=beta)[:, 0], expected, rtol=1e-12)


def test_savitzky_golay_keeps_polynomials_of_its_degree() -> None:
    t = np.arange(40.0)
    x = np.stack([t**2 - 3 * t, 5 - t], axis=1)
    np.testing.assert_allclose(savitzky_golay(x, 7)[6:], x[6:], atol=1e-9)
    assert np.array_equal(savitzky_golay(x, 3), x)
    # Weights at the right edge for 5 frames and degree 2, as in the tables: (3, −5, −3, 9, 31) / 35.
    impulse = np.zeros((9, 1))
    impulse[4] = 1
    np.testing.assert_allclose(savitzky_golay(impulse, 5)[4:, 0] * 35, [31, 9, -3, -5, 3], atol=1e-9)


@pytest.mark.parametrize(
    ("noise", "acceleration", "reach"), [(2.0, 0.1, 3.0), (0.5, 0.3, 1.0), (1.0, 0.01, 0.2)]
)
def test_momentum_filter_is_dlibs(noise: float, acceleration: float, reach: float) -> None:
    dlib = pytest.importorskip("dlib")
    rng = np.random.default_rng(3)
    x = np.stack(
        [np.cumsum(rng.normal(size=80)), 100 + 10 * rng.normal(size=80), 0.01 * rng.normal(size=80)], axis=1
    )
    ours = dlib_momentum(x, acceleration, noise=noise, reach=reach)
    for column in range(x.shape[1]):
        theirs = dlib.momentum_filter(noise, acceleration, reach)
        np.testing.assert_allclose(
            ours[:, column], [theirs(value) for value in x[:, column]], rtol=1e-9, atol=1e-9
        )


def smoothed(budget: float, sigma: float = 0.3, **options: float) -> dict[str, dict[str, float]]:
    detector = KnownDetector(sigma=sigma, **options)  # type: ignore[arg-type]
    results = flmcore.evaluate([noise_image(0)], detector, boxes=[[BOX]], speed=False, smooth=budget)
    return dict(results.units[0]["smoothing"])


def test_filters_stay_in_the_budget_and_take_jitter_away() -> None:
    found = smoothed(33.0)
    assert set(found) == {"none", *FILTERS}
    for name in FILTERS:
        assert found[name]["jitter"] < 0.8 * found["none"]["jitter"], name
        assert abs(found[name]["lag_ms"]) < 33.0 + 1.0, name  # the noise moves what is measured a little
    assert found["none"]["jitter"] == pytest.approx(100 / 40 * 0.3 * math.sqrt(math.pi), rel=0.05)


def test_exponential_filter_leaves_the_jitter_of_its_formula() -> None:
    row = smoothed(33.0)["ema"]
    alpha = row["parameter"]
    # Lag of one frame is about (1 − α)/α = 1; steps of both coordinates σ√(2α²/(2 − α)): Rayleigh, mean times √(π/2).
    assert alpha == pytest.approx(0.5, abs=0.02)
    expected = 100 / 40 * 0.3 * math.sqrt(2 * alpha**2 / (2 - alpha)) * math.sqrt(math.pi / 2)
    assert row["jitter"] == pytest.approx(expected, rel=0.05)


def test_more_budget_is_more_smoothing() -> None:
    strict, loose = smoothed(10.0), smoothed(100.0)
    for name in ("ema", "one-euro"):
        assert loose[name]["jitter"] < strict[name]["jitter"]
        assert loose[name]["lag_ms"] > strict[name]["lag_ms"]


def test_smoothing_does_not_help_a_detector_that_rides_with_the_window() -> None:
    """Its landmarks do not move in the window: all of the motion is missing, and no filter brings it back."""
    found = smoothed(33.0, sigma=0.0, hold=0.0)
    for row in found.values():
        assert row["jitter"] is None or row["jitter"] > 0.5 * found["none"]["jitter"]


def test_smoothing_is_in_the_table_and_asked_for_sensibly() -> None:
    options = {"boxes": [[BOX]], "speed": False, "frames": 16}
    results = flmcore.evaluate([noise_image(0)], KnownDetector(sigma=0.3), smooth=50, **options)
    assert "After smoothing" in results.table()
    assert results.protocol["smoothing"]["lag_ms"] == 50
    assert [row["filter"] for row in results.causes["smoothing"]] == ["none", *FILTERS]
    for wrong in (0, -1, float("nan"), "33", True, 5000):
        with pytest.raises(ValueError, match="smooth: expected a lag above 0 and up to 1000 milliseconds"):
            flmcore.evaluate([noise_image(0)], KnownDetector(), smooth=wrong, **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="smooth: expected sweep shift or all"):
        flmcore.evaluate([noise_image(0)], KnownDetector(), smooth=33, sweep="rotate", **options)
    with pytest.raises(TypeError, match="redecode: expected True or False"):
        flmcore.evaluate([noise_image(0)], KnownDetector(), redecode="dark", **options)  # type: ignore[arg-type]
