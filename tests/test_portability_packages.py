"""The portability report of real packages: its verdicts follow from the rules, its multiply-adds are PyTorch's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("coremltools")

import torch

from flmcore.cli import main
from flmcore.detectors.flip import flip_of
from flmcore.detectors.load import find_config
from flmcore.export.coreml import export_coreml
from flmcore.export.package import read_package
from flmcore.export.portability import PortabilityReport, portability
from flmcore.export.untrained import untrained_detector
from flmcore.report.portability import render

if TYPE_CHECKING:
    from flmcore.detectors.base import Detector

# What coremltools computes ahead in SLPT: the first layer's attention among queries that are constants, per stage four
# linear layers and both products, and the query's projection of its attention to the patches.
SLPT_FOLDED = 3 * (5 * 98 * 256 * 256 + 2 * 8 * 98 * 98 * 32)
LEVELS = {"fan1": "whole", "simulated-r18": "whole", "rtmpose-t": "slow", "slpt-6": "poor"}
FOLDED = {"slpt-6": SLPT_FOLDED}

Made = tuple["Detector", Path, PortabilityReport]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Detector, package and report by name; each is converted once."""
    known: dict[str, Made] = {}
    torch.set_num_threads(1)

    def make(name: str) -> Made:
        if name not in known:
            detector = untrained_detector(find_config(name))
            path = tmp_path_factory.mktemp(name) / f"{name}.mlpackage"
            export_coreml(detector, path, flip=False)  # its swap of left and right is a product of its own
            known[name] = detector, path, portability(read_package(path))
        return known[name]

    return make


@pytest.mark.parametrize("name", LEVELS)
def test_multiply_adds_are_those_of_pytorch(made: Any, name: str) -> None:
    detector, _, report = made(name)
    runs = 2 if flip_of(detector.config) != "none" else 1
    assert report.name == name
    assert report.uncounted == 0
    assert detector.cost().multiply_adds == runs * (report.multiply_adds + FOLDED.get(name, 0))


@pytest.mark.parametrize("name", LEVELS)
def test_verdict_follows_from_the_rules(made: Any, name: str) -> None:
    report = made(name)[2]
    assert report.verdict.level == LEVELS[name], render(report)


@pytest.mark.parametrize("name", ["fan1", "simulated-r18"])
def test_convolutions_alone_come_out_clean(made: Any, name: str) -> None:
    report = made(name)[2]
    assert report.hits == ()
    assert (report.switches, len(report.segments)) == (0, 1)


def test_rtmpose_stays_but_for_its_head(made: Any) -> None:
    report = made("rtmpose-t")[2]
    assert (report.switches, report.leaving) == (0, 0.0)
    assert "(head)" in report.verdict.text
    (hit,) = report.hits
    assert hit.rule == "sequence-matmul"
    assert all(part.startswith("head") for part in hit.parts)
    assert any("gau" in part for part in hit.parts) or hit.parts == ("head",)
    assert 0.05 < report.slow < 0.30


def test_slpt_switches_at_its_samplers(made: Any) -> None:
    report = made("slpt-6")[2]
    by_rule = {hit.rule: hit for hit in report.hits}
    assert by_rule["resample"].count == 3  # one for each stage
    assert by_rule["sequence-matmul"].count == 168
    assert by_rule["layout-changes"].count > 200
    assert report.switches >= 6
    assert report.leaving == 0.0  # what leaves multiplies nothing: it is the switches that cost
    off = [segment for segment in report.segments if segment.unit != "neural engine"]
    assert {rule for segment in off for rule in segment.rules} == {"resample", "large-upsampling"}


def test_float32_leaves_altogether(tmp_path: Path) -> None:
    path = tmp_path / "r18.mlpackage"
    export_coreml(untrained_detector(find_config("simulated-r18")), path, precision="float32")
    report = portability(read_package(path))
    assert (report.verdict.level, report.leaving, report.switches) == ("poor", 1.0, 0)


def test_command_takes_detector_and_package(
    made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLMCORE_WEIGHTS", raising=False)
    _, path, report = made("simulated-r18")
    for subject in (str(path), "simulated-r18"):
        assert main(["export", "portability", subject, "--json", str(tmp_path / "out.json")]) == 0
        said = capsys.readouterr().out
        assert "simulated-r18: likely whole on the Neural Engine" in said
        assert "float16 range not looked at" in said
        record = json.loads((tmp_path / "out.json").read_text())
        assert record["operations"] == json.loads(json.dumps(report.to_dict()))["operations"]
    assert "weights are not here" in said
