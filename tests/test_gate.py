"""The gate fails a build on what is worse beyond doubt, and on nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluated import KnownDetector
from flmcore.cli import main
from flmcore.evaluation import Judgement, Results, compare, judge
from results_files import changed, measure, scaled, with_latency


@pytest.fixture(scope="module")
def old() -> Results:
    return measure(KnownDetector("a", sigma=0.2), KnownDetector("five", scheme="five-5", sigma=0.1))


def gate(old: Results, new: Results, *metrics: str, **options: Any) -> Judgement:
    tolerance = options.pop("tolerance", None)
    comparison = compare(old, new, metrics=metrics or None, tolerance=tolerance)
    return judge(comparison, metrics or None, **options)


def test_the_same_passes(old: Results) -> None:
    assert gate(old, old).exit_code == 0
    assert gate(old, scaled(old, 0.5)).passed


def test_worse_jitter_fails_beyond_its_tolerance(old: Results) -> None:
    new = measure(KnownDetector("a", sigma=0.22), KnownDetector("five", scheme="five-5", sigma=0.1))
    judgement = gate(old, new)
    assert judgement.exit_code == 1
    assert len(judgement.regressions) == 1
    assert judgement.regressions[0].startswith("a jitter: ")
    assert gate(old, new, tolerance={"jitter": "12%"}).passed
    assert gate(old, new, tolerance={"jitter": "8%"}).exit_code == 1


def test_only_the_metrics_asked_for_are_judged(old: Results) -> None:
    new = scaled(old, 2.0, "spread")
    assert gate(old, new).passed
    assert gate(old, new, "spread").exit_code == 1
    assert gate(old, new, "jitter").passed


def test_slower_fails_on_the_same_machine_only(old: Results) -> None:
    fast, slow = with_latency(old, 5.0, 4.5), with_latency(old, 6.0, 5.5)
    judgement = gate(fast, slow)
    assert judgement.regressions == [
        f"{name} latency: 5 → 6 ms, tolerated 0.5, noise 0.098" for name in ("a", "five")
    ]
    assert gate(fast, slow, tolerance={"latency": "30%"}).passed
    elsewhere = changed(slow, lambda data: data["timing"]["environment"].update(processor="abacus"))
    passed = gate(fast, elsewhere)
    assert passed.passed
    assert passed.notes == ["a latency: another machine", "five latency: another machine"]
    assert gate(fast, elsewhere, "latency").exit_code == 2


def test_failing_on_the_hard_images_is_no_way_to_pass(old: Results) -> None:
    def fail(data: dict[str, Any]) -> None:
        data["units"] = [
            unit for unit in data["units"] if (unit["image"], unit["detector"]) != ("array-3", "a")
        ]

    judgement = gate(old, scaled(changed(old, fail), 0.5))
    assert judgement.regressions == ["a: no longer measured on 1 face, array-3 the first"]
    undefined = changed(old, lambda data: data["units"][0].update(jitter=None))
    assert gate(old, undefined).regressions == ["a jitter: undefined on 1 face that had it"]


def test_detector_that_is_gone_fails_unless_left_out(old: Results) -> None:
    new = measure(KnownDetector("a", sigma=0.2))
    assert gate(old, new).regressions == ["five: was measured, and is not in the new run"]
    assert judge(compare(old, new, detectors=["a"])).passed


def test_other_protocol_is_not_judged(old: Results) -> None:
    detectors = (KnownDetector("a", sigma=0.2), KnownDetector("five", scheme="five-5", sigma=0.1))
    new = measure(*detectors, seed=3)
    judgement = gate(old, new, tolerance={"jitter": "500%"})
    assert judgement.exit_code == 2
    assert judgement.refusals == ["measured in another way: protocol.sweep.seed: 0 → 3"]
    assert gate(old, new, tolerance={"jitter": "500%"}, any_protocol=True).passed


def test_few_images_do_not_pass_silently() -> None:
    first, second = (measure(KnownDetector("a", sigma=s), images=3) for s in (0.2, 0.3))
    judgement = gate(first, second)
    assert judgement.exit_code == 2
    assert judgement.refusals == ["a jitter: 3 images: an interval needs at least 5"]
    assert gate(first, first).passed  # nothing differs: no statistics are needed for that


def test_number_that_no_detector_has_is_refused(old: Results) -> None:
    judgement = gate(old, old, "rounding_jitter")
    assert judgement.exit_code == 2
    assert "no detector has it in both runs" in judgement.refusals[0]


def test_unfinished_run_is_not_judged(old: Results) -> None:
    assert gate(old, changed(old, lambda data: data.update(complete=False))).refusals == [
        "the new run is unfinished"
    ]


def with_jitter(results: Results, values: np.ndarray[Any, Any]) -> Results:
    """The run with these jitters, one per image."""

    def change(data: dict[str, Any]) -> None:
        for unit, value in zip(data["units"], values.tolist(), strict=True):
            unit["jitter"] = value

    return changed(results, change)


@pytest.mark.parametrize(("rise", "least", "most"), [(0.0, 0.0, 0.05), (0.10, 0.85, 1.0)])
def test_gate_errs_as_seldom_as_it_says(rise: float, least: float, most: float) -> None:
    """200 pairs of runs over 12 images whose jitters spread by half, measured with 5 % noise.

    Without a change 2.5 in 100 intervals lie above zero by chance; 5 is two standard errors above that. The mean
    difference of 12 unequal images has a standard error of 2.3 %, so a rise of 10 % must nearly always be seen.
    """
    base = measure(
        KnownDetector("a", scheme="five-5", sigma=0.2), images=12, frames=8
    )  # few landmarks to copy
    random = np.random.default_rng(5)
    failed = 0
    for _ in range(200):
        true = random.lognormal(0, 0.5, 12)
        first, second = (true * random.normal(1, 0.05, 12) for _ in range(2))
        judgement = gate(
            with_jitter(base, first),
            with_jitter(base, second * (1 + rise)),
            "jitter",
            tolerance={"jitter": 0},
        )
        failed += judgement.exit_code == 1
    assert least <= failed / 200 <= most


def run(tmp_path: Path, old: Results, new: Results, *more: str) -> int:
    old.to_json(tmp_path / "old.json")
    new.to_json(tmp_path / "new.json")
    names = [str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    return main(["compare", *names, "--fail-on-regression", *more])


def test_command_says_why_and_exits(old: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, old, old) == 0
    assert "The gate passed" in capsys.readouterr().out
    assert run(tmp_path, old, scaled(old, 1.2)) == 1
    said = capsys.readouterr()
    assert said.err.startswith("flmcore: regressed: a jitter: ")
    assert "The gate passed" not in said.out
    assert run(tmp_path, old, scaled(old, 1.2), "--tolerance", "jitter=25%") == 0
    assert run(tmp_path, old, measure(KnownDetector("a", sigma=0.2), seed=1), "-d", "a") == 2
    assert "not judged: measured in another way" in capsys.readouterr().err
    assert (
        run(tmp_path, old, measure(KnownDetector("a", sigma=0.1), seed=1), "-d", "a", "--any-protocol") == 0
    )
