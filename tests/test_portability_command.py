"""``flmcore export portability``, and its verdict beside the figures of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluated import KnownDetector
from flmcore.cli import main
from flmcore.errors import ResultsError
from flmcore.evaluation import Results
from flmcore.export.portability import RULES, portability
from flmcore.export.portability.into_results import add_to_results
from flmcore.report.table import render
from made_programs import conv, program, relu, resample
from results_files import measure


@pytest.fixture(scope="module")
def results() -> Results:
    return measure(KnownDetector("first", sigma=0.1), KnownDetector("second", sigma=0.2), images=2)


@pytest.fixture
def written(results: Results, tmp_path: Path) -> Path:
    results.write(tmp_path)
    return tmp_path


def test_rules_are_listed_with_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "portability", "--rules"]) == 0
    said = capsys.readouterr().out
    for rule in RULES:
        assert f"{rule.id} · {rule.severity}" in said
        for source in rule.sources:
            assert source in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "export portability: expected a package or a detector, got none"),
        (["fan5"], "expected a .toml file or one of"),
        (
            ["a.mlpackage", "--untrained"],
            "--untrained: expected a detector to run, got the package a.mlpackage",
        ),
        (
            ["a.mlpackage", "--images", "x"],
            "--images: expected a detector to run, got the package a.mlpackage",
        ),
        (
            ["a.mlpackage", "--weights", "x"],
            "--weights: expected a detector to run, got the package a.mlpackage",
        ),
        (
            ["dlib-68", "--untrained"],
            "dlib-68: untrained: expected a detector with model.network, got backend dlib",
        ),
    ],
)
def test_bad_input_is_named(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "portability", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_the_verdict_stands_in_the_table_and_below_it(written: Path, results: Results) -> None:
    assert "phone" not in render(results, width=120)
    add_to_results(portability(program(resample("b", "a")), name="second"), written)
    add_to_results(portability(program(conv("b", "a")), name="first"), written / "results.json")
    found = Results.from_json(written)
    assert list(found.portability) == ["first", "second"]
    assert found.portability["second"]["rules"] == ["resample"]
    table = render(found, width=120)
    assert "phone" in table.split("first")[0]
    assert "not a measurement" in table
    assert "first: likely whole on the Neural Engine." in table
    assert next(line for line in table.splitlines() if line.strip().startswith("first")).count("whole") == 1


def test_the_rest_of_the_file_stays_and_a_later_verdict_replaces(written: Path, results: Results) -> None:
    for made in (program(resample("b", "a")), program(relu("b", "a"))):
        add_to_results(portability(made, name="first"), written)
    found = json.loads((written / "results.json").read_text())
    assert found.pop("portability")["first"]["level"] == "whole"
    assert found == results.data


def test_results_without_the_detector_are_left_alone(written: Path) -> None:
    before = (written / "results.json").read_bytes()
    with pytest.raises(
        ResultsError, match=r"expected a detector frist, got first, second; did you mean 'first'"
    ):
        add_to_results(portability(program(relu("b", "a")), name="frist"), written)
    assert (written / "results.json").read_bytes() == before


def test_a_verdict_of_another_kind_is_refused(written: Path) -> None:
    record = json.loads((written / "results.json").read_text())
    record["portability"] = {"first": {"level": 3}}
    (written / "results.json").write_text(json.dumps(record))
    with pytest.raises(ResultsError, match=r"results\.portability\.first"):
        Results.from_json(written)
