"""Runs of other detectors as one run: what a run of them all gives, and what is not mixed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
from evaluated import KnownDetector, face_shape
from flmcore.cli import main
from flmcore.errors import ResultsError
from flmcore.evaluation import Results, compare
from flmcore.evaluation.schema import check_record
from results_files import changed, measure, with_latency

PARTS = ("summary", "comparisons", "causes", "units", "images", "detectors", "protocol", "overlays")


def detector(name: str, sigma: float, **options: Any) -> KnownDetector:
    return KnownDetector(name, sigma=sigma, **options)


A, B, C = (detector(name, sigma) for name, sigma in (("a", 0.1), ("b", 0.3), ("c", 0.12)))


@pytest.fixture(scope="module")
def runs() -> tuple[Results, Results]:
    return measure(A, B), measure(C)


def differing(one: Results, other: Results) -> list[str]:
    return [part for part in PARTS if one.data[part] != other.data[part]]


def test_merged_run_is_the_run_of_all(runs: tuple[Results, Results], tmp_path: Path) -> None:
    merged, together = Results.merge(runs), measure(A, B, C)
    assert differing(merged, together) == []
    assert merged.problems == together.problems
    assert [len(row["pairs"]) for row in merged.comparisons] == [3]
    check_record(merged.data)
    for image, arrays in together.overlays.items():
        assert merged.overlays[image].keys() == arrays.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(merged.overlays[image][name], array)
    merged.write(tmp_path)
    assert Results.from_json(tmp_path).data == merged.data


def test_order_of_merging_changes_the_rows_order_only(runs: tuple[Results, Results]) -> None:
    one, other = Results.merge(runs), Results.merge(runs[::-1])
    rows = [{row["detector"]: row for row in results.summary} for results in (one, other)]
    assert rows[0] == rows[1]
    assert [row["name"] for row in other.detectors] == ["c", "a", "b"]


def test_merging_one_after_the_other_is_merging_at_once() -> None:
    three = [measure(one) for one in (A, B, C)]
    nested = Results.merge([Results.merge(three[:2]), three[2]])
    assert nested.data == Results.merge(three).data


def with_truth(*detectors: KnownDetector) -> Results:
    truth = [(f"array-{number}", face_shape() + number) for number in range(6)]
    return measure(*detectors, boxes="truth", truth=truth, truth_scheme="300w-68")


class Wide(KnownDetector):
    """98 landmarks at the 68 places of the tests' face."""

    def decode(self, raw: Any) -> Any:
        self.landmark_count = 68
        points, scores = super().decode(raw)
        self.landmark_count = 98
        return points[:, np.arange(98) % 68], scores[:, np.arange(98) % 68]


def test_accuracy_on_common_landmarks_follows_from_the_errors() -> None:
    """Alone, wflw-98 has all landmarks with itself in common; beside 300w-68 it has these."""
    wide, narrow = Wide("wide", sigma=0.2, scheme="wflw-98"), detector("narrow", 0.3)
    merged = Results.merge([with_truth(wide), with_truth(narrow)])
    together = with_truth(wide, narrow)
    assert together.summary[0]["nme_common"]["images"] == 6
    for row, expected in zip(merged.summary, together.summary, strict=True):
        assert row["nme"] == expected["nme"]
        assert row["nme_common"] == expected["nme_common"]
        assert row["jitter_common"] is None
    assert merged.protocol["accuracy"] == together.protocol["accuracy"]
    assert merged.protocol["common_scheme"] is None
    (note,) = [row["reason"] for row in merged.problems if row["kind"] == "merge"]
    assert note.startswith("jitter on common landmarks is left out: the runs have it on wflw-98 and 300w-68")
    assert "! Jitter on common" in merged.table().replace("· ", "")


def test_accuracy_whose_errors_were_not_kept_is_left_out() -> None:
    """Beside 51 landmarks the 68 have these in common, and a run of the 68 alone kept no errors on them."""
    merged = Results.merge([with_truth(A), with_truth(detector("inner", 0.1, scheme="300w-51"))])
    assert merged.protocol["accuracy"]["common"] is None
    assert [row["nme_common"] for row in merged.summary] == [None, None]
    assert all(row["nme"]["images"] == 6 for row in merged.summary)
    reasons = [row["reason"] for row in merged.problems if row["kind"] == "merge"]
    assert any("not every run kept errors on 300w-51" in reason for reason in reasons)


DIFFERENT: list[tuple[Callable[[], Results], str]] = [
    (lambda: measure(C, seed=1), r"protocol.sweep.seed: 0 → 1"),
    (lambda: measure(C, sweep="scale"), r"protocol.sweep.name: shift → scale"),
    (lambda: measure(C, frames=8), r"protocol.sweep.frames: 16 → 8"),
    (lambda: measure(C, images=5), r"image array-5 is only in the first"),
    (lambda: measure(C, images=7), r"image array-6 is only in the second"),
    (lambda: measure(C, boxes=[[[60, 50, 140, 130]]] * 6), r"boxes of the faces: 6 shared → 5 moved"),
    (lambda: with_truth(C), r"protocol.boxes"),
    (lambda: measure(C, sweep="all", images=6, frames=8), r"protocol.sweep.frames"),
    (lambda: measure(detector("five", 0.1, scheme="five-5")), r"a in % of interocular, .*five in % of box"),
    (lambda: changed(measure(C), lambda d: d["images"][2].update(sha256="0")), "array-2 has other content"),
    (lambda: changed(measure(C), lambda d: d.update(complete=False)), "expected a finished run"),
    (lambda: changed(measure(C), lambda d: d["protocol"].update(boxes="dlib")), "got older ones"),
    (lambda: measure(A), "expected each name once, got 'a' in run 1 and run 2: rename one"),
]


@pytest.mark.parametrize(("other", "message"), DIFFERENT)
def test_runs_that_do_not_fit_are_refused_by_what_differs(
    runs: tuple[Results, Results], other: Callable[[], Results], message: str
) -> None:
    with pytest.raises(ResultsError, match=message):
        Results.merge([runs[0], other()])


def test_smoothing_of_another_lag_is_another_question() -> None:
    one, other = measure(A, smooth=33.0), measure(C, smooth=50.0)
    with pytest.raises(ResultsError, match=r"protocol\.smoothing"):
        Results.merge([one, other])
    merged = Results.merge([one, measure(C)])
    assert {row["detector"] for row in merged.causes["smoothing"]} == {"a"}
    assert merged.protocol["smoothing"]["lag_ms"] == 33


def test_renamed_detector_is_renamed_everywhere(runs: tuple[Results, Results]) -> None:
    again = measure(A, detector("five", 0.1, scheme="five-5"))
    merged = Results.merge([runs[0], again], rename={(1, "a"): "a-again"})
    assert [row["detector"] for row in merged.summary] == ["a", "b", "a-again", "five"]
    first, second = (next(row for row in merged.summary if row["detector"] == n) for n in ("a", "a-again"))
    assert first["jitter"] == second["jitter"]
    lenders = {unit["normaliser"] for unit in merged.units if unit["detector"] == "five"}
    assert lenders == {"interocular, mean landmarks of a-again"}
    pair = next(p for c in merged.comparisons for p in c["pairs"] if {p["a"], p["b"]} == {"a", "a-again"})
    assert pair["difference"]["mean"] == 0
    assert pair["tied"]
    with pytest.raises(
        ValueError, match=r"rename: expected one of a, five in run 2, got 'fife'; did you mean"
    ):
        Results.merge([runs[0], again], rename={(1, "fife"): "x"})
    with pytest.raises(ResultsError, match="got 'b' in run 1 and run 2"):
        Results.merge([runs[0], again], rename={(1, "a"): "b"})
    with pytest.raises(ValueError, match="expected a run from 1 to 2, got 3"):
        Results.merge([runs[0], again], rename={(2, "a"): "x"})
    with pytest.raises(ValueError, match="at least two, got 1"):
        Results.merge([runs[0]])


def test_latencies_share_a_column_on_one_machine_only(runs: tuple[Results, Results]) -> None:
    one, other = (with_latency(run, 2.0, 1.8) for run in runs)
    merged = Results.merge([one, other])
    assert {name: row["total"]["p50"] for name, row in merged.speed.items()} == {"a": 2, "b": 2, "c": 2}
    elsewhere = changed(other, lambda d: d["timing"]["environment"].update(processor="Another CPU"))
    mixed = Results.merge([one, elsewhere])
    assert not any("total" in row for row in mixed.speed.values())
    assert mixed.speed["c"] == {"problem": "the merged runs were measured on different machines"}
    assert [row["speed"]["c"]["total"]["p50"] for row in mixed.data["timing"]["merged"][1:]] == [2.0]
    table = mixed.table()
    assert "Another CPU" in table
    assert "Latency is left out" in table
    assert "2.00/" not in table
    check_record(mixed.data)
    # Nor does a comparison with a run of either machine judge it.
    rows = compare(one, mixed).data["latency"]
    assert {row["verdict"] for row in rows} == {"not judged"}


def test_a_face_that_one_run_lacks_is_left_out_for_all(runs: tuple[Results, Results]) -> None:
    failing = measure(detector("c", 0.12, fails_on=4))
    merged, together = Results.merge([runs[0], failing]), measure(A, B, detector("c", 0.12, fails_on=4))
    assert merged.summary == together.summary
    assert merged.summary[0]["faces"] < merged.summary[0]["faces_measured"]
    assert [row["detector"] for row in merged.problems] == [row["detector"] for row in together.problems]


@pytest.fixture
def folders(runs: tuple[Results, Results], tmp_path: Path) -> tuple[Path, Path]:
    for run, name in zip(runs, "ab", strict=True):
        run.write(tmp_path / name)
    return tmp_path / "a", tmp_path / "b"


def test_command_writes_what_evaluate_writes(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "both"
    assert main(["merge", *map(str, folders), "-o", str(out), "--no-figures"]) == 0
    text = capsys.readouterr().out
    assert "Merged from 2 runs: a, b (" in text
    assert {path.name for path in out.iterdir()} >= {"results.json", "results.csv", "units.csv"}
    assert [row["detector"] for row in Results.from_json(out).summary] == ["a", "b", "c"]
    first = (out / "results.json").read_bytes()
    assert main(["merge", *map(str, folders), "-o", str(out), "--no-figures"]) == 0
    assert (out / "results.json").read_bytes() == first


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["a", "a", "-o", "out"], "got 'a' in a and a: rename one"),
        (["a", "-o", "out"], "runs: expected at least two, got 1"),
        (["a", "gone", "-o", "out"], "gone: cannot be read"),
        (["a", "b", "-o", "b"], "--out: expected another folder than those of the runs, got b"),
        (["a", "b", "-o", "out", "--rename", "c=d"], "--rename: expected N:OLD=NEW"),
        (["a", "b", "-o", "out", "--rename", "9:c=d"], "rename: expected a run from 1 to 2, got 9"),
        (["a", "b", "-o", "a/results.json"], "a/results.json"),
    ],
)
def test_mistakes_of_merge(
    folders: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    more: list[str],
    message: str,
) -> None:
    before = [path.read_bytes() for path in (folder / "results.json" for folder in folders)]
    monkeypatch.chdir(tmp_path)
    assert main(["merge", *more]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not Path("out", "results.json").exists()
    assert [path.read_bytes() for path in (folder / "results.json" for folder in folders)] == before


def test_renaming_on_the_command_line(folders: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "both"
    arguments = ["merge", str(folders[0]), str(folders[0]), "-o", str(out), "--no-figures"]
    assert main([*arguments, "--rename", "2:a=x", "--rename", "2:b=y"]) == 0
    data = json.loads((out / "results.json").read_text())
    assert [row["name"] for row in data["detectors"]] == ["a", "b", "x", "y"]
    assert isinstance(flmcore.Results.from_json(out), Results)
    assert len(list(itertools.combinations("abxy", 2))) == len(data["comparisons"][0]["pairs"])
