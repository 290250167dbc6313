"""Where a run's boxes come from: a file of any kind, a finder, the truth; results say which, and runs do not mix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import flmcore
from evaluated import BOX, KnownDetector, face_shape, noise_image, write_images
from flmcore.detectors.finders import Finder
from flmcore.errors import ResultsError
from flmcore.evaluation import Results


class KnownFinder(Finder):
    """One face in each image: the known one, as Dlib would frame it."""

    name, kind, threshold = "known-finder", "dlib", 0.0

    def _search(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        assert pixels.dtype == np.uint8
        return flmcore.convert_boxes([BOX], "landmarks", "dlib"), np.array([1.0])

    def _about(self) -> dict[str, Any]:
        return {"package": "none"}


def run(images: Any, **options: Any) -> Results:
    return flmcore.evaluate(images, KnownDetector(), frames=16, **{"speed": False, "threads": 1} | options)


def words(results: Results) -> str:
    return " ".join(results.table().replace("·", " ").split())


def boxes_of(results: Results) -> list[list[float]]:
    return [face["box"] for image in results.data["images"] for face in image["faces"]]


@pytest.mark.parametrize("kind", ["dlib", "sfd"])
def test_a_file_of_another_kind_is_converted(tmp_path: Path, kind: str) -> None:
    paths, _ = write_images(tmp_path / "images", 2)
    rows = [",".join(map(str, [p.name, *flmcore.convert_boxes(BOX, "landmarks", kind)])) for p in paths]
    (tmp_path / "boxes.csv").write_text("\n".join([*rows, "face1.png,5,5,5,9"]))
    results = run(paths, boxes=tmp_path / "boxes.csv", box_kind=kind)
    np.testing.assert_allclose(boxes_of(results), [BOX, BOX], atol=1e-9)
    about = results.protocol["boxes"]
    assert (about["source"], about["kind"]) == ("file", kind)
    assert about["side"] == list(flmcore.data.box_kinds.box_kind(kind).side)
    assert results.summary[0]["boxes"] == {"source": "file", "kind": kind}
    assert f"Boxes: from the given file, of the kind {kind} (" in words(results)
    assert "box [5, 5, 5, 9]: expected x0 < x1" in results.problems[0]["reason"]


def test_boxes_around_the_landmarks_stay_as_they_are() -> None:
    results = run([noise_image(0)], boxes=[[BOX]])
    assert boxes_of(results) == [BOX]
    assert results.protocol["boxes"]["kind"] == "landmarks"
    assert "Boxes: as given." in words(results)


def test_a_finder_frames_the_faces(tmp_path: Path) -> None:
    results = run([noise_image(0)], boxes=KnownFinder(), out=tmp_path)
    np.testing.assert_allclose(boxes_of(results), [BOX], atol=1e-9)
    about = results.protocol["boxes"]
    assert (about["source"], about["kind"]) == ("known-finder", "dlib")
    assert about["finder"] == {
        "name": "known-finder",
        "kind": "dlib",
        "side": [1.0638298, 1.0638298],
        "shift": [0.0, -0.0851064],
        "threshold": 0.0,
        "package": "none",
    }
    assert (
        "Boxes: found by known-finder, of the kind dlib (1.06 times the landmarks' box, its centre 8.5 % higher), "
        "brought to the landmarks' box by that factor." in words(results)
    )
    header, row = (tmp_path / "results.csv").read_text().splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["boxes"] == "known-finder"


def test_truth_gives_tight_boxes_and_the_distance_of_the_eyes() -> None:
    shape = face_shape()
    truth = [("array-0", shape), ("array-0", shape + 9.0), ("array-7", shape)]
    truth[1][1][3] = np.nan
    results = run([noise_image(0)], boxes="truth", truth=truth, truth_scheme="300w-68")
    first, second = boxes_of(results)
    np.testing.assert_allclose(first, [*(shape.min(axis=0) + 0.5), *(shape.max(axis=0) + 0.5)])
    assert np.isfinite(second).all()
    assert [unit["normaliser"] for unit in results.units] == ["interocular, truth"] * 2
    assert results.units[0]["normaliser_px"] == pytest.approx(40)
    assert results.problems[0]["reason"] == "named in the boxes, but not among the images"
    assert results.protocol["boxes"] == {
        "source": "truth",
        "kind": "landmarks",
        "side": [1.0, 1.0],
        "shift": [0.0, 0.0],
        "scheme": "300w-68",
    }
    assert "Boxes: tight around the true landmarks." in words(results)


def test_truth_of_a_file(tmp_path: Path) -> None:
    paths, _ = write_images(tmp_path / "images", 1)
    shape = face_shape()
    lines = [f"{x + 1:.6f} {y + 1:.6f}" for x, y in shape]  # .pts count from 1
    (tmp_path / "images" / "face0.pts").write_text(
        "\n".join(["version: 1", "n_points: 68", "{", *lines, "}"])
    )
    results = run(paths, boxes="truth", truth=tmp_path / "images", truth_scheme="300w-68")
    np.testing.assert_allclose(
        boxes_of(results), [[*(shape.min(axis=0) + 0.5), *(shape.max(axis=0) + 0.5)]], atol=1e-5
    )
    assert results.units[0]["normaliser_px"] == pytest.approx(40)


def test_truth_without_eye_corners_leaves_the_distance_to_the_detector() -> None:
    results = run(
        [noise_image(0)], boxes="truth", truth=[("array-0", face_shape()[:5])], truth_scheme="five-5"
    )
    assert results.units[0]["normaliser"] == "interocular, mean landmarks"


def test_truth_that_is_undefined_is_a_problem() -> None:
    undefined = np.full((68, 2), np.nan)
    results = run([noise_image(0)], boxes="truth", truth=[("array-0", undefined)], truth_scheme="300w-68")
    assert "expected finite numbers" in results.problems[0]["reason"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"boxes": "blazefase"},
            ValueError,
            "boxes: expected an existing file or one of dlib, .*'blazeface'$",
        ),
        (
            {"boxes": "none.json"},
            ValueError,
            "boxes: expected an existing file or one of .*, got 'none.json'$",
        ),
        (
            {"boxes": [[BOX]], "box_kind": "sdf"},
            ValueError,
            "box_kind: expected one of .*did you mean 'sfd'$",
        ),
        (
            {"boxes": KnownFinder(), "box_kind": "sfd"},
            ValueError,
            "box_kind: expected landmarks with a finder",
        ),
        (
            {"boxes": "truth"},
            ValueError,
            "truth: expected the true landmarks together with boxes='truth', got none",
        ),
        (
            {"boxes": [[BOX]], "truth": [("array-0", face_shape())]},
            ValueError,
            "truth: expected .* other boxes$",
        ),
        ({"boxes": "truth", "truth": []}, ValueError, "truth: expected at least one face, got none"),
        ({"boxes": "truth", "truth": "list.txt"}, OSError, "list.txt"),
        ({"boxes": "truth", "truth": "none.txt", "truth_scheme": "wflw-98"}, OSError, "none.txt"),
        (
            {"boxes": "truth", "truth": [("a", face_shape())], "truth_scheme": "wflw-98"},
            ValueError,
            r"truth: expected landmarks of shape \(98, 2\) for a, got \(68, 2\)",
        ),
    ],
)
def test_mistakes_are_named(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        run([noise_image(0)], **options)


def test_an_existing_file_goes_before_a_finder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, boxes = write_images(tmp_path / "images", 1)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blazeface").write_text(boxes.read_text())
    assert run(paths, boxes="blazeface").protocol["boxes"]["source"] == "file"


def test_runs_with_other_boxes_do_not_mix(tmp_path: Path) -> None:
    paths, boxes = write_images(tmp_path / "images", 2)
    out = tmp_path / "out"
    first = run(paths, boxes=boxes, out=out)
    assert run(paths, boxes=boxes, out=out, resume=True).data == first.data
    for other in ({"boxes": boxes, "box_kind": "dlib"}, {"boxes": KnownFinder()}):
        with pytest.raises(ResultsError, match="holds a run of other protocol, boxes"):
            run(paths, out=out, resume=True, **other)


def test_a_detector_that_expects_another_kind_is_named() -> None:
    class Tall(KnownDetector):
        def describe(self) -> dict[str, Any]:
            return {**super().describe(), "config": {"crop": {"box": "sfd"}}}

    results = flmcore.evaluate(
        [noise_image(0)], Tall("tall"), boxes=[[BOX]], frames=16, speed=False, threads=1
    )
    assert (
        "tall expects boxes of the kind sfd: 1 times as wide and 1.33 as high as the landmarks' box, its centre 15 % higher."
        in words(results)
    )
