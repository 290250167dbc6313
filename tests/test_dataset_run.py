"""A run on a data set: its images, boxes of its truth, the true faces where accuracy looks for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
from evaluated import BOX, KnownDetector, face_shape, noise_image
from flmcore.data.truth import TruthFace, read_dataset
from flmcore.errors import ResultsError
from flmcore.evaluation import Results
from flmcore.evaluation import run as run_module
from flmcore.evaluation.inputs import Source
from flmcore.evaluation.truth import TruthPoints

TIGHT = [*(face_shape().min(axis=0) + 0.5), *(face_shape().max(axis=0) + 0.5)]


def make(folder: Path, names: tuple[str, ...] = ("a/1.png", "b/1.png")) -> Path:
    """300-W's layout, with two images of one name."""
    from PIL import Image

    for seed, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise_image(seed)).save(path)
        lines = [f"{x + 1 + seed!r} {y + 1!r}" for x, y in face_shape().tolist()]
        path.with_suffix(".pts").write_text("\n".join(["version: 1", "n_points: 68", "{", *lines, "}"]))
    return folder


def evaluate(images: Any, **options: Any) -> Results:
    return flmcore.evaluate(images, KnownDetector(), frames=16, speed=False, threads=1, **options)


def boxes_of(results: Results) -> list[list[float]]:
    return [face["box"] for image in results.data["images"] for face in image["faces"]]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[run_module.Run]:
    """The runs that are carried out."""
    seen: list[run_module.Run] = []
    measure = run_module.Run.measure
    monkeypatch.setattr(run_module.Run, "measure", lambda self: (seen.append(self), measure(self))[1])
    return seen


def test_a_folder_is_recognised_and_its_truth_gives_the_boxes(
    tmp_path: Path, runs: list[run_module.Run]
) -> None:
    results = evaluate(make(tmp_path), format="auto")
    assert [row["image"] for row in results.data["images"]] == ["a/1.png", "b/1.png"]
    moved = np.array([1, 0, 1, 0])  # each of the two images of one name has its own truth
    np.testing.assert_allclose(boxes_of(results), [TIGHT, TIGHT + moved], atol=1e-9)
    assert results.protocol["boxes"]["source"] == "truth"
    assert results.protocol["truth"]["scheme"] == "300w-68"
    assert results.protocol["truth"]["format"] == "300w"
    assert results.units[0]["normaliser"] == "interocular, truth"
    (run,) = runs
    assert run.truth_points is not None
    for image, shift in (("a/1.png", 0), ("b/1.png", 1)):
        face = run.truth_points.face(image, 0)
        assert face is not None
        np.testing.assert_allclose(face.points, face_shape() + np.array([shift, 0]), atol=1e-9)
    assert run.truth_points.face("a/1.png", 1) is None
    assert run.truth_points.of("a/1.png", 0, [0, 0, 1, 1]) is run.truth_points.face("a/1.png", 0)  # by number
    assert results.problems == []


def test_the_same_set_gives_the_same_bytes_read_or_named(tmp_path: Path) -> None:
    folder = make(tmp_path / "set")
    named, read = evaluate(folder, format="300w"), evaluate(read_dataset(folder))
    for one in (named, read):
        one.data.pop("timing")
    assert named.data == read.data


def test_without_a_format_a_folder_is_images(tmp_path: Path) -> None:
    folder = make(tmp_path)
    boxes = {"a/1.png": [BOX], "b/1.png": [BOX]}
    for format in (None, "images"):
        results = evaluate(folder, boxes=boxes, format=format)
        assert boxes_of(results) == [BOX, BOX]
        assert "truth" not in results.protocol


def test_other_boxes_leave_the_truth_within_reach(tmp_path: Path, runs: list[run_module.Run]) -> None:
    results = evaluate(make(tmp_path), format="auto", boxes={"a/1.png": [BOX], "b/1.png": [BOX]})
    assert boxes_of(results) == [BOX, BOX]
    assert results.protocol["boxes"]["source"] == "given"
    assert results.protocol["truth"]["faces"] == 2
    points = runs[0].truth_points
    assert points is not None
    assert points.match("a/1.png", TIGHT) is points.face("a/1.png", 0)
    assert points.of("a/1.png", 7, TIGHT) is points.face("a/1.png", 0)  # by the box
    assert points.match("a/1.png", [0, 0, 5, 5]) is None


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    make(tmp_path)
    shape = face_shape().tolist()
    undefined: list[Any] = [None] * 68
    (tmp_path / "t.json").write_text(
        json.dumps({"a/1.png": [shape, undefined], "gone.png": [shape], "b/1.png": []})
    )
    for suffix in ("a", "b"):
        (tmp_path / suffix / "1.pts").unlink()
    results = evaluate(tmp_path, format="auto")
    assert [row["image"] for row in results.data["images"]] == ["1.png"]
    found = {(row["image"], row["kind"]): row["reason"] for row in results.problems}
    assert f"the data set's image is not in {tmp_path}" in found["gone.png", "missing"]
    assert found["b/1.png", "no-truth"] == "the data set has no face for this image"
    assert found["a/1.png", "no-truth"] == "no landmark of the true face is defined"
    assert len(results.units) == 1


def test_a_set_without_its_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps({"gone.png": [face_shape().tolist()]}))
    with pytest.raises(
        ValueError, match=r"expected the images of the data set, got none: looked for 'gone\.png' in"
    ):
        evaluate(tmp_path / "t.json", format="auto")


def test_a_set_among_images_is_refused(tmp_path: Path) -> None:
    folder = make(tmp_path / "set")
    with pytest.raises(
        ValueError, match=r"expected one data set, or images only .* got 2 paths, of which .*set is one"
    ):
        evaluate([folder, folder / "a" / "1.png"], format="auto")
    with pytest.raises(ValueError, match="format: expected auto or one of"):
        evaluate(folder, format="nothing")


def test_truth_beside_images_needs_no_scheme_and_keeps_attributes(
    tmp_path: Path, runs: list[run_module.Run]
) -> None:
    folder = make(tmp_path)
    row = {
        "image": "a/1.png",
        "scheme": "300w-68",
        "landmarks": face_shape().tolist(),
        "attributes": {"pose": True},
    }
    (tmp_path / "t.json").write_text(json.dumps([row]))
    results = evaluate(folder, boxes="truth", truth=tmp_path / "t.json")
    assert results.protocol["boxes"]["scheme"] == "300w-68"
    assert runs[0].truth_points is not None
    face = runs[0].truth_points.face("a/1.png", 0)
    assert face is not None
    assert face.attributes == {"pose": True}


def test_a_name_that_two_images_share_is_of_neither(tmp_path: Path) -> None:
    results = evaluate(make(tmp_path), boxes="truth", truth=[("1.png", face_shape())], truth_scheme="300w-68")
    assert results.units == []
    assert {row["reason"] for row in results.problems} == {
        "the boxes file has no box for this image",
        "named in the boxes, but not among the images",
    }


def test_a_run_with_other_truth_is_another_run(tmp_path: Path) -> None:
    folder, out = make(tmp_path / "set"), tmp_path / "out"
    evaluate(folder, format="auto", out=out)
    assert evaluate(folder, format="auto", out=out, resume=True).complete
    text = (folder / "a" / "1.pts").read_text()
    lines = text.splitlines()
    lines[40] = "100.5 101.5"  # inside the face: the box stays
    (folder / "a" / "1.pts").write_text("\n".join(lines))
    with pytest.raises(ResultsError, match="other protocol"):
        evaluate(folder, format="auto", out=out, resume=True)


def test_matching_takes_the_face_that_the_box_covers_best() -> None:
    square = np.array([(0.0, 0.0), (10.0, 10.0)])
    faces = [TruthFace("a", square, ""), TruthFace("a", square + 4, ""), TruthFace("a", square * np.nan, "")]
    points = TruthPoints({"a": faces}, [Source("a", None, None, None)])
    assert points.scheme is None
    assert points.match("a", [0.5, 0.5, 10.5, 10.5]) is faces[0]
    assert points.match("a", [3, 3, 13, 13]) is faces[1]
    assert points.match("a", [90, 90, 99, 99]) is None
    assert points.match("b", [0, 0, 10, 10]) is None
