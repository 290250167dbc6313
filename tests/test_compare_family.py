"""Many numbers judged at once: Holm's correction in ``flmcore compare``, and how often the gate cries wolf."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluated import KnownDetector
from flmcore.evaluation import Results, compare, judge
from flmcore.evaluation.family import correct_rows, regressed, shift_tests
from flmcore.evaluation.statistics import bootstrap_mean, student_quantile, student_tail
from results_files import changed, measure, scaled

Floats = np.ndarray[Any, np.dtype[np.float64]]


@pytest.mark.parametrize(("freedom", "share"), [(1, 0.975), (4, 0.9), (19, 0.995), (200, 0.975)])
def test_students_tail_is_the_quantile_turned_round(freedom: int, share: float) -> None:
    assert student_tail(student_quantile(freedom, share), freedom) == pytest.approx(1 - share, rel=1e-5)


@given(st.floats(-1e6, 1e6))
def test_students_tail_in_closed_form(t: float) -> None:
    """With one degree of freedom it is Cauchy's, with two an algebraic function."""
    assert student_tail(t, 1) == pytest.approx(math.atan2(1, t) / math.pi, rel=1e-9)
    root = math.sqrt(2 + t * t)
    two = 1 / (root * (root + t)) if t > 0 else 0.5 * (1 - t / root)
    assert student_tail(t, 2) == pytest.approx(two, rel=1e-9)


def test_students_tail_has_its_ends() -> None:
    assert student_tail(math.inf, 5) == 0
    assert student_tail(0.0, 5) == 0.5
    assert student_tail(-3.0, 5) + student_tail(3.0, 5) == 1


@pytest.mark.parametrize("n", [5, 8, 30, 300])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_p_is_where_the_interval_begins_to_hold_the_limit(n: int, seed: int) -> None:
    """At the level 1 − 2p the interval's end is the limit itself; resampled means of few images come in steps."""
    values = np.random.default_rng(seed).lognormal(0, 1, n)
    limit = float(values.mean() - 1.5 * values.std() / math.sqrt(n))
    tests = shift_tests(values, limit, seed=0)
    assert tests is not None
    wider, narrower = (bootstrap_mean(values, level=1 - 2 * tests[0] * f).low for f in (0.95, 1.05))
    assert wider is not None
    assert narrower is not None
    assert wider <= limit <= narrower
    assert shift_tests(values[:4], limit, seed=0) is None


def test_far_beyond_the_limit_the_tail_is_students() -> None:
    values = np.random.default_rng(3).normal(10, 1, 12)
    tests = shift_tests(values, 0.0, seed=0)
    assert tests is not None
    t = values.mean() / (values.std(ddof=1) / math.sqrt(12))
    assert tests[0] == student_tail(float(t), 11) < 1e-9
    assert tests[1] == 1
    assert shift_tests(np.full(6, 2.0), 1.0, seed=0) == (0.0, 1.0)


def row(p_worse: float | None, verdict: str, p_better: float | None = 1.0) -> dict[str, Any]:
    number = dict.fromkeys(("detector", "old", "new", "difference", "limit"))
    return {**number, "p_worse": p_worse, "p_better": p_better, "verdict_alone": verdict}


def test_holm_worked_by_hand() -> None:
    """Twice 0.005, 0.01, 0.02, 0.3 over four tests: 4 · 0.01, 3 · 0.02, 2 · 0.04, and no more than 1."""
    rows = [row(0.01, "worse"), row(0.3, "unclear"), row(0.005, "worse"), row(1.0, "better", 0.02)]
    rows.append(row(None, "same", None))
    assert correct_rows(rows) == 4
    assert [one["p_holm"] for one in rows] == [pytest.approx(p) for p in (0.06, 0.6, 0.04, 0.08)] + [None]
    assert [one["verdict"] for one in rows] == ["unclear", "unclear", "worse", "unclear", "same"]
    # The gate looks on one side: 4 · 0.005, 3 · 0.01, at 2.5 %.
    assert regressed(rows) == ([None, None, pytest.approx(0.02), None, None], 4)
    assert regressed(rows[:1]) == ([0.01], 1)
    # The same number under another name is the same test.
    assert regressed([rows[0], dict(rows[0])]) == ([0.01, 0.01], 1)


def with_values(results: Results, rows: dict[str, Floats], metric: str = "jitter") -> Results:
    """The run with these numbers, one per image, for each detector."""

    def change(data: dict[str, Any]) -> None:
        left = {name: iter(values.tolist()) for name, values in rows.items()}
        for unit in data["units"]:
            unit[metric] = next(left[unit["detector"]])

    return changed(results, change)


NAMES = [f"d{number:02}" for number in range(12)]


@pytest.fixture(scope="module")
def many() -> Results:
    """Twelve detectors on twelve images; a measurement of one, given to all."""
    one = measure(KnownDetector(NAMES[0], sigma=0.2), images=12, frames=8)

    def copy(data: dict[str, Any]) -> None:
        for part, key in (("units", "detector"), ("detectors", "name")):
            data[part] = [{**item, key: name} for item in data[part] for name in NAMES]

    return changed(one, copy)


def drawn(random: np.random.Generator, true: Floats) -> dict[str, Floats]:
    return {name: true * random.normal(1, 0.05, len(true)) for name in NAMES}


def test_gate_over_many_numbers_errs_as_seldom_as_over_one(many: Results) -> None:
    """Nothing changed: by intervals alone at least one of 12 is worse in a quarter of the builds, 1 − 0.975¹².

    After Holm 2.5 % of builds fail; of 40 more than 5 do so with a probability below 1e-3.
    """
    random = np.random.default_rng(7)
    alone = failed = 0
    for _ in range(40):
        true = random.lognormal(0, 0.5, 12)
        first, second = (with_values(many, drawn(random, true)) for _ in range(2))
        comparison = compare(first, second, metrics=["jitter"], tolerance={"jitter": 0})
        alone += any(one["verdict_alone"] == "worse" for one in comparison.data["rows"])
        failed += judge(comparison, ["jitter"]).exit_code == 1
    assert alone >= 5
    assert failed <= 5
    assert failed < alone


def test_gate_over_many_numbers_still_sees_one_that_is_worse(many: Results) -> None:
    random = np.random.default_rng(8)
    true = random.lognormal(0, 0.5, 12)
    first, second = drawn(random, true), drawn(random, true)
    second["d03"] = second["d03"] * 1.2
    comparison = compare(
        with_values(many, first), with_values(many, second), metrics=["jitter"], tolerance={"jitter": 0}
    )
    judgement = judge(comparison, ["jitter"])
    assert [line.partition(" ")[0] for line in judgement.regressions] == ["d03"]
    assert "among 12 numbers" in judgement.regressions[0]
    assert [r["detector"] for r in comparison.data["rows"] if r["verdict"] == "worse"] == ["d03"]


def test_what_may_be_chance_among_many_is_said(many: Results) -> None:
    """One detector just beyond the tolerance by its own interval; eleven others that were measured anew."""
    random = np.random.default_rng(9)
    true = np.linspace(1, 2, 12)
    first = drawn(random, true)
    second = {name: values + random.normal(0, 0.05, 12) for name, values in first.items()}
    step = np.array([1.0, -1.0] * 6)
    second["d00"] = (
        first["d00"] + 0.1 * step + 0.069
    )  # t = 2.29 at 11 degrees of freedom: p = 0.02, one-sided
    comparison = compare(
        with_values(many, first), with_values(many, second), metrics=["jitter"], tolerance={"jitter": 0}
    )
    found = comparison.data["rows"][0]
    assert 0.01 < found["p_worse"] < 0.025
    assert (found["verdict_alone"], found["verdict"]) == ("worse", "unclear")
    text = " ".join(comparison.table().split())
    assert "d00: jitter alone would be worse: among so many it may be chance" in text
    assert "after Holm over 12 tests" in text
    judgement = judge(comparison, ["jitter"])
    assert judgement.passed
    assert judgement.notes[:1] == [
        "d00 jitter: worse by its own interval, which among 12 numbers may be chance"
    ]
    alone = compare(
        with_values(many, first),
        with_values(many, second),
        metrics=["jitter"],
        tolerance={"jitter": 0},
        detectors=["d00"],
    )
    assert judge(alone, ["jitter"]).exit_code == 1


def test_what_is_the_same_to_the_bit_is_no_test(many: Results) -> None:
    """Eleven detectors that nobody touched do not make the test of the twelfth any stricter."""
    random = np.random.default_rng(9)
    first = drawn(random, np.linspace(1, 2, 12))
    second = first | {"d00": first["d00"] + 0.1 * np.array([1.0, -1.0] * 6) + 0.069}
    comparison = compare(
        with_values(many, first), with_values(many, second), metrics=["jitter"], tolerance={"jitter": 0}
    )
    assert [one["p_holm"] for one in comparison.data["rows"]].count(None) == 11
    assert comparison.data["rows"][0]["verdict"] == "worse"
    assert judge(comparison, ["jitter"]).exit_code == 1


def test_the_gate_counts_what_it_judges_and_not_what_it_shows(many: Results) -> None:
    """The family of the table is all its rows, that of the gate the numbers that can fail the build."""
    new = scaled(scaled(many, 1.1), 1.1, "spread")
    data = compare(many, new).data
    tested = [one for one in data["rows"] if one["p_holm"] is not None]
    assert {one["metric"] for one in tested} == {"jitter", "spread"}
    judgement = judge(compare(many, new))
    assert len(judgement.regressions) == 12
    assert "among 12 numbers" in judgement.regressions[0]
