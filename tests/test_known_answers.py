"""The metric itself, tested: detectors with chosen bias, noise, window gain and latency must be seen through."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evaluated import BOX
from flmcore.evaluation.filters import exponential
from flmcore.evaluation.smoothing import measure_lag
from flmcore.evaluation.sweep import path_at
from known_answers import INTEROCULAR, SETTINGS, Setting, answers, lag_ms, recovered, rice_mean


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_chosen_faults_are_recovered(setting: Setting) -> None:
    found = recovered(setting, smooth=33.0)
    for name, answer in answers(setting).items():
        assert found[name] == pytest.approx(answer.true, abs=answer.within, rel=0), name
    if setting.gain == 0:  # a landmark that rides with the window does not follow the face at all
        lag = lag_ms(setting)
        assert found["smoothing"]["none"]["lag_ms"] == pytest.approx(lag.true, abs=lag.within, rel=0)


def test_tolerances_can_fail() -> None:
    """A fault a tenth larger than the one claimed is outside of what sampling explains."""
    for small, large, name in (
        (Setting(sigma=0.2), Setting(sigma=0.22), "jitter"),
        (Setting(sigma=0.2), Setting(sigma=0.22), "spread"),
        (Setting(sigma=0.4, gain=0.1), Setting(sigma=0.4, gain=0.13), "gain"),
        (Setting(sigma=0.2), Setting(sigma=0.22), "residual"),
    ):
        answer = answers(small)[name]
        assert abs(recovered(large)[name] - answer.true) > answer.within


def test_closed_forms_are_those_of_drawn_numbers() -> None:
    """E‖a + N‖ against a million draws, its two ends against the formulas everybody knows."""
    assert rice_mean(0.0, 2.0) == pytest.approx(2.0 * math.sqrt(math.pi / 2), rel=1e-12)
    # Two independent places of deviation σ each: a step is Rayleigh distributed, with mean σ√π.
    assert rice_mean(0.0, 0.7 * math.sqrt(2)) == pytest.approx(0.7 * math.sqrt(math.pi), rel=1e-12)
    assert rice_mean(100.0, 0.1) == pytest.approx(100.0, rel=1e-5)
    draws = np.random.default_rng(0).normal(0, 1, (1_000_000, 2)) + np.array([1.5, 0])
    assert rice_mean(1.5, 1.0) == pytest.approx(np.hypot(*draws.T).mean(), abs=4 * 1.0 / 1000)


def test_bias_is_no_jitter() -> None:
    assert recovered(Setting(bias=5.0))["jitter"] < 1e-10
    plain, shifted = recovered(Setting()), recovered(Setting(bias=5.0))
    moved = np.array(shifted["shape"]) - np.array(plain["shape"])
    np.testing.assert_allclose(moved, np.broadcast_to([5.0, -5.0], moved.shape), atol=2e-3)


@pytest.mark.parametrize("delay", [-1.5, 0.0, 0.4, 3.0, 20.25])
def test_lag_is_measured_between_frames(delay: float) -> None:
    places = -2.0 * path_at("shift", 128, np.arange(128) - delay) + 7.0
    assert measure_lag(places, "shift", 128, 2.0) == pytest.approx(delay, abs=2e-3)


@pytest.mark.parametrize("alpha", [0.9, 0.5, 0.25])
def test_lag_of_an_exponential_filter_is_its_formula(alpha: float) -> None:
    """At a steady motion (1 − α)/α frames; at the path's two frequencies its phase delays, which are between these."""
    smooth = exponential(-path_at("shift", 128, np.arange(128)), alpha)
    delays = []
    for turns in (2, 3):
        w = 2 * math.pi * turns / 128
        delays.append(math.atan2((1 - alpha) * math.sin(w), 1 - (1 - alpha) * math.cos(w)) / w)
    found = measure_lag(smooth, "shift", 128, 1.0)
    assert min(delays) - 0.01 <= found <= max(delays) + 0.01
    assert max(delays) <= (1 - alpha) / alpha


def test_the_known_face_is_what_the_formulas_say() -> None:
    assert BOX[2] - BOX[0] == 2 * INTEROCULAR
