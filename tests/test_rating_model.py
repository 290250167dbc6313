"""Strengths from paired comparisons: closed forms, simulated raters, ties, and intervals that hold what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flmcore.rating.agreement import kendall_tau
from flmcore.rating.clusters import Counts, spread_of
from flmcore.rating.davidson import fit_davidson
from flmcore.rating.graph import components
from flmcore.rating.score import to_percent

NAMES = ("a", "b", "c", "d")
TRUE = np.array([0.9, 0.3, -0.3, -0.9])


def simulated(
    strengths: Sequence[float] = tuple(TRUE),
    *,
    raters: int = 8,
    shows: int = 6,
    tie: float = -0.4,
    seed: int = 0,
    by_rater: float = 0.0,
    by_show: float = 0.0,
) -> list[tuple[str, dict[str, Any]]]:
    """Raters who judge every pair on every face, by Davidson's model; strengths may differ by rater and by face."""
    rng = np.random.default_rng(seed)
    names = NAMES[: len(strengths)]
    of_rater, of_show = (
        rng.normal(0, size, (count, len(names))) for size, count in ((by_rater, raters), (by_show, shows))
    )
    rated = []
    for rater in range(raters):
        for show in range(shows):
            theta = np.asarray(strengths) + of_rater[rater] + of_show[show]
            for i, j in combinations(range(len(names)), 2):
                left, right = (i, j) if rng.random() < 0.5 else (j, i)
                d = (theta[left] - theta[right]) / 2
                odds = np.exp([d, tie, -d])
                verdict = ("left", "tie", "right")[rng.choice(3, p=odds / odds.sum())]
                row = {"left": names[left], "right": names[right], "verdict": verdict, "show": f"face:{show}"}
                rated.append((f"rater {rater}", row))
    return rated


@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 500))
def test_two_detectors_have_a_closed_form(first: int, ties: int, second: int) -> None:
    """π₁/π₂ = w₁/w₂ and ν = t/√(w₁w₂) make the three probabilities the three shares."""
    fit = fit_davidson(np.array([[0, 1]]), np.array([[[first, ties, second]]], float), 2, prior=0.0)
    assert fit.strengths[0, 0] - fit.strengths[0, 1] == pytest.approx(math.log(first / second), abs=1e-8)
    assert fit.tie[0] == pytest.approx(math.log(ties / math.sqrt(first * second)), abs=1e-8)
    assert fit.strengths.sum() == pytest.approx(0, abs=1e-12)


def test_expected_counts_give_back_the_strengths() -> None:
    """Where the shares are exactly those of the model, so are the strengths."""
    pairs = np.array(list(combinations(range(4), 2)))
    d = (TRUE[pairs[:, 0]] - TRUE[pairs[:, 1]]) / 2
    odds = np.exp(np.stack([d, np.full_like(d, 0.2), -d], axis=1))
    fit = fit_davidson(pairs, 100 * (odds / odds.sum(axis=1, keepdims=True))[None], 4, prior=0.0)
    np.testing.assert_allclose(fit.strengths[0], TRUE, atol=1e-9)
    assert fit.tie[0] == pytest.approx(0.2)


def test_maximum_is_one_against_a_general_optimiser() -> None:
    """Nothing near the solution is more likely, priors included."""
    rng = np.random.default_rng(1)
    pairs = np.array(list(combinations(range(4), 2)))
    counts = rng.integers(0, 6, (1, 6, 3)).astype(float)
    fit = fit_davidson(pairs, counts, 4)

    def height(theta: np.ndarray, eta: float) -> float:
        total = sum(math.log(1 / (1 + math.exp(-t))) / 2 + math.log(1 / (1 + math.exp(t))) / 2 for t in theta)
        total += 0.5 * math.log(math.exp(eta) / (2 + math.exp(eta))) + 0.5 * math.log(1 / (2 + math.exp(eta)))
        for (i, j), (won, tied, lost) in zip(pairs, counts[0], strict=True):
            a, b = math.exp(theta[i]), math.exp(theta[j])
            between = math.exp(eta) * math.sqrt(a * b)
            chances = np.array([a, between, b]) / (a + between + b)
            total += float(np.log(chances) @ [won, tied, lost])
        return total

    best = height(fit.strengths[0], float(fit.tie[0]))
    for _ in range(200):
        step = rng.normal(0, 0.01, 4)
        step -= step.mean()
        assert height(fit.strengths[0] + step, float(fit.tie[0]) + rng.normal(0, 0.01)) < best


def test_one_that_never_loses_is_finite_and_grows_with_ratings() -> None:
    pair = np.array([[0, 1]])
    few, many = (fit_davidson(pair, np.array([[[n, 0.0, 0]]]), 2).strengths[0, 0] for n in (5, 500))
    assert 0.5 < few < many < 10
    ties = fit_davidson(pair, np.array([[[0, 40.0, 0]]]), 2)
    assert ties.strengths[0] == pytest.approx([0, 0])
    assert 3 < ties.tie[0] < 10


@pytest.mark.parametrize("count", [2, 4, 60])
def test_prior_vanishes_as_ratings_come_in(count: int) -> None:
    rng = np.random.default_rng(count)
    pairs = np.array(list(combinations(range(count), 2)))
    counts = rng.integers(1, 9, (1, len(pairs), 3)).astype(float)
    plain = fit_davidson(pairs, counts, count, prior=0.0).strengths
    near = fit_davidson(pairs, 1e6 * counts, count).strengths
    np.testing.assert_allclose(near, plain, atol=1e-5)


def test_batch_is_each_alone() -> None:
    rng = np.random.default_rng(2)
    pairs = np.array([[0, 1], [0, 2], [1, 2]])
    counts = rng.integers(0, 9, (5, 3, 3)).astype(float)
    together = fit_davidson(pairs, counts, 3).strengths
    alone = [fit_davidson(pairs, row[None], 3).strengths[0] for row in counts]
    np.testing.assert_allclose(together, alone, atol=1e-9)


def test_simulated_raters_are_recovered_within_the_intervals() -> None:
    counts = Counts.of(simulated(raters=10), NAMES)
    fit = fit_davidson(counts.pairs, counts.total[None], 4)
    spread = spread_of(counts, resamples=300)
    assert spread.single is not None
    assert spread.by == "raters and faces and clips"
    for place, true in enumerate(TRUE):
        low, high = spread.interval(float(fit.strengths[0, place]), float(spread.single[place]))
        assert low < true < high
        assert to_percent(high) - to_percent(low) < 30
    assert list(np.argsort(-fit.strengths[0])) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("by_rater", "by_show"),
    [(0.0, 0.0), (0.8, 0.0), (0.0, 0.8), (0.6, 0.6)],
    ids=["none", "raters", "faces", "both"],
)
def test_intervals_cover_about_as_often_as_they_say(by_rater: float, by_show: float) -> None:
    """Whether raters differ, or faces do, or both: 95 % intervals hold the truth 9 times in 10 and more."""
    held = []
    for seed in range(40):
        rated = simulated(raters=9, shows=8, seed=seed, by_rater=by_rater, by_show=by_show)
        counts = Counts.of(rated, NAMES)
        theta = fit_davidson(counts.pairs, counts.total[None], 4).strengths[0]
        spread = spread_of(counts, resamples=120, seed=seed)
        assert spread.single is not None
        # Averaging over raters and faces brings strengths of the mixture nearer to 0; differences of 0 stay.
        wanted = TRUE if by_rater == by_show == 0 else TRUE / math.sqrt(1 + 0.3 * (by_rater**2 + by_show**2))
        for place in range(4):
            low, high = spread.interval(float(theta[place]), float(spread.single[place]))
            held.append(low < wanted[place] < high)
    assert 0.9 <= np.mean(held) <= 1.0


def test_needed_pairs_give_ten_points() -> None:
    """As the page says: 95 pairs of three detectors, three in ten of them ties, make about ±10 points."""
    widths = []
    for seed in range(10):  # 96 pairs each
        counts = Counts.of(simulated((0.0, 0.0, 0.0), raters=8, shows=4, tie=-0.15, seed=seed), NAMES)
        theta = fit_davidson(counts.pairs, counts.total[None], 3).strengths[0]
        widths.append(np.ptp([to_percent(value) - 50 for value in theta]))
    assert 4 < np.mean(widths) < 14  # the range of three with a standard error of 5 points is 1.7 × 5


def test_intervals_follow_what_there_is_to_resample() -> None:
    one_rater = spread_of(Counts.of(simulated(raters=1), NAMES), resamples=50)
    assert one_rater.by == "faces and clips"
    one_face = spread_of(Counts.of(simulated(shows=1), NAMES), resamples=50)
    assert one_face.by == "raters"
    neither = spread_of(Counts.of(simulated(raters=2, shows=3), NAMES), resamples=50)
    assert neither.single is None
    assert neither.reason == "2 raters on 3 faces or clips: an interval needs at least 5 of either"


def test_same_ratings_in_any_order_give_the_same_numbers() -> None:
    rated = simulated(raters=6, shows=5)
    shuffled = [rated[i] for i in np.random.default_rng(0).permutation(len(rated))]
    one, other = (spread_of(Counts.of(rows, NAMES), resamples=50) for rows in (rated, shuffled))
    np.testing.assert_array_equal(one.between, other.between)


def test_kendall_by_hand() -> None:
    assert kendall_tau(np.array([1.0, 2, 3]), np.array([1.0, 2, 3])) == 1
    assert kendall_tau(np.array([1.0, 2, 3]), np.array([3.0, 2, 1])) == -1
    assert kendall_tau(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4])) == pytest.approx(4 / 6)
    assert kendall_tau(np.array([1.0, 2, 2]), np.array([1.0, 2, 3])) == pytest.approx(2 / math.sqrt(6))
    assert kendall_tau(np.array([1.0, 1]), np.array([1.0, 2])) is None


def test_components() -> None:
    assert components(5, [(0, 1), (3, 4), (1, 2)]) == [[0, 1, 2], [3, 4]]
    assert components(3, [(0, 2), (1, 2)]) == [[0, 1, 2]]
    assert components(0, []) == []
