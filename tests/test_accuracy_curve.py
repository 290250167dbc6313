"""AUC and failure rate in each form that papers used."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flmcore.evaluation.accuracy.curve import INTEGRATIONS, area_shares, ced, failures


def test_closed_form_worked_by_hand() -> None:
    """NME 0, 2, 4, 8, 12 % at α = 8 %: (1 + 3/4 + 1/2 + 0 + 0) / 5; above 8 % only the last fails."""
    nme = np.array([0, 2, 4, 8, 12]) / 100
    assert area_shares(nme, 0.08).mean() == pytest.approx(2.25 / 5)
    assert failures(nme, 0.08).tolist() == [0, 0, 0, 0, 1]


def test_ced_worked_by_hand() -> None:
    corners, share = ced([0.03, 0.01, 0.03, np.nan, 0.05])
    assert corners.tolist() == [0.01, 0.03, 0.05]
    assert share.tolist() == [0.25, 0.75, 1.0]


def grid_of(alpha: float) -> np.ndarray:
    return np.arange(0, alpha + 0.0001, 0.0001)


def published(nme: np.ndarray, alpha: float, integration: str) -> float:
    """The published functions, each written anew as a loop over the curve, not over images."""
    if integration == "bins-1000":
        bins = np.linspace(0, 1, 1000)
        curve = [float((nme < x).sum()) / len(nme) for x in bins]
        return sum(curve[: round(1000 * alpha)]) / (1000 * alpha)
    if integration == "bins-10000":
        bins = np.linspace(0, 1, num=10000)
        curve = np.array([(nme < x).mean() for x in bins[bins < alpha]])
        x = bins[: len(curve)]
        return float(((curve[1:] + curve[:-1]) / 2 * np.diff(x)).sum() / alpha)
    x = grid_of(alpha)
    curve = np.array([np.count_nonzero(nme <= value) for value in x]) / len(nme)
    if integration == "trapezoid":
        return float(((curve[1:] + curve[:-1]) / 2 * np.diff(x)).sum() / alpha)
    return simpson(curve, 0.0001) / alpha


def simpson(y: np.ndarray, h: float) -> float:
    if len(y) % 2:
        return float(h / 3 * (y[0] + y[-1] + 4 * y[1:-1:2].sum() + 2 * y[2:-1:2].sum()))
    first = simpson(y[:-1], h) + h * (y[-2] + y[-1]) / 2
    last = simpson(y[1:], h) + h * (y[0] + y[1]) / 2
    return (first + last) / 2


@given(
    st.lists(st.floats(0, 0.2) | st.sampled_from([0.0, 0.05, 0.08]), min_size=1, max_size=20),
    st.sampled_from([0.05, 0.07, 0.08, 0.1]),
    st.sampled_from([name for name in INTEGRATIONS if name != "closed"]),
)
def test_mean_of_shares_is_the_published_integral_of_the_curve(
    values: list[float], alpha: float, integration: str
) -> None:
    nme = np.array(values)
    got = area_shares(nme, alpha, integration).mean()
    assert got == pytest.approx(published(nme, alpha, integration), abs=1e-9)


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=30), st.sampled_from([0.08, 0.1]))
def test_forms_agree_to_a_grid_step(values: list[float], alpha: float) -> None:
    """Each form misplaces an image's step by less than a bin: 0.001, and 0.0001 for the finer ones."""
    exact = area_shares(values, alpha).mean()
    for integration in INTEGRATIONS:
        bin_width = 0.002 if integration == "bins-1000" else 0.0002
        assert area_shares(values, alpha, integration).mean() == pytest.approx(exact, abs=bin_width / alpha)


def test_scipy_agrees() -> None:
    integrate = pytest.importorskip("scipy.integrate")
    nme = np.random.default_rng(0).lognormal(-3, 0.5, 300)
    x = grid_of(0.08)
    curve = [(nme <= value).mean() for value in x]
    assert area_shares(nme, 0.08, "simpson").mean() == pytest.approx(
        integrate.simpson(curve, x=x) / 0.08, abs=1e-9
    )


def test_grid_beyond_the_threshold_is_the_published_one() -> None:
    """At 0.07 the grid has a point too many, so that perfect landmarks have an AUC above 1."""
    assert area_shares([0.0], 0.07, "trapezoid")[0] == pytest.approx(1 + 0.0001 / 0.07)
    assert area_shares([0.0], 0.08, "trapezoid")[0] == pytest.approx(1)


@pytest.mark.parametrize("alpha", [0, 0.0, -0.08, 8, float("nan"), None, "eight", True])
def test_thresholds_that_are_none_are_named(alpha: object) -> None:
    with pytest.raises(ValueError, match="alpha: expected a share of the normaliser above 0"):
        area_shares([0.01], alpha)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="alpha: expected a share"):
        failures([0.01], alpha)  # type: ignore[arg-type]


def test_unknown_integration_is_named_and_nan_stays() -> None:
    with pytest.raises(ValueError, match="integration: expected one of closed, simpson"):
        area_shares([0.01], 0.08, "exact")
    for integration in INTEGRATIONS:
        assert np.isnan(area_shares([np.nan, 0.01], 0.08, integration)).tolist() == [True, False]
    assert np.isnan(failures([np.nan], 0.08)).all()
