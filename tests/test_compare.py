"""Two runs side by side: paired, on what they share, and honest about what else differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluated import BOX, KnownDetector
from flmcore.cli import main
from flmcore.evaluation import Comparison, Results, compare
from flmcore.evaluation.metrics import Tolerance, find_metric, read_tolerance
from flmcore.evaluation.statistics import bootstrap_mean
from results_files import changed, measure, scaled, with_latency, write_changed


@pytest.fixture(scope="module")
def old() -> Results:
    return measure(KnownDetector("a", sigma=0.2), KnownDetector("five", scheme="five-5", sigma=0.1))


def row(comparison: Comparison, metric: str = "jitter", detector: str = "a") -> dict[str, Any]:
    rows = [r for r in comparison.data["rows"] if (r["metric"], r["detector"]) == (metric, detector)]
    assert len(rows) == 1
    return rows[0]


def matters(comparison: Comparison) -> dict[str, tuple[str, str]]:
    return {d["where"]: (d["old"], d["new"]) for d in comparison.data["differences"] if d["matters"]}


def test_a_run_is_the_same_as_itself(old: Results) -> None:
    comparison = compare(old, Results(old.data))
    assert {r["verdict"] for r in comparison.data["rows"]} == {"same"}
    assert comparison.data["differences"] == []
    assert row(comparison)["difference"]["mean"] == 0


def test_difference_is_the_paired_bootstrap_over_images(old: Results) -> None:
    """Noise a quarter larger in the same draws: jitter a quarter larger on every image."""
    new = measure(KnownDetector("a", sigma=0.25))
    found = row(compare(old, new))
    pairs = [
        (before["jitter"], after["jitter"])
        for before in old.units
        for after in new.units
        if (before["image"], before["detector"]) == (after["image"], "a")
    ]
    expected = bootstrap_mean(np.diff(pairs, axis=1)[:, 0])
    assert found["difference"] == expected.to_dict()
    assert found["old"] == pytest.approx(np.mean([a for a, _ in pairs]), rel=1e-12)
    assert found["new"] == pytest.approx(1.25 * found["old"], rel=1e-3)
    assert found["verdict"] == "worse"
    assert row(compare(new, old))["verdict"] == "better"


def test_pairing_sees_what_two_intervals_would_hide(old: Results) -> None:
    def uneven(data: dict[str, Any]) -> None:
        for number, unit in enumerate(data["units"]):
            unit["jitter"] *= 10.0 ** (number % 3)

    first = changed(old, uneven)
    found = row(compare(first, scaled(first, 1.05)))
    assert found["difference"]["low"] > 0
    summary = bootstrap_mean([u["jitter"] for u in first.units if u["detector"] == "a"])
    assert summary.high is not None
    assert summary.low is not None
    assert summary.high - summary.low > 10 * found["difference"]["mean"]


def test_verdict_knows_the_tolerance(old: Results) -> None:
    new = scaled(old, 1.05)
    assert row(compare(old, new))["verdict"] == "worse"
    assert row(compare(old, new, tolerance={"jitter": "6%"}))["verdict"] == "same"
    assert row(compare(old, new, tolerance={"jitter": 0.001}))["verdict"] == "worse"
    # On some images better, on others worse, by more than the tolerance.
    mixed = changed(old, lambda data: [u.update(jitter=u["jitter"] * f) for u, f in zip(data["units"], [0.5, 1, 2] * 4, strict=True)])  # fmt: skip
    assert row(compare(old, mixed))["verdict"] == "unclear"


def test_rounding_of_another_runtime_is_no_regression(old: Results) -> None:
    found = row(compare(old, scaled(old, 1 + 1e-6)))
    assert found["difference"]["low"] > 0
    assert found["verdict"] == "same"


def test_gain_is_judged_by_its_distance_from_zero(old: Results) -> None:
    def rides(gain: float) -> Results:
        return changed(old, lambda data: [unit.update(gain=gain) for unit in data["units"]])

    assert row(compare(rides(-0.5), rides(0.1)), "gain")["verdict"] == "better"
    assert row(compare(rides(0.1), rides(-0.5)), "gain")["verdict"] == "worse"
    assert row(compare(rides(0.1), rides(-0.1)), "gain")["verdict"] == "same"


def test_few_images_have_no_verdict_but_a_reason() -> None:
    first, second = (measure(KnownDetector("a", sigma=s), images=3) for s in (0.2, 0.3))
    found = row(compare(first, second))
    assert found["verdict"] == "not judged"
    assert found["difference"]["reason"] == "3 images: an interval needs at least 5"
    assert "no intervals (3 images: an interval needs at least 5)" in " ".join(
        compare(first, second).table().split()
    )


def test_only_what_both_runs_have_is_compared(old: Results) -> None:
    def other(data: dict[str, Any]) -> None:
        data["images"][0]["sha256"] = "0" * 64
        data["images"][1]["image"] = "renamed"
        data["detectors"][1]["name"] = "other"
        data["units"] = [unit for unit in data["units"] if unit["image"] not in ("array-1", "array-2")]

    comparison = compare(old, changed(old, other))
    data = comparison.data
    assert data["detectors"] == {"shared": ["a"], "only_old": ["five"], "only_new": ["other"]}
    assert data["images"]["shared"] == ["array-2", "array-3", "array-4", "array-5"]
    assert data["images"]["changed"] == ["array-0"]
    assert (data["images"]["only_old"], data["images"]["only_new"]) == (["array-1"], ["renamed"])
    assert data["lost"] == [{"detector": "a", "image": "array-2", "face": 0}]
    assert row(comparison)["difference"]["images"] == 3
    text = " ".join(comparison.table().split())
    for said in (
        "Only in the old run: five",
        "Left out, as of other content in the new run: 1 image: array-0",
        "a: 1 face no longer measured: array-2 face 0",
    ):
        assert said in text


def test_runs_with_nothing_in_common_are_refused(old: Results) -> None:
    other = measure(KnownDetector("b"), images=1)
    with pytest.raises(
        ValueError, match="detectors: expected two runs with one in common, got a, five and b"
    ):
        compare(old, other)

    def rename(data: dict[str, Any]) -> None:
        for image in data["images"]:
            image["sha256"] = image["image"]

    with pytest.raises(ValueError, match="6 of the same name and other content"):
        compare(old, changed(old, rename))
    with pytest.raises(ValueError, match="none of the same name"):
        compare(old, changed(old, lambda data: data.update(images=[])))


def test_other_protocol_is_said_loudly(old: Results) -> None:
    detectors = (KnownDetector("a", sigma=0.2), KnownDetector("five", scheme="five-5", sigma=0.1))
    boxes = [[[v + number + 1 for v in BOX]] for number in range(6)]
    comparison = compare(old, measure(*detectors, frames=32, seed=7, boxes=boxes, batch=8))
    found = matters(comparison)
    assert found["protocol.sweep.frames"] == ("16", "32")
    assert found["protocol.sweep.seed"] == ("0", "7")
    assert found["boxes of the faces"] == ("6 shared", "6 moved")
    assert "protocol.batch" not in found
    assert "protocol.batch" in {d["where"] for d in comparison.data["differences"]}
    assert "! The runs were measured in different ways" in comparison.table()
    lent = changed(old, lambda data: data["units"][0].update(normaliser="box"))
    assert matters(compare(old, lent)) == {
        "normaliser of 1 measurements": ("interocular, mean landmarks", "box")
    }


def test_weights_and_versions_are_listed_without_alarm(old: Results) -> None:
    def other(data: dict[str, Any]) -> None:
        data["version"] = "0.2.0"
        data["detectors"][0]["weights_sha256"] = "1" * 64
        data["timing"]["environment"]["packages"]["numpy"] = "9.9"

    comparison = compare(old, changed(old, other))
    assert not matters(comparison)
    text = comparison.table()
    for said in ("flmcore: ", "a: weights_sha256: not said → 1111", "numpy: "):
        assert said in text


def test_what_only_one_version_says_is_no_other_protocol(old: Results) -> None:
    newer = changed(old, lambda data: data["protocol"].update(smoothing={"lag": 33}))
    comparison = compare(old, newer)
    assert not matters(comparison)
    assert "protocol.smoothing: not said → " in comparison.table()


def test_common_landmarks_of_another_scheme_are_not_compared(old: Results) -> None:
    alone = measure(KnownDetector("a", sigma=0.2))
    metrics = {r["metric"] for r in compare(old, alone).data["rows"]}
    assert "jitter" in metrics
    assert "jitter_common" not in metrics


@pytest.mark.parametrize(
    ("p50", "least", "verdict"),
    [
        (5.0, 4.5, "same"),
        (7.0, 6.5, "worse"),
        (3.0, 2.7, "better"),
        (7.0, 4.6, "unclear"),  # a busy machine: the fastest repeats are as fast as before
    ],
)
def test_latency_needs_the_median_and_the_fastest(
    old: Results, p50: float, least: float, verdict: str
) -> None:
    comparison = compare(with_latency(old, 5.0, 4.5), with_latency(old, p50, least))
    assert [r["verdict"] for r in comparison.data["latency"]] == [verdict, verdict]


def test_latency_of_another_machine_is_not_judged(old: Results) -> None:
    fast, slow = with_latency(old, 5.0, 4.5), with_latency(old, 50.0, 45.0)
    elsewhere = changed(slow, lambda data: data["timing"]["environment"].update(processor="abacus"))
    comparison = compare(fast, elsewhere)
    assert {(r["verdict"], r["reason"]) for r in comparison.data["latency"]} == {
        ("not judged", "another machine")
    }
    assert "! Latency: the runs say different machines" in comparison.table()
    threads = compare(fast, with_latency(old, 50.0, 45.0, threads=4))
    assert threads.data["latency"][0]["reason"] == "measured with other threads"
    assert compare(old, fast).data["latency"][0]["reason"] == "not measured in both runs"


@pytest.mark.parametrize("width", [40, 60, 88, 100, 140])
def test_table_fits_its_width(old: Results, width: int) -> None:
    long = changed(
        old, lambda data: data["detectors"][0].update(name="a-detector-of-a-very-long-name-indeed")
    )
    long = changed(long, lambda data: [u.update(detector="a-detector-of-a-very-long-name-indeed") for u in data["units"] if u["detector"] == "a"])  # fmt: skip
    lines = compare(long, long).table(width).splitlines()
    assert max(map(len, lines)) <= width


HOSTILE = "[red]x[/red]\x1b[31m\u202e<script>\n$\\frac"


def hostile(results: Results) -> Results:
    def rename(data: dict[str, Any]) -> None:
        text = json.dumps(data).replace('"five"', json.dumps(HOSTILE))
        data.update(json.loads(text))
        data["detectors"][0]["licence"] = data["summary"][0]["licence"] = (
            "\x1b]0;owned\x07 licence of some length"
        )

    return changed(results, rename)


def test_names_are_shown_and_not_obeyed(old: Results, tmp_path: Path) -> None:
    named = hostile(old)
    for text in (compare(named, named).table(200), named.table(200)):
        assert r"[red]x[/red]\x1b[31m\u202e<script> $\frac" in text
        assert all(letter == "\n" or letter.isprintable() for letter in text)
    pytest.importorskip("matplotlib")
    named.report(tmp_path)  # a formula that is none would end the drawing
    assert (tmp_path / "jitter_groups.png").stat().st_size > 0


def test_metrics_and_tolerances_are_checked(old: Results) -> None:
    with pytest.raises(ValueError, match=r"metric: expected one of .*, got 'jiter'.*did you mean 'jitter'"):
        compare(old, old, metrics=["jiter"])
    with pytest.raises(ValueError, match=r"tolerance: expected one of .*got 'x'"):
        compare(old, old, tolerance={"x": 1})
    with pytest.raises(ValueError, match=r"detectors: expected one of a, five, got 'b'"):
        compare(old, old, detectors=["b"])
    for value in ("-1%", "nan", "five", "", "inf%"):
        with pytest.raises(ValueError, match="expected a share such as 5% or an amount from 0"):
            read_tolerance(value, "jitter")
    assert read_tolerance("5%", "x").limit(-2.0) == pytest.approx(0.1)
    assert read_tolerance(0.3, "x") == Tolerance(0, 0.3)
    assert find_metric("latency").tolerance.limit(50) == pytest.approx(5)


def test_command_prints_and_writes(old: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, results in (("old", old), ("new", scaled(old, 1.5))):
        results.write(tmp_path / name)
    out = tmp_path / "comparison.json"
    assert main(["compare", str(tmp_path / "old"), str(tmp_path / "new"), "-o", str(out)]) == 0
    said = capsys.readouterr()
    assert "worse" in said.out
    assert said.err == ""
    record = json.loads(out.read_text())
    assert record["format"] == "flmcore comparison 1"
    assert record == compare(tmp_path / "old", tmp_path / "new").data


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--metric", "jiter"], "did you mean 'jitter'"),
        (["--tolerance", "jitter"], "--tolerance: expected NAME=VALUE"),
        (["--tolerance", "jitter=x"], "tolerance of jitter: expected a share"),
        (["--tolerance", "jitter=1%", "--tolerance", "jitter=2%"], "expected one tolerance for jitter"),
        (["-d", "b"], "expected one of a, five"),
        (["-o", "/no/such/folder/x.json"], "cannot be written"),
    ],
)
def test_mistakes_get_one_line(
    old: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], text: str
) -> None:
    old.to_json(tmp_path / "r.json")
    assert main(["compare", str(tmp_path / "r.json"), str(tmp_path / "r.json"), *more]) == 2
    error = capsys.readouterr().err
    assert text in error
    assert error.count("\n") == 1


def test_files_that_are_no_results_get_one_line(
    old: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = tmp_path / "good.json"
    old.to_json(good)
    newer = write_changed(old, tmp_path / "newer.json", lambda data: data.update(format="flmcore results 7"))
    (tmp_path / "half.json").write_bytes(good.read_bytes()[:200])
    for path, text in (
        (newer, "upgrade flmcore"),
        (tmp_path / "half.json", "cannot be read"),
        (tmp_path, "results.json"),
    ):
        assert main(["compare", str(good), str(path)]) == 2
        error = capsys.readouterr().err
        assert text in error
        assert error.count("\n") == 1
