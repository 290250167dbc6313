"""Weights by detector's name, and names that must differ: told before anything is loaded."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import flmcore
import tiny_models as tiny
from flmcore.cli import main

SPOTS = [(30, 25), (45, 30), (38, 40)]
IMAGE = tiny.spots_image(SPOTS)
BOX = [26.0, 21.0, 50.0, 45.0]
POINTS = '[output]\nlandmarks = "points"\n' + tiny.CENTROID


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A config whose weights are elsewhere, an image, its box."""
    pytest.importorskip("onnxruntime")
    from PIL import Image

    (tmp_path / "a=b").mkdir()
    tiny.centroid_onnx(tmp_path / "a=b" / "run7.onnx")
    tiny.write_config(tmp_path, "onnx", "absent.onnx", POINTS)
    Image.fromarray(IMAGE).save(tmp_path / "face.png")
    (tmp_path / "boxes.json").write_text(json.dumps({"face.png": [BOX]}))
    return tmp_path


def copy_of(config: Path, name: str) -> Path:
    other = config.with_name(f"{name}.toml")
    other.write_text(config.read_text().replace('"tiny"', f'"{name}"'))
    return other


def run(work: Path, *arguments: object) -> int:
    boxes = ("--boxes", work / "boxes.json", "-d", work / "tiny.toml")
    command, *rest = arguments
    return main(list(map(str, (command, work / "face.png", *boxes, *rest))))


def test_evaluate_takes_weights_by_name(work: Path) -> None:
    other = copy_of(work / "tiny.toml", "other")
    weights = {"tiny": work / "a=b" / "run7.onnx", "other": work / "a=b" / "run7.onnx"}
    results = flmcore.evaluate(
        [IMAGE],
        [work / "tiny.toml", other],
        weights=weights,
        boxes=[[BOX]],
        frames=8,
        threads=1,
        out=work / "out",
    )
    assert [row["faces_measured"] for row in results.summary] == [1, 1]
    assert results.speed["tiny"]["total"]["p50"] > 0  # timed with the same weights
    # The model's constants are the coordinates of each pixel, and it holds no convolution.
    sizes = [(row["parameters"], row["multiply_adds"]) for row in results.summary]
    assert sizes == [(2 * tiny.SIDE**2, 0)] * 2
    assert results.detectors[0]["cost"] == {"parameters": 2 * tiny.SIDE**2, "multiply_adds": 0, "note": ""}
    (row, _) = csv.DictReader((work / "out" / "results.csv").read_text().splitlines())
    assert (row["parameters"], row["multiply_adds"]) == (str(2 * tiny.SIDE**2), "0")
    assert "two for each multiply-add" in " ".join(results.table().split())


def test_old_results_without_sizes_are_shown(work: Path) -> None:
    results = flmcore.evaluate(
        [IMAGE],
        [work / "tiny.toml"],
        weights={"tiny": work / "a=b" / "run7.onnx"},
        boxes=[[BOX]],
        frames=8,
        speed=False,
    )
    for row in results.data["summary"]:
        del row["parameters"], row["multiply_adds"]
    for row in results.data["detectors"]:
        del row["cost"]
    assert "multiply-add" not in results.table()
    results.to_csv(work / "old.csv")


def test_weights_of_a_detector_that_is_not_asked_for_are_an_error(work: Path) -> None:
    with pytest.raises(ValueError, match="weights: expected one of tiny, got 'tinny'; did you mean 'tiny'"):
        flmcore.evaluate([IMAGE], [work / "tiny.toml"], weights={"tinny": work}, boxes=[[BOX]])
    loaded = flmcore.load_detector(work / "tiny.toml", weights=work / "a=b" / "run7.onnx", threads=1)
    with pytest.raises(
        ValueError, match="expected a detector given by name or file, got one that comes loaded"
    ):
        flmcore.evaluate([IMAGE], [loaded], weights={"tiny": work}, boxes=[[BOX]])


def test_two_detectors_of_one_name_are_named_before_anything_is_loaded(work: Path) -> None:
    (work / "more").mkdir()
    other = work / "more" / "copy.toml"
    other.write_text((work / "tiny.toml").read_text())
    # Neither has weights, which would be the next complaint.
    with pytest.raises(ValueError, match=r"got 'tiny' more than once: .*tiny\.toml, .*copy\.toml"):
        flmcore.evaluate([IMAGE], [work / "tiny.toml", other], boxes=[[BOX]])
    loaded = flmcore.load_detector(other, weights=work / "a=b" / "run7.onnx", threads=1)
    with pytest.raises(ValueError, match=r"more than once: .*tiny\.toml, one that comes loaded"):
        flmcore.evaluate([IMAGE], [work / "tiny.toml", loaded], boxes=[[BOX]])


def test_option_of_evaluate(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = ("evaluate", "-o", work / "out", "--frames", 8, "--no-figures", "--no-speed", "--weights")
    assert run(work, *base, f"tiny={work / 'a=b' / 'run7.onnx'}") == 0
    assert "tiny" in capsys.readouterr().out
    for given, message in (
        ("run7.onnx", "--weights: expected NAME=PATH, got 'run7.onnx'"),
        ("tiny=", "--weights: expected NAME=PATH, got 'tiny='"),
        ("fan4=x.pth", "weights: expected one of tiny, got 'fan4'"),
        ("tiny=none.onnx", "expected the file 'absent.onnx' in none.onnx"),
    ):
        assert run(work, *base, given) == 2
        assert message in capsys.readouterr().err
    assert run(work, *base, "tiny=a", "--weights", "tiny=b") == 2
    assert "--weights: expected one file for tiny, got a and b" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["{}", "tiny={}"])
def test_option_of_detect(work: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    weights = form.format(work / "a=b" / "run7.onnx")  # the equals sign is the folder's
    assert run(work, "detect", "--weights", weights) == 0
    found = json.loads(capsys.readouterr().out)["images"]["face.png"][0]["points"]
    np.testing.assert_allclose(found, SPOTS, atol=0.05)
    assert run(work, "detect", "--weights", "fan4=x.pth") == 2
    assert "--weights: expected PATH or tiny=PATH, got 'fan4=x.pth'" in capsys.readouterr().err
    assert run(work, "detect", "--device", "cuda", "--weights", weights) == 2
    assert capsys.readouterr().err == (
        "flmcore: device: expected cpu, or cuda where onnxruntime has it, got 'cuda'\n"
    )
