"""``flmcore convert`` and ``flmcore evaluate`` on data sets, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flmcore.cli import main
from flmcore.data.truth import read_dataset
from truth_files import face, picture


@pytest.fixture
def wflw(tmp_path: Path) -> Path:
    """WFLW's layout: two faces on one image, one on an image that is not there."""
    picture(tmp_path / "WFLW_images" / "a.png")
    folder = tmp_path / "WFLW_annotations"
    folder.mkdir()
    lines = []
    for seed, name in enumerate(("a.png", "a.png", "gone.png")):
        lines.append(" ".join([*(f"{v:.6f}" for v in face(98, seed).ravel()), "1 2 99 98 0 1 0 0 0 0", name]))
    (folder / "list_98pt_rect_attr_test.txt").write_text("\n".join(lines))
    return tmp_path


def test_convert_says_what_it_did(wflw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out" / "68.csv"
    assert main(["convert", str(wflw), str(out), "--scheme", "300w-68"]) == 0
    said = capsys.readouterr()
    assert (
        said.out
        == f"{out}: format csv, 3 faces in 2 images, 300w-68 (50 exact, 8 interpolated, 10 approximate)\n"
    )
    assert "flmcore: csv does not keep boxes, attributes" in said.err
    assert "flmcore: 1 images not found: gone.png" in said.err
    found = read_dataset(out)
    assert (found.scheme, len(found.faces), found.missing) == ("300w-68", 3, ("gone.png",))
    assert main(["convert", str(out), str(tmp_path / "back.json")]) == 0
    assert read_dataset(tmp_path / "back.json").faces[1].points[0] == pytest.approx(face(98, 1)[0])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["out"], "--to: expected a format, as the suffix of out names none"),
        (["o.csv", "--to", "voc"], "--to: expected auto or one of"),
        (["o.csv", "--from", "lapa"], "expected landmarks of the format lapa"),
        (["o.csv", "--scheme", "mp-468"], "expected a scheme that wflw-98 can be mapped to"),
        (["o.csv", "--from-scheme", "300w-68"], "line 1: expected 136 or 146 numbers and a name"),
        (["o", "--to", "300w"], "a.png: expected one face in an image, as 300w needs, got 2"),
        (["o.csv", "--copy-images"], "copy_images: expected a format with a file for each image"),
    ],
)
def test_mistakes_of_convert(
    wflw: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    more: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["convert", str(wflw), *more]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["WFLW_annotations", "WFLW_images"]


def test_evaluate_recognises_a_data_set(
    wflw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from tiny_models import CENTROID, centroid_onnx, write_config

    centroid_onnx(tmp_path / "tiny.onnx")
    config = write_config(tmp_path, "onnx", "tiny.onnx", '[output]\nlandmarks = "points"\n' + CENTROID)
    base = [
        "evaluate",
        str(wflw),
        "-d",
        str(config or tmp_path / "tiny.toml"),
        "--frames",
        "16",
        "--no-speed",
        "--no-figures",
    ]
    assert main([*base, "-o", str(tmp_path / "one")]) == 0
    said = capsys.readouterr().out
    assert f"{wflw}: data set, format wflw, 3 faces in 2 images, wflw-98; boxes of the truth" in said
    results = json.loads((tmp_path / "one" / "results.json").read_text())
    assert [row["image"] for row in results["images"]] == ["a.png"]
    assert len(results["images"][0]["faces"]) == 2
    assert results["protocol"]["truth"]["format"] == "wflw"
    assert any(row["kind"] == "missing" and row["image"] == "gone.png" for row in results["problems"])
    boxes = tmp_path / "boxes.json"
    boxes.write_text(json.dumps({"a.png": [[5, 5, 100, 100]]}))
    assert main([*base, "-o", str(tmp_path / "two"), "--boxes", str(boxes), "--format", "wflw"]) == 0
    assert f"; boxes from {boxes}" in capsys.readouterr().out
    assert main([*base, "-o", str(tmp_path / "three"), "--boxes", str(boxes), "--format", "images"]) == 0
    assert "data set" not in capsys.readouterr().out
