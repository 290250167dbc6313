"""Paired differences, their tests and corrections: known answers, and how often they are right."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flmcore.evaluation.pairs import compare_pairs, holm, images_needed
from flmcore.evaluation.ranking import letters, rank_detectors


def test_differences_of_six_images_worked_by_hand() -> None:
    """Differences 1 to 6 of one sign: of 64 patterns only all-plus and all-minus reach the sum, p = 2/64."""
    base = np.array([10.0, 3, 7, 5, 8, 6])
    (pair,) = compare_pairs(["a", "b"], np.stack([base + np.arange(1, 7), base]))
    assert pair.difference.mean == 3.5
    assert pair.p == pair.p_holm == 2 / 64
    assert not pair.tied
    assert pair.difference.low is not None
    assert pair.difference.high is not None
    assert 1 <= pair.difference.low < 3.5 < pair.difference.high <= 6


def test_one_difference_of_the_other_sign() -> None:
    """Differences 1, 2, 3, 4, −5: sum 5; patterns whose sum is at least 5 in size: 22 of 32."""
    (pair,) = compare_pairs(["a", "b"], np.array([[1.0, 2, 3, 4, -5], [0.0] * 5]))
    sums = [sum(s * v for s, v in zip(signs, (1, 2, 3, 4, 5), strict=True)) for signs in _signs(5)]
    assert pair.p == sum(abs(total) >= 5 for total in sums) / 32
    assert pair.tied


def _signs(count: int) -> list[tuple[int, ...]]:
    return [tuple(1 if k >> i & 1 else -1 for i in range(count)) for k in range(1 << count)]


def test_equal_detectors_are_tied_and_no_number_of_images_would_help() -> None:
    values = np.random.default_rng(0).lognormal(0, 1, 20)
    (pair,) = compare_pairs(["a", "b"], np.stack([values, values]))
    assert (pair.p, pair.p_holm, pair.tied, pair.images_needed) == (1.0, 1.0, True, None)
    assert (pair.difference.low, pair.difference.high) == (0.0, 0.0)


@pytest.mark.parametrize("images", [0, 1, 4])
def test_few_images_have_no_test_but_a_reason(images: int) -> None:
    (pair,) = compare_pairs(["a", "b"], np.ones((2, images)) * [[2.0], [1.0]])
    assert (pair.p, pair.p_holm, pair.difference.low) == (None, None, None)
    assert pair.tied
    assert f"{images} image" in (pair.difference.reason or "")
    assert pair.difference.mean == (1.0 if images else None)


def test_pairs_are_compared_where_both_have_a_value() -> None:
    table = np.random.default_rng(0).normal(5, 1, (3, 12))
    table[1, 3] = table[2, 7] = table[2, 8] = np.nan
    pairs = {(pair.a, pair.b): pair for pair in compare_pairs(["a", "b", "c"], table)}
    assert {key: pair.difference.images for key, pair in pairs.items()} == {
        ("a", "b"): 11,
        ("a", "c"): 10,
        ("b", "c"): 9,
    }
    alone = compare_pairs(["b", "c"], table[1:])[0]
    assert pairs["b", "c"].difference == alone.difference
    assert pairs["b", "c"].p == alone.p


def test_holm_is_that_of_the_textbook() -> None:
    """Holm 1979: 0.01, 0.02, 0.03, 0.04 become 4, 3, 2, 1 times themselves, never falling."""
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([None, 0.02, None]) == [None, 0.02, None]
    assert holm([]) == []


@pytest.mark.parametrize(("effect", "expected"), [(0.5, 34), (0.2, 199), (0.8, 15), (1.0, 10)])
def test_images_needed_are_those_of_power_tables(effect: float, expected: int) -> None:
    """Paired t test, two-sided 5 %, power 80 % (Cohen's tables, G*Power): 34, 199, 15, 10 pairs."""
    differences = np.array([-1.0, 1.0] * 50)
    differences *= math.sqrt(99 / 100)  # s = 1
    assert images_needed(differences + effect) == expected


def test_images_needed_without_spread_or_effect() -> None:
    assert images_needed(np.array([1.0, 1.0, 1.0])) == 2
    assert images_needed(np.array([-1.0, 1.0])) is None
    assert images_needed(np.array([3.0])) is None


def test_so_many_images_do_tell_them_apart_four_times_in_five() -> None:
    random = np.random.default_rng(1)
    needed = images_needed(np.array([-1.0, 1.0] * 500) + 0.6)
    assert needed is not None
    found = 0
    for _ in range(200):
        values = np.stack([random.normal(0.6, 1, needed), np.zeros(needed)])
        found += not compare_pairs(["a", "b"], values, resamples=400)[0].tied
    assert 0.8 - 3 * 0.03 <= found / 200 <= 0.8 + 3 * 0.03


@pytest.mark.parametrize("images", [8, 30])
def test_equal_detectors_are_rarely_told_apart(images: int) -> None:
    """At 5 % about one in twenty of 300; three standard errors are 4 %."""
    random = np.random.default_rng(images)
    wrong = 0
    for _ in range(300):
        values = random.lognormal(0, 0.5, (2, images))
        wrong += not compare_pairs(["a", "b"], values, resamples=400)[0].tied
    assert wrong / 300 <= 0.09


def test_order_of_images_and_seed() -> None:
    table = np.random.default_rng(0).lognormal(0, 0.5, (3, 25))
    first, again = (compare_pairs(["a", "b", "c"], table, seed=1) for _ in range(2))
    assert first == again
    assert compare_pairs(["a", "b", "c"], table, seed=2) != first


def test_ranking_of_detectors_clearly_apart_and_tied() -> None:
    random = np.random.default_rng(2)
    base = random.normal(0, 1, 40)
    table = np.stack([base + 9 + random.normal(0, 0.1, 40) for _ in range(3)])
    table[2] -= 5
    names = ["slow", "also-slow", "best"]
    table[1] = table[0] + np.tile([0.01, -0.01], 20)
    pairs = compare_pairs(names, table)
    rows = rank_detectors(names, table, pairs)
    assert rows[0]["detector"] == "best"
    best, *others = rows
    assert (best["rank"], best["rank_low"], best["rank_high"], best["letters"]) == (1, 1, 1, "a")
    assert best["tied_with_best"]
    assert not any(row["tied_with_best"] or row["best"] for row in others)
    assert [row["letters"] for row in others] == ["b", "b"]
    assert {(row["rank_low"], row["rank_high"]) for row in others} <= {(2, 3), (2, 2), (3, 3)}
    assert rank_detectors(names, table[:, :1], compare_pairs(names, table[:, :1]))[0]["rank_low"] is None
    assert rank_detectors(["a"], np.array([[np.nan]]), []) == []


def test_letters_are_shared_exactly_by_those_not_told_apart() -> None:
    names = list("vwxyz")
    for apart in (
        set(),
        {frozenset("vz")},
        {frozenset("vz"), frozenset("vy"), frozenset("wz")},
        {frozenset(pair) for pair in ("vw", "vx", "vy", "vz", "wx", "wy", "wz", "xy", "xz", "yz")},
    ):
        marks = letters(names, apart)
        for a in names:
            for b in names:
                shared = bool(set(marks[a]) & set(marks[b]))
                assert shared == (frozenset((a, b)) not in apart), (apart, marks)
