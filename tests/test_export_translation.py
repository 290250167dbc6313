"""Label translation in exported models: the same landmarks, in the graph or from a file beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
from flmcore.detectors.base import Detector
from flmcore.detectors.config import parse_config, read_config
from flmcore.errors import ExportError
from flmcore.export.graph_detector import graph_detector
from flmcore.export.onnx_export import export_onnx
from flmcore.schemes.rows import Arc, Mapping, Step

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
torch.set_num_threads(1)

IMAGE = np.random.default_rng(4).integers(0, 256, (90, 120, 3), dtype=np.uint8)
BOXES = [[30.2, 20.1, 80.9, 70.4], [10.0, 12.0, 60.0, 66.0]]
ROWS = (((0, 1.0),), ((2, 1.2), (1, -0.2)), ((4, 0.5), (3, 0.25), (0, 0.25)), ((1, 1.0),))


def mapping(step: Step | None = None, source: str = "dots-5") -> Mapping:
    count = 4 if step is None else len(step.rows)
    chosen = step or Step(5, ROWS)
    return Mapping(source, "dots-4", ("approximate",) * count, (chosen,), (source, "dots-4"), ("by hand",))


class Numbers(torch.nn.Module):
    """Five landmarks anywhere in the crop, which depend on what is in it, and a score each."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.conv = torch.nn.Conv2d(3, 15, 8, stride=8)

    def forward(self, x: Any) -> Any:
        values = torch.sigmoid(self.conv(x).mean(dim=(2, 3)))
        return values[:, :10], values[:, 10:]


def numbers(given: Mapping | None, **decode: Any) -> Detector:
    table = {
        "name": "numbers",
        "scheme": "dots-5",
        "landmarks": 5,
        "licence": "none",
        "model": {"backend": "torch"},
        "crop": {"size": 32},
        "input": {"std": 64},
        "output": {"scores": 1},
        "decode": {"kind": "coordinates", **decode},
    }
    return flmcore.load_detector(parse_config(table), module=Numbers(), threads=1, mapping=given)


@pytest.mark.parametrize("decode", ["none", "config"])
def test_an_onnx_file_gives_the_translated_landmarks(decode: str, tmp_path: Path) -> None:
    detector = numbers(mapping())
    made = export_onnx(detector, tmp_path / "numbers.onnx", decode=decode)
    file = tmp_path / "numbers.onnx.map.toml"
    assert file.exists() == (decode == "none")
    config = read_config(made.config)
    assert config.scheme == ("dots-5" if decode == "none" else "dots-4")
    assert made.outputs["landmarks"] == ((1, 10) if decode == "none" else (1, 4, 2))
    again = flmcore.load_detector(made.config)
    expected, found = detector(IMAGE, BOXES), again(IMAGE, BOXES)
    assert again.scheme == detector.scheme == "dots-4"
    np.testing.assert_allclose(found.points, expected.points, atol=1e-3)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
    said = {p.key: p.value for p in onnx.load(made.path).metadata_props}
    facts = json.loads(said["flmcore.mapping"])
    assert facts["in_graph"] == (decode == "config")
    assert 'target = "dots-4"' in facts["text"]
    duty = "translate the landmarks into those of dots-4, weighted sums of dots-5: rows in the metadata flmcore.mapping"
    assert (duty in made.duties) == (decode == "none")
    graph = graph_detector(detector, "graph")
    np.testing.assert_allclose(graph(IMAGE, BOXES).points, expected.points, atol=1e-3)


def test_files_that_are_there_stay(tmp_path: Path) -> None:
    place = tmp_path / "numbers.onnx"
    (tmp_path / "numbers.onnx.map.toml").write_text("mine")
    with pytest.raises(ExportError, match=r"name that is free, got .*numbers\.onnx\.map\.toml"):
        export_onnx(numbers(mapping()), place)
    assert [path.name for path in tmp_path.iterdir()] == ["numbers.onnx.map.toml"]
    export_onnx(numbers(mapping()), place, force=True)
    assert (tmp_path / "numbers.onnx.map.toml").read_text() != "mine"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Step(5, (((0, 1.0),), ()), (Arc((1, 2, 3), (1,), (0.5,)),)), "has polylines, whose length"),
        (Step(5, (((0, 1.0),), ())), "leaves landmarks undefined"),
    ],
)
def test_what_no_graph_can_hold_is_said(step: Step, message: str, tmp_path: Path) -> None:
    with pytest.raises(
        ExportError, match=f"expected none for numbers, whose landmarks are translated.*{message}"
    ):
        export_onnx(numbers(mapping(step)), tmp_path / "m.onnx", decode="config")
    assert not list(tmp_path.iterdir())


def test_without_a_mapping_nothing_changes(tmp_path: Path) -> None:
    made = export_onnx(numbers(None), tmp_path / "plain.onnx", decode="config")
    assert "mapping" not in made.config.read_text()
    assert not [p for p in onnx.load(made.path).metadata_props if p.key == "flmcore.mapping"]
    assert flmcore.load_detector(made.config).landmark_count == 5


@pytest.fixture(scope="module")
def simulated() -> Detector:
    """A network of the simulated family, untrained, and a mapping from its scheme to itself."""
    from flmcore.export.untrained import untrained_detector

    table = {
        "name": "simulated-try",
        "scheme": "300w-68",
        "licence": "none",
        "model": {"backend": "torch", "network": "resnet", "options": {"depth": 18}},
        "crop": {"size": 64, "scale": 1.25, "antialias": True},
        "input": {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
        "decode": {"kind": "coordinates"},
    }
    rows = tuple(((k, 1.0), (36, 0.01), (45, 0.02), (48, -0.015), (54, -0.015)) for k in range(68))
    path, kind = ("300w-68", "300w-68"), ("approximate",) * 68
    own = Mapping("300w-68", "300w-68", kind, (Step(68, rows),), path, ("by hand",))
    plain = untrained_detector(parse_config(table))
    return flmcore.load_detector(parse_config(table), module=plain.backend.module, mapping=own, threads=1)  # type: ignore[attr-defined]


def test_the_simulated_family_to_onnx(simulated: Detector, tmp_path: Path) -> None:
    made = export_onnx(simulated, tmp_path / "s.onnx", decode="config")
    found = flmcore.load_detector(made.config, threads=1)
    np.testing.assert_allclose(found(IMAGE, BOXES).points, simulated(IMAGE, BOXES).points, atol=2e-3)


def test_the_simulated_family_to_core_ml(simulated: Detector, tmp_path: Path) -> None:
    from coreml_here import coremltools
    from flmcore.export.coreml import export_coreml

    coremltools()
    made = export_coreml(simulated, tmp_path / "s.mlpackage", decode="config")
    assert made.outputs["landmarks"] == (1, 68, 2)
    assert read_config(made.config).mapping is None
    outside = export_coreml(simulated, tmp_path / "raw.mlpackage")
    config = read_config(outside.config)
    assert config.mapping is not None
    assert (tmp_path / config.mapping.file).is_file()
