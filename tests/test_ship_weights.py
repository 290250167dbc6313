"""Weights that ship: once in half precision, for PyTorch and, through a graph without numbers, for onnxruntime."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import flmcore
from flmcore import demo
from flmcore.cli import main
from flmcore.detectors import config as config_module
from flmcore.detectors import load as load_module
from flmcore.detectors.base import Detector
from flmcore.detectors.config import ZOO, read_config
from flmcore.detectors.schema import SourceConfig
from flmcore.detectors.weights import find_weights
from flmcore.errors import MissingExtraError, WeightsError
from flmcore.export.untrained import untrained_detector

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
torch.set_num_threads(1)
# Not before tests/, which has a module of the same name as one in bench/.
sys.path.append(str(Path(__file__).parent.parent / "bench"))

import ship_weights

IMAGE = np.random.default_rng(4).integers(0, 256, (90, 120, 3), dtype=np.uint8)
BOXES = [[30.2, 20.1, 80.9, 70.4], [10.0, 12.0, 60.0, 66.0]]


@pytest.fixture(scope="module")
def untrained() -> Detector:
    """A stand-in for a trained network: small, with batch normalisation, and noise in place of training."""
    config = read_config(ZOO / "pfld-106-torch.toml")
    return untrained_detector(replace(config, licence="Apache-2.0", source=SourceConfig()))


@pytest.fixture(scope="module")
def folder(untrained: Detector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("zoo")
    made = ship_weights.ship(untrained, "simulated-s", into)
    assert sorted(path.relative_to(into).as_posix() for path in made) == [
        "simulated-s-torch.toml",
        "simulated-s.toml",
        "weights/LICENSE",
        "weights/simulated-s.onnx",
        "weights/simulated-s.safetensors",
    ]
    assert sorted(path.name for path in into.iterdir()) == [
        "simulated-s-torch.toml",
        "simulated-s.toml",
        "weights",
    ]
    return into


def test_both_programs_give_the_networks_landmarks(untrained: Detector, folder: Path) -> None:
    expected = untrained(IMAGE, BOXES).points
    found = {
        name: flmcore.load_detector(folder / f"{name}.toml", threads=1)
        for name in ("simulated-s", "simulated-s-torch")
    }
    for name, detector in found.items():
        assert detector.name == name
        assert detector.licence == "Apache-2.0"
        assert detector.config.source.commercial == "yes"
        files = ["safetensors", "onnx"][: 1 if name.endswith("torch") else 2]
        sizes = [(folder / "weights" / f"simulated-s.{kind}").stat().st_size for kind in files]
        assert detector.config.source.bytes == sum(sizes)
        assert "docs/models/simulated-s.md" in detector.config.description
        assert detector.config.source.parameters == detector.cost().parameters
        # float16 keeps eleven bits of each weight.
        np.testing.assert_allclose(detector(IMAGE, BOXES).points, expected, atol=0.3)
    points = [detector(IMAGE, BOXES).points for detector in found.values()]
    np.testing.assert_allclose(points[0], points[1], atol=2e-3)
    assert found["simulated-s-torch"].describe()["backend"]["weights_stored_as"] == "float16"
    assert {p.dtype for p in found["simulated-s-torch"].backend.module.parameters()} == {torch.float32}  # type: ignore[attr-defined]
    assert found["simulated-s"].cost().multiply_adds == untrained.cost().multiply_adds


def test_the_graph_holds_no_number_of_the_weights(folder: Path) -> None:
    graph = folder / "weights" / "simulated-s.onnx"
    data = folder / "weights" / "simulated-s.safetensors"
    assert graph.stat().st_size < 100_000 < data.stat().st_size
    model = onnx.load(graph, load_external_data=False)
    inside = [t for t in model.graph.initializer if t.data_location != onnx.TensorProto.EXTERNAL]
    assert sum(np.prod(t.dims, dtype=int) for t in inside) < 100
    places = {
        entry.value for t in model.graph.initializer for entry in t.external_data if entry.key == "location"
    }
    assert places == {"simulated-s.safetensors"}
    assert str(Path.home()) not in graph.read_bytes().decode("latin-1")


def test_the_same_weights_give_the_same_bytes(untrained: Detector, folder: Path, tmp_path: Path) -> None:
    again = ship_weights.ship(untrained, "simulated-s", tmp_path)
    for path in again:
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()


def test_other_numbers_or_none_are_refused(folder: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(folder, tmp_path / "zoo")
    data = copied / "weights" / "simulated-s.safetensors"
    raw = bytearray(data.read_bytes())
    raw[-1] ^= 1
    data.write_bytes(raw)
    for name in ("simulated-s", "simulated-s-torch"):
        with pytest.raises(WeightsError, match=r"simulated-s\.safetensors with SHA-256"):
            flmcore.load_detector(copied / f"{name}.toml")
    data.unlink()
    with pytest.raises(WeightsError, match=r"expected its numbers beside it in simulated-s\.safetensors"):
        flmcore.load_detector(copied / "simulated-s.toml")


def test_what_must_not_ship_is_not_written(
    untrained: Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = tuple(((k, 1.0),) for k in range(106))
    step = flmcore.schemes.rows.Step(106, rows)
    own = flmcore.schemes.rows.Mapping(
        "insightface-106", "x", ("exact",) * 106, (step,), ("insightface-106", "x"), ("",)
    )
    translated = flmcore.load_detector(
        untrained.config,
        module=untrained.backend.module,  # type: ignore[attr-defined]
        mapping=own,
    )
    with pytest.raises(
        SystemExit, match=r"expected no \[mapping\], which was learnt from data with terms of its own"
    ):
        ship_weights.ship(translated, "simulated-s", tmp_path)
    for own, message in (
        (
            {"licence": "CC-BY-NC-4.0"},
            "licence: expected Apache-2.0, under which the package is, got 'CC-BY-NC-4.0'",
        ),
        (
            {"source": SourceConfig(commercial="no")},
            "source.commercial: expected weights that anyone may use, got 'no'",
        ),
    ):
        with pytest.raises(SystemExit, match=message):
            ship_weights.ship(untrained_detector(replace(untrained.config, **own)), "simulated-s", tmp_path)
    monkeypatch.setattr(ship_weights, "MOST_BYTES", 1000)
    with pytest.raises(SystemExit, match="expected at most 1,000 bytes"):
        ship_weights.ship(untrained, "simulated-s", tmp_path)
    huge = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(huge.weight, 1e6)
    stand_in = type("S", (), {"backend": type("B", (), {"module": huge})()})()
    with pytest.raises(SystemExit, match=r"weight: expected numbers that float16 holds, got up to 1e\+06"):
        ship_weights.half_tensors(stand_in)
    assert not list(tmp_path.iterdir())


def test_the_demo_runs_what_ships_without_pytorch(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (load_module, config_module):
        monkeypatch.setattr(module, "ZOO", folder)
    monkeypatch.delenv("FLMCORE_WEIGHTS", raising=False)
    monkeypatch.setenv("FLMCORE_SHARED", str(tmp_path))
    monkeypatch.setattr(demo, "CONTENDERS", demo.CONTENDERS[:1])
    monkeypatch.setattr(demo, "PHOTOGRAPHS", demo.PHOTOGRAPHS[1:])
    try:
        found = demo.prepare()
    except MissingExtraError as error:
        pytest.skip(str(error))
    assert [contender.name for contender in found.contenders] == ["simulated-s"]
    monkeypatch.setitem(sys.modules, "torch", None)  # an import of it would fail
    assert main(["demo", "-o", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "simulated-s: flmcore's own, 68 landmarks, trained on drawn faces alone" in said
    record = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [unit["detector"] for unit in record["units"]] == ["simulated-s"]


def test_what_the_zoo_ships_is_whole() -> None:
    """Sums, sizes and the licence of every weights file that is in the package."""
    shipped = [c for c in map(read_config, ZOO.glob("*.toml")) if str(c.model.weights).startswith("weights/")]
    files = {path.name for path in (ZOO / "weights").glob("*")} - {"LICENSE", "README.md"}
    for config in shipped:
        file = find_weights(config)
        assert file.stat().st_size < ship_weights.MOST_BYTES
        assert config.source.commercial == "yes"
        files -= {file.name, file.with_suffix(".safetensors").name}
    assert not files  # none that no detector names
    assert not shipped or (ZOO / "weights" / "LICENSE").is_file()
