"""``flmcore schemes fit``, as a user runs it: from files, from a detector, on input that does not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import flmcore
from evaluated import face_shape
from flmcore.cli import main
from flmcore.data.truth import TruthFace, write_dataset
from flmcore.evaluation.fit_faces import match_pairs
from flmcore.evaluation.predictions import read_predictions
from tiny_models import CENTROID, centroid_onnx, spots_image, write_config
from truth_files import dataset

COUNT = 24
FACE = face_shape()
MOVED = {i: int(np.argsort(np.hypot(*(FACE - FACE[i]).T))[1]) for i in (8, 30)}


def posed(seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A face of 68 landmarks, each moved a little on its own."""
    rng = np.random.default_rng(seed)
    return FACE * rng.uniform(0.8, 1.5) + rng.normal(0, 1, (68, 2)) + rng.uniform(0, 50, 2)


def annotated(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Another manner: two landmarks lie half way to the one nearest to them."""
    other = points.copy()
    for moved, towards in MOVED.items():
        other[moved] = 0.5 * points[moved] + 0.5 * points[towards]
    return other


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Predictions and truth of the same faces, the last face of the truth on an image without predictions."""
    found = [TruthFace(f"{i}.jpg", posed(i), "300w-68") for i in range(COUNT)]
    true = [TruthFace(f"{i}.jpg", annotated(posed(i)), "300w-68") for i in range(COUNT)]
    true.append(TruthFace("other.jpg", posed(99), "300w-68"))
    for name, faces in (("found.json", found), ("truth.csv", true)):
        write_dataset(dataset(faces, tmp_path), tmp_path / name, Path(name).suffix[1:])
    return tmp_path / "found.json", tmp_path / "truth.csv"


def fit(*arguments: object) -> int:
    return main(["schemes", "fit", *map(str, arguments)])


def test_mapping_from_two_files(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "map.toml"
    assert fit(*files, "-o", out, "--folds", 4, "--seed", 3) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"{out}: 300w-68 → 300w-68, 24 faces in 24 images, 4 folds, seed 3\n")
    assert said.err == "flmcore: 1 face left out: no landmarks for the image\n"
    fresh = posed(200)
    np.testing.assert_allclose(flmcore.remap(fresh, mapping=out), annotated(fresh), atol=1e-3)
    lines = {line.split()[0]: line.split() for line in said.out.splitlines() if line.split()}
    direct = flmcore.fit_remap(
        [posed(i) for i in range(COUNT)],
        [annotated(posed(i)) for i in range(COUNT)],
        source="300w-68",
        folds=4,
        seed=3,
    )
    assert out.read_text() == direct.save(tmp_path / "direct.toml").read_text()
    groups = flmcore.schemes.get("300w-68").groups
    contour = list(groups["contour"])
    assert lines["contour"][1:5] == [
        "17",
        f"{np.mean(np.array(direct.errors)[contour]):.2f}",
        f"{np.mean(np.array(direct.single)[contour]):.2f}",
        f"{np.mean(np.array(direct.known)[contour]):.2f}",
    ]
    assert float(lines["contour"][2]) < float(lines["contour"][4])
    assert set(groups) | {"all"} <= set(lines)


def test_same_input_same_bytes_and_a_row_for_each_landmark(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("a.toml", "b.toml"):
        assert fit(*files, "-o", tmp_path / name, "--points") == 0
    assert (tmp_path / "a.toml").read_bytes() == (tmp_path / "b.toml").read_bytes()
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.split()]
    assert rows.count("67") == 2


def test_what_detect_writes_is_predictions_and_no_truth(files: tuple[Path, Path], tmp_path: Path) -> None:
    record = {
        "detector": "mine",
        "scheme": "mine-68",
        "images": {f"{i}.jpg": [{"face": 0, "points": posed(i).tolist()}] for i in range(COUNT)},
    }
    record["images"]["0.jpg"][0]["points"][3] = [None, None]
    path = tmp_path / "detected.json"
    path.write_text(json.dumps(record))
    faces = read_predictions(path, None)
    assert np.isnan(faces[0].points[3]).all()
    assert fit(path, files[1], "-o", tmp_path / "map.toml") == 0
    assert flmcore.schemes.read_mapping(tmp_path / "map.toml").source == "mine-68"
    with pytest.raises(ValueError, match="expected"):
        flmcore.data.truth.read_dataset(path)  # type: ignore[attr-defined]


def test_faces_of_an_image_are_told_apart_by_where_they_are() -> None:
    near, far = posed(0), posed(1) + 300
    true = [TruthFace("a/x.jpg", near, "300w-68"), TruthFace("a/x.jpg", far, "300w-68")]
    found = [TruthFace("x.jpg", points, "300w-68") for points in (far + 1, near + 1, near + 900)]
    pairs = match_pairs(found, true)
    np.testing.assert_array_equal(pairs.pred, [near + 1, far + 1])
    assert pairs.left_out == {}
    lost = match_pairs(found[:1], true)
    assert lost.left_out == {"no landmarks where the face is": 1}
    # A file name that stands twice says of neither which it is.
    twice = [*true, TruthFace("b/x.jpg", near, "300w-68")]
    with pytest.raises(ValueError, match=r"got none: no landmarks for the image \(3\)"):
        match_pairs(found, twice)


def test_a_detector_is_run_on_the_data_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three bright spots found by a real network; the truth has them, and the middle between two."""
    pytest.importorskip("onnxruntime")
    centroid_onnx(tmp_path / "tiny.onnx")
    config = write_config(tmp_path, "onnx", "tiny.onnx", '[output]\nlandmarks = "points"\n' + CENTROID)
    rng = np.random.default_rng(0)
    faces = []
    for number in range(12):
        spots = [tuple(int(v) for v in rng.integers(low, low + 8, 2)) for low in (12, 26, 38)]
        Image.fromarray(spots_image(spots)).save(tmp_path / f"{number}.png")
        spots_at = np.array(spots, dtype=np.float64)
        five = np.stack([*spots_at, (spots_at[0] + spots_at[1]) / 2, [10, 10]])
        faces.append(TruthFace(f"{number}.png", five, "five-5"))
    faces[0].points[4] = np.nan
    faces.append(TruthFace("gone.png", faces[1].points, "five-5"))
    write_dataset(dataset(faces, tmp_path), tmp_path / "truth.json", "json")
    out = tmp_path / "map.toml"
    assert fit("-d", config, tmp_path / "truth.json", "--to", "five-5", "-o", out, "--folds", 3) == 0
    said = capsys.readouterr()
    assert f"{out}: spots-3 → five-5, 12 faces in 12 images" in said.out
    assert "no built-in mapping leads there" in said.out
    assert "1 face left out: its image is not there" in said.err
    rows = flmcore.schemes.read_mapping(out).steps[0].rows
    for i in range(3):  # resampling moves a spot's centroid by some hundredths of a pixel
        assert dict(rows[i])[i] == pytest.approx(1, abs=0.05)
    assert dict(rows[3]) == pytest.approx({0: 0.5, 1: 0.5}, abs=0.05)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["found.json", "-o", "m.toml"], "paths: expected PREDICTIONS and TRUTH, got 1 paths"),
        (["-d", "dlib-68", "found.json", "truth.csv", "-o", "m.toml"], "paths: expected TRUTH alone beside"),
        (["found.json", "truth.csv", "--from", "wflw-98", "-o", "m.toml"], "wflw-98"),
        (["found.json", "truth.csv", "--from", "300w", "-o", "m.toml"], "expected one of"),
        (["found.json", "truth.csv", "--to", "nope", "-o", "m.toml"], "expected one of"),
        (["found.json", "truth.csv", "--folds", "13", "-o", "m.toml"], "expected at least 26 faces"),
        (["found.json", "gone.csv", "-o", "m.toml"], "gone.csv"),
        (["found.json", "truth.csv", "-o", "."], "--out: expected a file to write, got the folder"),
        (["found.json", "truth.csv", "-o", "found.json/m.toml"], "found.json"),
        (["found.json", "truth.csv", "--weights", "x", "-o", "m.toml"], "--weights: expected --detector"),
        (["-d", "nobody", "truth.csv", "-o", "m.toml"], "nobody"),
        (["bad.json", "truth.csv", "-o", "m.toml"], r"bad.json: a.jpg, face 0: expected points as a list"),
    ],
)
def test_mistakes_of_fit(
    files: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    del files
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text('{"detector": "d", "scheme": "s", "images": {"a.jpg": [{"points": [1, 2]}]}}')
    assert fit(*arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not Path("m.toml").exists()


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        fit("--help")
    assert stop.value.code == 0
    assert "flmcore schemes fit found.json truth.json -o map.toml" in capsys.readouterr().out
