"""What an export changes: known answers, a real network, the command."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
from flmcore.cli import main
from flmcore.data.images import read_image
from flmcore.errors import ExportError
from flmcore.export.drift import VARIANTS, Drift, measure_drift

torch = pytest.importorskip("torch")

BOX = [40.0, 40.0, 296.0, 296.0]  # as large as the crop: a crop pixel is an image pixel
PLACES = [[200.3, 100.7], [64.0, 32.5], [17.0, 250.1]]
CONFIG = """
    name = "fixed"
    scheme = "spots-3"
    landmarks = 3
    licence = "none"
    [model]
    backend = "torch"
    [crop]
    size = 256
    [decode]
    kind = "coordinates"
    units = "pixels"
    origin = "centre"
"""


class Fixed(torch.nn.Module):  # type: ignore[misc]
    """The same places whatever it sees, and ``follow`` times the crop's mean grey level."""

    def __init__(self, follow: float = 0.0, scale: float = 1.0) -> None:
        super().__init__()
        self.places = torch.nn.Parameter(torch.tensor(PLACES) / scale)
        self.follow, self.scale = follow, scale

    def forward(self, x: Any) -> Any:
        return (self.places * self.scale).reshape(1, 6) + self.follow * x.mean(dim=(1, 2, 3))[:, None]


def fixed(folder: Path, **options: float) -> flmcore.detectors.base.Detector:
    path = folder / "fixed.toml"
    path.write_text(CONFIG)
    return flmcore.load_detector(path, module=Fixed(**options), threads=1)


def drift_of(detector: Any, image: np.ndarray[Any, Any], **options: Any) -> tuple[Drift, dict[str, Any]]:
    found = measure_drift(detector, [(image, BOX)], frames=8, **options)
    return found, {row.variant: row for row in found.variants}


def test_landmarks_are_as_far_off_as_float16_rounds_them(tmp_path: Path) -> None:
    found, rows = drift_of(fixed(tmp_path), np.zeros((340, 340, 3), np.uint8))
    # From 128 to 256, float16 has steps of 1/8; from 64 of 1/16; all of the other numbers are in it.
    expected = [math.hypot(200.3 - 200.25, 100.7 - 100.6875), 0.0, 250.1 - 250.125]
    assert tuple(rows) == VARIANTS
    assert rows["graph"].worst < 1e-4  # the way into the image and back
    assert rows["picture"].worst < 1e-4
    assert rows["float16"].mean == pytest.approx(np.mean(np.abs(expected)), abs=1e-4)
    assert rows["float16"].worst == pytest.approx(max(np.abs(expected)), abs=1e-4)
    assert rows["float16"].percent == pytest.approx(100 * rows["float16"].mean / 256, rel=1e-3)
    assert rows["float16"].largest == pytest.approx(250.125)
    assert [row.overflows for row in found.variants] == [0, 0, 0]
    assert found.normaliser == "box"


def test_jitter_is_that_of_landmarks_that_ride_with_the_window(tmp_path: Path) -> None:
    found, rows = drift_of(fixed(tmp_path), np.zeros((340, 340, 3), np.uint8))
    assert found.jitter > 1
    for row in rows.values():
        assert row.jitter == pytest.approx(found.jitter, rel=1e-6)


def test_whole_grey_levels_reach_the_network_as_a_camera_gives_them(tmp_path: Path) -> None:
    ramp = np.repeat(np.arange(340, dtype=np.float64)[None, :, None] * 0.75, 340, axis=0)
    image = np.repeat(ramp.astype(np.uint8), 3, axis=2)
    detector = fixed(tmp_path, follow=1.0)
    found, rows = drift_of(detector, image)
    windows = detector.windows([BOX], shift=[[0.0, 0.0]])
    assert rows["graph"].worst < 1e-3
    assert 0 < rows["picture"].worst <= 0.5 * math.sqrt(2)  # a mean moves by no more than each pixel does
    assert windows.shape == (1, 2, 3)
    assert found.faces == 1


def test_overflow_is_told(tmp_path: Path) -> None:
    _, rows = drift_of(fixed(tmp_path, follow=400.0), np.full((340, 340, 3), 200, np.uint8))
    assert rows["float16"].overflows > 0
    assert rows["float16"].lost == 8 * 3  # infinite landmarks are undefined
    assert rows["graph"].overflows == 0


def _need_dlib() -> None:
    pytest.importorskip("dlib")
    if importlib.util.find_spec("face_recognition_models") is None:
        pytest.skip("no weights of dlib-68: face-recognition-models is not installed")


def test_what_cannot_be_exported_is_refused(tmp_path: Path) -> None:
    _need_dlib()
    dlib = flmcore.load_detector("dlib-68", threads=1)
    with pytest.raises(ExportError, match="got dlib: regression trees are no network"):
        measure_drift(dlib, [(np.zeros((340, 340, 3), np.uint8), BOX)], frames=8)
    with pytest.raises(ValueError, match="faces: expected at least one, got none"):
        measure_drift(fixed(tmp_path), [])


def test_a_trained_network_keeps_its_landmarks(shared: Path) -> None:
    detector = flmcore.load_detector("facemesh-468", weights=shared / "weights" / "facemesh.pth", threads=1)
    image = read_image(shared / "faces" / "facemesh_test.jpg")
    box = json.loads((shared / "golden" / "boxes.json").read_text())["facemesh_test.jpg#0"]["box"]
    found = measure_drift(detector, [(image, box)], frames=8)
    graph, picture, half = found.variants
    assert graph.worst < 1e-3
    assert graph.jitter == pytest.approx(found.jitter, rel=1e-4)
    assert graph.worst < picture.mean < half.worst < 0.5
    assert half.largest is not None
    assert 1 < half.largest < 65504


@pytest.fixture
def saved_network(tmp_path: Path) -> Path:
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        torch.jit.trace(Fixed().eval(), torch.zeros(1, 3, 256, 256)).save(str(tmp_path / "fixed.pt"))
    (tmp_path / "fixed.toml").write_text(
        CONFIG.replace('backend = "torch"', 'backend = "torchscript"\nweights = "fixed.pt"')
    )
    return tmp_path / "fixed.toml"


def test_the_command_prints_and_writes(
    saved_network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    Image.fromarray(np.zeros((340, 340, 3), np.uint8)).save(tmp_path / "face.png")
    (tmp_path / "boxes.json").write_text(json.dumps({"face.png": [BOX]}))
    common = [
        "export",
        "drift",
        str(tmp_path / "face.png"),
        "--boxes",
        str(tmp_path / "boxes.json"),
        "--frames",
        "8",
    ]
    code = main([*common, "-d", str(saved_network), "--json", str(tmp_path / "drift.json"), "--threads", "1"])
    printed = capsys.readouterr().out
    assert code == 0
    assert "fixed" in printed
    assert "float16 ends at 65504" in printed
    rows = json.loads((tmp_path / "drift.json").read_text())["detectors"]
    assert [row["variant"] for row in rows[0]["variants"]] == list(VARIANTS)
    assert f"{rows[0]['variants'][2]['mean']:.3f}" in printed


def test_the_command_goes_on_past_what_cannot_be_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _need_dlib()
    from PIL import Image

    Image.fromarray(np.zeros((340, 340, 3), np.uint8)).save(tmp_path / "face.png")
    (tmp_path / "boxes.json").write_text(json.dumps({"face.png": [BOX]}))
    common = ["export", "drift", str(tmp_path / "face.png"), "--boxes", str(tmp_path / "boxes.json")]
    assert main([*common, "-d", "dlib-68"]) == 1
    assert "regression trees" in capsys.readouterr().err
    assert main([*common, "-d", "dlib-68", "--weights", "fan4=x.pth"]) == 2
    assert "--weights: expected detectors of this command, got fan4" in capsys.readouterr().err
